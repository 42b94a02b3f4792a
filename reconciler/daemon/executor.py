"""Runs each pass in a fresh daemon thread, so that a pass which outlives the grace time cannot hold the process back.

APScheduler's own thread pool is joined when the interpreter exits, whatever the grace time says.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from datetime import datetime

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job


class ThreadPerPass(BaseExecutor):  # type: ignore[misc]
    """An APScheduler executor; ``max_instances`` of the job keeps it to one thread at a time."""

    def _do_submit_job(self, job: Job, run_times: Sequence[datetime]) -> None:
        threading.Thread(target=self._run, args=(job, run_times), name="pass", daemon=True).start()

    def _run(self, job: Job, run_times: Sequence[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
        except BaseException:  # noqa: BLE001
            self._run_job_error(job.id, *sys.exc_info()[1:])
        else:
            self._run_job_success(job.id, events)
