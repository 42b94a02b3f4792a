"""Creating and deleting one global index of a live table: the calls, and what stands in their way.

Used by the facet global_indexes alone. One UpdateTable creates or deletes one index.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.facets import capacity, index_limits, wire
from reconciler.facets.base import Obstacle
from reconciler.facets.index_pairs import definition, pairs, redefined
from reconciler.model.change import Call
from reconciler.model.table import GlobalIndex, KeyElement, TableSpec

LIMIT = 20
"""Global indexes of one table, the service's default quota."""


def create_update(index: GlobalIndex, desired: TableSpec, observed: TableSpec) -> Call:
    """Create an index. AttributeDefinitions hold the keys in use at that moment and those of the new index."""
    provisioned = capacity.mode_after(desired, observed) == "PROVISIONED"
    create: dict[str, Any] = definition(index) | index_limits.created(index, on_demand=not provisioned)
    if provisioned:
        units = index.throughput or capacity.index_throughput(index.name, desired, observed)
        create["ProvisionedThroughput"] = wire.throughput(units)
    first = going(desired, observed) if in_the_way(index, desired, observed) else []
    live = [local.keys for local in observed.local_indexes or ()]
    live += [other.keys for other in observed.global_indexes or () if other not in first]
    params = {
        "TableName": desired.name,
        "AttributeDefinitions": wire.attribute_definitions(observed.keys, *live, index.keys),
        "GlobalSecondaryIndexUpdates": [{"Create": create}],
    }
    return Call("UpdateTable", params)


def delete_update(name: str, desired: TableSpec) -> Call:
    """Delete an index; its key attributes leave the definitions by themselves."""
    updates = [{"Delete": {"IndexName": name}}]
    return Call("UpdateTable", {"TableName": desired.name, "GlobalSecondaryIndexUpdates": updates})


def going(desired: TableSpec, observed: TableSpec) -> list[GlobalIndex]:
    """Observed indexes that must be deleted: first those that go for good, then those that are built anew."""
    both = list(pairs(desired.global_indexes, observed.global_indexes))
    removed = [have for _, want, have in both if have and want is None]
    rebuilt = [have for _, want, have in both if want and have and redefined(want, have)]
    staying = {owner for owner, _ in lasting(desired, observed)}
    return removed + [have for have in rebuilt if _owner(have) not in staying]


def lasting(desired: TableSpec, observed: TableSpec) -> list[tuple[str, tuple[KeyElement, ...]]]:
    """Every key of the table that no index change takes away, with its owner in words.

    An index that could not be built again stays as it is, and then stands in the way of others.
    """
    stays = [("the key of the table", observed.keys)]
    stays += [(f"local index {local.name}", local.keys) for local in observed.local_indexes or ()]
    both = [(want, have) for _, want, have in pairs(desired.global_indexes, observed.global_indexes) if want and have]
    stays += [(_owner(have), have.keys) for want, have in both if not redefined(want, have)]
    rebuilt = [(want, have) for want, have in both if redefined(want, have)]
    while stuck := next(((w, h) for w, h in rebuilt if any(clash(w.keys, keys) for _, keys in stays)), None):
        rebuilt.remove(stuck)
        stays.append((_owner(stuck[1]), stuck[1].keys))
    return stays


def in_the_way(index: GlobalIndex, desired: TableSpec, observed: TableSpec) -> GlobalIndex | None:
    """The index that must be deleted before ``index`` can be created.

    It uses an attribute under another type (a table defines an attribute once), or not all indexes fit into the quota.
    """
    leaving = going(desired, observed)
    for other in leaving:
        if clash(index.keys, other.keys):
            return other
    total = {other.name for side in (desired, observed) for other in side.global_indexes or ()}
    return leaving[0] if leaving and len(total) > LIMIT else None


def obstacle(index: GlobalIndex, desired: TableSpec, observed: TableSpec) -> Obstacle | None:
    """Which part of the table that stays uses a key attribute of ``index`` under another type."""
    for owner, keys in lasting(desired, observed):
        attribute = clash(index.keys, keys)
        if attribute and owner != _owner(index):
            sentence = f"index {index.name} cannot be created while {owner} uses {attribute} under another type"
            return Obstacle(sentence, "declaring the attribute with the type it has in the table")
    return None


def clash(one: Iterable[KeyElement], other: Iterable[KeyElement]) -> str | None:
    """An attribute that both keys use, under two types."""
    types = {key.attribute: key.type for key in one}
    return next((key.attribute for key in other if types.get(key.attribute, key.type) != key.type), None)


def _owner(index: GlobalIndex) -> str:
    return f"index {index.name}"
