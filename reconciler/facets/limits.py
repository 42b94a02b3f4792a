"""On-demand maximum and warm throughput of tables and indexes: shapes, differences and preconditions. Pure.

Used by the facets on_demand_throughput, warm_throughput and global_indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import capacity
from reconciler.facets.base import Precondition
from reconciler.model.change import Change
from reconciler.model.plan import StepStatus
from reconciler.model.table import OnDemandThroughput, TableSpec, Throughput, WarmThroughput

UNLIMITED = OnDemandThroughput(-1, -1)
"""No maximum: DynamoDB returns -1 or nothing, and -1 in a request removes the maximum."""

BASELINE = Throughput(12000, 4000)
"""The warm throughput of a new on-demand table or index. A provisioned one starts with its capacity."""

Shape = dict[str, Any]


def read_maximum(shape: Mapping[str, Any] | None) -> OnDemandThroughput:
    """OnDemandThroughput of a description."""
    shape = shape or {}
    return OnDemandThroughput(int(shape.get("MaxReadRequestUnits", -1)), int(shape.get("MaxWriteRequestUnits", -1)))


def maximum_shape(desired: OnDemandThroughput | None, observed: OnDemandThroughput | None = None) -> Shape:
    """OnDemandThroughput of a request. DynamoDB Local requires both members, so an unmanaged one is sent unchanged."""
    want, have = desired or OnDemandThroughput(), observed or UNLIMITED
    return {
        "MaxReadRequestUnits": have.read if want.read is None else want.read,
        "MaxWriteRequestUnits": have.write if want.write is None else want.write,
    }


def maximum_member(value: OnDemandThroughput | None) -> Shape:
    """OnDemandThroughput as a member of a create; empty without a maximum."""
    members = maximum_shape(value)
    return {"OnDemandThroughput": members} if set(members.values()) != {-1} else {}


def maximum_changes(
    facet: str, path: str, desired: OnDemandThroughput | None, observed: OnDemandThroughput | None
) -> Iterator[Change]:
    """One change for each of read and write that is declared and differs."""
    want, have = desired or OnDemandThroughput(), observed or UNLIMITED
    if want.read is not None and want.read != have.read:
        yield Change(facet, f"{path}.read", have.read, want.read)
    if want.write is not None and want.write != have.write:
        yield Change(facet, f"{path}.write", have.write, want.write)


def maximum_precondition(desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """Only an on-demand table accepts a maximum (rule 9)."""
    if capacity.mode_of(observed) == "PAY_PER_REQUEST":
        return None
    if capacity.mode_after(desired, observed) == "PAY_PER_REQUEST":
        return Precondition("set once the table is on demand", status=StepStatus.DEFERRED)
    sentence = "a provisioned table takes no on-demand maximum"
    return Precondition(sentence, "billing_mode: PAY_PER_REQUEST, or on_demand_throughput left out", rule=9)


def read_warm(shape: Mapping[str, Any] | None) -> WarmThroughput | None:
    """WarmThroughput of a description; None if the endpoint has none."""
    if not shape:
        return None
    return WarmThroughput(int(shape.get("ReadUnitsPerSecond") or 0), int(shape.get("WriteUnitsPerSecond") or 0))


def warm_shape(value: WarmThroughput) -> Shape:
    """WarmThroughput of a create: the declared members."""
    members = {"ReadUnitsPerSecond": value.read, "WriteUnitsPerSecond": value.write}
    return {name: units for name, units in members.items() if units is not None}


def warm_member(value: WarmThroughput | None, units: Throughput | None) -> Shape:
    """WarmThroughput of a create, as a member of its own; ``units`` is provisioned capacity, None on demand.

    CreateTable rejects a value below the initial one, so the initial one is sent instead.
    """
    if value is None:
        return {}
    least = units or BASELINE
    read, write = value.read and max(value.read, least.read), value.write and max(value.write, least.write)
    return {"WarmThroughput": warm_shape(WarmThroughput(read, write))}


def raised_warm(desired: WarmThroughput | None, observed: WarmThroughput | None) -> Shape:
    """WarmThroughput of an update: the higher of declared and observed, because DynamoDB rejects a lower value."""
    read, write = (max(pair) for pair in zip(_units(desired), _units(observed), strict=True))
    return warm_shape(WarmThroughput(read or None, write or None))


def warm_changes(
    facet: str, path: str, desired: WarmThroughput | None, observed: WarmThroughput | None
) -> Iterator[Change]:
    """One change for each of read and write that is declared and differs, be it higher or lower."""
    want, (read, write) = desired or WarmThroughput(), _units(observed)
    if want.read is not None and want.read != read:
        yield Change(facet, f"{path}.read", read, want.read)
    if want.write is not None and want.write != write:
        yield Change(facet, f"{path}.write", write, want.write)


def warm_precondition(change: Change) -> Precondition | None:
    """Warm throughput can only be raised. DynamoDB also raises it itself, so a higher live value is in sync."""
    if change.after > change.before:
        return None
    sentence = f"warm throughput never falls: {change.before} stays, though {change.after} is declared"
    return Precondition(sentence, status=StepStatus.UNSUPPORTED, rule=8)


def _units(value: WarmThroughput | None) -> tuple[int, int]:
    return (value.read or 0, value.write or 0) if value else (0, 0)
