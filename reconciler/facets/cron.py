"""Cron schedules in UTC, and when one was last due. Pure; used by the facet backups and the offline rules.

cronsim, which follows the cron of Debian, parses the expressions. This module adds aliases and error messages.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.model.lazy_dataclass import dataclass

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
FIELDS = (("minute", "0 to 59"), ("hour", "0 to 23"), ("day", "1 to 31"), ("month", "1 to 12"), ("weekday", "0 to 7"))
SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
"""A start for CronSim where only the expression matters."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule of five valid fields. Where day and weekday are both limited, either is enough."""

    expression: str

    def last(self, now: datetime) -> datetime | None:
        """The latest due time that is not after ``now``, in UTC; None where there is none within 50 years."""
        # Imported here, because most folders have no schedule; so below.
        from cronsim import CronSim, CronSimError

        # CronSim's first time is at least a second before its start; a schedule that is due at ``now`` counts here.
        start = now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        try:
            return next(CronSim(self.expression, start, reverse=True), None)
        except CronSimError:
            # CronSim refuses a day that none of the months has, such as 30 February; for us it is never due.
            return None


def parse(text: str) -> Cron:
    """The schedule in ``text``; ``ValueError`` with the reason, as the end of a sentence, where it is none."""
    from cronsim import CronSim, CronSimError

    fields = ALIASES.get(text.strip().lower(), text).split()
    # CronSim also takes six fields, the first of them seconds; ours are the five of cron.
    if len(fields) != len(FIELDS):
        raise ValueError(f"has {len(fields)} fields, not the five of cron: minute hour day month weekday")
    for position, (name, limits) in enumerate(FIELDS):
        # Each field alone, because CronSim names the field in words only and also judges them together.
        alone = ["*"] * len(FIELDS)
        alone[position] = fields[position]
        try:
            CronSim(" ".join(alone), SOME_TIME)
        except (CronSimError, ValueError):
            what = f"the {name} {fields[position]!r}"
            raise ValueError(f"has {what}; expected numbers, ranges, lists or steps within {limits}") from None
    return Cron(" ".join(fields))
