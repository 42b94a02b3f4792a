"""Facet vector_indexes: vector indexes. One call creates or deletes one. They require an on-demand table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.facets import index_conflicts, vector_calls, wire
from reconciler.facets.base import Facet, HasPreconditions, InCreateTable, MultiStep, Precondition, Removal
from reconciler.facets.index_pairs import index_verbs, is_path_of, pairs
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.observed import ObservedTable, Responses
from reconciler.model.plan import Step
from reconciler.model.table import KeyElement, SearchElement, TableSpec, VectorIndex

REMOVED = "vector index {name} is deleted: searches of it fail from then on"
REBUILT = "vector index {name} is deleted and built again under its name: searches of it fail until it is back"
AFTER = "vector index {name} can only be created once {other} is deleted, and reads of that one fail from then on"

Pair = tuple[VectorIndex | None, VectorIndex | None]


class VectorIndexesFacet(Facet, InCreateTable, MultiStep, HasPreconditions):
    """A declared list is complete. No field of an index can change in place, so it is rebuilt."""

    name = "vector_indexes"
    rank = Rank.INDEX_CREATE
    exclusive = True

    def observe(self, responses: Responses) -> tuple[VectorIndex, ...]:
        table = responses.table
        types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
        indexes = (
            VectorIndex(
                index["IndexName"],
                index["VectorAttribute"]["AttributeName"],
                int(index["Dimensions"]),
                index["DistanceFunction"],
                wire.read_projection(index["Projection"]),
                _read_search(index.get("SearchSchema") or (), types),
            )
            for index in table.get("VectorIndexes") or ()
            if index.get("IndexStatus") != "DELETING"
        )
        return tuple(sorted(indexes, key=lambda index: index.name))

    def ongoing(self, responses: Responses) -> Iterator[str]:
        for index in responses.table.get("VectorIndexes") or ():
            status = index.get("IndexStatus", "ACTIVE")
            backfilling = " (backfilling)" if index.get("Backfilling") else ""
            if status != "ACTIVE" or backfilling:
                yield f"vector index {index['IndexName']} is {status}{backfilling}"

    def diff(self, desired: TableSpec, observed: TableSpec) -> Iterator[Change]:
        if desired.vector_indexes is None:
            return
        for name, want, have in pairs(desired.vector_indexes, observed.vector_indexes):
            yield from self._changes(name, want, have, desired, observed)

    def removal(self, observed: TableSpec) -> Removal:
        return Removal((), "vector_indexes: []")

    def request(self, change: Change, desired: TableSpec, observed: ObservedTable) -> Call:
        want, have = self._pair(change, desired, observed.spec)
        if want and not have:
            return vector_calls.create_vector_index_call(want, desired, observed.spec)
        return vector_calls.delete_vector_index_call(have.name if have else "", desired)

    def next_step(self, change: Change, desired: TableSpec, observed: TableSpec) -> str | None:
        want, have = self._pair(change, desired, observed)
        return f"then vector index {want.name} is created again under its name" if want and have else None

    def precondition(self, change: Change, desired: TableSpec, observed: TableSpec) -> Precondition | None:
        want, _ = self._pair(change, desired, observed)
        return vector_calls.vector_precondition(want, desired, observed) if want else None

    def rank_of(self, step: Step) -> Rank:
        verbs = index_verbs(step.call, "VectorIndexUpdates")
        if "Create" in verbs:
            return Rank.INDEX_CREATE_AFTER if step.hazardous else Rank.INDEX_CREATE
        return Rank.INDEX_DELETE if "Delete" in verbs else self.rank

    def key_attributes(self, desired: TableSpec) -> Iterator[Iterable[KeyElement]]:
        yield from (wire.search_keys(index) for index in desired.vector_indexes or ())

    def create_members(self, desired: TableSpec) -> Mapping[str, Any]:
        if not desired.vector_indexes:
            return {}
        return {"VectorIndexes": [vector_calls.vector_definition(index) for index in desired.vector_indexes]}

    def _changes(
        self, name: str, want: VectorIndex | None, have: VectorIndex | None, desired: TableSpec, observed: TableSpec
    ) -> Iterator[Change]:
        path = f"vector_indexes.{name}"
        if want is None and have is not None:
            shown = vector_calls.vector_index_for_display(have)
            yield Change(self.name, path, shown, None, Hazard.DISRUPTION, REMOVED.format(name=name))
        elif want is not None and have is None:
            other = index_conflicts.blocking_index(want, desired, observed)
            hazard = Hazard.DISRUPTION if other else Hazard.NONE
            unsafe = AFTER.format(name=name, other=index_conflicts.index_label(other)) if other else None
            yield Change(self.name, path, None, vector_calls.vector_index_for_display(want), hazard, unsafe)
        elif want is not None and have is not None:
            for field in index_conflicts.differing_fields(want, have):
                before, after = vector_calls.field_for_display(have, field), vector_calls.field_for_display(want, field)
                yield Change(self.name, f"{path}.{field}", before, after, Hazard.DISRUPTION, REBUILT.format(name=name))

    def _pair(self, change: Change, desired: TableSpec, observed: TableSpec) -> Pair:
        """The index of a change, found by the whole change, because names may contain dots."""
        for name, want, have in pairs(desired.vector_indexes, observed.vector_indexes):
            if is_path_of(change.path, self.name, name) and change in self._changes(
                name, want, have, desired, observed
            ):
                return want, have
        raise ValueError(f"{change.path} is no difference between these two tables")


def _read_search(schema: Any, types: Mapping[str, Any]) -> tuple[SearchElement, ...]:
    elements = (
        SearchElement(each["AttributeName"], each["SearchSchemaElementType"], types.get(each["AttributeName"]))
        for each in schema
    )
    return tuple(sorted(elements, key=lambda element: (element.role, element.attribute)))
