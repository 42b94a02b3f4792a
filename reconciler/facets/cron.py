"""Cron's five fields, in UTC: when a schedule was last due. Pure; used by the facet backups and the offline rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LONGEST = 366 * 8
"""Days to look back; 29 February comes within eight years."""


@dataclass(frozen=True, slots=True)
class Cron:
    """The values of each field. Where days of the month and of the week are both limited, either is enough."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def last(self, now: datetime) -> datetime | None:
        """The latest due time that is not after ``now`` (UTC); None where there is none within eight years."""
        for back in range(LONGEST):
            day = (now - timedelta(days=back)).date()
            if not self._falls_on(day):
                continue
            for hour in sorted(self.hours, reverse=True):
                for minute in sorted(self.minutes, reverse=True):
                    due = datetime.combine(day, time(hour, minute), now.tzinfo)
                    if due <= now:
                        return due
        return None

    def _falls_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return of_month and of_week if self.any_day or self.any_weekday else of_month or of_week


def parse(text: str) -> Cron:
    """A schedule; ``ValueError`` with the reason, as the end of a sentence, for what is none."""
    fields = ALIASES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(f"has {len(fields)} fields, not the five of cron: minute hour day month weekday")
    minute, hour, day, month, weekday = (field.lower() for field in fields)
    return Cron(
        minutes=_values(minute, 0, 59),
        hours=_values(hour, 0, 23),
        days=_values(day, 1, 31),
        months=_values(month, 1, 12, MONTHS, 1),
        weekdays=frozenset(value % 7 for value in _values(weekday, 0, 7, DAYS, 0)),
        any_day=day.startswith("*"),
        any_weekday=weekday.startswith("*"),
    )


def _values(field: str, least: int, most: int, names: tuple[str, ...] = (), first: int = 0) -> frozenset[int]:
    return frozenset(value for part in field.split(",") for value in _part(part, least, most, names, first))


def _part(part: str, least: int, most: int, names: tuple[str, ...], first: int) -> Iterator[int]:
    span, _, stride = part.partition("/")
    if stride and not (stride.isdecimal() and int(stride) > 0):
        raise ValueError(f"has the step {stride!r} in {part!r}")
    if span == "*":
        low, high = least, most
    else:
        start, dash, end = span.partition("-")
        low = _number(start, names, first, part)
        high = _number(end, names, first, part) if dash else (most if stride else low)
    if not least <= low <= high <= most:
        raise ValueError(f"has {part!r}, which is not within {least} to {most}")
    yield from range(low, high + 1, int(stride or 1))


def _number(word: str, names: tuple[str, ...], first: int, part: str) -> int:
    if word in names:
        return names.index(word) + first
    if not (word.isascii() and word.isdecimal()):
        raise ValueError(f"has {part!r}, which is no number, range or list")
    return int(word)
