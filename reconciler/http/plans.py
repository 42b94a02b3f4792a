"""The plans that pages of confirmation show: made by the loop like any other order, equal ones shared for a moment.

Whoever may look at such a page may have a plan made, so their number at a time is bounded.
"""

from __future__ import annotations

import time
from http import HTTPStatus

from reconciler.http.control import Control
from reconciler.http.jobs import outcome_of, submit
from reconciler.http.problems import HttpProblem
from reconciler.runs import Job, Outcome, Run, Verb
from reconciler.runs.job import PAGE

FRESH_SECONDS = 1.0
PATIENCE_SECONDS = 15.0
"""After that a page says that the plan is still waited for, instead of letting a browser wait."""
MAX_PLANS = 20


class Plans:
    """Of one app; used in the thread of its event loop alone."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._made: dict[Job, tuple[float, Run]] = {}

    async def of(self, verb: Verb, tables: tuple[str, ...]) -> Outcome | None:
        """The plan, or ``None`` while it is not there. Raises ``Refused``, and what the loop and the verb raise."""
        job, now = Job(verb, tables, trigger=PAGE), time.monotonic()
        self._made = {
            made: (at, run)
            for made, (at, run) in self._made.items()
            if not run.ended.done() or now - at < FRESH_SECONDS
        }
        if job not in self._made:
            if len(self._made) >= MAX_PLANS:
                raise HttpProblem(
                    HTTPStatus.TOO_MANY_REQUESTS, "Too many plans are being computed.", {"Retry-After": "2"}
                )
            self._made[job] = now, submit(self._control, job)
        return await outcome_of(self._made[job][1], PATIENCE_SECONDS)
