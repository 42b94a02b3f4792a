"""Names of our backups. A hash of the name at its end tells our backups from others. Pure.

Used by the facet backups for scheduled backups, and by the engine for safety backups. No other backup is ever deleted.
The hash works without a record of our own, so a lost state table cannot cause a wrong delete.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

LONGEST = 255
"""Characters of a backup name (CreateBackup)."""
MARK_LENGTH = 8
STAMP = "%Y%m%dT%H%M%SZ"
_STAMP_PATTERN = r"(?P<stamp>\d{8}T\d{6}Z)"


def backup_name(pattern: str, table: str, at: datetime) -> str:
    """``{table}`` and ``{time}`` of the pattern filled in, and the mark."""
    stamp = at.astimezone(UTC).strftime(STAMP)
    text = pattern.replace("{table}", table).replace("{time}", stamp)
    return f"{text}-{_mark(pattern, table, stamp)}"


def longest_name(pattern: str, table: str) -> int:
    """How many characters a name of this pattern has."""
    return len(backup_name(pattern, table, datetime(2000, 1, 1, tzinfo=UTC)))


def backup_time(name: str, pattern: str, table: str) -> datetime | None:
    """The time in the name of our backup, in UTC. None if the backup is not ours or has another pattern."""
    parts = [re.escape(part.replace("{table}", table)) for part in pattern.split("{time}")]
    found = re.fullmatch(_STAMP_PATTERN.join(parts) + r"-(?P<mark>[0-9a-f]+)", name)
    if found is None or found["mark"] != _mark(pattern, table, found["stamp"]):
        return None
    return datetime.strptime(found["stamp"], STAMP).replace(tzinfo=UTC)


def _mark(pattern: str, table: str, stamp: str) -> str:
    text = "\0".join(("dynamodb-reconciler", pattern, table, stamp))
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_LENGTH]
