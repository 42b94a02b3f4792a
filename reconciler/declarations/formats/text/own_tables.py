"""One document of our own format as a declaration: overlays are merged, then variables are replaced.

Called by ``documents``. A fault in an overlay is a problem of the overlay's file, for whichever environment it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.spelling import spell
from reconciler.declarations.document.table_document import API_FIELDS, REQUIRED, TableDocument
from reconciler.declarations.formats.foreign_formats import format_of
from reconciler.declarations.formats.name_pattern import name_pattern
from reconciler.declarations.formats.text.parse_file import elements, parse_file
from reconciler.declarations.overlays import file_names
from reconciler.declarations.overlays.merge import Layer, Merge
from reconciler.declarations.raw import RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.declarations.variables import KEY as VARIABLES
from reconciler.declarations.variables import Variables
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.parsed import Parsed, ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldOrigin, Path, did_you_mean

ENVIRONMENTS = "environments"
COMPANION_FIELDS = frozenset(("table_name", "lifecycle", "seed", "references", "replacement", "description"))
"""What a document may hold that adds to a table of another tool's file."""
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(slots=True)
class OwnReading:
    """What one document gives; ``declaration`` is None for an overlay and where variables have no value."""

    declaration: RawDeclaration | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    reads_process: bool = False


def is_extension(key: object) -> bool:
    """A place for YAML anchors and for other tools, as in Compose: a top-level key that begins with ``x-``."""
    return isinstance(key, str) and key.startswith("x-")


def without_extensions(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """The document without the keys that no reader looks at."""
    return {key: item for key, item in value.items() if not is_extension(key)}


def looks_like_table(value: Mapping[object, object]) -> bool:
    """Any field of CreateTable, or a misspelling of one that every table has."""
    known = {word for word, name in spellings(TableDocument).items() if name in API_FIELDS}
    words = [key for key in value if isinstance(key, str) and key not in ("$schema", VARIABLES, ENVIRONMENTS)]
    return any(word in known or did_you_mean(word, REQUIRED) for word in words)


def refuse_without_table(document: Parsed, value: Mapping[Any, Any]) -> None:
    """``ParseError`` for a document that only prepares a table: nothing uses it, although somebody expects so."""
    if not value.keys() <= {VARIABLES, ENVIRONMENTS, "$schema"} or value.keys() <= {"$schema"}:
        return
    name = VARIABLES if VARIABLES in value else ENVIRONMENTS
    reason = f"declares {name} and no table; they are for the table of the same document"
    raise ParseError(document.lines.get((name,), document.line), reason, f"Move {name} into the document that uses it.")


def own_table(
    file: SourceFile, document: Parsed, value: Mapping[Any, Any], inputs: TemplateInputs, beside: Sequence[SourceFile]
) -> OwnReading:
    """The table that a document declares. ``value`` is without extensions, ``beside`` are the related files."""
    result = OwnReading()
    base = _layer(file, document, value)
    plain = {key: item for key, item in value.items() if key not in (VARIABLES, ENVIRONMENTS)}
    sections = _sections(base, value.get(ENVIRONMENTS), inputs.environment, result)
    overlays = [layer for name, layer in sections if name == inputs.environment]
    for name, layer in sections:
        result.problems += _faults(base, plain, layer) if name != inputs.environment else ()
    overlays += _overlays_beside(file, plain, inputs.environment, beside)
    if VARIABLES not in value and not overlays:
        result.declaration = _declaration(file, document, plain)
        return result
    variables, merge = Variables(inputs), Merge(_part(base, plain))
    for layer in (base, *overlays):
        if VARIABLES in layer.value:
            variables.declare(layer, layer.value[VARIABLES])
    for layer in overlays:
        merge.apply(_changes(layer))
    # A fault of a file beside this one is a problem of that file.
    result.problems += [problem for problem in merge.problems if problem.file == file.path]
    replaced = variables.replaced(merge.value)
    named = variables.table_name(plain.get(_key_of(plain, "table_name")))
    result.problems += variables.problems
    result.reads_process = variables.reads_process
    if not variables.problems:
        result.declaration = RawDeclaration(
            file.path,
            document.line,
            replaced.value,
            document.lines,
            name=named[0] if named else None,
            base_name=named[1] if named else None,
            literals=merge.literals,
            key_literals=merge.key_literals,
            origins=merge.origins,
            variables=replaced.used,
            companion=_is_companion(plain),
            name_pattern=name_pattern(plain.get(_key_of(plain, "table_name"))) if VARIABLES in value else None,
            former_is_full=variables.holds_environment(merge.value.get(_key_of(merge.value, "renamed_from"))),
        )
    return result


def read_overlay(
    file: SourceFile, document: Parsed, value: Mapping[Any, Any], inputs: TemplateInputs, beside: Sequence[SourceFile]
) -> OwnReading | None:
    """What is wrong with a document that changes a table of another file; None for a document that is no overlay.

    ``orders.prod.yaml`` is an overlay of ``orders.yaml``, unless it declares a table of its own: a name and keys.
    """
    split = file_names.split_environment(file.path)
    if split is None or not _is_overlay(value):
        return None
    stem, environment = split
    bases = file_names.bases_of(file, beside)
    layer = _layer(file, document, value)
    if not bases:
        return _without_base(layer, stem, environment)
    tables, others = _tables_of(bases)
    result = OwnReading()
    if others is None:
        # The base reports why it cannot be read.
        return result
    if not tables:
        if not others or _key_of(value, "table_name") in value:
            return None
        reason = f"is an overlay of {bases[0].path}, which has another tool's format"
        _problem(result, layer.origin, reason, "Overlays change declarations of our own format; change that file.")
        return result
    if len(bases) > 1:
        names = " and ".join(each.path for each in bases)
        _problem(result, layer.origin, f"changes {names}, which have the same name", "Keep one of the two.")
        return result
    base_file = bases[0]
    if not _ENVIRONMENT.fullmatch(environment):
        reason = f"is an overlay of {base_file.path} for {environment!r}, which cannot be the name of an environment"
        _problem(result, layer.origin, reason, "Use letters, digits, _ and -, or move it out of the folder.")
        return result
    _check_used(result, layer, base_file, tables, environment=environment, current=inputs.environment)
    base = _chosen(layer, base_file, tables, result)
    if base is not None:
        plain = {key: item for key, item in base.value.items() if key not in (VARIABLES, ENVIRONMENTS)}
        whole = _faults(base, plain, layer)
        # The base reports what is wrong with the merged table, so only faults of the merge itself are left.
        result.problems += _merge_faults(base, plain, layer) if environment == inputs.environment else whole
    when = "in" if environment == inputs.environment else "only in"
    result.notes.append(f"{file.path}: changes {base_file.path} {when} environment {environment}")
    return result


def _is_overlay(value: Mapping[Any, Any]) -> bool:
    """Whether it changes a table: it has fields of one, be they misspelled, and not both its name and its keys."""
    known = spellings(TableDocument)
    names = {known.get(key) for key in value if isinstance(key, str)}
    fields = [key for key in value if key != "$schema"]
    if {"table_name", "key_schema"} <= names or format_of(value) is not None:
        return False
    return any(key in known or key == VARIABLES or did_you_mean(key, known) for key in fields if isinstance(key, str))


def _without_base(layer: Layer, stem: str, environment: str) -> OwnReading | None:
    """A file with the name of an overlay and no base. One with a table's name or its keys is a table with faults."""
    known = spellings(TableDocument)
    names = {known.get(key) for key in layer.value if isinstance(key, str)}
    only_known = all(key in known or key in (VARIABLES, "$schema") for key in layer.value)
    if not only_known or names & {"table_name", "key_schema", "attribute_definitions"}:
        return None
    result = OwnReading()
    reason = f"is an overlay for environment {environment!r}, but there is no {stem}.yaml, .yml, .json or .toml"
    remedy = "Add the declaration that it changes, or table_name and key_schema to declare a table here."
    _problem(result, layer.origin, reason, remedy)
    return result


def _check_used(
    result: OwnReading,
    layer: Layer,
    base_file: SourceFile,
    tables: Sequence[Layer],
    *,
    environment: str,
    current: str | None,
) -> None:
    """A problem for an overlay whose environment is never used."""
    for table in tables:
        names = table.value.get(ENVIRONMENTS)
        if isinstance(names, list) and environment not in names and all(isinstance(each, str) for each in names):
            suggestion = did_you_mean(environment, names)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Add it to environments in {base_file.path}."
            reason = f"environment {environment!r} is never used; {base_file.path} lists {', '.join(names)}"
            _problem(result, layer.origin, reason, remedy)
            return
    if current is not None and environment != current and environment.lower() == current.lower():
        reason = f"environment {environment!r} is never used; this one is {current!r}"
        _problem(result, layer.origin, reason, "Write both in the same case.")


def _chosen(layer: Layer, base_file: SourceFile, tables: Sequence[Layer], result: OwnReading) -> Layer | None:
    """The table that an overlay changes: the one that it names, or the only one."""
    named = layer.value.get(key := _key_of(layer.value, "table_name"))
    names = [str(each.value.get(_key_of(each.value, "table_name"))) for each in tables]
    if ENVIRONMENTS in layer.value:
        at = layer.origin.below((ENVIRONMENTS,))
        _problem(result, at, "is not allowed in an overlay", f"Write it in {base_file.path}.")
    if named is None:
        if len(tables) == 1:
            return tables[0]
        reason = f"has no table_name, and {base_file.path} declares {len(tables)} tables"
        _problem(result, layer.origin, reason, f"Add table_name: one of {', '.join(names)}.")
        return None
    if str(named) in names:
        return tables[names.index(str(named))]
    suggestion = did_you_mean(str(named), names)
    remedy = f"Did you mean `{suggestion}`?" if suggestion else "An overlay cannot rename a table; remove the field."
    _problem(result, layer.origin.below((key,)), f"table {named!r} is not declared in {base_file.path}", remedy)
    return None


def _tables_of(bases: Iterable[SourceFile]) -> tuple[list[Layer], int | None]:
    """Every table of our own format in these files, and the number of documents of other tools.

    The number is None where a file cannot be read.
    """
    found: list[Layer] = []
    others = 0
    for file in bases:
        try:
            documents = parse_file(file)
        except ParseError:
            return found, None
        for document in documents:
            parts = elements(document) if isinstance(document.value, list) else [document]
            for part in parts:
                if not isinstance(part.value, Mapping):
                    continue
                if format_of(part.value) is not None:
                    others += 1
                elif looks_like_table(value := without_extensions(part.value)):
                    found.append(_layer(file, part, value))
    return found, others


def _overlays_beside(
    file: SourceFile, plain: Mapping[Any, Any], environment: str | None, beside: Sequence[SourceFile]
) -> list[Layer]:
    """The documents of files beside this one that change the table ``plain`` in the environment."""
    own_name = plain.get(_key_of(plain, "table_name"))
    found = []
    for each in file_names.overlays_of(file, beside, environment):
        try:
            documents = parse_file(each)
        except ParseError:
            continue
        for part in documents:
            if not isinstance(part.value, Mapping):
                continue
            value = without_extensions(part.value)
            named = value.get(_key_of(value, "table_name"))
            if _is_overlay(value) and named in (None, own_name):
                found.append(_layer(each, part, value))
    return found


def _sections(base: Layer, declared: Any, environment: str | None, result: OwnReading) -> list[tuple[str, Layer]]:
    """The overlays inside the document, by environment."""
    at = base.origin.below((ENVIRONMENTS,))
    if declared is None:
        return []
    if isinstance(declared, list):
        odd = next((place for place, each in enumerate(declared) if not isinstance(each, str)), None)
        if odd is not None:
            _problem(result, at.below((odd,)), "expected the name of an environment", "Write a text.")
        elif environment is not None and environment not in declared:
            suggestion = did_you_mean(environment, declared)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else "Add it, or pass another --environment."
            _problem(result, at, f"environment {environment!r} is not one of {', '.join(declared)}", remedy)
        return []
    if not isinstance(declared, Mapping):
        _problem(result, at, "expected a mapping or a list", "Write environments: {prod: {…}}, or a list of names.")
        return []
    found = []
    for name, value in declared.items():
        fault = _section_fault(name, value, environment)
        if fault is not None:
            place, reason, remedy = fault
            _problem(result, at.below((str(name), *place)), reason, remedy)
        elif value:
            found.append((name, Layer(value, at.below((name,)), base.literals, base.key_literals)))
    return found


def _section_fault(name: Any, value: Any, environment: str | None) -> tuple[Path, str, str] | None:
    """What is wrong with one entry of ``environments``: the path inside, reason and remedy."""
    if not isinstance(name, str) or not _ENVIRONMENT.fullmatch(name):
        return (), "is not the name of an environment", "Use letters, digits, _ . and -."
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return (), "expected a mapping", "Write the fields that differ in this environment."
    if environment is not None and name != environment and name.lower() == environment.lower():
        return (), f"is never used; this environment is {environment!r}", "Write both in the same case."
    if (key := _key_of(value, "table_name")) in value:
        return (key,), "an overlay cannot rename a table", "Remove the field."
    if ENVIRONMENTS in value:
        return (ENVIRONMENTS,), "is not allowed in an overlay", "Remove the field."
    return None


def _merge_faults(base: Layer, plain: Mapping[Any, Any], layer: Layer) -> list[Problem]:
    """What is wrong with the merge of one overlay alone."""
    merge = Merge(_part(base, plain))
    merge.apply(_changes(layer))
    return merge.problems


def _faults(base: Layer, plain: Mapping[Any, Any], layer: Layer) -> Iterator[Problem]:
    """As ``_merge_faults``, with the fields that no table has: nothing else reads an overlay of another environment."""
    merge = Merge(_part(base, plain))
    merge.apply(_changes(layer))
    yield from merge.problems
    for finding in spell(merge.value).problems:
        for size in range(len(finding.path), 0, -1):
            origin = merge.origins.get(finding.path[:size])
            if origin is not None:
                yield origin.below(finding.path[size:]).problem(finding.reason, finding.remedy)
                break


def _changes(layer: Layer) -> Layer:
    """What an overlay changes, without what only says which table it is for."""
    name = _key_of(layer.value, "table_name")
    left = {key: item for key, item in layer.value.items() if key not in (name, VARIABLES, ENVIRONMENTS, "$schema")}
    return _part(layer, left)


def _part(layer: Layer, value: Mapping[Any, Any]) -> Layer:
    return Layer(value, layer.origin, layer.literals, layer.key_literals)


def _layer(file: SourceFile, document: Parsed, value: Mapping[Any, Any]) -> Layer:
    origin = FieldOrigin(file.path, (), document.line, document.lines)
    return Layer(value, origin, document.literals, document.key_literals)


def _declaration(file: SourceFile, document: Parsed, value: Mapping[Any, Any]) -> RawDeclaration:
    return RawDeclaration(
        file.path,
        document.line,
        value,
        document.lines,
        literals=document.literals,
        key_literals=document.key_literals,
        companion=_is_companion(value),
    )


def _is_companion(value: Mapping[Any, Any]) -> bool:
    known = spellings(TableDocument)
    names = {known.get(key) if isinstance(key, str) else None for key in value if key != "$schema"}
    return "table_name" in names and len(names) > 1 and names <= COMPANION_FIELDS


def _key_of(value: Mapping[Any, Any], name: str) -> str:
    """The key under which a field is written."""
    known = spellings(TableDocument)
    return next((key for key in value if isinstance(key, str) and known.get(key) == name), name)


def _problem(result: OwnReading, at: FieldOrigin, reason: str, remedy: str) -> None:
    result.problems.append(at.problem(reason, remedy))
