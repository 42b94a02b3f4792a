"""The values of one ``aws_dynamodb_table`` as a declaration.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/dynamodb_table
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.parsing.source_location import Path

Values = Mapping[str, Any]
AFTER_APPLY = "Declare the state: run `terraform apply`, then `terraform show -json`."
"""The remedy where a plan does not know a value yet."""


def declared(values: Values, here: Path) -> tuple[dict[str, Any], dict[Path, Path]]:
    """The declaration as AWS spells it, and where its fields stand in the file.

    Terraform writes null and an empty list for what is not set. ``here`` is the path of ``values``. Raises
    ``Unresolved`` for values that are not understood.
    """
    try:
        return _declared(values, here)
    except Unresolved as unresolved:
        raise Unresolved((*here, *unresolved.path), unresolved.reason, unresolved.remedy) from None


def _declared(values: Values, here: Path) -> tuple[dict[str, Any], dict[Path, Path]]:
    on_demand = values.get("billing_mode") == "PAY_PER_REQUEST"
    fields: dict[str, tuple[Any, str]] = {
        "TableName": (values.get("name"), "name"),
        "BillingMode": (values.get("billing_mode") or "PROVISIONED", "billing_mode"),
        "KeySchema": (_keys(values), "hash_key"),
        "AttributeDefinitions": (
            [
                {"AttributeName": each.get("name"), "AttributeType": each.get("type")}
                for each in blocks(values, "attribute")
            ],
            "attribute",
        ),
        "ProvisionedThroughput": (None if on_demand else _units(values), "read_capacity"),
        "OnDemandThroughput": (on_demand_maximum(values), "on_demand_throughput"),
        "WarmThroughput": (warm(values), "warm_throughput"),
        "GlobalSecondaryIndexes": (
            [_global_index(each, on_demand=on_demand) for each in blocks(values, "global_secondary_index")],
            "global_secondary_index",
        ),
        "LocalSecondaryIndexes": (
            [_local_index(each, values) for each in blocks(values, "local_secondary_index")],
            "local_secondary_index",
        ),
        "StreamSpecification": (_stream(values), "stream_view_type"),
        "TimeToLiveSpecification": (_time_to_live(values), "ttl"),
        "PointInTimeRecoverySpecification": (_recovery(values), "point_in_time_recovery"),
        "SSESpecification": (_encryption(values), "server_side_encryption"),
        "TableClass": (values.get("table_class") or None, "table_class"),
        "DeletionProtectionEnabled": (values.get("deletion_protection_enabled") or None, "deletion_protection_enabled"),
        "Tags": (values.get("tags_all") or values.get("tags") or None, "tags"),
        "Replicas": (_replicas(values), "replica"),
        "MultiRegionConsistency": (_consistency(values), "replica"),
        "GlobalTableWitnesses": (
            [{"RegionName": each.get("region_name")} for each in blocks(values, "global_table_witness")],
            "global_table_witness",
        ),
    }
    for unsupported in ("import_table", "restore_source_name", "restore_source_table_arn"):
        if values.get(unsupported):
            reason = f"{unsupported} fills the table from elsewhere, which is not done here"
            raise Unresolved((unsupported,), reason, "Remove it after the apply, or declare a seed.")
    given = {name: value for name, (value, _) in fields.items() if value not in (None, [])}
    sources: dict[Path, Path] = {(): here, **{(name,): (*here, origin) for name, (_, origin) in fields.items()}}
    return given, sources


def region_of(values: Mapping[str, Any]) -> str | None:
    """The Region of a resource: version 6 of the provider names it, and the ARN of an applied one has it."""
    region = values.get("region")
    if isinstance(region, str) and region:
        return region
    parts = str(values.get("arn") or "").split(":")
    return parts[3] if len(parts) > 5 and parts[3] else None


def blocks(values: Values, name: str) -> Sequence[Values]:
    """The blocks of this name; none where there is none."""
    found = values.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Unresolved((name,), "expected a list of blocks", "Write what `terraform show -json` prints.")
    return found


def block(values: Values, name: str) -> Values | None:
    """The only block of this name, or None."""
    found = blocks(values, name)
    return found[0] if found else None


def renamed(values: Values, **names: str) -> dict[str, Any] | None:
    """The members that have a value, under other names; None where none has one."""
    return {names[name]: values[name] for name in names if values.get(name) not in (None, "", [])} or None


def on_demand_maximum(values: Values) -> dict[str, Any] | None:
    """``on_demand_throughput``."""
    names = {"max_read_request_units": "MaxReadRequestUnits", "max_write_request_units": "MaxWriteRequestUnits"}
    return renamed(block(values, "on_demand_throughput") or {}, **names)


def warm(values: Values) -> dict[str, Any] | None:
    """``warm_throughput``."""
    names = {"read_units_per_second": "ReadUnitsPerSecond", "write_units_per_second": "WriteUnitsPerSecond"}
    return renamed(block(values, "warm_throughput") or {}, **names)


def projection(kind: Any, attributes: Any) -> dict[str, Any]:
    """The projection of an index."""
    found = {"ProjectionType": kind}
    if attributes:
        found["NonKeyAttributes"] = attributes
    return found


def _keys(values: Values) -> list[dict[str, Any]]:
    """Either ``hash_key`` and ``range_key``, or blocks of ``key_schema`` where several attributes make a key."""
    several = blocks(values, "key_schema")
    if several:
        return [{"AttributeName": each.get("attribute_name"), "KeyType": each.get("key_type")} for each in several]
    keys = [(values.get("hash_key"), "HASH"), (values.get("range_key"), "RANGE")]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys if name]


def _units(values: Values) -> dict[str, Any] | None:
    return renamed(values, read_capacity="ReadCapacityUnits", write_capacity="WriteCapacityUnits")


def _global_index(index: Values, *, on_demand: bool) -> dict[str, Any]:
    found = {
        "IndexName": index.get("name"),
        "KeySchema": _keys(index),
        "Projection": projection(index.get("projection_type"), index.get("non_key_attributes")),
        "ProvisionedThroughput": None if on_demand else _units(index),
        "OnDemandThroughput": on_demand_maximum(index),
        "WarmThroughput": warm(index),
    }
    return {name: value for name, value in found.items() if value is not None}


def _local_index(index: Values, values: Values) -> dict[str, Any]:
    keys = [
        {"AttributeName": values.get("hash_key"), "KeyType": "HASH"},
        {"AttributeName": index.get("range_key"), "KeyType": "RANGE"},
    ]
    shape = projection(index.get("projection_type"), index.get("non_key_attributes"))
    return {"IndexName": index.get("name"), "KeySchema": keys, "Projection": shape}


def _stream(values: Values) -> dict[str, Any] | None:
    return {"StreamViewType": values.get("stream_view_type")} if values.get("stream_enabled") else None


def _time_to_live(values: Values) -> dict[str, Any] | None:
    found = block(values, "ttl")
    if found is None or not found.get("enabled") or not found.get("attribute_name"):
        return None
    return {"Enabled": True, "AttributeName": found["attribute_name"]}


def _recovery(values: Values) -> dict[str, Any] | None:
    found = block(values, "point_in_time_recovery")
    if found is None:
        return None
    enabled = bool(found.get("enabled"))
    days = found.get("recovery_period_in_days") if enabled else None
    return {"PointInTimeRecoveryEnabled": enabled, **({"RecoveryPeriodInDays": days} if days else {})}


def _encryption(values: Values) -> dict[str, Any] | None:
    found = block(values, "server_side_encryption")
    if found is None:
        return None
    key = found.get("kms_key_arn") if found.get("enabled") else None
    return {"SSEEnabled": bool(found.get("enabled")), **({"KMSMasterKeyId": key} if key else {})}


def _replicas(values: Values) -> list[dict[str, Any]]:
    found = []
    for each in blocks(values, "replica"):
        key = each.get("kms_key_arn")
        found.append({"RegionName": each.get("region_name"), **({"KMSMasterKeyId": key} if key else {})})
    return found


def _consistency(values: Values) -> str | None:
    """Strong consistency, which every replica names. The state also has the eventual one that nobody wrote."""
    modes = {each.get("consistency_mode") for each in blocks(values, "replica")}
    return "STRONG" if "STRONG" in modes else None
