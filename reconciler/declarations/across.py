"""What only all declarations together can tell: names declared twice, references to nothing. Called by ``assemble``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.declarations.document.check import CheckedDocument
from reconciler.model.errors import Problem
from reconciler.parsing.source_location import FieldProblem, did_you_mean


def declared_twice(declarations: Sequence[CheckedDocument]) -> Iterator[Problem]:
    """A table name, and a base name, belongs to one declaration."""
    names: dict[str, CheckedDocument] = {}
    base_names: dict[str, CheckedDocument] = {}
    for checked in declarations:
        remedy = "Remove or rename one of the two."
        first = names.setdefault(checked.name or "", checked)
        if checked.name and first is not checked:
            reason = f"duplicate table name {checked.name!r}; {_where(first)} declares it as well"
            yield checked.location.problem(FieldProblem(("table_name",), reason, remedy))
            continue
        first = base_names.setdefault(checked.base_name or "", checked)
        if checked.base_name and first is not checked:
            reason = f"duplicate base name {checked.base_name!r}; {_where(first)} has it as well"
            yield checked.location.problem(FieldProblem(("table_name",), reason, remedy))


def references_exist(declarations: Sequence[CheckedDocument]) -> Iterator[Problem]:
    """A reference names the base name of a declared table."""
    known = sorted(checked.base_name for checked in declarations if checked.base_name)
    for checked in declarations:
        for position, reference in enumerate(checked.document.references or []):
            if reference.table not in known:
                suggestion = did_you_mean(reference.table, known)
                remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Declared tables: {', '.join(known)}."
                problem = FieldProblem(
                    ("references", position, "table"), f"table {reference.table!r} is not declared", remedy
                )
                yield checked.location.problem(problem)


def names_that_collide(declarations: Sequence[CheckedDocument]) -> Iterator[str]:
    """A warning where names differ by case alone: DynamoDB Local takes them for one table."""
    by_fold: dict[str, CheckedDocument] = {}
    for checked in declarations:
        first = by_fold.setdefault((checked.name or "").lower(), checked)
        if checked.name and first.name != checked.name:
            yield (
                f"{_where(checked)}: {checked.name} differs from {first.name} ({_where(first)}) only in case, "
                "and DynamoDB Local treats both as one table"
            )


def _where(checked: CheckedDocument) -> str:
    return f"{checked.raw.file}:{checked.raw.line}"
