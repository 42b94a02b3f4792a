"""``terraform show -json`` as declarations: the tables of a plan or of the state, with the resources beside them.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from reconciler.declarations.formats.cloudformation.unresolved import Unresolved
from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.formats.terraform import beside
from reconciler.declarations.formats.terraform.table import declared
from reconciler.declarations.raw import FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.parsed import Parsed, ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import Path, SourceLocation

TABLE = "aws_dynamodb_table"
_COMPUTED = frozenset(("arn", "id", "stream_arn", "stream_label", "tags_all", "replica", "restore_date_time"))
"""Attributes that are only known after an apply and say nothing about the shape of the table."""
_AFTER_APPLY = "Declare the state: run `terraform apply`, then `terraform show -json`."


@dataclass(slots=True)
class Found:
    """One managed resource: its address, type and values, and the path of the values in the file."""

    address: str
    kind: str
    values: Mapping[str, Any]
    path: Path


def is_show(value: Mapping[Any, Any]) -> bool:
    """Whether a document is the output of ``terraform show -json`` (also OpenTofu's)."""
    return "format_version" in value and any(key in value for key in ("values", "planned_values", "terraform_version"))


def read_show(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """Every table, with its side resources; others are counted."""
    del inputs
    value = document.value
    key = "planned_values" if "planned_values" in value else "values"
    if not isinstance(value.get(key), Mapping):
        remedy = "Print one that has resources: `terraform show -json PLAN` or `terraform show -json`."
        raise ParseError(document.line, f"is the output of terraform show without {key}", remedy)
    resources = list(_resources(value[key].get("root_module"), (key, "root_module")))
    return _Reading(file, document, resources, _unknown_values(value)).reading()


@dataclass
class _Reading:
    file: SourceFile
    document: Parsed
    resources: list[Found]
    unknown: Mapping[str, Mapping[str, Any]]
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.location = SourceLocation(self.file.path, self.document.line, self.document.lines)

    def reading(self) -> FileReading:
        declarations: dict[Path, RawDeclaration] = {}
        others = Counter(each.kind for each in self.resources if each.kind not in (TABLE, *beside.KINDS))
        for each in self.resources:
            if each.kind == TABLE:
                self._table(each, declarations)
        for each in self.resources:
            if each.kind in beside.KINDS:
                self._beside(each, declarations)
        notes = []
        if others:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
            notes.append(f"{self.file.path}: other resources are left alone: {kinds}")
        if not declarations and not self.problems:
            notes.append(f"{self.file.path}: has no {TABLE}")
        return FileReading(tuple(declarations.values()), tuple(self.problems), (), None, tuple(notes))

    def _table(self, found: Found, declarations: dict[Path, RawDeclaration]) -> None:
        try:
            self._refuse_unknown(found)
            name = found.values.get("name")
            if not isinstance(name, str):
                raise Unresolved(found.path, f"{found.address} has no name", _AFTER_APPLY)
            value, sources = declared(found.values, found.path)
            declarations[found.path] = RawDeclaration(
                self.file.path,
                self.location.line_of(found.path) or self.document.line,
                value,
                self.document.lines,
                name=name,
                base_name=name,
                sources=sources,
            )
        except Unresolved as unresolved:
            self.problems.append(self.location.problem(unresolved.finding()))

    def _beside(self, found: Found, declarations: dict[Path, RawDeclaration]) -> None:
        """Add what a resource beside a table says to the declaration of that table."""
        try:
            name = beside.table_of(found.kind, found.values)
            holder = next((each for each in declarations.values() if each.name == name), None)
            if holder is None or name is None:
                # The target of another service, or a table of another configuration, whose parts are not ours.
                return
            self._refuse_unknown(found)
            added = beside.add(found.kind, found.values, dict(holder.value), found.path)
            seed = (*(holder.seed or ()), *beside.items(found.kind, found.values, found.path))
        except Unresolved as unresolved:
            self.problems.append(self.location.problem(unresolved.finding()))
            return
        place = next(key for key, each in declarations.items() if each is holder)
        declarations[place] = replace(holder, value=added, seed=seed or None)

    def _refuse_unknown(self, found: Found) -> None:
        """Refuse a value that is only known after the apply: a plan leaves it out, and the table would be another."""
        for name, unknown in self.unknown.get(found.address, {}).items():
            if name not in _COMPUTED and _is_unknown(unknown):
                reason = f"{name} of {found.address} is only known after the apply"
                raise Unresolved((*found.path, name), reason, _AFTER_APPLY)


def _resources(module: Any, path: Path) -> Iterator[Found]:
    """The managed resources of a module and of those inside it."""
    if not isinstance(module, Mapping):
        return
    for place, each in enumerate(module.get("resources") or []):
        if isinstance(each, Mapping) and each.get("mode", "managed") == "managed":
            values = each.get("values")
            here: Path = (*path, "resources", place, "values")
            address, kind = str(each.get("address")), str(each.get("type"))
            yield Found(address, kind, values if isinstance(values, Mapping) else {}, here)
    for place, each in enumerate(module.get("child_modules") or []):
        yield from _resources(each, (*path, "child_modules", place))


def _unknown_values(value: Mapping[Any, Any]) -> dict[str, Mapping[str, Any]]:
    """By address, the values of a plan that are only known after the apply."""
    found = {}
    for each in value.get("resource_changes") or []:
        change = each.get("change") if isinstance(each, Mapping) else None
        unknown = change.get("after_unknown") if isinstance(change, Mapping) else None
        if isinstance(unknown, Mapping):
            found[str(each.get("address"))] = unknown
    return found


def _is_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_is_unknown(each) for each in value.values())
    return any(_is_unknown(each) for each in value) if isinstance(value, list) else value is True


TERRAFORM = ForeignFormat("terraform show -json", is_show, read_show)
