"""Declared and observed indexes by name. Shared by the facets of the three kinds of indexes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from reconciler.facets import limits, wire
from reconciler.model.change import Call
from reconciler.model.table import GlobalIndex, LocalIndex, VectorIndex

Index = TypeVar("Index", GlobalIndex, LocalIndex, VectorIndex)


def pairs(
    desired: Iterable[Index] | None, observed: Iterable[Index] | None
) -> Iterator[tuple[str, Index | None, Index | None]]:
    """Name, declared index and observed index, sorted by name; one of the two may be missing."""
    if not desired and not observed:
        return
    wanted = {index.name: index for index in desired or ()}
    had = {index.name: index for index in observed or ()}
    for name in sorted(wanted.keys() | had.keys()):
        yield name, wanted.get(name), had.get(name)


def is_path_of(path: str, facet: str, name: str) -> bool:
    """Whether the path of a change may belong to the index ``name``, which may be a prefix of another name."""
    whole = f"{facet}.{name}"
    return path == whole or path.startswith(f"{whole}.")


def index_definition(index: GlobalIndex | LocalIndex) -> dict[str, Any]:
    """The members of an index that both kinds have, as in CreateTable."""
    return {
        "IndexName": index.name,
        "KeySchema": wire.key_schema(index.keys),
        "Projection": wire.projection(index.projection),
    }


def index_for_display(index: GlobalIndex | LocalIndex) -> dict[str, Any]:
    """An index for display: as in CreateTable, with the types of its key attributes."""
    shape = {"KeySchema": wire.keys_for_display(index.keys), "Projection": wire.projection(index.projection)}
    if isinstance(index, GlobalIndex) and index.throughput:
        shape["ProvisionedThroughput"] = wire.throughput(index.throughput)
    if isinstance(index, GlobalIndex):
        shape |= limits.maximum_member(index.on_demand_throughput)
        shape |= {"WarmThroughput": limits.warm_shape(index.warm_throughput)} if index.warm_throughput else {}
    return shape


def created_for_display(
    members: Mapping[str, Any], indexes: Sequence[GlobalIndex | LocalIndex] | None
) -> list[dict[str, Any]] | None:
    """The indexes of a CreateTable request for display: ``members`` has their list, which lacks the types of keys."""
    shapes: Sequence[Mapping[str, Any]] = next(iter(members.values()), ())
    shown = [
        {**shape, "KeySchema": wire.keys_for_display(index.keys)}
        for shape, index in zip(shapes, indexes or (), strict=True)
    ]
    return shown or None


def redefined(desired: GlobalIndex | LocalIndex, observed: GlobalIndex | LocalIndex) -> bool:
    """Whether key or projection differ, which cannot change in place (UpdateTable)."""
    return desired.keys != observed.keys or desired.projection != observed.projection


def index_verbs(call: Call | None, member: str) -> set[str]:
    """What an UpdateTable does to indexes of one kind: Create, Update or Delete."""
    return {verb for update in call.params.get(member, ()) for verb in update} if call else set()
