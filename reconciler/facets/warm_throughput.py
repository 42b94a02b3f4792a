"""Facet warm_throughput: what a table can serve at once. It can only be raised; DynamoDB also raises it itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import capacity, limits
from reconciler.facets.base import Facet, HasPreconditions, InCreateTable, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import TableSpec, WarmThroughput


class WarmThroughputFacet(Facet, InCreateTable, HasPreconditions):
    """Read and write are managed separately. Those of an index belong to the facet global_indexes."""

    name = "warm_throughput"
    rank = Rank.LIMITS

    def observe(self, responses: Responses) -> WarmThroughput | None:
        return limits.read_warm(responses.table.get("WarmThroughput"))

    def ongoing(self, responses: Responses) -> Iterator[str]:
        status = (responses.table.get("WarmThroughput") or {}).get("Status", "ACTIVE")
        if status != "ACTIVE":
            yield f"warm throughput is {status}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        yield from limits.warm_changes(self.name, self.name, desired.warm_throughput, observed.warm_throughput)

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        return limits.warm_precondition(change)

    def removal(self, observed: TableSpec) -> Removal | None:
        live = observed.warm_throughput
        if live is not None and (live.read or 0) <= limits.BASELINE.read and (live.write or 0) <= limits.BASELINE.write:
            return None
        return Removal(WarmThroughput(), None, "warm throughput can only be raised, never lowered or removed")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        shape = limits.raised_warm(desired.warm_throughput, observed.spec.warm_throughput)
        return Call("UpdateTable", {"TableName": desired.name, "WarmThroughput": shape})

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        provisioned = capacity.mode_of(desired) == "PROVISIONED"
        return limits.warm_member(desired.warm_throughput, capacity.table_throughput(desired) if provisioned else None)
