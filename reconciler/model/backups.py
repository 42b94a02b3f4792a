"""On-demand backups as a value: the declared schedule, and the backups that were observed."""

from __future__ import annotations

from datetime import datetime

from reconciler.model.lazy_dataclass import dataclass

PATTERN = "{table}-{time}"
"""The default name of a backup. A hash at its end tells our backups from others."""


@dataclass(frozen=True, slots=True)
class TakenBackup:
    """One on-demand backup of this very table (ListBackups); ``at`` is when it was made, in UTC."""

    name: str
    arn: str
    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Backups:
    """A schedule in the five fields of cron (UTC), how many of our backups to keep, and their name pattern.

    Only an observed value has ``taken`` (oldest first), ``seen_at``, ``born`` (when the table was created) and
    ``there`` (whether the endpoint supports backups).
    """

    schedule: str | None = None
    keep: int | None = None
    name: str = PATTERN
    taken: tuple[TakenBackup, ...] = ()
    seen_at: datetime | None = None
    born: datetime | None = None
    there: bool = True
