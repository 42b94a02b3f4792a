"""``terraform show -json`` as declarations: the tables of a plan or of the state, with the resources beside them.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.formats.terraform import beside
from reconciler.declarations.formats.terraform.table import AFTER_APPLY, declared, region_of
from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.raw import FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.parsed import Parsed, ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation

TABLE = "aws_dynamodb_table"
_COMPUTED = frozenset(("arn", "id", "stream_arn", "stream_label", "tags_all", "replica", "restore_date_time"))
"""Attributes that are only known after an apply and say nothing about the shape of the table."""
_OF_PROVIDER = frozenset(
    (
        *("read_capacity", "write_capacity", "stream_view_type", "warm_throughput", "on_demand_throughput"),
        *("read_units_per_second", "write_units_per_second", "max_read_request_units", "max_write_request_units"),
        *("key_schema", "hash_key", "range_key", "non_key_attributes", "alarm_arns", "role_arn", "revision_id"),
        *("point_in_time_recovery", "server_side_encryption", "region", "mode"),
    )
)
"""Attributes that the provider sets where the configuration does not; a plan of a new table does not know them."""
_OF_PROVIDER_IN_BLOCK = frozenset(("kms_key_arn", "enabled", "recovery_period_in_days"))
"""The same inside of a block, where the configuration shows the block; it does not show a dynamic one."""
_NEVER_OF_PROVIDER = frozenset(
    (
        *("attribute", "global_secondary_index", "local_secondary_index", "import_table", "global_table_witness"),
        *("projection", "target_tracking_scaling_policy_configuration", "scalable_target_action"),
    )
)
"""Blocks that only the configuration has: unknown as a whole, one is dynamic, which a plan does not show there."""
_SETTINGS = ("point_in_time_recovery", "server_side_encryption", "suspended_state", "ttl")
"""What a plan of a new table leaves open where its block is missing."""
_REFERENCES = ("resource_arn", "resource_id", "table_name", "global_table_arn")
"""Attributes by which a resource names its table."""
_INDEX = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[\d+\]')
"""What ``count`` and ``for_each`` add to an address."""


@dataclass(slots=True)
class Found:
    """One managed resource: its address, type and values, and the path of the values in the file."""

    address: str
    kind: str
    values: Mapping[str, Any]
    path: Path


def is_show(value: Mapping[Any, Any]) -> bool:
    """Whether a document is the output of ``terraform show -json`` (also OpenTofu's)."""
    shown = "format_version" in value and any(key in value for key in ("values", "planned_values", "terraform_version"))
    return shown or _is_state_file(value)


def _is_state_file(value: Mapping[Any, Any]) -> bool:
    return "lineage" in value and "serial" in value and "version" in value


def read_show(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """Every table, with its side resources; others are counted."""
    value = document.value
    if _is_state_file(value):
        remedy = "Write what `terraform show -json` prints into the folder instead."
        raise ParseError(document.line, "is the state as Terraform stores it", remedy)
    if value.get("errored") is True:
        # The planned values end where Terraform failed, and the tables after that are not in them.
        raise ParseError(document.line, "is a plan that failed", "Plan again, and print that plan.")
    key = "planned_values" if "planned_values" in value else "values"
    if not isinstance(value.get(key), Mapping):
        remedy = "Print one that has resources: `terraform show -json PLAN` or `terraform show -json`."
        raise ParseError(document.line, f"is the output of terraform show without {key}", remedy)
    try:
        resources = list(_resources(value[key].get("root_module"), (key, "root_module")))
    except Unresolved as unresolved:
        location = SourceLocation(file.path, document.line, document.lines)
        return FileReading(problems=(location.problem(unresolved.finding()),))
    if not resources and TABLE in _destroyed(value):
        remedy = "Print the plan that creates the tables, or remove the file if they should be deleted."
        raise ParseError(document.line, "is a plan that destroys its tables", remedy)
    return _Reading(file, document, resources, _unknown_values(value), _expressions(value), inputs.region).reading()


@dataclass
class _Reading:
    file: SourceFile
    document: Parsed
    resources: list[Found]
    unknown: Mapping[str, Mapping[str, Any]]
    expressions: Mapping[str, Mapping[str, Any]]
    region: str | None
    problems: list[Problem] = field(default_factory=list)
    unmanaged: dict[str, list[str]] = field(default_factory=dict)
    """By table, the settings that its configuration leaves to the provider."""
    unscaled: set[Path] = field(default_factory=set)
    """Tables of whose auto scaling a part is refused: what is missing there is no problem of its own."""

    def __post_init__(self) -> None:
        self.location = SourceLocation(self.file.path, self.document.line, self.document.lines)

    def reading(self) -> FileReading:
        declarations: dict[Path, RawDeclaration] = {}
        others = Counter(each.kind for each in self.resources if each.kind not in (TABLE, *beside.KINDS))
        for each in self._tables():
            self._table(each, declarations)
        # An index may be a resource of its own, and others add to it.
        for each in sorted(self.resources, key=lambda found: found.kind != beside.INDEX):
            if each.kind in beside.KINDS:
                self._beside(each, declarations)
        for place in self.unscaled & declarations.keys():
            holder = declarations[place]
            value = {name: each for name, each in holder.value.items() if name != "AutoScaling"}
            declarations[place] = replace(holder, value=value)
        notes = [
            f"{self.file.path}: {address}: not in the configuration and therefore not managed: {', '.join(names)}"
            for address, names in sorted(self.unmanaged.items())
        ]
        if others:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
            notes.append(f"{self.file.path}: other resources are left alone: {kinds}")
        if not declarations and not self.problems:
            notes.append(f"{self.file.path}: has no {TABLE}")
        return FileReading(tuple(declarations.values()), tuple(self.problems), (), None, tuple(notes))

    def _tables(self) -> Iterator[Found]:
        """The tables; of several with one name, which stand in different Regions, that of the Region in use."""
        tables = [each for each in self.resources if each.kind == TABLE]
        counts = Counter(_name_of(each) for each in tables)
        for each in tables:
            name, region = _name_of(each), region_of(each.values)
            if name is None or counts[name] < 2:
                yield each
                continue
            same = [one for one in tables if _name_of(one) == name]
            regions = [region_of(one.values) for one in same]
            if None in regions or len(set(regions)) < len(regions):
                # Without a Region each, they are two declarations of one table, which is reported as that.
                yield each
            elif self.region in regions:
                if region == self.region:
                    yield each
            elif each is same[0]:
                listed = ", ".join(str(one) for one in regions)
                missing = "the Region is not known" if self.region is None else f"none is in {self.region}"
                reason = f"the table {name} is declared in {listed}, and {missing}"
                finding = FieldProblem(
                    (*each.path, "name"), reason, f"Name the one to work with: --region {regions[0]}."
                )
                self.problems.append(self.location.problem(finding))

    def _table(self, found: Found, declarations: dict[Path, RawDeclaration]) -> None:
        try:
            self._refuse_unknown(found)
            name = found.values.get("name")
            if not isinstance(name, str):
                raise Unresolved(found.path, f"{found.address} has no name", AFTER_APPLY)
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
            if name is None and found.values.get("service_namespace", "dynamodb") == "dynamodb":
                self._refuse_unknown(found, _REFERENCES)
            holder = next((each for each in declarations.values() if each.name == name), None)
            if holder is None or name is None or self._elsewhere(found, name):
                # The target of another service, or a table of another configuration or Region: its parts are not ours.
                return
            self._refuse_unknown(found)
            added = beside.add(found.kind, found.values, dict(holder.value), found.path)
            seed = (*(holder.seed or ()), *beside.items(found.kind, found.values, found.path))
        except Unresolved as unresolved:
            self.problems.append(self.location.problem(unresolved.finding()))
            name = beside.table_of(found.kind, found.values)
            self.unscaled |= {place for place, each in declarations.items() if each.name == name}
            return
        place = next(key for key, each in declarations.items() if each is holder)
        sources: dict[Path, Path] = dict(holder.sources)
        sources.update({(key,): found.path for key in added if key not in holder.value})
        if found.kind == beside.INDEX:
            sources["GlobalSecondaryIndexes", len(added["GlobalSecondaryIndexes"]) - 1] = found.path
        declarations[place] = replace(holder, value=added, seed=seed or None, sources=sources)

    def _elsewhere(self, found: Found, name: str) -> bool:
        """Whether a resource belongs to a table of this name in another Region."""
        same = [region_of(each.values) for each in self.resources if each.kind == TABLE and _name_of(each) == name]
        region = beside.region_of_table(found.values)
        return len(same) > 1 and region is not None and region in same and region != self.region

    def _refuse_unknown(self, found: Found, names: tuple[str, ...] = ()) -> None:
        """Refuse a value that is only known after the apply: a plan leaves it out, and the table would be another.

        With ``names``, only these values are looked at.
        """
        written = self.expressions.get(_INDEX.sub("", found.address))
        for name, unknown in self.unknown.get(found.address, {}).items():
            if names and name not in names:
                continue
            if name in _COMPUTED:
                continue
            is_left_open = unknown is True and written is not None and name not in written
            if is_left_open and name not in _NEVER_OF_PROVIDER:
                if name in _SETTINGS:
                    self.unmanaged.setdefault(found.address, []).append(name)
            elif _is_missing(name, unknown, written, within=written is not None):
                reason = f"{name} of {found.address} is only known after the apply"
                raise Unresolved((*found.path, name), reason, AFTER_APPLY)


def _name_of(found: Found) -> str | None:
    name = found.values.get("name")
    return name if isinstance(name, str) else None


def _resources(module: Any, path: Path) -> Iterator[Found]:
    """The managed resources of a module and of those inside it."""
    if not isinstance(module, Mapping):
        return
    for name in ("resources", "child_modules"):
        if not isinstance(module.get(name) or [], list):
            raise Unresolved((*path, name), "expected a list", "Write what `terraform show -json` prints.")
    for place, each in enumerate(module.get("resources") or []):
        if isinstance(each, Mapping) and each.get("mode", "managed") == "managed" and not each.get("deposed_key"):
            values = each.get("values")
            here: Path = (*path, "resources", place, "values")
            address, kind = str(each.get("address")), str(each.get("type"))
            yield Found(address, kind, values if isinstance(values, Mapping) else {}, here)
    for place, each in enumerate(module.get("child_modules") or []):
        yield from _resources(each, (*path, "child_modules", place))


def _unknown_values(value: Mapping[Any, Any]) -> dict[str, Mapping[str, Any]]:
    """By address, the values of a plan that are only known after the apply."""
    found = {}
    for each in _changes(value):
        change = each.get("change")
        unknown = change.get("after_unknown") if isinstance(change, Mapping) else None
        if isinstance(unknown, Mapping):
            found[str(each.get("address"))] = unknown
    return found


def _changes(value: Mapping[Any, Any]) -> list[Mapping[str, Any]]:
    changes = value.get("resource_changes")
    return [each for each in changes if isinstance(each, Mapping)] if isinstance(changes, list) else []


def _destroyed(value: Mapping[Any, Any]) -> set[str]:
    """The types of the resources that a plan deletes."""
    changes = ((str(each.get("type")), each.get("change")) for each in _changes(value))
    return {kind for kind, change in changes if isinstance(change, Mapping) and change.get("actions") == ["delete"]}


def _expressions(value: Mapping[Any, Any]) -> dict[str, Mapping[str, Any]]:
    """By address without indexes, what the configuration of a plan writes for each attribute of a resource."""
    found: dict[str, Mapping[str, Any]] = {}
    configuration = value.get("configuration")
    modules = [("", configuration.get("root_module") if isinstance(configuration, Mapping) else None)]
    while modules:
        prefix, module = modules.pop()
        if not isinstance(module, Mapping):
            continue
        for each in module.get("resources") or []:
            if isinstance(each, Mapping) and isinstance(each.get("expressions"), Mapping):
                found[f"{prefix}{each.get('address')}"] = each["expressions"]
        calls = module.get("module_calls")
        for name, call in calls.items() if isinstance(calls, Mapping) else ():
            modules.append((f"{prefix}module.{name}.", call.get("module") if isinstance(call, Mapping) else None))
    return found


def _is_missing(name: str, unknown: Any, written: Any, *, within: bool) -> bool:
    """Whether an unknown value is one that the configuration writes, and not one that the provider sets by itself.

    ``written`` is what holds the value in the configuration, with ``within`` whether it is known.
    """
    holders = written if isinstance(written, list) else [written]
    inner = [each[name] for each in holders if isinstance(each, Mapping) and name in each]
    if isinstance(unknown, Mapping | list):
        parts = unknown if isinstance(unknown, list) else [unknown]
        blocks = [each for one in inner for each in (one if isinstance(one, list) else [one])]
        return any(
            _is_missing(key, item, blocks, within=bool(blocks))
            for part in parts
            for key, item in (part.items() if isinstance(part, Mapping) else [(name, part)])
        )
    if unknown is not True:
        return False
    by_provider = name in _OF_PROVIDER or (name in _OF_PROVIDER_IN_BLOCK and within)
    return bool(inner) or not by_provider or not (within or written is not None)


TERRAFORM = ForeignFormat("terraform show -json", is_show, read_show)
