"""Copies a large table by the service's own jobs: an export to S3, then an import of its files as a new table.

Used by ``generation_import`` in the phase COPY. ``service_copy`` has the export.

ImportTable makes the new table itself, so that nothing else can write to it before the import has ended, and a second
import of the same name is refused. What has to be proven is that our import made the table: the answer has its TableId,
which is recorded. A token finds the import only while it runs; afterwards the service says that the table exists. So an
import whose answer was lost is looked for in the list of imports, by its token.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ImportTable.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.model.errors import Busy, Rejected
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Checkpoint
from reconciler.mover.job_ports import ImportRequest, Job, JobState, Loader, S3Place, ServiceJobs
from reconciler.mover.lineages import at_text
from reconciler.mover.service_copy import (
    ARN,
    BEGUN,
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

IMPORT = "import"
TABLE, TABLE_ID, TABLE_ARN, FAILED, ENDED = "table", "table_id", "table_arn", "failed", "ended"
IMPORTABLE = (
    *("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput"),
    *("OnDemandThroughput", "SSESpecification", "GlobalSecondaryIndexes", "VectorIndexes"),
)
"""Members of CreateTable that an import takes too. The first passes after the switch bring the others."""


def creation(params: Mapping[str, Any]) -> dict[str, Any]:
    """TableCreationParameters from the parameters of CreateTable."""
    return {name: params[name] for name in IMPORTABLE if name in params}


@dataclass(slots=True, kw_only=True)
class ImportCopy(ServiceCopy):
    """Imports the files as the table of ``creation``. ``live`` is the table of that name now, if there is one.

    ``intend`` is called before the first request, so that the inventory knows of the table before it can exist.
    """

    creation: Mapping[str, Any]
    live: Identity | None
    intend: Callable[[], object]

    @staticmethod
    def _work() -> str:
        return IMPORT

    @staticmethod
    def _kind() -> Loader:
        return "import"

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint of the import."""
        return self._loads.part(0)

    @property
    def _name(self) -> str:
        name: str = self.creation["TableName"]
        return name

    def _given_up(self, part: Checkpoint) -> str:
        """An import cannot be cancelled."""
        running = import_runs(self.jobs, part, self.ports.clock.now())
        return (
            f"the end of the import into {self._name}, which takes too long and cannot be cancelled" if running else ""
        )

    def _load(self, part: Checkpoint, files: S3Place) -> JobProgress:
        if FAILED in part.data:
            if self.live is not None:
                ours = made_by(part, self.live)
                return JobProgress(left=ours, foreign=not ours)
            # The failed import has left nothing, or what it left is gone.
            self._loads.drop_named(FIRST)
            part = self._loads.part(0)
        known, first = None, not part.data
        if first:
            if self.live is not None:
                return JobProgress(foreign=True)
            self.intend()
            part = self._begun(self._loads, part, self._request(files))
        else:
            known = _look(self.jobs, part)
        try:
            job = known or self._started(self._loads, part, self._start_import)
        except Busy:
            if self.live is None:
                raise
            return JobProgress(foreign=True)
        except Rejected:
            if first:
                # Nothing was started, and the next request may be another one.
                self._loads.drop_named(FIRST)
            raise
        return self._looked_at(self._with_answer(self._loads.part(0), job), job)

    def _request(self, files: S3Place) -> Mapping[str, str]:
        """What the request is sent with, also by a process that finds another declaration."""
        table = json.dumps(self.creation, sort_keys=True)
        arn = f"{self.source.identity.arn.rpartition('/')[0]}/{self._name}"
        return {BUCKET: files.bucket, PREFIX: files.prefix, TABLE: table, TABLE_ARN: arn}

    def _start_import(self, part: Checkpoint) -> Job:
        place = S3Place(part.data[BUCKET], part.data[PREFIX])
        return self.jobs.start_import(ImportRequest(json.loads(part.data[TABLE]), place, part.data[TOKEN]))

    def _with_answer(self, part: Checkpoint, job: Job) -> Checkpoint:
        """The checkpoint with what the service returned of the import, which is stored if it is new."""
        data = {**part.data, ARN: job.arn, **({TABLE_ID: job.table_id} if job.table_id else {})}
        if data != part.data:
            part = replace(part, data=data)
            self._loads.save(part)
        return part

    def _looked_at(self, part: Checkpoint, job: Job) -> JobProgress:
        self._see("import", job)
        if job.state is JobState.RUNNING:
            return JobProgress(waiting=f"the import into {self._name}", items=job.items)
        if job.state is JobState.FAILED:
            self._loads.save(replace(part, data={**part.data, FAILED: "yes"}))
            return JobProgress(failed=failure(f"the import into {self._name} failed", job))
        data = {**part.data, ENDED: at_text(self.ports.clock.now())}
        return self._end(self._finish(self._loads, replace(part, data=data), job))


def import_of(recorded: Mapping[str, Checkpoint], table: str) -> Checkpoint | None:
    """The checkpoint of the import of the items of ``table``, of whatever attempt."""
    return recorded.get(f"{table}#{IMPORT}#{FIRST}")


def import_runs(jobs: ServiceJobs, part: Checkpoint, now: datetime) -> bool:
    """Whether the import of this checkpoint runs, or may turn out to run."""
    if not part.data or part.finished or FAILED in part.data:
        return False
    job = _look(jobs, part)
    if job is None:
        # The list of imports may not show yet what a killed process started.
        return now - datetime.fromisoformat(part.data[BEGUN]) < CLOCKS_APART
    return job.state is JobState.RUNNING


def known_table(jobs: ServiceJobs, part: Checkpoint) -> Checkpoint:
    """The checkpoint with the TableId of the import, also where its answer was lost."""
    if not part.data or TABLE_ID in part.data:
        return part
    job = _look(jobs, part)
    return part if job is None or not job.table_id else replace(part, data={**part.data, TABLE_ID: job.table_id})


def made_by(part: Checkpoint, live: Identity) -> bool:
    """Whether the import of this checkpoint made the table: only the TableId in the answer proves that."""
    return live.table_id is not None and live.table_id == part.data.get(TABLE_ID)


def ended_ago(part: Checkpoint, now: datetime) -> timedelta:
    """How long ago the import was seen to be finished."""
    return now - datetime.fromisoformat(part.data[ENDED])


def _look(jobs: ServiceJobs, part: Checkpoint) -> Job | None:
    if ARN in part.data:
        return jobs.import_job(part.data[ARN])
    return jobs.import_of(part.data[TOKEN], part.data[TABLE_ARN], begun_since(part))
