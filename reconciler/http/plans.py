"""The plans of confirmation pages: computed by the loop like any other job, and shared for a second.

Every reader of such a page causes a plan, so the number at the same time is limited.
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
"""After this, the page says that the plan is not ready yet."""
MAX_PLANS = 20


class Plans:
    """The plans of one app. Used only in the thread of its event loop."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._made: dict[Job, tuple[float, Run]] = {}

    async def of(self, verb: Verb, tables: tuple[str, ...]) -> Outcome | None:
        """The plan, or ``None`` while it is not ready. Raises ``HttpProblem``, and what the loop and the verb raise."""
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
