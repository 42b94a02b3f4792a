"""Facet global_indexes: global secondary indexes and their throughput.

One UpdateTable creates or deletes one index
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.facets import capacity, index_calls, index_conflicts, limits, wire
from reconciler.facets.base import (
    ExtraRead,
    Facet,
    HasExtraReads,
    HasPreconditions,
    InCreateTable,
    MultiStep,
    Precondition,
    Removal,
)
from reconciler.facets.index_pairs import (
    created_for_display,
    index_definition,
    index_for_display,
    index_verbs,
    is_path_of,
    pairs,
    redefined,
)
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step
from reconciler.model.records import CountedChange
from reconciler.model.table import GlobalIndex, KeyElement, TableSpec

REMOVED = "index {name} is deleted: queries on it fail from then on"
REBUILT = "index {name} is deleted and built again under its name: queries on it fail until it is back"
AFTER = "index {name} can only be created once {other} is deleted, and reads of that one fail from then on"

Pair = tuple[GlobalIndex | None, GlobalIndex | None]


class GlobalIndexesFacet(Facet, InCreateTable, MultiStep, HasPreconditions, HasExtraReads):
    """A declared list is complete. Key and projection of an index cannot change in place, so it is rebuilt."""

    name = "global_indexes"
    rank = Rank.CAPACITY
    exclusive = True
    quotas = capacity.QUOTAS
    scaled_paths = ("global_indexes.*.throughput",)

    def observe(self, responses: Responses) -> tuple[GlobalIndex, ...]:
        table = responses.table
        provisioned = capacity.read_mode(table) == "PROVISIONED"
        # DescribeTable lists a DELETING index until it is gone. Here it counts as gone: otherwise its deletion would be
        # sent again, and an index that is rebuilt would never be created again.
        indexes = (
            GlobalIndex(
                index["IndexName"],
                wire.read_keys(index["KeySchema"], table["AttributeDefinitions"]),
                wire.read_projection(index["Projection"]),
                wire.read_throughput(index.get("ProvisionedThroughput")) if provisioned else None,
                limits.read_maximum(index.get("OnDemandThroughput")),
                limits.read_warm(index.get("WarmThroughput")),
            )
            for index in table.get("GlobalSecondaryIndexes") or ()
            if index.get("IndexStatus") != "DELETING"
        )
        return tuple(sorted(indexes, key=lambda index: index.name))

    def extra_reads(self, desired: TableSpec | None, table: Mapping[str, Any]) -> Iterator[ExtraRead]:
        return capacity.extra_reads(desired, table)

    def ongoing(self, responses: Responses) -> Iterator[str]:
        for index in responses.table.get("GlobalSecondaryIndexes") or ():
            status = index.get("IndexStatus", "ACTIVE")
            if status != "ACTIVE":
                backfilling = " (backfilling)" if index.get("Backfilling") else ""
                yield f"index {index['IndexName']} is {status}{backfilling}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.global_indexes is None:
            return
        for name, want, have in pairs(desired.global_indexes, observed.global_indexes):
            yield from self._changes(name, want, have, desired, observed)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal((), "global_secondary_indexes: []")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want, have = self._pair(change, desired, observed.spec)
        if want and not have:
            return index_calls.create_index_call(want, desired, observed.spec)
        if have and (want is None or redefined(want, have)):
            return index_calls.delete_index_call(have.name, desired)
        limit = index_calls.limit_of_change(change, want) if want else None
        if limit:
            return index_calls.limits_call(limit, desired, observed.spec)
        if capacity.mode_after(desired, observed.spec) != capacity.mode_of(observed.spec):
            return capacity.switch_call(desired, observed.spec)
        return capacity.indexes_call(desired, self._rescaled(desired, observed.spec))

    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        want, have = self._pair(change, desired, observed)
        if want and have and redefined(want, have):
            return f"then index {want.name} is created again under its name"
        return None

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        want, have = self._pair(change, desired, observed)
        if want and (have is None or redefined(want, have)):
            hindered = index_conflicts.index_precondition(want, desired, observed)
            return hindered or (capacity.switch_precondition(desired, observed) if have is None else None)
        if want is None:
            return None
        hindered = index_calls.limit_precondition(change, want, desired, observed)
        return hindered or capacity.switch_precondition(desired, observed)

    def rank_of(self, step: Step) -> Rank:
        verbs = index_verbs(step.call, "GlobalSecondaryIndexUpdates")
        if "Create" in verbs:
            return Rank.INDEX_CREATE_AFTER if step.hazardous else Rank.INDEX_CREATE
        return Rank.INDEX_DELETE if "Delete" in verbs else self.rank

    def uses(self, call: Call, observed: ObservedTable) -> tuple[CountedChange, ...]:
        return capacity.uses(call, observed)

    def key_attributes(self, desired: TableSpec) -> Iterator[Iterable[KeyElement]]:
        yield from (index.keys for index in desired.global_indexes or ())

    def shown_in_create(self, desired: TableSpec) -> Any:
        return created_for_display(self.create_members(desired), desired.global_indexes)

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        if not desired.global_indexes:
            return {}
        return {"GlobalSecondaryIndexes": [self._created(index, desired) for index in desired.global_indexes]}

    def _created(self, index: GlobalIndex, desired: TableSpec) -> dict[str, Any]:
        if capacity.mode_of(desired) == "PAY_PER_REQUEST":
            return index_definition(index) | index_calls.limit_members(index, None)
        units = capacity.index_throughput(index.name, desired)
        shape = index_definition(index) | index_calls.limit_members(index, units)
        return shape | {"ProvisionedThroughput": wire.throughput(units)}

    def _changes(
        self, name: str, want: GlobalIndex | None, have: GlobalIndex | None, desired: TableSpec, observed: TableSpec
    ) -> Iterator[Change]:
        path = f"global_indexes.{name}"
        if want is None and have is not None:
            yield Change(self.name, path, index_for_display(have), None, Hazard.DISRUPTION, REMOVED.format(name=name))
        elif want is not None and have is None:
            other = index_conflicts.blocking_index(want, desired, observed)
            hazard = Hazard.DISRUPTION if other else Hazard.NONE
            unsafe = AFTER.format(name=name, other=index_conflicts.index_label(other)) if other else None
            yield Change(self.name, path, None, index_for_display(want), hazard, unsafe)
        elif want is not None and have is not None:
            unsafe = REBUILT.format(name=name)
            if want.keys != have.keys:
                before, after = wire.keys_for_display(have.keys), wire.keys_for_display(want.keys)
                yield Change(self.name, f"{path}.keys", before, after, Hazard.DISRUPTION, unsafe)
            if want.projection != have.projection:
                shown = wire.projection(have.projection), wire.projection(want.projection)
                yield Change(self.name, f"{path}.projection", *shown, Hazard.DISRUPTION, unsafe)
            provisioned = capacity.mode_after(desired, observed) == "PROVISIONED"
            if provisioned and want.throughput and not redefined(want, have):
                yield from wire.throughput_changes(self.name, f"{path}.throughput", want.throughput, have.throughput)
            if not redefined(want, have):
                yield from index_calls.limit_changes(self.name, path, want, have)

    def _pair(self, change: Change, desired: TableSpec, observed: TableSpec) -> Pair:
        """The index of a change. Names may contain dots, so if several match the path, the whole change decides."""
        both = pairs(desired.global_indexes, observed.global_indexes)
        candidates = [(name, want, have) for name, want, have in both if is_path_of(change.path, self.name, name)]
        if len(candidates) == 1:
            return candidates[0][1:]
        for name, want, have in candidates:
            if change in self._changes(name, want, have, desired, observed):
                return want, have
        raise ValueError(f"{change.path} is no difference between these two tables")

    def _rescaled(self, desired: TableSpec, observed: TableSpec) -> list[GlobalIndex]:
        both = pairs(desired.global_indexes, observed.global_indexes)
        return [
            want
            for _, want, have in both
            if want and have and not redefined(want, have) and want.throughput and want.throughput != have.throughput
        ]
