"""A data model of NoSQL Workbench as declarations: tables, indexes, and sample data as seeds.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/workbench.Modeler.ImportExisting.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.raw import FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation, did_you_mean

_KINDS = (("PartitionKey", "HASH"), ("SortKey", "RANGE"))
_TABLE = frozenset(
    (
        *("TableName", "KeyAttributes", "NonKeyAttributes", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"),
        *("TableData", "TableFacets", "DataAccess", "BillingMode", "ProvisionedCapacitySettings"),
    )
)
"""Members of a table of a model. What is not among them could change the table."""
_INDEX = ("IndexName", "KeyAttributes", "Projection", "ProvisionedCapacitySettings", "BillingMode")
_LISTS = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "TableData")


def is_model(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a data model."""
    return "DataModel" in value and ("ModelName" in value or "ModelMetadata" in value)


def read_model(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """Every table of the model, under its own name."""
    del inputs
    location = SourceLocation(file.path, document.line, document.lines)
    declarations, problems = [], []
    tables = document.value["DataModel"]
    if not isinstance(tables, list):
        finding = FieldProblem(("DataModel",), "expected a list of tables", "Export the model again.")
        return FileReading(problems=(location.problem(finding),))
    for place, table in enumerate(tables):
        here: Path = ("DataModel", place)
        found = [location.problem(each) for each in _problems(table, here)]
        problems += found
        if not found:
            declarations.append(_declaration(file, document, table, here))
    if not declarations and not problems:
        reason = "has no table"
        problems = [
            Problem(file.path, document.line, "DataModel", reason, "Add one, or move the file out of the folder.")
        ]
    return FileReading(tuple(declarations), tuple(problems))


def _problems(table: Any, here: Path) -> Iterator[FieldProblem]:
    if not isinstance(table, Mapping) or not isinstance(table.get("TableName"), str):
        yield FieldProblem(here, "has no TableName", "Export the model again.")
        return
    for name in table:
        if name not in _TABLE:
            yield FieldProblem((*here, str(name)), "unknown member of a table of NoSQL Workbench", "Remove it.")
    wrong = [name for name in _LISTS if not isinstance(table.get(name) or [], list)]
    for name in wrong:
        yield FieldProblem((*here, name), "expected a list", "Export the model again.")
    if wrong:
        return
    if not _keys(table):
        yield FieldProblem((*here, "KeyAttributes"), "has no PartitionKey", "Give the table a partition key.")
    types: dict[str, Any] = {}
    yield from _key_problems(table, here, types)
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for place, index in enumerate(table.get(kind) or []):
            where: Path = (*here, kind, place)
            if not isinstance(index, Mapping) or not _keys(index):
                yield FieldProblem((*where, "KeyAttributes"), "has no PartitionKey", "Give the index a partition key.")
                continue
            yield from _misspelled(index, _INDEX, where)
            yield from _key_problems(index, where, types)


def _key_problems(holder: Mapping[str, Any], here: Path, types: dict[str, Any]) -> Iterator[FieldProblem]:
    """Problems of the key of a table or an index. ``types`` are those of the attributes so far."""
    keys = holder.get("KeyAttributes")
    if isinstance(keys, Mapping):
        yield from _misspelled(keys, [name for name, _ in _KINDS], (*here, "KeyAttributes"))
    for each, _ in _keys(holder):
        name, kind = each["AttributeName"], each.get("AttributeType")
        if not isinstance(name, str):
            yield FieldProblem((*here, "KeyAttributes"), f"invalid AttributeName {name!r}", "Write a text.")
        elif types.setdefault(name, kind) != kind:
            reason = f"attribute {name!r} has the type {kind}, but elsewhere {types[name]}"
            yield FieldProblem((*here, "KeyAttributes"), reason, "Give it one type.")


def _misspelled(holder: Mapping[str, Any], known: Sequence[str], here: Path) -> Iterator[FieldProblem]:
    """A member that looks like a known one, without which the table would be another."""
    for name in holder:
        close = did_you_mean(str(name), known)
        if name not in known and close is not None:
            yield FieldProblem((*here, str(name)), "unknown member", f"Did you mean {close}?")


def _declaration(file: SourceFile, document: Parsed, table: Mapping[str, Any], here: Path) -> RawDeclaration:
    types: dict[str, Any] = {}
    holders = [table, *_indexes(table, "GlobalSecondaryIndexes"), *_indexes(table, "LocalSecondaryIndexes")]
    for holder in holders:
        types.update({each["AttributeName"]: each.get("AttributeType") for each, _ in _keys(holder)})
    value: dict[str, Any] = {
        "TableName": table["TableName"],
        "KeySchema": _key_schema(table),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
    }
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if found := [_index(each) for each in _indexes(table, kind)]:
            value[kind] = found
    value.update(_capacity(table))
    scaled = [
        {"index_name": each.get("IndexName"), **scaling}
        for each in _indexes(table, "GlobalSecondaryIndexes")
        if (scaling := _capacity(each).get("AutoScaling"))
    ]
    if scaled:
        value["AutoScaling"] = {**value.get("AutoScaling", {}), "indexes": scaled}
    items = table.get("TableData") or []
    if items:
        value["Seed"] = {"format": "dynamodb-json"}
    name: str = table["TableName"]
    sources: dict[Path, Path] = {(): here, ("KeySchema",): (*here, "KeyAttributes")}
    sources.update({(field,): (*here, field) for field in value if field in table})
    return RawDeclaration(
        file.path,
        document.lines.get(here, document.line),
        value,
        document.lines,
        name=name,
        base_name=name,
        sources=sources,
        seed=tuple(items) or None,
    )


def _indexes(table: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [each for each in table.get(kind) or [] if isinstance(each, Mapping)]


def _keys(holder: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str]]:
    """The key attributes with their kinds; none where there is no partition key."""
    keys = holder.get("KeyAttributes")
    found: list[tuple[Mapping[str, Any], str]] = []
    for name, kind in _KINDS:
        part = keys.get(name) if isinstance(keys, Mapping) else None
        # An index may have several attributes of a kind, which stand in a list.
        parts = part if isinstance(part, list) else [part]
        found += [(each, kind) for each in parts if isinstance(each, Mapping) and each.get("AttributeName")]
    return found if any(kind == "HASH" for _, kind in found) else []


def _key_schema(holder: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"AttributeName": each["AttributeName"], "KeyType": kind} for each, kind in _keys(holder)]


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "IndexName": index.get("IndexName"),
        "KeySchema": _key_schema(index),
        "Projection": index.get("Projection", {"ProjectionType": "ALL"}),
    }
    throughput = _capacity(index).get("ProvisionedThroughput")
    return {**found, **({"ProvisionedThroughput": throughput} if throughput else {})}


def _capacity(holder: Mapping[str, Any]) -> dict[str, Any]:
    """Billing mode, throughput and auto scaling, where the model has them; without them the table is on demand."""
    found: dict[str, Any] = {}
    if holder.get("BillingMode"):
        found["BillingMode"] = holder["BillingMode"]
    settings = holder.get("ProvisionedCapacitySettings")
    if not isinstance(settings, Mapping) or holder.get("BillingMode") == "PAY_PER_REQUEST":
        return found
    if isinstance(settings.get("ProvisionedThroughput"), Mapping):
        found["ProvisionedThroughput"] = settings["ProvisionedThroughput"]
    scaling = {}
    for name in ("read", "write"):
        scaled = settings.get(f"AutoScaling{name.capitalize()}")
        if isinstance(scaled, Mapping):
            target = _mapping(scaled.get("ScalableTargetRequest"))
            policy = _mapping(scaled.get("ScalingPolicyRequest"))
            scaling[name] = {
                "min": target.get("MinCapacity"),
                "max": target.get("MaxCapacity"),
                "target": policy.get("TargetValue"),
            }
    if scaling:
        found["AutoScaling"] = scaling
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


WORKBENCH = ForeignFormat("model of NoSQL Workbench", is_model, read_model)
