"""When a pass that left work behind is followed by another one. Asked by the loop after each pass."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport

FIRST = timedelta(seconds=1)


class FollowUp:
    """Counts how many passes in a row left work behind.

    A pass that wrote, or deferred a step without saying until when, is followed after ``first``, doubling up to
    ``interval``. The two kinds double apart, and a pass that wrote ends the wait: what it wrote is looked at soon, even
    if another process held the lease for an hour before. Steps deferred to a given time alone are seen again at that
    time, and do not stretch the delay. A quiet pass, or one that ended without a report, starts anew.
    """

    def __init__(self, interval: timedelta, first: timedelta = FIRST) -> None:
        self._interval = interval
        self._first = min(first, interval)
        self._after_write = self._after_wait = self._first

    def after(self, report: PassReport | None, now: datetime) -> datetime | None:
        """When to look again, at the earliest ``first`` from ``now``; ``None`` leaves it to the interval."""
        deferred = (
            [step for table in report.tables for step in table.steps if step.status is StepStatus.DEFERRED]
            if report
            else []
        )
        times = []
        if report and report.wrote:
            times.append(now + self._after_write)
            self._after_write = self._doubled(self._after_write)
            self._after_wait = self._first
        elif any(step.not_before is None for step in deferred):
            times.append(now + self._after_wait)
            self._after_wait = self._doubled(self._after_wait)
        else:
            self._after_write = self._after_wait = self._first
        if report and report.next_not_before:
            times.append(max(report.next_not_before, now + self._first))
        return min(times, default=None)

    def _doubled(self, delay: timedelta) -> timedelta:
        return min(delay * 2, self._interval)
