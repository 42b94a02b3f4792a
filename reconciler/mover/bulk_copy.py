"""Copies a large table by the service's own jobs: an export to S3, then a bulk put of its files into the new table.

Used by ``generation_items`` in the phase COPY, between the capture of the stream and its replay. The export shows the
table at a time after the capture, so everything since is replayed. Each job is a checkpoint in the state table, which
is written before the job is started: a process that continues sends the same client token, and no job starts twice.

A bulk put overwrites without a condition. So it must have ended, however it ends, before anything else writes to the
new table: ``proceed`` tells that a job is over only when the service says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta

from reconciler.engine.context import EngineContext
from reconciler.model.errors import TableChanged
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Checkpoint
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.checkpoints import Checkpoints
from reconciler.mover.follower_types import Side
from reconciler.mover.job_ports import (
    TOKEN_LIFE,
    BulkRequest,
    ExportRequest,
    Job,
    JobState,
    S3Place,
    ServiceJobs,
)
from reconciler.mover.lineages import at_text

EXPORT, BULK_PUT = "export", "bulkput"
CLOCKS_APART = timedelta(minutes=5)
"""The export shows the table at least so long after the capture, because two clocks are compared. The service refuses
requests of a clock that is further apart."""
LONGEST_JOBS = timedelta(hours=23)
"""From the capture on. A stream keeps changes for 24 hours, and those of the copy are replayed after it."""
FIRST = "00000"
"""The only part of each of them."""
TOKEN, TIME, BEGUN, ARN, BUCKET, PREFIX = "token", "time", "begun", "arn", "bucket", "prefix"


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """How far it is. Exactly one of ``done``, ``waiting``, ``failed`` and ``late`` holds.

    - ``done``: the new table has what the old one had at the time of the export, ``items`` of them.
    - ``waiting``: what is waited for, as a part of a sentence.
    - ``failed``: why a job failed, in the service's words; nothing is running. Proceeding again starts another job.
    - ``late``: changes since the capture are about to leave the stream; nothing is running. Capture again first.
    """

    done: bool = False
    waiting: str = ""
    failed: str = ""
    late: bool = False
    items: int = 0


@dataclass(slots=True)
class BulkCopy:
    """The jobs of one attempt at a copy. ``captured`` is the time of its capture, ``started_as`` its unique name.

    ``calls`` checks lease and identity of the target before each start, ``recorded`` are the stored checkpoints.
    """

    ports: EngineContext
    jobs: ServiceJobs
    calls: GuardedCalls
    source: Side
    target: Side
    through: S3Place
    captured: datetime
    recorded: Mapping[str, Checkpoint]
    started_as: str
    _exports: Checkpoints = field(init=False)
    _puts: Checkpoints = field(init=False)

    def __post_init__(self) -> None:
        self._exports, self._puts = (
            Checkpoints(
                self.ports.store,
                self.recorded,
                table=self.source.table,
                work=work,
                identity=self.source.identity,
                started_as=self.started_as,
            )
            for work in (EXPORT, BULK_PUT)
        )

    def proceed(self) -> BulkProgress:
        """Start what is to be started, and look at what runs. Raises ``ApiError``; call it again in every case."""
        if self._puts.part(0).finished:
            return self._end(self._puts.part(0))
        if self.ports.clock.now() - self.captured >= LONGEST_JOBS:
            if end_bulk_put(self.jobs, self._puts.part(0)):
                return BulkProgress(waiting=f"the end of the bulk put into {self.target.table}, which takes too long")
            return BulkProgress(late=True)
        exported = self._exports.part(0)
        if not exported.finished:
            found = self._export(exported)
            if found is not None:
                return found
            exported = self._exports.part(0)
        return self._bulk_put(self._puts.part(0), S3Place(exported.data[BUCKET], exported.data[PREFIX]))

    # The export

    def _export(self, part: Checkpoint) -> BulkProgress | None:
        """One look at the export; ``None`` once it is finished."""
        if not part.data:
            latest = self.jobs.recoverable_until(self.source.table)
            if latest is None:
                return BulkProgress(
                    failed=f"point-in-time recovery of {self.source.table} is off, and an export needs it"
                )
            if latest < self.captured + CLOCKS_APART:
                return BulkProgress(
                    waiting=f"the backups of {self.source.table} to reach the time from which changes are captured"
                )
            part = self._begun(self._exports, part, {TIME: at_text(latest)})
        if ARN in part.data:
            job = self.jobs.export(part.data[ARN])
        else:
            job = self._started(self._exports, part, self._start_export)
            part = self._exports.part(0)
        if job.state is JobState.RUNNING:
            return BulkProgress(waiting=f"the export to {self.through.url}")
        if job.state is JobState.FAILED or job.files is None:
            return self._failed(self._exports, f"the export of {self.source.table} failed", job)
        data = {**part.data, BUCKET: job.files.bucket, PREFIX: job.files.prefix}
        self._exports.save(replace(part, finished=True, counts={"items": job.items}, data=data))
        return None

    def _start_export(self, part: Checkpoint) -> Job:
        time = datetime.fromisoformat(part.data[TIME])
        return self.jobs.start_export(ExportRequest(self.source.identity.arn, time, self.through, part.data[TOKEN]))

    # The bulk put

    def _bulk_put(self, part: Checkpoint, files: S3Place) -> BulkProgress:
        if not part.data:
            part = self._begun(self._puts, part, {BUCKET: files.bucket, PREFIX: files.prefix})
        job = self._found(part)
        if job is None:
            job = self._started(self._puts, part, self._start_bulk_put)
        wanted = self.target.identity.table_id
        if wanted is not None and job.table_id is not None and job.table_id != wanted:
            self.jobs.cancel_bulk_put(job.arn)
            raise TableChanged(
                "StartBulkPutItems", "TableChanged", f"{self.target.table} was deleted and created again meanwhile"
            )
        if job.state is JobState.RUNNING:
            return BulkProgress(waiting=f"the bulk put into {self.target.table}", items=job.items)
        if job.state is JobState.FAILED:
            return self._failed(self._puts, f"the bulk put into {self.target.table} failed", job)
        part = replace(self._puts.part(0), finished=True, counts={"items": job.items, "refused": job.refused})
        self._puts.save(part)
        return self._end(part)

    def _found(self, part: Checkpoint) -> Job | None:
        """The job of the checkpoint; ``None`` if its request is to be sent, whether or not it was sent before."""
        if ARN in part.data:
            return self.jobs.bulk_put(part.data[ARN])
        if self.ports.clock.now() - datetime.fromisoformat(part.data[BEGUN]) < TOKEN_LIFE - CLOCKS_APART:
            return None
        # The service may have forgotten the token: the same request would start a second job.
        job = _of_token(self.jobs, part)
        if job is not None:
            self._puts.save(replace(part, data={**part.data, ARN: job.arn}))
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

    # Both

    def _begun(self, works: Checkpoints, part: Checkpoint, data: Mapping[str, str]) -> Checkpoint:
        """Record a token before it is used: whoever continues sends the same request again."""
        begun = at_text(self.ports.clock.now())
        part = replace(part, data={TOKEN: self.ports.random.token(), BEGUN: begun, **data})
        works.save(part)
        return part

    def _started(self, works: Checkpoints, part: Checkpoint, start: Callable[[Checkpoint], Job]) -> Job:
        """Send the request of the checkpoint, for the first time or again. An error says nothing about the job."""
        self.calls.check()
        job = start(part)
        works.save(replace(part, data={**part.data, ARN: job.arn}))
        return job

    def _failed(self, works: Checkpoints, what: str, job: Job) -> BulkProgress:
        """The job is over. Without its checkpoint the next look starts another one."""
        works.drop_named(FIRST)
        return BulkProgress(failed=f"{what} ({job.failure or 'the service gives no reason'})")

    @staticmethod
    def _end(part: Checkpoint) -> BulkProgress:
        return BulkProgress(done=True, items=part.counts.get("items", 0))


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
    return jobs.bulk_put_of(part.data[TOKEN], datetime.fromisoformat(part.data[BEGUN]) - CLOCKS_APART)
