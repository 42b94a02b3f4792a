"""Copies a large table by the service's own jobs: an export to S3, then a bulk put of its files into the new table.

Used by ``generation_items`` in the phase COPY. ``service_copy`` has the export.

A bulk put overwrites without a condition. So it must have ended, however it ends, before anything else writes to the
new table: ``proceed`` tells that a job is over only when the service says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model.errors import TableChanged
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Checkpoint
from reconciler.mover.follower_types import Side
from reconciler.mover.job_ports import TOKEN_LIFE, BulkRequest, Job, JobState, Loader, S3Place, ServiceJobs
from reconciler.mover.service_copy import (
    ARN,
    BUCKET,
    CLOCKS_APART,
    FIRST,
    PREFIX,
    TOKEN,
    JobProgress,
    ServiceCopy,
    begun_since,
    failure,
)

BULK_PUT = "bulkput"


@dataclass(slots=True, kw_only=True)
class BulkCopy(ServiceCopy):
    """Loads the files into ``target``, whose identity ``calls`` confirms before each start."""

    target: Side

    @staticmethod
    def _work() -> str:
        return BULK_PUT

    @staticmethod
    def _kind() -> Loader:
        return "bulk"

    def _given_up(self, part: Checkpoint) -> str:
        running = end_bulk_put(self.jobs, part)
        return f"the end of the bulk put into {self.target.table}, which takes too long" if running else ""

    def _load(self, part: Checkpoint, files: S3Place) -> JobProgress:
        if not part.data:
            part = self._begun(self._loads, part, {BUCKET: files.bucket, PREFIX: files.prefix})
        job = self._found(part)
        if job is None:
            job = self._started(self._loads, part, self._start_bulk_put)
        wanted = self.target.identity.table_id
        if wanted is not None and job.table_id is not None and job.table_id != wanted:
            self.jobs.cancel_bulk_put(job.arn)
            raise TableChanged(
                "StartBulkPutItems", "TableChanged", f"{self.target.table} was deleted and created again meanwhile"
            )
        self._see("bulk", job)
        if job.state is JobState.RUNNING:
            return JobProgress(waiting=f"the bulk put into {self.target.table}", items=job.items)
        if job.state is JobState.FAILED:
            # The job is over. Without its checkpoint the next look starts another one.
            self._loads.drop_named(FIRST)
            return JobProgress(failed=failure(f"the bulk put into {self.target.table} failed", job))
        return self._end(self._finish(self._loads, self._loads.part(0), job))

    def _found(self, part: Checkpoint) -> Job | None:
        """The job of the checkpoint; ``None`` if its request is to be sent, whether or not it was sent before."""
        if ARN in part.data:
            return self.jobs.bulk_put(part.data[ARN])
        if self._age(part) < TOKEN_LIFE - CLOCKS_APART:
            return None
        # The service may have forgotten the token: the same request would start a second job.
        job = _of_token(self.jobs, part)
        if job is not None:
            self._loads.save(replace(part, data={**part.data, ARN: job.arn}))
        return job

    def _start_bulk_put(self, part: Checkpoint) -> Job:
        return self.jobs.start_bulk_put(
            BulkRequest(
                self.target.table,
                S3Place(part.data[BUCKET], part.data[PREFIX]),
                self.through.below("errors"),
                part.data[TOKEN],
            )
        )


def bulk_put_of(recorded: Mapping[str, Checkpoint], table: str) -> Checkpoint | None:
    """The checkpoint of the bulk put of the items of ``table``, of whatever attempt."""
    return recorded.get(f"{table}#{BULK_PUT}#{FIRST}")


def end_bulk_put(jobs: ServiceJobs, part: Checkpoint) -> bool:
    """Cancel the bulk put of this checkpoint if it runs. Returns whether it is still running; call it again then."""
    if not part.data or part.finished:
        return False
    job = jobs.bulk_put(part.data[ARN]) if ARN in part.data else _of_token(jobs, part)
    if job is None or job.state is not JobState.RUNNING:
        return False
    jobs.cancel_bulk_put(job.arn)
    return True


def _of_token(jobs: ServiceJobs, part: Checkpoint) -> Job | None:
    return jobs.bulk_put_of(part.data[TOKEN], begun_since(part))
