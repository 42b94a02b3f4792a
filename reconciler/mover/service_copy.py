"""The part that both copies by the service's own jobs share: the export to S3, and the checkpoints of jobs.

``bulk_copy`` and ``import_copy`` load the files of the export into the new table. Both are used in the phase COPY,
between the capture of the stream and its replay. The export shows the table at a time after the capture, so everything
since is replayed. Each job is a checkpoint in the state table, which is written before the job is started: a process
that continues sends the same client token, and no job starts twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta

from reconciler.engine.context import EngineContext
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Checkpoint, CopyJob, JobKind
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.checkpoints import Checkpoints
from reconciler.mover.follower_types import Side
from reconciler.mover.job_ports import ExportRequest, Job, JobState, Loader, S3Place, ServiceJobs
from reconciler.mover.lineages import at_text

EXPORT = "export"
CLOCKS_APART = timedelta(minutes=5)
"""The export shows the table at least so long after the capture, because two clocks are compared. The service refuses
requests of a clock that is further apart."""
LONGEST_JOBS = timedelta(hours=23)
"""From the capture on. A stream keeps changes for 24 hours, and those of the copy are replayed after it."""
FIRST = "00000"
"""The only part of each of them."""
TOKEN, TIME, BEGUN, ARN, BUCKET, PREFIX = "token", "time", "begun", "arn", "bucket", "prefix"
JOB_STARTED, JOB_ENDED = "job_started", "job_ended"
"""The times of a finished job, as the service says."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far it is. Exactly one of ``done``, ``waiting``, ``failed``, ``late``, ``left`` and ``foreign`` holds.

    - ``done``: the new table has what the old one had at the time of the export, ``items`` of them.
    - ``waiting``: what is waited for, as a part of a sentence.
    - ``failed``: why a job failed, in the service's words; nothing is running. Proceeding again starts another job.
    - ``late``: changes since the capture are about to leave the stream; nothing is running. Capture again first.
    - ``left``: a failed import has left a table, which is proven to be its own. Remove it first.
    - ``foreign``: the new table exists, and it is not proven that the import made it. Nothing may touch it.
    """

    done: bool = False
    waiting: str = ""
    failed: str = ""
    late: bool = False
    left: bool = False
    foreign: bool = False
    items: int = 0


@dataclass(slots=True)
class ServiceCopy(ABC):
    """The jobs of one attempt at a copy. ``captured`` is the time of its capture, ``started_as`` its unique name.

    ``calls`` checks lease and identity of a table before each start, ``recorded`` are the stored checkpoints.
    """

    ports: EngineContext
    jobs: ServiceJobs
    calls: GuardedCalls
    source: Side
    through: S3Place
    captured: datetime
    recorded: Mapping[str, Checkpoint]
    started_as: str
    seen: dict[str, CopyJob] = field(init=False, default_factory=dict)
    """What is known of the jobs of this attempt, by kind, in the order in which they run."""
    _exports: Checkpoints = field(init=False)
    _loads: Checkpoints = field(init=False)

    def __post_init__(self) -> None:
        self._exports, self._loads = self._checkpoints(EXPORT), self._checkpoints(self._work())

    def _checkpoints(self, work: str) -> Checkpoints:
        return Checkpoints(
            self.ports.store,
            self.recorded,
            table=self.source.table,
            work=work,
            identity=self.source.identity,
            started_as=self.started_as,
        )

    def proceed(self) -> JobProgress:
        """Start what is to be started, and look at what runs. Raises ``ApiError``; call it again in every case."""
        parts: dict[JobKind, Checkpoint] = {"export": self._exports.part(0), self._kind(): self._loads.part(0)}
        self.seen = {kind: _finished(kind, part) for kind, part in parts.items() if part.finished}
        if self._loads.part(0).finished:
            return self._end(self._loads.part(0))
        if self.ports.clock.now() - self.captured >= LONGEST_JOBS:
            running = self._given_up(self._loads.part(0))
            return JobProgress(waiting=running) if running else JobProgress(late=True)
        exported = self._exports.part(0)
        if not exported.finished:
            found = self._export(exported)
            if found is not None:
                return found
            exported = self._exports.part(0)
        return self._load(self._loads.part(0), S3Place(exported.data[BUCKET], exported.data[PREFIX]))

    # What differs

    @staticmethod
    @abstractmethod
    def _work() -> str:
        """The name of the checkpoints of the job that loads the files."""

    @staticmethod
    @abstractmethod
    def _kind() -> Loader:
        """What that job is called."""

    @abstractmethod
    def _load(self, part: Checkpoint, files: S3Place) -> JobProgress:
        """One look at the job that loads ``files``, whose checkpoint is ``part``."""

    @abstractmethod
    def _given_up(self, part: Checkpoint) -> str:
        """End that job; the end that is waited for, as a part of a sentence, or nothing if it does not run."""

    # The export

    def _export(self, part: Checkpoint) -> JobProgress | None:
        """One look at the export; ``None`` once it is finished."""
        if not part.data:
            latest = self.jobs.recoverable_until(self.source.table)
            if latest is None:
                return JobProgress(
                    failed=f"point-in-time recovery of {self.source.table} is off, and an export needs it"
                )
            if latest < self.captured + CLOCKS_APART:
                return JobProgress(
                    waiting=f"the backups of {self.source.table} to reach the time from which changes are captured"
                )
            part = self._begun(self._exports, part, {TIME: at_text(latest)})
        if ARN in part.data:
            job = self.jobs.export(part.data[ARN])
        else:
            job = self._started(self._exports, part, self._start_export)
            part = self._exports.part(0)
        self._see("export", job)
        if job.state is JobState.RUNNING:
            return JobProgress(waiting=f"the export to {self.through.url}")
        if job.state is JobState.FAILED or job.files is None:
            self._exports.drop_named(FIRST)
            return JobProgress(failed=failure(f"the export of {self.source.table} failed", job))
        data = {**part.data, BUCKET: job.files.bucket, PREFIX: job.files.prefix}
        self._finish(self._exports, replace(part, data=data), job)
        return None

    def _start_export(self, part: Checkpoint) -> Job:
        time = datetime.fromisoformat(part.data[TIME])
        return self.jobs.start_export(ExportRequest(self.source.identity.arn, time, self.through, part.data[TOKEN]))

    # Jobs

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

    def _see(self, kind: JobKind, job: Job) -> None:
        self.seen[kind] = CopyJob(kind, job.state.value, job.items, job.size, job.refused, job.started, job.ended)

    @staticmethod
    def _finish(works: Checkpoints, part: Checkpoint, job: Job) -> Checkpoint:
        """Record the end of a job, with what people are shown of it."""
        times = {JOB_STARTED: job.started, JOB_ENDED: job.ended}
        known = {name: at_text(time) for name, time in times.items() if time is not None}
        counts = {"items": job.items, "refused": job.refused, "bytes": job.size}
        part = replace(part, finished=True, counts=counts, data={**part.data, **known})
        works.save(part)
        return part

    def _age(self, part: Checkpoint) -> timedelta:
        """How long ago the token of a checkpoint was recorded."""
        return self.ports.clock.now() - datetime.fromisoformat(part.data[BEGUN])

    @staticmethod
    def _end(part: Checkpoint) -> JobProgress:
        return JobProgress(done=True, items=part.counts.get("items", 0))


def _finished(kind: JobKind, part: Checkpoint) -> CopyJob:
    """A finished job by its checkpoint. Those of older releases have neither bytes nor times."""
    started, ended = (
        datetime.fromisoformat(text) if (text := part.data.get(name)) else None for name in (JOB_STARTED, JOB_ENDED)
    )
    items, size, refused = (part.counts.get(name, 0) for name in ("items", "bytes", "refused"))
    return CopyJob(kind, "done", items, size, refused, started, ended)


def failure(what: str, job: Job) -> str:
    """Why a job failed, in the service's words."""
    return f"{what} ({job.failure or 'the service gives no reason'})"


def begun_since(part: Checkpoint) -> datetime:
    """A time before the job of this checkpoint can have started, by the clock of the service."""
    return datetime.fromisoformat(part.data[BEGUN]) - CLOCKS_APART
