"""On-demand maximum and warm throughput, of a table and of its indexes alike: shapes, differences, obstacles. Pure.

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
"""No maximum: what the service answers with -1 or not at all, and what -1 in a request brings back."""

BASELINE = Throughput(12000, 4000)
"""What a table or an index on demand is ready for from the start; a provisioned one is ready for its capacity."""

Shape = dict[str, Any]


def read_maximum(shape: Mapping[str, Any] | None) -> OnDemandThroughput:
    """OnDemandThroughput of a description."""
    shape = shape or {}
    return OnDemandThroughput(int(shape.get("MaxReadRequestUnits", -1)), int(shape.get("MaxWriteRequestUnits", -1)))


def maximum_shape(desired: OnDemandThroughput | None, observed: OnDemandThroughput | None = None) -> Shape:
    """OnDemandThroughput of a request. The half that is not ours is sent as it is: DynamoDB Local insists on both."""
    want, have = desired or OnDemandThroughput(), observed or UNLIMITED
    return {
        "MaxReadRequestUnits": have.read if want.read is None else want.read,
        "MaxWriteRequestUnits": have.write if want.write is None else want.write,
    }


def maximum_member(value: OnDemandThroughput | None) -> Shape:
    """OnDemandThroughput of a create, as a member of its own; nothing where there is no maximum."""
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
    """A maximum is only taken by a table that is on demand already."""
    if capacity.mode_of(observed) == "PAY_PER_REQUEST":
        return None
    if capacity.mode_after(desired, observed) == "PAY_PER_REQUEST":
        return Precondition("set once the table is on demand", status=StepStatus.DEFERRED)
    sentence = "a provisioned table takes no on-demand maximum"
    return Precondition(sentence, "billing_mode: PAY_PER_REQUEST, or on_demand_throughput left out", rule=9)


def read_warm(shape: Mapping[str, Any] | None) -> WarmThroughput | None:
    """WarmThroughput of a description; None where the endpoint has none."""
    if not shape:
        return None
    return WarmThroughput(int(shape.get("ReadUnitsPerSecond") or 0), int(shape.get("WriteUnitsPerSecond") or 0))


def warm_shape(value: WarmThroughput) -> Shape:
    """WarmThroughput of a create: the members that are ours."""
    members = {"ReadUnitsPerSecond": value.read, "WriteUnitsPerSecond": value.write}
    return {name: units for name, units in members.items() if units is not None}


def warm_member(value: WarmThroughput | None, units: Throughput | None) -> Shape:
    """WarmThroughput of a create, as a member of its own; ``units`` is provisioned capacity, None on demand.

    Less than there is from the start is refused (CreateTable), so that much is asked for in its place.
    """
    if value is None:
        return {}
    least = units or BASELINE
    read, write = value.read and max(value.read, least.read), value.write and max(value.write, least.write)
    return {"WarmThroughput": warm_shape(WarmThroughput(read, write))}


def raised_warm(desired: WarmThroughput | None, observed: WarmThroughput | None) -> Shape:
    """WarmThroughput of an update: each member as declared or as it is, whichever is more; a lower one is refused."""
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
    """Warm throughput only rises, and the service raises it by itself; so more than declared is no drift."""
    if change.after > change.before:
        return None
    sentence = f"warm throughput never falls: {change.before} stays, though {change.after} is declared"
    return Precondition(sentence, status=StepStatus.UNSUPPORTED, rule=8)


def _units(value: WarmThroughput | None) -> tuple[int, int]:
    return (value.read or 0, value.write or 0) if value else (0, 0)
