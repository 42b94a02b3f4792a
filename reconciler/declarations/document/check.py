"""Validates one declaration as written. Called by ``file_cache`` for each declaration found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from reconciler.declarations import placeholders
from reconciler.declarations.checked import CheckedDeclaration
from reconciler.declarations.cross_feature_rules import RULES, on_demand_capacity
from reconciler.declarations.document.extras import (
    another_former_name,
    generation,
    ignored_paths,
    lifecycle,
    pointer,
    pointer_to_one_place,
    references,
)
from reconciler.declarations.document.field_model import FieldModel, spellings
from reconciler.declarations.document.messages import field_problem_of, text_expected
from reconciler.declarations.document.spelling import Spelled, in_aws_spelling, spell
from reconciler.declarations.document.table_document import IAM_FIELDS, TableDocument, required, table_spec
from reconciler.declarations.features import FEATURES
from reconciler.declarations.features.base import Rule
from reconciler.declarations.names import former_readings, missing_value_problem, name_problem, table_name_problems
from reconciler.declarations.raw import RawDeclaration
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.json_text import read_json
from reconciler.parsing.parsed import AMBIGUOUS_NUMBER, TOO_DEEP, Parsed, ParseError
from reconciler.parsing.shared_places import shared
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation

_RULES: tuple[Rule, ...] = (
    Rule(required, ()),
    *(rule for feature in FEATURES for rule in feature.rules),
    *RULES,
    Rule(ignored_paths, ("lifecycle",)),
    Rule(another_former_name, ("renamed_from",)),
    Rule(pointer_to_one_place, ("replacement",)),
)
# Here, where one thread imports, and not at the first document of several threads.
TableDocument.model_rebuild()


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A declaration after all offline checks, except those that need other declarations.

    ``name`` and ``base_name`` are None if they are unknown. ``sound`` is False if there are problems.
    """

    raw: RawDeclaration
    location: SourceLocation
    document: TableDocument
    name: str | None
    base_name: str | None
    problems: tuple[Problem, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether this declaration has no problems of its own."""
        return not self.problems


def read_document(raw: RawDeclaration, environment: str | None) -> CheckedDocument:
    """Normalise field names, validate types and apply all rules. The result has all problems at once."""
    # Only our own documents have variables; a class has Python, and a template the functions of its tool.
    value, refused = _without_placeholders(raw.value, may_declare=not (raw.from_template or raw.file.endswith(".py")))
    spelled = spell(value)
    location = SourceLocation(
        raw.file,
        raw.line,
        shared(raw.lines),
        shared(spelled.written),
        shared(raw.literals),
        shared(raw.key_literals),
        raw.sources,
        raw.origins,
    )
    refused += policy_numbers(value, location)
    document, broken, field_problems = _validated(spelled.value, location)
    for rule in _RULES:
        if broken.isdisjoint(rule.fields):
            field_problems += [each for each in rule.check(document) if each.path[0] not in broken]
    base_name = raw.base_name or document.table_name or None
    name = raw.name or (f"{base_name}-{environment}" if base_name and environment else base_name)
    if name is not None:
        name_problems = list(table_name_problems(name, environment))
        # Class files are asked for their names, and ``none_names`` knows which of them are meant.
        missing = None if name_problems or raw.file.endswith(".py") else missing_value_problem(name)
        field_problems += [
            FieldProblem(("table_name",), *problem) for problem in (*name_problems, *([missing] if missing else []))
        ]
    if "renamed_from" not in broken:
        field_problems += _former_name_problems(document, raw, name, base_name, environment)
    field_problems = [each for each in field_problems if each.path not in spelled.misspelled]
    field_problems = [each for each in field_problems if not _may_be_unknown(each, spelled, location)]
    field_problems, unknown = _with_on_demand_capacity(spelled, value, location, field_problems)
    as_written = replace(location, written={})
    explained = {each.path for each in refused}
    unknown = [each for each in unknown if each.path not in explained]
    told = explained | {location.written_path(each.path) for each in field_problems} | {each.path for each in unknown}
    refused += [each for each in _ambiguous_numbers(raw, value) if each.path not in told]
    problems = [as_written.problem(each) for each in (*unknown, *refused)]
    field_problems = [_explained(each, raw, location) for each in field_problems]
    explained |= {path[:1] for path in explained if _is_policy(str(path[0]))}
    problems += [location.problem(each) for each in field_problems if location.written_path(each.path) not in explained]
    if raw.aws_spelling:
        problems = [
            replace(each, reason=in_aws_spelling(each.reason), remedy=in_aws_spelling(each.remedy)) for each in problems
        ]
    return CheckedDocument(raw, location, document, name, base_name, tuple(problems))


def checked_declaration(raw: RawDeclaration, environment: str | None) -> CheckedDeclaration:
    """The declaration with all its problems, and the table that it declares if it has none."""
    checked = read_document(raw, environment)
    document = checked.document
    complete = checked.sound and checked.name and checked.base_name
    former, *other_readings = _former_readings(document, raw, checked.name, checked.base_name, environment) or (None,)
    return CheckedDeclaration(
        checked.location,
        checked.name,
        checked.base_name,
        table_spec(document, checked.name or "") if complete else None,
        lifecycle(document, raw.protect_as),
        tuple(dict.fromkeys(references(document))),
        references(document),
        raw.description or document.description,
        document.seed.file if document.seed else None,
        document.seed.format if document.seed else None,
        generation(document),
        raw.seed,
        raw.from_template,
        _companion_fields(document) if raw.companion else None,
        _name_pattern(raw, environment),
        pointer(document),
        former,
        checked.problems,
        tuple(other_readings),
    )


def _may_be_unknown(problem: FieldProblem, spelled: Spelled, location: SourceLocation) -> bool:
    """Whether a part lacks a field because of another one, for which an unknown word in it may stand."""
    parent = location.written_path(problem.path[:-1])
    return (
        len(problem.path) > 1
        and problem.reason.startswith("is required when ")
        and any(each.path[:-1] == parent and each.reason == "unknown field" for each in spelled.problems)
    )


def _former_readings(
    document: TableDocument, raw: RawDeclaration, name: str | None, base_name: str | None, environment: str | None
) -> tuple[str, ...]:
    """The names that ``renamed_from`` may mean, the most likely one first; empty without the field."""
    written = document.renamed_from
    if written is None or not environment or name is None or base_name is None:
        return () if written is None else (written,)
    return former_readings(written, name, base_name, environment, is_full=raw.former_is_full)


def _former_name_problems(
    document: TableDocument, raw: RawDeclaration, name: str | None, base_name: str | None, environment: str | None
) -> Iterator[FieldProblem]:
    readings = _former_readings(document, raw, name, base_name, environment)
    if document.renamed_from is not None and not readings:
        reason = f"invalid value {document.renamed_from!r}; expected another name than that of the table, {name}"
        yield FieldProblem(("renamed_from",), reason, "Write the former name of the table, or remove the field.")
    wrong = name_problem(readings[0]) if readings else None
    if wrong is not None:
        yield FieldProblem(("renamed_from",), *wrong)


def _name_pattern(raw: RawDeclaration, environment: str | None) -> str | None:
    """The pattern with the suffix that ``read_document`` adds to a name."""
    if raw.name_pattern is None or raw.name is not None or not environment:
        return raw.name_pattern
    return f"{raw.name_pattern}-{re.escape(environment)}"


def _companion_fields(document: TableDocument) -> tuple[str, ...]:
    """The fields that are written, those of ``lifecycle`` and ``seed`` one by one."""
    found: list[str] = []
    for name in sorted(document.model_fields_set - {"table_name"}):
        part = getattr(document, name)
        found += (
            [f"{name}.{each}" for each in sorted(part.model_fields_set)] if isinstance(part, FieldModel) else [name]
        )
    return tuple(found)


def _explained(problem: FieldProblem, raw: RawDeclaration, location: SourceLocation) -> FieldProblem:
    """The problem of a value that a variable has: the remedy is the variable's."""
    name = raw.variables.get(location.written_path(problem.path))
    if name is None:
        return problem
    if problem.reason.startswith(("expected a number", "expected a whole number")):
        return replace(problem, remedy=f"Declare its type: variables: {{{name}: {{type: number}}}}.")
    if problem.reason.startswith("expected true or false"):
        return replace(problem, remedy=f"Declare its type: variables: {{{name}: {{type: boolean}}}}.")
    return replace(problem, remedy=f"Correct the value of the variable {name}.")


def _ambiguous_numbers(raw: RawDeclaration, value: Mapping[Any, Any]) -> list[FieldProblem]:
    """Numbers that lose digits when they are read, such as 012; paths are as written."""
    found: list[FieldProblem] = []
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack:
        path, item = stack.pop()
        if path and _is_policy(str(path[0])):
            continue
        if isinstance(item, Mapping):
            stack += [((*path, str(key)), member) for key, member in item.items()]
        elif isinstance(item, list | tuple):
            stack += [((*path, index), member) for index, member in enumerate(item)]
        elif AMBIGUOUS_NUMBER.fullmatch(literal := raw.literals.get(path, "")):
            reason = f"ambiguous number {literal}; it is read as {item}"
            found.append(FieldProblem(path, reason, "Write a plain decimal number."))
    return found


def _without_placeholders(
    value: Mapping[Any, Any], *, may_declare: bool
) -> tuple[Mapping[Any, Any], list[FieldProblem]]:
    """The value without escapes; or unchanged, with a problem for each placeholder. Paths are as written."""
    found, escaped = [], False
    for written in placeholders.texts(value, _is_policy):
        problem = (
            None if written.path[0] == "$schema" else placeholders.placeholder_problem(written, may_declare=may_declare)
        )
        found += [problem] if problem else []
        escaped = escaped or placeholders.unescape(written.text) != written.text
    if found or not escaped:
        return value, found
    try:
        return placeholders.mapped(value, placeholders.unescape), found
    except RecursionError:
        return value, [FieldProblem((), *TOO_DEEP)]


def _is_policy(key: str) -> bool:
    """Whether a field of the document holds an IAM policy."""
    return spellings(TableDocument).get(key) in IAM_FIELDS


def _with_on_demand_capacity(
    spelled: Spelled, value: Mapping[Any, Any], location: SourceLocation, field_problems: list[FieldProblem]
) -> tuple[list[FieldProblem], list[FieldProblem]]:
    """Findings and unknown fields, with one finding instead of several where a capacity of 0 and 0 was pasted."""
    pasted = on_demand_capacity(spelled.value, value)
    paths = {each.path for each in pasted}
    written = {location.written_path(path) for path in paths}

    def inside(path: Path, parents: set[Path]) -> bool:
        return any(path[:size] in parents for size in range(1, len(path) + 1))

    kept = [each for each in field_problems if not inside(each.path, paths)]
    return kept + pasted, [each for each in spelled.problems if not inside(each.path, written)]


def _validated(
    value: Mapping[str, Any], location: SourceLocation
) -> tuple[TableDocument, set[str], list[FieldProblem]]:
    """The document without its invalid fields, the names of these fields, and their problems."""
    try:
        return TableDocument.model_validate(value), set(), []
    except ValidationError as error:
        details = error.errors(include_url=False)
        field_problems = [field_problem_of(detail, location.literal_of(tuple(detail["loc"]))) for detail in details]
    broken = {str(each.path[0]) for each in field_problems}
    rest = {key: item for key, item in value.items() if key not in broken}
    return TableDocument.model_validate(rest), broken, field_problems


def policy_numbers(document: Mapping[Any, Any], location: SourceLocation) -> list[FieldProblem]:
    """A problem for each number in a policy and each key that is not a string; paths are as written.

    IAM reads numbers as strings, and an account ID loses leading zeros as a number. Only the file has its digits.
    """
    known = spellings(TableDocument)
    found: list[FieldProblem] = []
    for key, policy in document.items():
        if not isinstance(key, str) or known.get(key) not in IAM_FIELDS:
            continue
        parsed = _parsed(policy)
        if parsed is None:
            found += _non_text_problems((key,), policy, location.literals, location.key_literals)
        else:
            literals = {(key, *path): literal for path, literal in parsed.literals.items()}
            found += _non_text_problems((key,), parsed.value, literals, {})
    return found


def _parsed(policy: Any) -> Parsed | None:
    """A policy given as JSON text; None for a mapping, and for a text that ``policy_problems`` refuses."""
    try:
        return read_json(policy) if isinstance(policy, str) else None
    except ParseError:
        return None


def _non_text_problems(
    start: Path, policy: Any, literals: Mapping[Path, str], key_literals: Mapping[Path, str]
) -> Iterator[FieldProblem]:
    stack: list[tuple[Path, Any]] = [(start, policy)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Mapping):
            for key, member in value.items():
                here = (*path, str(key))
                if not isinstance(key, str):
                    reason, remedy = text_expected(key, key_literals.get(here))
                    yield FieldProblem(here, f"invalid key: {reason}", remedy)
                stack.append((here, member))
        elif isinstance(value, list | tuple):
            stack += [((*path, index), member) for index, member in enumerate(value)]
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            yield FieldProblem(path, *text_expected(value, literals.get(path)))
