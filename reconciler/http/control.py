"""What the routes use of the daemon: status, run history and, once connected, reconciler and loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool

from reconciler.engine.loop_status import LoopStatus, PresentWork
from reconciler.engine.reconciler import Reconciler
from reconciler.engine.unfinished_migrations import (
    all_sentences,
    pending_migrations,
    pending_sentence,
    running_migrations,
    with_migrations,
)
from reconciler.http.access import Access
from reconciler.http.problems import HttpProblem
from reconciler.http.record_watch import RecordWatch
from reconciler.model.desired import DesiredState, Seed
from reconciler.model.errors import ReconcilerError
from reconciler.model.identity import Endpoint
from reconciler.model.records import MigrationChecksums, StateSnapshot
from reconciler.runs import Feed, Job, Run, RunHistory


@dataclass(slots=True)
class Control:
    """Filled by the daemon: ``reconciler`` and ``submit`` are ``None`` until the endpoint has answered."""

    loop_status: LoopStatus
    access: Access = field(default_factory=Access)
    history: RunHistory = field(default_factory=RunHistory)
    feed: Feed = field(default_factory=Feed)
    reconciler: Reconciler | None = None
    submit: Callable[[Job], Run] | None = None
    confirm: Callable[[], Endpoint] | None = None
    """Identifies the endpoint again."""
    migration_files: Callable[[], Mapping[str, MigrationChecksums]] = dict
    """The checksums of the migrations of items by name. Raises ``DeclarationError``."""
    testing: bool = False
    """Whether tests may reset items (RECONCILER_TESTING)."""
    suspension: RecordWatch | None = None
    records: RecordWatch | None = None

    def connect(self, reconciler: Reconciler, submit: Callable[[Job], Run]) -> None:
        """Accept jobs from now on."""
        self.reconciler, self.submit = reconciler, submit
        self.confirm = reconciler.ports.endpoint_watch.confirm
        self.suspension = RecordWatch(self.loop_status, self._read_suspension)
        self.records = RecordWatch(self.loop_status, self._read_records)

    def look(self) -> None:
        """Bring the status up to date with what somebody may have done since the last pass. May wait half a second."""
        if self.records is not None:
            self.records.look()

    def look_for_suspension(self) -> None:
        """As ``look``, but by a single read, for readers that come all the time and show nothing else of it."""
        if self.suspension is not None:
            self.suspension.look()

    def _read_suspension(self) -> None:
        if self.reconciler is not None:
            self.loop_status.suspended = self.reconciler.ports.store.is_suspended()

    def _read_records(self) -> None:
        if self.reconciler is None:
            return
        ports, loop_status = self.reconciler.ports, self.loop_status
        report, snapshot, now = loop_status.report, ports.store.load_work(), ports.clock.now()
        lease = snapshot.lease
        # By the clock of the holder: this is only shown.
        held = lease is not None and not lease.released and lease.expires > now
        present = PresentWork(
            snapshot.generations,
            snapshot.replacements,
            leads=held and lease is not None and ports.store.owns(lease),
            held=held,
            holder=lease.shown if lease else None,
        )
        if report is not None:
            pending = pending_migrations(loop_status.pending_migrations, snapshot.migrations, report)
            running = running_migrations(snapshot, now)
            tables = with_migrations(report.tables, snapshot.migrations, running, ports.migration_files)
            begun = all_sentences(tables)
            loop_status.pending_migrations, loop_status.begun_migrations = pending, begun
            loop_status.open_migrations = (*begun, *([pending_sentence(pending)] if pending else []))
        loop_status.suspended = snapshot.suspension is not None
        # A pass that ended meanwhile has read everything later.
        if loop_status.report is report:
            loop_status.present = present

    async def confirmed(self) -> Endpoint | None:
        """The endpoint, identified again where only an emulator permits the request.

        The URL may lead to another endpoint than during the last pass, so that pass is no proof.
        """
        if self.access.requires_token or self.confirm is None:
            return self.loop_status.endpoint
        return await run_in_threadpool(self._confirmed, self.confirm)

    def _confirmed(self, confirm: Callable[[], Endpoint]) -> Endpoint | None:
        try:
            return confirm()
        except ReconcilerError:
            return None

    def enqueue(self, job: Job) -> Run:
        """Hand a job to the loop. Raises ``HttpProblem`` 503 while there is no loop, and what the loop raises."""
        if self.submit is None:
            raise HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, self.loop_status.not_ready_reason, {"Retry-After": "1"})
        return self.submit(job)

    def snapshot(self) -> StateSnapshot:
        """All records, read now; empty before the endpoint has answered. Raises ``ApiError`` and ``StateError``."""
        return self.reconciler.ports.store.load() if self.reconciler else StateSnapshot()

    def desired(self) -> DesiredState:
        """The declarations of the last pass that could read them."""
        good = self.reconciler.state.last_good if self.reconciler else None
        return good or DesiredState((), "")

    def seeds(self, tables: tuple[str, ...] = ()) -> tuple[tuple[str, Seed, str | None], ...]:
        """Table, seed and how far it is, of the named tables (base or full name) or of all that have a seed."""
        report = self.loop_status.report
        states = {table.name: table.seed_state for table in report.tables} if report else {}
        return tuple(
            (declared.spec.name, declared.seed, states.get(declared.spec.name))
            for declared in self.desired().declarations
            if declared.seed and (not tables or declared.spec.name in tables or declared.base_name in tables)
        )

    @property
    def observes(self) -> bool:
        """Whether this daemon never writes (RECONCILER_MODE=observe)."""
        return self.reconciler is not None and self.reconciler.options.mode == "observe"
