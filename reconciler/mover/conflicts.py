"""Several items of a table that have one key in its replacement: how they are found, and which of them stays. Pure.

By default they are refused. ``newest`` keeps the item with the greatest value of a named attribute, ``keep-first`` that
with the first former key in the order of its text. Both orders are total, so the result does not depend on the order in
which items are read, nor on where an interrupted copy continues.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from reconciler.model.desired import Item
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import OnConflict
from reconciler.mover.digest import key_text
from reconciler.seeding.digest import canonical


@dataclass(frozen=True, slots=True)
class ConflictRule:
    """Which of several items with one new key stays. ``former`` are the names of the former key's attributes."""

    on_conflict: OnConflict
    former: tuple[str, ...]
    newest_by: str = ""

    @property
    def resolves(self) -> bool:
        """Whether conflicts are resolved at all."""
        return self.on_conflict != "fail"

    def stays(self, items: Iterable[Item]) -> Item:
        """The item that stays, of at least one."""
        return max(items, key=self._rank)

    def _rank(self, item: Item) -> tuple[Any, ...]:
        # The greatest rank stays. Of equals the first former key stays, so its text ranks in reverse.
        former = _Reversed(key_text(item, self.former))
        if self.on_conflict == "newest":
            return (*_age(item.get(self.newest_by)), former, _Reversed(canonical(item)))
        return (former, _Reversed(canonical(item)))


class _Reversed:
    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: _Reversed) -> bool:
        return self.text > other.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.text == other.text

    __hash__ = None  # type: ignore[assignment]


def _age(value: Any) -> tuple[int, Decimal, str]:
    """Numbers rank above strings, and an item without the attribute is the oldest."""
    if value and "N" in value:
        return 2, Decimal(value["N"]), ""
    if value and "S" in value:
        return 1, Decimal(0), value["S"]
    return 0, Decimal(0), ""


def shown_key(item: Item, names: Sequence[str]) -> str:
    """A key for people: ``customer=a id=7``."""
    return " ".join(f"{name}={_shown(item[name])}" for name in names if name in item)


def _shown(value: Any) -> str:
    ((_, content),) = value.items()
    text = content if isinstance(content, str) else repr(content)
    return text if len(text) <= 40 else f"{text[:37]}..."
