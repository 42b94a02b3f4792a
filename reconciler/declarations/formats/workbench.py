"""A data model of NoSQL Workbench as declarations: tables, indexes, and sample data as seeds.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/workbench.Modeler.ImportExisting.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.raw import FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation

_KINDS = (("PartitionKey", "HASH"), ("SortKey", "RANGE"))
_TABLE = frozenset(
    (
        *("TableName", "KeyAttributes", "NonKeyAttributes", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"),
        *("TableData", "TableFacets", "DataAccess", "BillingMode", "ProvisionedCapacitySettings"),
    )
)
"""Members of a table of a model. What is not among them could change the table."""


def is_model(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a data model."""
    return isinstance(value.get("DataModel"), list) and ("ModelName" in value or "ModelMetadata" in value)


def read_model(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """Every table of the model, under its own name."""
    del inputs
    location = SourceLocation(file.path, document.line, document.lines)
    declarations, problems = [], []
    for place, table in enumerate(document.value["DataModel"]):
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
    if not _keys(table):
        yield FieldProblem((*here, "KeyAttributes"), "has no PartitionKey", "Give the table a partition key.")
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for place, index in enumerate(table.get(kind) or []):
            if not isinstance(index, Mapping) or not _keys(index):
                where = (*here, kind, place, "KeyAttributes")
                yield FieldProblem(where, "has no PartitionKey", "Give the index a partition key.")


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
            target = scaled.get("ScalableTargetRequest") or {}
            policy = scaled.get("ScalingPolicyRequest") or {}
            scaling[name] = {
                "min": target.get("MinCapacity"),
                "max": target.get("MaxCapacity"),
                "target": policy.get("TargetValue"),
            }
    if scaling and "TableName" in holder:
        found["AutoScaling"] = scaling
    return found


WORKBENCH = ForeignFormat("model of NoSQL Workbench", is_model, read_model)
