"""What a process remembers of the state table, to know records that somebody put back from an older copy.

Fencing tokens only rise: that of the lease, and that which each record bears. Records that fell behind what they, or
the records beside them, were before must not decide about a table: one that was released since would be deleted again.
Called by ``table`` at every reading.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.records import Fingerprint

REMEDY = (
    "The records were put back from an older copy, so nothing is written. Check them, then delete the record `lease` of"
    " this stack and environment and start the reconciler again"
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one reading: of the lease (None without one), the highest on any record, and each record's own."""

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
        """What was seen so far. Ask before reading: a record may be written while it is read.

        Another state table, as after the restart of an emulator, starts anew.
        """
        with self._lock:
            if self._place is not None and not self._place.same(place):
                self._seen = Tokens()
            self._place = place
            return self._seen

    def keep(self, read: Tokens) -> None:
        """Remember a reading that contradicts nothing."""
        with self._lock:
            seen = self._seen
            highest = max(seen.highest, read.highest, read.lease or 0)
            records = {name: max(token, seen.records.get(name, 0)) for name, token in read.records.items()}
            self._seen = Tokens(highest=highest, records=records)


def contradiction(before: Tokens, read: Tokens, table: str) -> str | None:
    """Why what was read is older than what was there before, as sentences; ``None`` where nothing says so.

    A lease that was deleted is no contradiction: the next one gets a token above all others.
    """
    seen = max(before.highest, read.highest)
    if read.lease is None:
        return None
    if read.lease < seen:
        return (
            f"The record lease of the state table {table} has the token {read.lease}, but {seen} was given out before."
            f" {REMEDY}."
        )
    for record, token in read.records.items():
        if token < before.records.get(record, 0):
            return (
                f"The record {record} of the state table {table} bears the token {token}, but {before.records[record]}"
                f" was on it before. {REMEDY}."
            )
    return None
