"""Reads every item of a table before anything is written, and says whether the declared table can hold them.

It refuses items without an attribute of the new key or with another type, several items with one new key, and values
that an index of the new table does not accept. Memory grows with 8 to 24 bytes an item, for the keys seen so far.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from reconciler.model.desired import Item
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import KeyElement, KeyRole, ScalarType, TableSpec
from reconciler.mover.conflicts import ConflictRule, shown_key
from reconciler.mover.digest import key_text
from reconciler.planning.text import several
from reconciler.seeding.digest_set import BYTES, DigestSet
from reconciler.seeds.item_rules import item_size

EXAMPLES = 3
KEY_BYTES: Mapping[KeyRole, int] = {"HASH": 2048, "RANGE": 1024}
"""Most bytes of a partition key and of a sort key.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

Items = Callable[[], Iterable[Item]]


@dataclass(slots=True)
class Findings:
    """Items that break one rule: how many, and the keys of the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Preflight:
    """What a table holds, and what its replacement could not hold.

    ``items`` and ``size`` count all items, in numbers and in bytes as DynamoDB counts them. ``unfit`` has findings by
    rule; ``colliding`` counts the items that share a new key with another item, and ``lost`` those of them that the
    rule for conflicts gives up.
    """

    items: int = 0
    size: int = 0
    unfit: dict[str, Findings] = field(default_factory=dict)
    colliding: int = 0
    collisions: Findings = field(default_factory=Findings)
    lost: int = 0

    @property
    def keys_collide(self) -> bool:
        """Whether several items have one new key."""
        return self.collisions.count > 0

    def refusal(self, rule: ConflictRule) -> str | None:
        """Why the table cannot be replaced with its items, as a sentence; ``None`` if it can."""
        reasons = [
            f"{several(found.count, 'item')} {rule_broken} (for example {'; '.join(found.examples)})"
            for rule_broken, found in self.unfit.items()
        ]
        if self.keys_collide and not rule.resolves:
            keys = "one key" if self.collisions.count == 1 else f"{self.collisions.count:,} keys"
            reasons.append(
                f"{self.colliding:,} items would share {keys} of the new table"
                f" (for example {'; '.join(self.collisions.examples)})"
            )
        return "; ".join(reasons) or None


def examine(read: Items, wanted: TableSpec, rule: ConflictRule) -> Preflight:
    """Read all items once, and a second time if two of them seem to have one new key.

    ``read`` returns all items of the table; it is called for each reading.
    """
    found, names = Preflight(), tuple(element.attribute for element in wanted.keys)
    seen, twice = DigestSet(), DigestSet()
    for item in read():
        found.items += 1
        found.size += item_size(item)
        problems = list(unfit(item, wanted))
        for problem in problems:
            found.unfit.setdefault(problem, Findings()).add(shown_key(item, rule.former))
        if not any(name not in item for name in names):
            digest = _digest(item, names)
            if digest in seen:
                twice.add(digest)
            seen.add(digest)
    if twice:
        _collisions(found, read, names, twice, rule)
    return found


def groups(read: Items, names: tuple[str, ...]) -> dict[str, list[Item]]:
    """By new key as text, the items that have it, for each key that several items have. Reads all items twice."""
    seen, twice = DigestSet(), DigestSet()
    for item in read():
        if all(name in item for name in names):
            digest = _digest(item, names)
            if digest in seen:
                twice.add(digest)
            seen.add(digest)
    return _grouped(read, names, twice) if twice else {}


def _grouped(read: Items, names: tuple[str, ...], twice: DigestSet) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in read():
        if all(name in item for name in names) and _digest(item, names) in twice:
            found.setdefault(key_text(item, names), []).append(item)
    # Digests of 64 bits only select candidates; the keys themselves decide.
    return {key: items for key, items in found.items() if len(items) > 1}


def _collisions(found: Preflight, read: Items, names: tuple[str, ...], twice: DigestSet, rule: ConflictRule) -> None:
    for items in _grouped(read, names, twice).values():
        found.colliding += len(items)
        found.lost += len(items) - 1
        former = " and ".join(shown_key(item, rule.former) for item in items[:EXAMPLES])
        found.collisions.add(f"{shown_key(items[0], names)} of {former}")


def _digest(item: Item, names: tuple[str, ...]) -> bytes:
    return hashlib.blake2b(key_text(item, names).encode(), digest_size=BYTES).digest()


def unfit(item: Item, wanted: TableSpec) -> Iterator[str]:
    """What the new table would refuse of an item, in words that follow a number of items."""
    for element in wanted.keys:
        if element.attribute not in item:
            yield f"without {element.attribute}, which is in the new key"
        else:
            yield from _value(item[element.attribute], element.attribute, element.type, "the new key")
            if _length(item[element.attribute]) > KEY_BYTES[element.role]:
                yield f"with a {element.attribute} of more than {KEY_BYTES[element.role]} bytes"
    for name, keys in _index_keys(wanted):
        for element in keys:
            if element.attribute in item:
                yield from _value(item[element.attribute], element.attribute, element.type, f"index {name}")


def _index_keys(wanted: TableSpec) -> Iterator[tuple[str, tuple[KeyElement, ...]]]:
    yield from ((index.name, index.keys) for index in wanted.global_indexes or ())
    yield from ((index.name, index.keys) for index in wanted.local_indexes or ())


def _value(value: Mapping[str, Any], name: str, kind: ScalarType, where: str) -> Iterator[str]:
    if kind not in value:
        yield f"with a {name} of type {next(iter(value))}, which is {kind} in {where}"
    elif value[kind] in ("", b""):
        yield f"with an empty {name}, which is in {where}"


def _length(value: Mapping[str, Any]) -> int:
    content = value.get("S", value.get("B", ""))
    return len(content.encode() if isinstance(content, str) else content)
