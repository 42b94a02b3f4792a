"""The service's own jobs over whole tables, as the mover sees them: exports to S3, bulk puts and imports from S3.

``aws.job_api`` implements ``ServiceJobs``. A job is started with a client token, so that it never starts twice: the
service knows a token for eight hours
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StartBulkPutItems.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol

from reconciler.model.errors import UsageError
from reconciler.model.lazy_dataclass import dataclass

Loader = Literal["bulk", "import"]
"""A kind of job that loads the files of an export."""
TOKEN_LIFE = timedelta(hours=8)
"""How long the service knows a client token."""


class JobState(StrEnum):
    """How far a job is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """It failed or was cancelled; it writes nothing any more."""


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket and a prefix in it, without slashes at its ends; it may be empty."""

    bucket: str
    prefix: str = ""

    def below(self, name: str) -> S3Place:
        """A place inside this one."""
        return S3Place(self.bucket, f"{self.prefix}/{name}" if self.prefix else name)

    @property
    def url(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def s3_place(url: str) -> S3Place:
    """The place of ``s3://bucket/prefix``. Raises ``UsageError`` for another text."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise UsageError(f"{url!r} is no place in S3; expected s3://BUCKET or s3://BUCKET/PREFIX")
    return S3Place(bucket, prefix.strip("/"))


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A full export of the table with this ARN as it was at ``time``, which is in the past."""

    table_arn: str
    time: datetime
    target: S3Place
    token: str


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """A bulk put of all objects below ``source`` into an existing table. Refused lines are listed in ``errors``."""

    table: str
    source: S3Place
    errors: S3Place
    token: str


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """An import of all objects below ``source`` as a new table, described by ``creation`` (TableCreationParameters)."""

    creation: Mapping[str, Any]
    source: S3Place
    token: str


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the service describes it.

    ``items`` were exported, read or imported so far, ``refused`` ones not written, and ``size`` bytes read or exported.
    ``failure`` has the service's own words. ``files`` is where a finished export has its files; ``table_id`` tells
    which table a bulk put writes into, or an import makes. ``started`` and ``ended`` are for people to see.
    """

    arn: str
    state: JobState
    items: int = 0
    refused: int = 0
    failure: str = ""
    files: S3Place | None = None
    table_id: str | None = None
    size: int = 0
    started: datetime | None = None
    ended: datetime | None = None


class ServiceJobs(Protocol):
    """Starts and describes jobs. Raises ``ApiError``. Starting and cancelling is refused without the lease."""

    def recoverable_until(self, table: str) -> datetime | None:
        """The latest time that the table can be exported at; ``None`` if point-in-time recovery is off."""
        ...

    def start_export(self, request: ExportRequest) -> Job:
        """Start it, or return the job that this token started."""
        ...

    def export(self, arn: str) -> Job:
        """The export with this ARN."""
        ...

    def start_bulk_put(self, request: BulkRequest) -> Job:
        """Start it, or return the job that this token started. It overwrites items without a condition."""
        ...

    def bulk_put(self, arn: str) -> Job:
        """The bulk put with this ARN."""
        ...

    def bulk_put_of(self, token: str, since: datetime) -> Job | None:
        """The bulk put that this token started after ``since``; ``None`` if it started none."""
        ...

    def cancel_bulk_put(self, arn: str) -> None:
        """Ask for its end, which comes later. What it has written stays."""
        ...

    def start_import(self, request: ImportRequest) -> Job:
        """Start it, or return the import that this token started and that still runs.

        Raises ``Busy`` if a table of that name exists, also the one that an import with this token has made.
        """
        ...

    def import_job(self, arn: str) -> Job:
        """The import with this ARN. One that skipped items is done; they are ``refused``."""
        ...

    def import_of(self, token: str, table_arn: str, since: datetime) -> Job | None:
        """The import into this table that this token started after ``since``; ``None`` if it started none."""
        ...

    def obstacle(self, loader: Loader) -> str | None:
        """Why this kind of job cannot be used here, as the end of a sentence, as far as a read shows it."""
        ...
