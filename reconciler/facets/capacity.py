"""The calls that set billing mode and provisioned capacity. Shared by the facets billing and global_indexes.

If one UpdateTable must carry both, both facets build the same call, so that their changes become one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.facets import scaling_wire, wire
from reconciler.facets.base import ExtraRead, Precondition
from reconciler.facets.quota import DAY, HOUR, Quota
from reconciler.model.change import Call
from reconciler.model.observed import Counters, ObservedTable
from reconciler.model.records import CountedChange
from reconciler.model.table import BillingMode, GlobalIndex, TableSpec, Throughput

FREE_DECREASES = 4
"""Decreases of capacity per UTC day. After them, DynamoDB permits one more per hour (rule 7)."""
LEAST = Throughput(1, 1)
"""The minimum of the service, for a provisioned table that is declared without throughput because others scale it."""


class OnDemandSwitches(Quota):
    """DescribeTable has the time of the last switch. Creating an on-demand table also sets it."""

    __slots__ = ()

    def last_change(self, counters: Counters) -> datetime | None:
        return counters.on_demand_since


class Decreases(Quota):
    """DescribeTable has the number of decreases today (UTC), for the table and for each index separately."""

    __slots__ = ()

    def free_from(
        self, call: Call, observed: ObservedTable, times: Sequence[datetime], now: datetime
    ) -> datetime | None:
        # The counter of DescribeTable decides, not our own records: others may decrease the capacity too.
        counters = observed.counters
        # The counter starts at 0 with each UTC day, so a wait never goes beyond midnight.
        tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + self.window
        waits = [
            min(counters.last_decrease[name] + HOUR, tomorrow) if name in counters.last_decrease else tomorrow
            for name in decreased(call, observed)
            if counters.decreases.get(name, 0) >= self.number
        ]
        return max((until for until in waits if until > now), default=None)


QUOTAS = (
    OnDemandSwitches("mode", 4, DAY, "a table switches to on demand at most four times in 24 hours (rule 6)"),
    Decreases(
        "decrease",
        FREE_DECREASES,
        DAY,
        "after four decreases of capacity in a UTC day the service takes one an hour (rule 7)",
    ),
)


def uses(call: Call, observed: ObservedTable) -> tuple[CountedChange, ...]:
    """Which of these quotas a call counts towards."""
    mode = observed.spec.billing.mode if observed.spec.billing else None
    switches = call.params.get("BillingMode") == "PAY_PER_REQUEST" and mode == "PROVISIONED"
    kinds: tuple[CountedChange, ...] = ("mode",) if switches else ()
    return (*kinds, "decrease") if list(decreased(call, observed)) else kinds


def decreased(call: Call, observed: ObservedTable) -> Iterator[str]:
    """What a call decreases: index names, and ``""`` for the table. One lower value makes it a decrease."""
    billing = observed.spec.billing
    wanted = {"": (call.params.get("ProvisionedThroughput"), billing.throughput if billing else None)}
    had = {index.name: index.throughput for index in observed.spec.global_indexes or ()}
    for update in call.params.get("GlobalSecondaryIndexUpdates") or ():
        if "Update" in update:
            name = update["Update"]["IndexName"]
            wanted[name] = (update["Update"].get("ProvisionedThroughput"), had.get(name))
    for name, (want, have) in wanted.items():
        if want and have and (want["ReadCapacityUnits"] < have.read or want["WriteCapacityUnits"] < have.write):
            yield name


def read_mode(table: Mapping[str, Any]) -> BillingMode:
    """The billing mode in a response of DescribeTable.

    A table that was never on demand has no BillingModeSummary. Zeros in ProvisionedThroughput mean on demand.
    """
    summary = table.get("BillingModeSummary") or {}
    if summary.get("BillingMode"):
        mode: BillingMode = summary["BillingMode"]
        return mode
    return "PROVISIONED" if wire.read_throughput(table.get("ProvisionedThroughput")) else "PAY_PER_REQUEST"


def mode_of(spec: TableSpec) -> BillingMode:
    """The mode that a table is created with; on demand if none is declared."""
    return spec.billing.mode if spec.billing else "PAY_PER_REQUEST"


def mode_after(desired: TableSpec, observed: TableSpec) -> BillingMode:
    """The mode after all changes; the observed one if billing is unmanaged."""
    return mode_of(desired if desired.billing else observed)


def table_throughput(desired: TableSpec, observed: TableSpec | None = None) -> Throughput:
    """The throughput of a table: declared, else observed, else the minimum of its scaling, else ``LEAST``."""
    for spec in (desired, observed):
        if spec and spec.billing and spec.billing.throughput:
            return spec.billing.throughput
    return _start(None, desired, LEAST)


def index_throughput(name: str, desired: TableSpec, observed: TableSpec | None = None) -> Throughput:
    """The throughput of an index: declared, else observed, else the minimum of its scaling, else that of the table."""
    for spec in (desired, observed):
        for index in (spec.global_indexes or ()) if spec else ():
            if index.name == name and index.throughput:
                return index.throughput
    return _start(name, desired, table_throughput(desired, observed))


def extra_reads(desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
    """Scalable targets, read only if a throughput is declared: they must be known before one is written."""
    declared = [desired.billing, *(desired.global_indexes or ())] if desired else []
    if desired and mode_of(desired) == "PROVISIONED" and any(each and each.throughput for each in declared):
        yield scaling_wire.read_of_targets(table["TableName"], table)


def switch_call(desired: TableSpec, observed: TableSpec) -> Call:
    """Switch the billing mode.

    A switch to PROVISIONED must contain the throughput of each existing index; the opposite switch must contain none
    (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html).
    """
    mode = mode_after(desired, observed)
    params: dict[str, Any] = {"TableName": desired.name, "BillingMode": mode}
    if mode == "PROVISIONED":
        params["ProvisionedThroughput"] = wire.throughput(table_throughput(desired, observed))
        # All existing indexes, also undeclared ones and those that a later step deletes.
        names = sorted(index.name for index in observed.global_indexes or ())
        updates = [_update(name, index_throughput(name, desired, observed)) for name in names]
        if updates:
            params["GlobalSecondaryIndexUpdates"] = updates
    return Call("UpdateTable", params)


def switch_precondition(desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """A table with a vector index cannot leave on-demand billing (UpdateTable)."""
    if mode_of(observed) == "PROVISIONED" or mode_after(desired, observed) != "PROVISIONED":
        return None
    for index in observed.vector_indexes or ():
        sentence = f"the table cannot be provisioned while it has vector index {index.name}"
        return Precondition(sentence, "vector_indexes: [] converged first, or billing_mode: PAY_PER_REQUEST", rule=16)
    return None


def table_call(desired: TableSpec, observed: TableSpec) -> Call:
    """Set the throughput of a table that is provisioned already."""
    capacity = wire.throughput(table_throughput(desired, observed))
    return Call("UpdateTable", {"TableName": desired.name, "ProvisionedThroughput": capacity})


def indexes_call(desired: TableSpec, indexes: list[GlobalIndex]) -> Call:
    """Set the throughput of several indexes in one call. DynamoDB rejects a value that equals the current one."""
    updates = [_update(index.name, index.throughput) for index in indexes if index.throughput]
    return Call("UpdateTable", {"TableName": desired.name, "GlobalSecondaryIndexUpdates": updates})


def _start(index: str | None, desired: TableSpec, default: Throughput) -> Throughput:
    """The minimum of the declared auto scaling, from which it takes over; else ``default``."""
    scaling = desired.auto_scaling
    read, write = (scaling.of(index, kind) if scaling else None for kind in ("read", "write"))
    return Throughput((read and read.min) or default.read, (write and write.min) or default.write)


def _update(name: str, capacity: Throughput) -> dict[str, Any]:
    return {"Update": {"IndexName": name, "ProvisionedThroughput": wire.throughput(capacity)}}
