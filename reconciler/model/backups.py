"""On-demand backups as a value: what is declared, and on the observed side which ones stand and when that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

PATTERN = "{table}-{time}"
"""The name of a backup where none is declared; a mark follows that tells ours from others."""


@dataclass(frozen=True, slots=True)
class TakenBackup:
    """One on-demand backup of this very table (ListBackups); ``at`` is when it was made, in UTC."""

    name: str
    arn: str
    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Backups:
    """A schedule in cron's five fields (UTC), how many of ours to keep, and how they are named.

    ``taken`` (oldest first), ``seen_at``, ``born`` (when the table was made) and ``there`` (whether the endpoint has
    backups at all) belong to the observed side alone.
    """

    schedule: str | None = None
    keep: int | None = None
    name: str = PATTERN
    taken: tuple[TakenBackup, ...] = ()
    seen_at: datetime | None = None
    born: datetime | None = None
    there: bool = True
