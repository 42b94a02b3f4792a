"""The fencing tokens that this process has seen, to detect a state table that was restored from an older copy.

The tokens of the lease and of each record only rise, so a lower token shows that records were restored. Such records
must decide nothing: a table that was released in the meantime would be deleted again. Called by ``state_table``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import field

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Fingerprint

REMEDY = (
    "The records were restored from an older copy, so nothing is written. Check them, delete the record `lease` of this"
    " stack and environment, and restart the reconciler"
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one load: of the lease (None without one), the highest of any record, and that of each record."""

    lease: int | None = None
    highest: int = 0
    records: Mapping[str, int] = field(default_factory=dict)


class StateCache:
    """The highest tokens that this process has seen in one state table; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._place: Fingerprint | None = None
        self._seen = Tokens()

    def before(self, place: Fingerprint) -> Tokens:
        """The tokens seen so far. Call it before the read, because records may be written during the read.

        It starts anew for another state table, for example after the restart of an emulator.
        """
        with self._lock:
            if self._place is not None and not self._place.same(place):
                self._seen = Tokens()
            self._place = place
            return self._seen

    def keep(self, read: Tokens) -> None:
        """Keep the tokens of a load that showed no contradiction."""
        with self._lock:
            seen = self._seen
            highest = max(seen.highest, read.highest, read.lease or 0)
            records = {name: max(token, seen.records.get(name, 0)) for name, token in read.records.items()}
            self._seen = Tokens(highest=highest, records=records)


def contradiction(before: Tokens, read: Tokens, table: str) -> str | None:
    """Why the records are older than those of an earlier load, as sentences. ``None`` if they are not.

    A deleted lease is no contradiction, because the next lease gets a token above all others.
    """
    seen = max(before.highest, read.highest)
    if read.lease is None:
        return None
    if read.lease < seen:
        return (
            f"The record lease of the state table {table} has the token {read.lease}, but {seen} was issued before."
            f" {REMEDY}."
        )
    for record, token in read.records.items():
        if token < before.records.get(record, 0):
            return (
                f"The record {record} of the state table {table} has the token {token}, but it had"
                f" {before.records[record]} before. {REMEDY}."
            )
    return None
