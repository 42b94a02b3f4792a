"""The resources that Terraform keeps beside a table: scaling, indexes, tags, streams, policies, items.

Each is one entry of ``KINDS``: how it names its table, and what it adds to the declaration.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from reconciler.declarations.formats.terraform.table import (
    AFTER_APPLY,
    Values,
    block,
    blocks,
    on_demand_maximum,
    projection,
    region_of,
    renamed,
    warm,
)
from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.parsing.source_location import Path

Document = dict[str, Any]
_SCALED = re.compile(r"table/(?P<table>[^/]+)(?:/index/(?P<index>[^/]+))?")
_DIMENSION = re.compile(r"dynamodb:(?:table|index):(?P<kind>Read|Write)CapacityUnits")
_ARN = re.compile(r"arn:[^:]*:dynamodb:(?P<region>[^:]*):[^:]*:table/(?P<table>[^/]+)(?P<stream>/stream/.+)?")


def table_of(kind: str, values: Values) -> str | None:
    """The name of the table that a resource belongs to; None where it belongs to none."""
    name = _TABLE_BY[kind](values)
    return name if isinstance(name, str) else None


def region_of_table(values: Values) -> str | None:
    """The Region of the table that a resource belongs to; None where it is unknown."""
    found = _ARN.fullmatch(str(values.get("global_table_arn") or values.get("resource_arn")))
    return found["region"] or None if found else region_of(values)


def add(kind: str, values: Values, document: Document, here: Path) -> Document:
    """The declaration with what the resource says. Raises ``Unresolved`` for values that are not understood."""
    try:
        _ADDS[kind](values, document)
    except Unresolved as unresolved:
        raise Unresolved((*here, *unresolved.path), unresolved.reason, unresolved.remedy) from None
    return document


def items(kind: str, values: Values, here: Path) -> tuple[Any, ...]:
    """The seed item of an ``aws_dynamodb_table_item``; nothing of any other."""
    if kind != "aws_dynamodb_table_item":
        return ()
    try:
        return (json.loads(values["item"]),)
    except (KeyError, TypeError, ValueError):
        raise Unresolved((*here, "item"), "is not an item in DynamoDB JSON", "Correct the resource.") from None


def _scaling(values: Values, document: Document) -> dict[str, Any]:
    """The part of the declaration for the capacity that a resource of Application Auto Scaling is about."""
    of, dimension = (
        _SCALED.fullmatch(str(values.get("resource_id"))),
        _DIMENSION.fullmatch(str(values.get("scalable_dimension"))),
    )
    if of is None or dimension is None:
        reason = f"scalable_dimension {values.get('scalable_dimension')!r} is none of a table"
        raise Unresolved(("scalable_dimension",), reason, "Correct the resource.")
    scaling: dict[str, Any] = dict(document.get("AutoScaling") or {})
    document["AutoScaling"] = scaling
    if of["index"]:
        indexes: list[dict[str, Any]] = [dict(each) for each in scaling.get("indexes", [])]
        scaling["indexes"] = indexes
        holder = next((each for each in indexes if each["index_name"] == of["index"]), None)
        if holder is None:
            holder = {"index_name": of["index"]}
            indexes.append(holder)
    else:
        holder = scaling
    part: dict[str, Any] = dict(holder.get(dimension["kind"].lower()) or {})
    holder[dimension["kind"].lower()] = part
    return part


def _target(values: Values, document: Document) -> None:
    _scaling(values, document).update(renamed(values, min_capacity="min", max_capacity="max") or {})


def _policy(values: Values, document: Document) -> None:
    settings = block(values, "target_tracking_scaling_policy_configuration")
    if values.get("policy_type") != "TargetTrackingScaling" or settings is None:
        reason = f"policy_type {values.get('policy_type')!r} is not supported"
        raise Unresolved(("policy_type",), reason, "DynamoDB scales by TargetTrackingScaling.")
    part = _scaling(values, document)
    part.update(renamed(settings, target_value="target", disable_scale_in="disable_scale_in") or {})
    # Zero seconds are a value here.
    for name in ("scale_in_cooldown", "scale_out_cooldown"):
        if settings.get(name) is not None:
            part[name] = settings[name]


def _scheduled(values: Values, document: Document) -> None:
    part, action = _scaling(values, document), block(values, "scalable_target_action") or {}
    found = {"name": values.get("name"), "schedule": values.get("schedule")}
    found.update(renamed(action, min_capacity="min", max_capacity="max") or {})
    if values.get("timezone") not in (None, "", "UTC"):
        found["timezone"] = values["timezone"]
    part["scheduled"] = [*part.get("scheduled", []), found]


def _index(values: Values, document: Document) -> None:
    shape, keys = block(values, "projection") or {}, blocks(values, "key_schema")
    types = {each["AttributeName"]: each for each in document.get("AttributeDefinitions", [])}
    for each in keys:
        if each.get("attribute_type") and each.get("attribute_name") not in types:
            name = each.get("attribute_name")
            types[name] = {"AttributeName": name, "AttributeType": each["attribute_type"]}
    document["AttributeDefinitions"] = list(types.values())
    units = renamed(
        block(values, "provisioned_throughput") or {},
        read_capacity_units="ReadCapacityUnits",
        write_capacity_units="WriteCapacityUnits",
    )
    index = {
        "IndexName": values.get("index_name"),
        "KeySchema": [{"AttributeName": e.get("attribute_name"), "KeyType": e.get("key_type")} for e in keys],
        "Projection": projection(shape.get("projection_type"), shape.get("non_key_attributes")),
        "ProvisionedThroughput": units if document.get("BillingMode") == "PROVISIONED" else None,
        "OnDemandThroughput": on_demand_maximum(values),
        "WarmThroughput": warm(values),
    }
    given = {name: value for name, value in index.items() if value is not None}
    document["GlobalSecondaryIndexes"] = [*document.get("GlobalSecondaryIndexes", []), given]


def _tag(values: Values, document: Document) -> None:
    document["Tags"] = {**(document.get("Tags") or {}), str(values.get("key")): values.get("value")}


def _kinesis(values: Values, document: Document) -> None:
    document["KinesisStreamSpecification"] = renamed(
        values,
        stream_arn="StreamArn",
        approximate_creation_date_time_precision="ApproximateCreationDateTimePrecision",
    )


def _insights(values: Values, document: Document) -> None:
    part = {"enabled": True, **({"mode": values["mode"]} if values.get("mode") else {})}
    name = values.get("index_name")
    if not name:
        document["ContributorInsightsSpecification"] = part
        return
    if name not in [each.get("IndexName") for each in document.get("GlobalSecondaryIndexes", [])]:
        raise Unresolved(("index_name",), f"the table has no global secondary index {name!r}", "Correct the resource.")
    document["GlobalSecondaryIndexes"] = [
        {**each, "ContributorInsightsSpecification": part} if each.get("IndexName") == name else each
        for each in document.get("GlobalSecondaryIndexes", [])
    ]


def _resource_policy(values: Values, document: Document) -> None:
    found = _ARN.fullmatch(str(values.get("resource_arn")))
    document["StreamPolicy" if found and found["stream"] else "ResourcePolicy"] = values.get("policy")


def _replica(values: Values, document: Document) -> None:
    """A replica, which is a resource in the provider of its own Region."""
    region = region_of(values)
    if region is None:
        raise Unresolved(("region",), "the Region of the replica is not known", AFTER_APPLY)
    names = {"kms_key_arn": "KMSMasterKeyId", "table_class_override": "TableClassOverride"}
    replica = {"RegionName": region, **(renamed(values, **names) or {})}
    others = [each for each in document.get("Replicas", []) if each.get("RegionName") != region]
    document["Replicas"] = [*others, replica]


def _item(values: Values, document: Document) -> None:
    del values
    document["Seed"] = {"format": "dynamodb-json"}


def _by_name(values: Values) -> Any:
    return values.get("table_name")


def _by_arn(values: Values) -> Any:
    found = _ARN.fullmatch(str(values.get("resource_arn")))
    return found["table"] if found else None


def _by_global_arn(values: Values) -> Any:
    found = _ARN.fullmatch(str(values.get("global_table_arn")))
    return found["table"] if found else None


def _by_resource(values: Values) -> Any:
    found = _SCALED.fullmatch(str(values.get("resource_id")))
    return found["table"] if found and values.get("service_namespace", "dynamodb") == "dynamodb" else None


_Add = Callable[[Values, Document], None]
_ADDS: Mapping[str, _Add] = {
    "aws_appautoscaling_target": _target,
    "aws_appautoscaling_policy": _policy,
    "aws_appautoscaling_scheduled_action": _scheduled,
    "aws_dynamodb_global_secondary_index": _index,
    "aws_dynamodb_tag": _tag,
    "aws_dynamodb_kinesis_streaming_destination": _kinesis,
    "aws_dynamodb_contributor_insights": _insights,
    "aws_dynamodb_resource_policy": _resource_policy,
    "aws_dynamodb_table_replica": _replica,
    "aws_dynamodb_table_item": _item,
}
INDEX = "aws_dynamodb_global_secondary_index"
"""The resource that other resources may add to."""
_TABLE_BY: Mapping[str, Callable[[Values], Any]] = {
    **dict.fromkeys(_ADDS, _by_name),
    **dict.fromkeys(("aws_dynamodb_tag", "aws_dynamodb_resource_policy"), _by_arn),
    "aws_dynamodb_table_replica": _by_global_arn,
    **dict.fromkeys((kind for kind in _ADDS if kind.startswith("aws_appautoscaling")), _by_resource),
}
KINDS = tuple(_ADDS)
"""Types of resources that belong to a table."""
