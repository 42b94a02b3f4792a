"""Facet on_demand_throughput: the maximum of an on-demand table; -1 removes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.facets import limits
from reconciler.facets.base import Facet, HasPreconditions, InCreateTable, Precondition, Removal
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.table import OnDemandThroughput, TableSpec


class OnDemandThroughputFacet(Facet, InCreateTable, HasPreconditions):
    """Read and write are managed separately. Those of an index belong to the facet global_indexes."""

    name = "on_demand_throughput"
    rank = Rank.LIMITS

    def observe(self, responses: Responses) -> OnDemandThroughput:
        return limits.read_maximum(responses.table.get("OnDemandThroughput"))

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        want, have = desired.on_demand_throughput, observed.on_demand_throughput
        yield from limits.maximum_changes(self.name, self.name, want, have)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal(
            limits.UNLIMITED, "on_demand_throughput: {max_read_request_units: -1, max_write_request_units: -1}"
        )

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        return limits.maximum_precondition(desired, observed)

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        shape = limits.maximum_shape(desired.on_demand_throughput, observed.spec.on_demand_throughput)
        return Call("UpdateTable", {"TableName": desired.name, "OnDemandThroughput": shape})

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        return limits.maximum_member(desired.on_demand_throughput)
