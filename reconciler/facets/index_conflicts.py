"""Which indexes of a table are kept, rebuilt or deleted, and which of them conflict with a new index. Pure.

The indexes of a table share its attribute definitions, and an attribute has one type there. Used by the facets
global_indexes and vector_indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.facets import wire
from reconciler.facets.base import Precondition
from reconciler.facets.index_pairs import redefined
from reconciler.model.table import GlobalIndex, KeyElement, TableSpec, VectorIndex

Index = GlobalIndex | VectorIndex
AttributeUse = tuple[str, tuple[KeyElement, ...]]
"""A label, such as ``index by_email``, and the attributes that it uses."""

INCLUDED = 100
"""Names in the INCLUDE lists of all indexes of a table together."""
LIMITS = {GlobalIndex: 20, VectorIndex: 5}
"""Indexes of one kind in one table: the service's default quotas."""


def indexes_to_delete(desired: TableSpec, observed: TableSpec) -> list[Index]:
    """Observed indexes that must be deleted: first the undeclared ones, then those to be rebuilt.

    An index that cannot be rebuilt is kept, because deleting it would lose it. It may then block others.
    """
    removed = [have for want, have in _declared_and_observed(desired, observed) if want is None]
    return removed + [have for _, have in _rebuilt_and_kept(desired, observed)[0]]


def remaining_uses(desired: TableSpec, observed: TableSpec) -> list[AttributeUse]:
    """The attribute uses that remain after all index changes."""
    return _fixed_uses(observed) + [
        (index_label(index), attributes(index)) for index in _rebuilt_and_kept(desired, observed)[1]
    ]


def defined_attributes(observed: TableSpec, without: list[Index]) -> Iterator[tuple[KeyElement, ...]]:
    """The attributes of the table and its indexes, except for the indexes ``without``."""
    yield from (keys for _, keys in _fixed_uses(observed))
    indexes: list[Index] = [*(observed.global_indexes or ()), *(observed.vector_indexes or ())]
    for index in indexes:
        if index not in without:
            yield attributes(index)


def blocking_index(index: Index, desired: TableSpec, observed: TableSpec) -> Index | None:
    """The index that must be deleted before ``index`` can be created.

    It uses an attribute with another type, has another number of dimensions for the same attribute, or the quota of
    indexes is reached.
    """
    leaving = indexes_to_delete(desired, observed)
    for other in leaving:
        if _conflict(index, other):
            return other
    kind = type(index)
    ours = [other for other in leaving if type(other) is kind]
    names = {other.name for side in (desired, observed) for other in _of_kind(side, kind)}
    return ours[0] if ours and len(names) > LIMITS[kind] else None


def index_precondition(index: Index, desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """The conflict of ``index`` with what remains of the table; None if there is none."""
    for other, keys in remaining_uses(desired, observed):
        attribute = type_conflict(attributes(index), keys)
        if attribute and other != index_label(index):
            sentence = f"{index_label(index)} cannot be created while {other} uses {attribute} under another type"
            return Precondition(sentence, "declaring the attribute with the type it has in the table", rule=13)
    for stays in _rebuilt_and_kept(desired, observed)[1]:
        if _dimensions_conflict(index, stays) and stays.name != index.name:
            sentence = f"{index_label(index)} cannot be created while {index_label(stays)} has vectors of another size"
            return Precondition(sentence, f"what hinders {index_label(stays)} mended first", rule=16)
    return _too_many_included(index, desired, observed)


def _too_many_included(index: Index, desired: TableSpec, observed: TableSpec) -> Precondition | None:
    """The INCLUDE lists of a table have a common limit, which also counts undeclared indexes (rule 13)."""
    wanted = observed.global_indexes if desired.global_indexes is None else desired.global_indexes
    vectors = observed.vector_indexes if desired.vector_indexes is None else desired.vector_indexes
    projections = [part.projection for part in observed.local_indexes or ()]
    projections += [part.projection for part in wanted or ()] + [part.projection for part in vectors or ()]
    total = sum(len(projection.non_key_attributes) for projection in projections)
    if total <= INCLUDED or not index.projection.non_key_attributes:
        return None
    sentence = (
        f"{index_label(index)} cannot be created: "
        f"the INCLUDE lists of the table's indexes would name {total} attributes"
    )
    return Precondition(sentence, f"at most {INCLUDED} names in all of them together", rule=13)


def type_conflict(one: Iterable[KeyElement], other: Iterable[KeyElement]) -> str | None:
    """An attribute that both use with different types; None if there is none."""
    types = {key.attribute: key.type for key in one}
    return next((key.attribute for key in other if types.get(key.attribute, key.type) != key.type), None)


def attributes(index: Index) -> tuple[KeyElement, ...]:
    """The attributes that an index defines."""
    return index.keys if isinstance(index, GlobalIndex) else wire.search_keys(index)


def index_label(index: Index) -> str:
    """The label of an index in messages."""
    return f"index {index.name}" if isinstance(index, GlobalIndex) else f"vector index {index.name}"


def must_rebuild(want: Index, have: Index) -> bool:
    """Whether the difference requires a rebuild."""
    if isinstance(want, GlobalIndex) and isinstance(have, GlobalIndex):
        return redefined(want, have)
    if isinstance(want, VectorIndex) and isinstance(have, VectorIndex):
        return any(differing_fields(want, have))
    return True


def differing_fields(want: VectorIndex, have: VectorIndex) -> Iterator[str]:
    """The fields of a vector index that differ. A type that the endpoint does not return is not compared."""
    for field in ("attribute", "dimensions", "distance", "projection"):
        if getattr(want, field) != getattr(have, field):
            yield field
    known = {(each.attribute, each.role): each.type for each in have.search}
    told = {(each.attribute, each.role): each.type for each in want.search}
    if known.keys() != told.keys() or any(kind and kind != told[key] for key, kind in known.items()):
        yield "search"


def _rebuilt_and_kept(desired: TableSpec, observed: TableSpec) -> tuple[list[tuple[Index, Index]], list[Index]]:
    """Indexes to rebuild, as (declared, observed), and observed indexes that are kept."""
    anew: list[tuple[Index, Index]] = []
    staying: list[Index] = []
    for want, have in _declared_and_observed(desired, observed):
        if want is not None and must_rebuild(want, have):
            anew.append((want, have))
        elif want is not None:
            staying.append(have)
    if not anew:
        return anew, staying
    # An index that cannot be rebuilt is kept and may then block another rebuild, so this repeats.
    base = [keys for _, keys in _fixed_uses(observed)]
    while stuck := next((pair for pair in anew if _cannot_rebuild(pair[0], base, staying)), None):
        anew.remove(stuck)
        staying.append(stuck[1])
    return anew, staying


def _cannot_rebuild(index: Index, base: list[tuple[KeyElement, ...]], staying: list[Index]) -> bool:
    return any(type_conflict(attributes(index), keys) for keys in base) or any(
        _conflict(index, stays) for stays in staying
    )


def _conflict(index: Index, other: Index) -> bool:
    return bool(type_conflict(attributes(index), attributes(other))) or _dimensions_conflict(index, other)


def _dimensions_conflict(index: Index, other: Index) -> bool:
    if not isinstance(index, VectorIndex) or not isinstance(other, VectorIndex):
        return False
    return index.attribute == other.attribute and index.dimensions != other.dimensions


def _declared_and_observed(desired: TableSpec, observed: TableSpec) -> Iterator[tuple[Index | None, Index]]:
    """Each observed index with the declared one of its name. If the kind is unmanaged, with itself."""
    wanted = {index.name: index for index in desired.global_indexes or ()}
    for have in observed.global_indexes or ():
        yield have if desired.global_indexes is None else wanted.get(have.name), have
    sought = {index.name: index for index in desired.vector_indexes or ()}
    for found in observed.vector_indexes or ():
        yield found if desired.vector_indexes is None else sought.get(found.name), found


def _of_kind(spec: TableSpec, kind: type[Index]) -> tuple[Index, ...]:
    return (spec.global_indexes if kind is GlobalIndex else spec.vector_indexes) or ()


def _fixed_uses(observed: TableSpec) -> list[AttributeUse]:
    locals_ = [(f"local index {local.name}", local.keys) for local in observed.local_indexes or ()]
    return [("the key of the table", observed.keys), *locals_]
