"""What a migration file says, as functions over items in wire format. Made by ``declarations.item_migrations``.

``up`` and ``down`` see an item as plain Python values and return changes. What they read is remembered: the update is
applied only if none of it has changed (``item_change``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any

from reconciler.model.desired import AttributeValue, Item
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import MigrationChecksums
from reconciler.mover.ports import Where


class ReadItem(Mapping[str, Any]):
    """An item as plain values: ``str``, ``Decimal``, ``bytes``, ``bool``, ``None``, ``dict``, ``list`` and ``set``.

    These are the types of boto3's resources. It cannot be changed, and it remembers which attributes were asked for,
    absent ones too.
    """

    def __init__(self, item: Item) -> None:
        self._item = item
        self._plain: dict[str, Any] = {}
        self._asked: set[str] = set()
        self._whole = False

    def __getitem__(self, name: str) -> Any:
        self._asked.add(name)
        if name not in self._item:
            raise KeyError(name)
        # The same object each time, so that a list which `up` changes and returns has the change.
        if name not in self._plain:
            self._plain[name] = plain_value(self._item[name])
        return self._plain[name]

    def __iter__(self) -> Iterator[str]:
        self._whole = True
        return iter(tuple(self._item))

    def __len__(self) -> int:
        self._whole = True
        return len(self._item)

    def __repr__(self) -> str:
        return repr(dict(self))

    def asked(self) -> dict[str, AttributeValue | None]:
        """The values of all attributes that were asked for; ``None`` for absent ones."""
        names = self._asked | set(self._item) if self._whole else self._asked
        return {name: self._item.get(name) for name in sorted(names)}


Predicate = Callable[[ReadItem], Any]
Changes = Callable[[ReadItem], Any]


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One migration. ``file`` is the path as messages show it, ``lines`` that of each name in it.

    - ``name``: that of the file without its suffix, ``number`` its leading number.
    - ``checksums``: with line ends as ``\\n``.
    - ``table``: the base name or the name of a declared table.
    - ``where``: which items it is about, as a condition of DynamoDB; ``selects`` is the same as a function.
    - ``done``: whether an item has the changes already.
    """

    name: str
    number: int
    file: str
    checksums: MigrationChecksums
    table: str
    up: Changes
    down: Changes | None = None
    done: Predicate | None = None
    where: Where | None = None
    selects: Predicate | None = None
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def checksum(self) -> str:
        """That of the whole content."""
        return self.checksums.content


def plain_value(value: AttributeValue) -> Any:
    """The Python value of an attribute value."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return Decimal(content)
        case "B":
            return bytes(content)
        case "NULL":
            return None
        case "M":
            return {name: plain_value(member) for name, member in content.items()}
        case "L":
            return [plain_value(member) for member in content]
        case "SS":
            return set(content)
        case "NS":
            return {Decimal(number) for number in content}
        case "BS":
            return {bytes(binary) for binary in content}
    return content
