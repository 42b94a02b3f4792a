"""The overrides of a restore as members of its request. Pure; called by the verb ``restore``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.facets import capacity, wire
from reconciler.model.errors import UsageError
from reconciler.model.table import RestoreOverrides

KINDS = {
    "GlobalSecondaryIndexes": "GlobalSecondaryIndexOverride",
    "LocalSecondaryIndexes": "LocalSecondaryIndexOverride",
    "VectorIndexes": "VectorIndexOverride",
}
"""The members of a description, and the member of the request that lists what is restored of each."""
KEPT = {
    *("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput"),
    *("VectorAttribute", "SearchSchema", "Dimensions", "DistanceFunction"),
}
Shape = dict[str, Any]


def members(wish: RestoreOverrides, source: Mapping[str, Any]) -> Shape:
    """Members of RestoreTableFromBackup and RestoreTableToPointInTime; ``source`` describes the source's indexes.

    Only indexes of the source may be named, each as it was. A table that is provisioned from now on needs throughput
    for each of them. ``UsageError`` for what contradicts itself.
    """
    _check(wish, source)
    shape: Shape = {}
    if wish.billing_mode:
        shape["BillingModeOverride"] = wish.billing_mode
    if wish.throughput:
        shape["ProvisionedThroughputOverride"] = wire.throughput(wish.throughput)
    if wish.maximum:
        units = {"MaxReadRequestUnits": wish.maximum.read, "MaxWriteRequestUnits": wish.maximum.write}
        shape["OnDemandThroughputOverride"] = {name: value for name, value in units.items() if value is not None}
    if wish.sse:
        key = {"KMSMasterKeyId": wish.sse.key} if wish.sse.key else {}
        on = {"Enabled": True, "SSEType": "KMS", **key}
        shape["SSESpecificationOverride"] = on if wish.sse.enabled else {"Enabled": False}
    return shape | _indexes(wish, source)


def unheeded(wish: RestoreOverrides, live: Mapping[str, Any]) -> list[str]:
    """What the restored table does not have as it was wished: emulators take overrides and forget them."""
    names = {index["IndexName"] for kind in KINDS for index in live.get(kind) or []}
    stayed = names if wish.no_indexes else names & set(wish.left_out)
    encrypted = (live.get("SSEDescription") or {}).get("Status") == "ENABLED"
    told = [f"index {name}" for name in sorted(stayed)]
    if wish.billing_mode and capacity.read_mode(live) != wish.billing_mode:
        told.append("billing mode")
    if wish.throughput and wire.read_throughput(live.get("ProvisionedThroughput")) != wish.throughput:
        told.append("capacity")
    if wish.sse and encrypted != wish.sse.enabled:
        told.append("key")
    return told


def _indexes(wish: RestoreOverrides, source: Mapping[str, Any]) -> Shape:
    if wish.no_indexes:
        return {member: [] for member in KINDS.values()}
    shape: Shape = {}
    for kind, member in KINDS.items():
        had = source.get(kind) or []
        stay = [index for index in had if index["IndexName"] not in wish.left_out]
        provisioned = kind == "GlobalSecondaryIndexes" and wish.billing_mode == "PROVISIONED"
        if len(stay) < len(had) or (provisioned and stay):
            shape[member] = [_index(index, wish, globally=kind == "GlobalSecondaryIndexes") for index in stay]
    return shape


def _index(index: Mapping[str, Any], wish: RestoreOverrides, *, globally: bool) -> Shape:
    kept = {name: value for name, value in index.items() if name in KEPT}
    if not globally:
        return kept
    had = wire.read_throughput(kept.pop("ProvisionedThroughput", None))
    units = None if wish.billing_mode == "PAY_PER_REQUEST" else had or wish.throughput
    if wish.billing_mode == "PROVISIONED":
        kept.pop("OnDemandThroughput", None)
    return kept | ({"ProvisionedThroughput": wire.throughput(units)} if units else {})


def _check(wish: RestoreOverrides, source: Mapping[str, Any]) -> None:
    if wish.billing_mode == "PROVISIONED" and wish.throughput is None:
        raise UsageError("--billing-mode PROVISIONED needs --read-capacity and --write-capacity")
    if wish.throughput and wish.billing_mode == "PAY_PER_REQUEST":
        raise UsageError("--read-capacity and --write-capacity go with PROVISIONED, not with PAY_PER_REQUEST")
    if wish.maximum and wish.billing_mode == "PROVISIONED":
        raise UsageError("--max-read and --max-write go with PAY_PER_REQUEST, not with PROVISIONED")
    if wish.no_indexes and wish.left_out:
        raise UsageError("--without-indexes leaves out every index, so --without-index says nothing more")
    if wish.billing_mode == "PROVISIONED" and source.get("VectorIndexes") and not wish.no_indexes:
        stay = [i["IndexName"] for i in source["VectorIndexes"] if i["IndexName"] not in wish.left_out]
        if stay:
            raise UsageError(f"vector indexes need on-demand billing (rule 16): --without-index {stay[0]}")
    known = [index["IndexName"] for kind in KINDS for index in source.get(kind) or []]
    for name in wish.left_out:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise UsageError(f"there is no index {name!r} to be left out; the indexes are: {listed}")
