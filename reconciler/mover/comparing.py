"""Finds the items that differ between two tables, bucket by bucket, in little memory. Used by ``replacement``."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field

from reconciler.model.desired import Item
from reconciler.model.lazy_dataclass import dataclass
from reconciler.mover.digest import BUCKETS, TableDigest, bucket_of, item_digest, key_text

IN_MEMORY = 50_000
"""Items of one side whose digests are compared at a time. More differing buckets are compared in several readings."""

Items = Callable[[], Iterable[Item]]
"""Reads all items of one side; called for each reading."""


def digest_of(items: Iterable[Item], keys: Sequence[str]) -> TableDigest:
    """The digest of all items."""
    return TableDigest(keys, items)


@dataclass(slots=True)
class Differences:
    """Items of some buckets: ``missing`` from the second side, ``changed`` as (second, first), ``extra`` on it."""

    missing: list[Item] = field(default_factory=list)
    changed: list[tuple[Item, Item]] = field(default_factory=list)
    extra: list[Item] = field(default_factory=list)


def differences(
    first: Items,
    second: Items,
    keys: Sequence[str],
    buckets: Sequence[int],
    choose: Callable[[list[Item]], Item] | None = None,
) -> Iterator[Differences]:
    """What differs in these buckets. The first side may have several items with one key; ``choose`` picks one.

    Each side is read twice for each group of buckets: for digests, and for the items that differ.
    """
    for group in _groups(second, keys, buckets):
        yield _compared(first, second, tuple(keys), group, choose)


def _groups(side: Items, keys: Sequence[str], buckets: Sequence[int]) -> Iterator[frozenset[int]]:
    """The buckets in groups of at most ``IN_MEMORY`` items, and at least one bucket."""
    counts = array("Q", [0]) * BUCKETS
    for item in side():
        counts[bucket_of(key_text(item, keys))] += 1
    group, held = set[int](), 0
    for bucket in buckets:
        if group and held + counts[bucket] > IN_MEMORY:
            yield frozenset(group)
            group, held = set(), 0
        group.add(bucket)
        held += counts[bucket]
    if group:
        yield frozenset(group)


def _compared(
    first: Items,
    second: Items,
    keys: tuple[str, ...],
    group: frozenset[int],
    choose: Callable[[list[Item]], Item] | None,
) -> Differences:
    theirs = {key: item_digest(item) for key, item in _in(second(), keys, group)}
    ours: dict[str, int] = {}
    several: dict[str, list[Item]] = {}
    wanted: dict[str, Item] = {}
    for key, item in _in(first(), keys, group):
        if key in ours:
            several.setdefault(key, [wanted[key]] if key in wanted else []).append(item)
        ours[key] = item_digest(item)
        if theirs.get(key) != ours[key] or key in several:
            wanted[key] = item
    if several and choose is not None:
        # An item that equalled the other side was not kept; it is read again with the others of its key.
        grouped: dict[str, list[Item]] = {key: [] for key in several}
        for key, item in _in(first(), keys, group):
            if key in grouped:
                grouped[key].append(item)
        for key, items in grouped.items():
            wanted[key] = choose(items) if len(items) > 1 else items[0]
    found = Differences()
    standing = {key: item for key, item in _in(second(), keys, group) if key in wanted or key not in ours}
    for key, item in wanted.items():
        if key not in standing:
            found.missing.append(item)
        elif item_digest(standing[key]) != item_digest(item):
            found.changed.append((standing[key], item))
    found.extra = [item for key, item in standing.items() if key not in ours]
    return found


def _in(items: Iterable[Item], keys: tuple[str, ...], group: frozenset[int]) -> Iterator[tuple[str, Item]]:
    for item in items:
        key = key_text(item, keys)
        if bucket_of(key) in group:
            yield key, item
