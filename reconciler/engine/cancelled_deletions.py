"""Wishes to delete that this process saw taken back, which a pass without the lease may not write down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reconciler.model.records import InventoryEntry

TIMES = ("unwanted_since", "empty_since", "forgotten_since", "guarded_since")


@dataclass(slots=True)
class CancelledDeletions:
    """By table and record field the time that counts no more; a wish that begins later has another one."""

    cancelled: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def without_cancelled(self, recorded: InventoryEntry | None) -> InventoryEntry | None:
        """The record without the wishes that were taken back since it was written."""
        if recorded is None or not self.cancelled:
            return recorded
        for each in TIMES:
            at = getattr(recorded, each)
            if at is not None and self.cancelled.get((recorded.name, each)) == at:
                gone: dict[str, Any] = {each: None}
                recorded = replace(recorded, **gone)
        return recorded

    def record(self, seen: Iterable[tuple[InventoryEntry | None, InventoryEntry | None]]) -> None:
        """Keep what the second of each pair, the record as it should be, says no more; forget what is written."""
        for recorded, entry in seen:
            if recorded is None:
                continue
            for each in TIMES:
                at = getattr(recorded, each)
                if at is None:
                    self.cancelled.pop((recorded.name, each), None)
                elif entry is not None and getattr(entry, each) is None:
                    self.cancelled[recorded.name, each] = at
