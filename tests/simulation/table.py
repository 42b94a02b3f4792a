"""One live table of the simulated service: its description, the answers of other reads, and pending changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from simulation.streams import RecordedItems

ZERO = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}


@dataclass
class Table:
    """``side`` holds the features that DescribeTable leaves out, ``counted`` the times of calls that quotas count."""

    description: dict[str, Any]
    born: float = 0.0
    visible_at: float = 0.0
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    ttl: dict[str, Any] = field(default_factory=lambda: {"TimeToLiveStatus": "DISABLED"})
    side: dict[str, Any] = field(default_factory=dict)
    counted: dict[str, list[float]] = field(default_factory=dict)
    counted_items_at: float = 0.0
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    history: list[tuple[float, str, dict[str, Any] | None]] = field(default_factory=list)
    """Each change of an item since backups were turned on: when, of which key, and what was there before."""
    on_change: Callable[[Table, dict[str, Any] | None, dict[str, Any] | None], None] | None = None
    """Gets each item before and after a change."""

    def __post_init__(self) -> None:
        self.items = RecordedItems(self, self.items)

    @property
    def name(self) -> str:
        name: str = self.description["TableName"]
        return name

    @property
    def status(self) -> str:
        status: str = self.description["TableStatus"]
        return status

    @property
    def mode(self) -> str:
        mode: str = self.description["BillingModeSummary"]["BillingMode"]
        return mode

    @property
    def busy_index(self) -> str | None:
        """The name of an index (of any kind) that is being made, changed or deleted."""
        return next((i["IndexName"] for i in indexes_of(self.description) if i["IndexStatus"] != "ACTIVE"), None)

    def later(self, at: float, what: Callable[[], None]) -> None:
        """``what`` happens once the clock has reached ``at`` seconds."""
        self.due.append((at, what))

    def settle(self, now: float) -> None:
        """Everything that is due happens, in order of time."""
        while ready := [entry for entry in self.due if entry[0] <= now]:
            first = min(ready, key=lambda entry: entry[0])
            self.due.remove(first)
            first[1]()


def indexes_of(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Global and vector indexes: those that have a status."""
    yield from description.get("GlobalSecondaryIndexes", [])
    yield from description.get("VectorIndexes", [])


def key_attributes(description: dict[str, Any]) -> list[str]:
    """Every attribute that a key uses, sorted."""
    holders = [description]
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        holders += description.get(member, [])
    return sorted({element["AttributeName"] for holder in holders for element in holder["KeySchema"]})


def search_attributes(description: dict[str, Any]) -> set[str]:
    """Every attribute that the search schema of a vector index names."""
    return {e["AttributeName"] for index in description.get("VectorIndexes", []) for e in index.get("SearchSchema", [])}
