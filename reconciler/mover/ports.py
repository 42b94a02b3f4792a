"""The data plane as the mover sees it: pages of a segment, one item, and conditional writes of one item.

``aws.mover_api`` implements ``MoverItems``. Each answer has the capacity that the call consumed, for the governor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol

from reconciler.model.desired import AttributeValue, Item
from reconciler.model.lazy_dataclass import dataclass

NAME_PLACE, VALUE_PLACE = "#rn", ":rv"
"""How the placeholders of the mover's own requests begin. Those of a ``Where`` must not."""


@dataclass(frozen=True, slots=True)
class Where:
    """A condition expression of DynamoDB, with its placeholders (``#name`` and ``:value``)."""

    expression: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One page of one segment of a table.

    ``start`` is the key after which it begins; ``limit`` is the number of items that are read, before ``where`` is
    applied. A consistent read costs twice as much as another one.
    """

    table: str
    segment: int = 0
    segments: int = 1
    start: Item | None = None
    limit: int | None = None
    where: Where | None = None
    consistent: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """The items of one page. ``last_key`` is ``None`` at the end of the segment.

    ``scanned`` counts the items that were read, ``units`` the consumed read capacity.
    """

    items: Sequence[Item]
    last_key: Item | None
    scanned: int
    units: float


@dataclass(frozen=True, slots=True)
class FoundItem:
    """The item of one key, or ``None``; ``units`` is the consumed read capacity."""

    item: Item | None
    units: float


@dataclass(frozen=True, slots=True)
class ItemUpdate:
    """An update of attributes of one existing item.

    It is applied only if the item exists, if each attribute of ``expected`` has this value (``None``: is absent), and
    if ``where`` holds. ``set`` and ``remove`` name no key attribute.
    """

    key: Item
    expected: Mapping[str, AttributeValue | None]
    set: Mapping[str, AttributeValue] = field(default_factory=dict)
    remove: Sequence[str] = ()
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class FoundItems:
    """The items of those keys that have one, in any order, and the keys that were not read.

    ``units`` is the consumed read capacity.
    """

    items: Sequence[Item]
    unread: Sequence[Item]
    units: float


class MoverItems(Protocol):
    """Raises ``ApiError``. Writes are refused without the lease (``LeaseLost``)."""

    def scan_page(self, request: ScanRequest) -> Page:
        """One page of one segment. A page without items does not end a segment."""
        ...

    def find(self, table: str, key: Item) -> FoundItem:
        """The item with this whole key, read consistently."""
        ...

    def find_some(self, table: str, keys: Sequence[Item]) -> FoundItems:
        """The items of up to 100 different whole keys, read consistently. The service may leave keys unread."""
        ...

    def update(self, table: str, update: ItemUpdate) -> float:
        """Apply the update; returns the consumed write capacity. Never creates an item.

        Raises ``ConditionFailed`` if the item is gone or differs from what the update expects. A retry after a lost
        answer raises it too, although the first sending was applied.
        """
        ...

    def put(self, table: str, item: Item, key_names: Sequence[str], former: Item | None) -> float:
        """Put an item whose key is free, or whose place has an item with all attributes of ``former``.

        ``former`` is the key that the standing item has in another table. Without it, the key must be free. Returns
        the consumed write capacity. Raises ``ConditionFailed`` if another item is there. A retry after a lost answer
        raises it too where the key must be free, although the first sending was applied.
        """
        ...

    def remove(self, table: str, key: Item, former: Item) -> float:
        """Delete the item of this key if it has all attributes of ``former``; returns the consumed write capacity.

        Raises ``ConditionFailed`` if there is none, or another one.
        """
        ...

    def describe(self, table: str) -> Mapping[str, Any]:
        """The ``Table`` member of DescribeTable."""
        ...
