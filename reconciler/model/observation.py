"""What a pass over all tables found, short enough for the run history.

Built where passes are recorded, stored by ``state``, and read after a restart, when the page shows the statuses over
time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.report import PassReport, TableStatus

MAX_NAMED = 50
"""Tables that are named. A scope keeps 100 runs, and each pass reads them with the other records."""
Found = tuple[str, tuple[str, ...]]
"""A status, and the facets that differ."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The tables of one pass that were not in sync.

    - ``covers``: the digest of the names of all tables of the pass, so that a table which is not named counts as in
      sync only if the pass had it.
    - ``not_in_sync``: the first ``MAX_NAMED`` tables; ``more`` counts the others, of which no name is known.
    - ``unseen_since``: passes of this process before this one could not look, or could not be recorded, since then.
    """

    covers: str
    not_in_sync: Mapping[str, Found] = field(default_factory=dict)
    more: int = 0
    unseen_since: datetime | None = None

    @classmethod
    def of(cls, report: PassReport) -> Observation:
        """What ``report``, of a pass over all tables, found."""
        found = [table for table in report.managed if table.status is not TableStatus.IN_SYNC]
        named = {table.name: (table.status.value, table.drifted) for table in found[:MAX_NAMED]}
        return cls(digest_of(table.name for table in report.managed), named, len(found) - len(named))

    def after_gap(self, since: datetime | None) -> Observation:
        """The same, after passes that were not recorded."""
        return replace(self, unseen_since=since)

    def found(self, name: str, covered: str | None) -> Found | None:
        """What it found of a table; ``None`` if that is not known. ``covered`` is a digest that includes the name."""
        if name in self.not_in_sync:
            return self.not_in_sync[name]
        return (TableStatus.IN_SYNC.value, ()) if not self.more and self.covers == covered else None


def digest_of(names: Iterable[str]) -> str:
    """A digest of a set of names."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
