"""Adds what a small document says about a table of another tool's file to that table. Called by ``assemble``.

A template has no place for ``lifecycle`` or ``seed`` in some formats, and not everybody may edit it. Such a document
names the table and holds nothing else that a table has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.declarations.checked import CheckedDeclaration
from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Problem
from reconciler.model.position import located
from reconciler.parsing.source_location import FieldOrigin, FieldProblem, Path, SourceLocation

_ABSENT = ("key_schema", "attribute_definitions")
"""Fields that such a document leaves to the template."""


def with_companions(checked: Sequence[CheckedDeclaration], *, incomplete: bool) -> list[CheckedDeclaration]:
    """The declarations, each with what a document adds to it; the documents themselves are gone.

    A document whose table no template declares is a declaration without keys, with the errors of one. ``incomplete``
    means that some file could not be read: the table may stand in it.
    """
    templates = {each.name: place for place, each in enumerate(checked) if each.from_template and each.name}
    known = {each.name for each in checked if each.companion is None}
    result: dict[int, CheckedDeclaration] = dict(enumerate(checked))
    added: dict[int, CheckedDeclaration] = {}
    for place, companion in enumerate(checked):
        if companion.companion is None:
            continue
        table = next((templates[name] for name in (companion.base_name, companion.name) if name in templates), None)
        if table is None:
            if incomplete and companion.name not in known:
                result[place] = _without_absent(companion)
            continue
        del result[place]
        if table in added:
            first = added[table].location
            reason = (
                f"duplicate of {located(first.file, first.line)}, which is about the table {result[table].name} as well"
            )
            problem = companion.location.problem(FieldProblem((), reason, "Keep one of them."))
            result[table] = replace(result[table], problems=(*result[table].problems, problem))
        else:
            added[table] = companion
            result[table] = _combined(result[table], companion)
    return list(result.values())


def _combined(table: CheckedDeclaration, companion: CheckedDeclaration) -> CheckedDeclaration:
    fields = set(companion.companion or ())
    problems = (*table.problems, *_without_absent(companion).problems)
    changed: dict[str, object] = {}
    if "references" in fields:
        changed |= {"references": companion.references, "referred": companion.referred}
    if "description" in fields:
        changed["description"] = companion.description
    if "replacement.pointer" in fields:
        changed["pointer"] = companion.pointer
    if "renamed_from" in fields:
        changed |= {"renamed_from": companion.renamed_from, "other_readings": companion.other_readings}
    for name in ("file", "format", "generate"):
        if f"seed.{name}" in fields:
            changed[f"seed_{name}"] = getattr(companion, f"seed_{name}")
    return replace(
        table,
        lifecycle=_lifecycle(table.lifecycle, companion.lifecycle, fields),
        location=_location(table.location, companion.location, fields),
        problems=problems,
        **changed,  # type: ignore[arg-type]
    )


def _lifecycle(table: Lifecycle, companion: Lifecycle, fields: set[str]) -> Lifecycle:
    """Each member that the document writes, and the others as the template has them."""
    names = ("protect", "ignore_changes", "on_existing", "allow_data_loss")
    written = {name: getattr(companion, name) for name in names if f"lifecycle.{name}" in fields}
    named = "" if "protect" in written else table.protect_as
    return replace(table, protect_as=named, **written)


def _location(table: SourceLocation, companion: SourceLocation, fields: set[str]) -> SourceLocation:
    """The place of the table, with the document as the place of the fields that it adds."""
    origins: dict[Path, FieldOrigin] = {}
    for name in {each.partition(".")[0] for each in fields}:
        path = companion.source_path(companion.written_path((name,)))
        origins[name,] = FieldOrigin(companion.file, path, companion.line, companion.lines)
    return replace(table, origins={**table.origins, **origins})


def _without_absent(companion: CheckedDeclaration) -> CheckedDeclaration:
    kept: tuple[Problem, ...] = tuple(
        each for each in companion.problems if not (each.field in _ABSENT and each.reason == "is required")
    )
    return replace(companion, problems=kept)
