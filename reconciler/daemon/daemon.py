"""The daemon: starts HTTP, waits for the endpoint, then runs passes until a signal. Called by the wiring."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler import interruption
from reconciler.backoff import retry
from reconciler.daemon.file_watch import Watcher
from reconciler.daemon.loop import Loop
from reconciler.daemon.reader_priority import ReaderPriority, YieldingParallel, YieldingReads
from reconciler.daemon.systemd import Systemd
from reconciler.engine.authorization import unreachable
from reconciler.engine.loop_status import LoopStatus
from reconciler.engine.reconciler import Reconciler
from reconciler.http import Access, Control, HttpServer, bound_to_loopback, create_app
from reconciler.http.external_links import ExternalLinks
from reconciler.http.health import liveness_problem
from reconciler.local_daemon import authority
from reconciler.logs import get_logger
from reconciler.metrics import Metrics
from reconciler.model.errors import ApiError, EndpointError, ReconcilerError, SettingsError, StateError, Unreachable
from reconciler.model.report import PassReport
from reconciler.runs import Feed, Job, Outcome, RunHistory
from reconciler.runs.events import run_event
from reconciler.runs.record import from_history
from reconciler.runs.verbs import carry_out
from reconciler.settings import Settings
from reconciler.settings.in_effect import in_effect
from reconciler.system import process_name

if TYPE_CHECKING:
    from reconciler.model.records import MigrationChecksums
    from reconciler.mover.migrate_commands import MigrateCommands

log = get_logger("reconciler.daemon")

GRACE_SECONDS = 25.0
"""Time for the running pass to end after SIGTERM; container runtimes kill 10 to 30 s after it."""
AFTERWARDS_SECONDS = 3.0
"""Time to stop the HTTP server and to release the lease; then the process ends even if something hangs."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
REMEMBERED_RUNS = 100
"""All that the state table keeps, so that the first pass finds none that is new."""
SWITCH_SECONDS = 0.001
"""How long a thread of a pass keeps the interpreter from the HTTP server. Measured beside passes over 2,500 tables, in
three runs of interleaved rounds: the p99 of a compressed /metrics is 34 to 79 ms with Python's default of 5 ms and 12
to 40 ms with 1 ms. Medians are equal."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of glibc's mallopt(3)."""
MALLOC = {M_ARENA_MAX: 1, M_MMAP_THRESHOLD: 256 * 1024, M_TRIM_THRESHOLD: 128 * 1024}
"""The threads of a pass take turns at the interpreter, so an arena of its own helps none of them, and each arena keeps
what was freed in it. The thresholds are near glibc's defaults. Setting them keeps glibc from raising them to 32 MB once
a large text was freed; all later texts would then leave holes in the heap. Measured with 2,500 tables after 8 passes:
180 MB resident without this, 154 MB with it."""


@dataclass(slots=True)
class Daemon:
    """The parts of the daemon. ``connect`` raises ``ApiError`` or ``EndpointError`` while nothing answers."""

    settings: Settings
    loop_status: LoopStatus
    metrics: Metrics
    connect: Callable[[], Reconciler]
    watched: Callable[[], tuple[str, ...]]
    stop: threading.Event
    feed: Feed = field(default_factory=Feed)
    loop: Loop | None = None
    readers: ReaderPriority = field(default_factory=ReaderPriority)
    migrate: Callable[[Reconciler], MigrateCommands] | None = None
    """Loads the migrations of items, for a run that asks for them."""
    migration_files: Callable[[], Mapping[str, MigrationChecksums]] = dict
    """Their checksums by name, for the status."""
    migration_names: Callable[[], tuple[str, ...]] = tuple
    """Their names in order."""
    systemd: Systemd = field(init=False)
    _named_seeds: frozenset[tuple[str, str]] = frozenset()
    """Tables with a changed seed that the log has named, each with the digest of the seed."""

    def __post_init__(self) -> None:
        self.systemd = Systemd(
            lambda: self.loop_status.ready, lambda: liveness_problem(self.loop_status, datetime.now(UTC))
        )

    def serve(self) -> int:
        """Serve until SIGTERM or SIGINT; returns 128 plus the signal. Raises ``SettingsError`` for a port in use."""
        tune_malloc()
        control = self._control()
        app = create_app(
            self.loop_status,
            self.metrics,
            control=control,
            status=lambda: {"mode": self.settings.mode},
            settings=lambda: in_effect(self.settings, self.loop_status.endpoint),
            answering=self.readers.answering,
            links=ExternalLinks(
                self.settings.runbook_url,
                self.settings.grafana_url,
                self.settings.console_url,
                self.settings.environment_label,
            ),
        )
        server = HttpServer(app, self.settings.http_host, self.settings.http_port)
        sys.setswitchinterval(SWITCH_SECONDS)
        supervision = interruption.current()
        if supervision is not None:
            supervision.silent, supervision.on_hangup = True, self._trigger_pass
        with interruption.grace(GRACE_SECONDS + AFTERWARDS_SECONDS):
            server.start()
            self.systemd.start()
            log.info("serving", address=f"http://{authority(self.settings.http_host, server.port)}/")
            try:
                self._run(control)
            finally:
                self.feed.close()
                server.stop()
                self.systemd.stop()
        return 128 + (interruption.received() or signal.SIGTERM)

    def _control(self) -> Control:
        settings, token = self.settings, self.settings.api_token
        access = Access(
            settings.api_auth,
            token.reveal() if token else None,
            settings.allowed_hosts,
            bound_to_loopback(settings.http_host),
        )
        history = RunHistory(lambda record: self.feed.publish("run", run_event(record)), process=process_name())
        return Control(
            self.loop_status,
            access,
            history,
            self.feed,
            migration_files=self.migration_files,
            testing=settings.testing,
        )

    def _run(self, control: Control) -> None:
        reconciler = self._wait_for_endpoint()
        if reconciler is None:
            return
        ports = reconciler.ports
        reconciler.ports = replace(
            ports,
            parallel=YieldingParallel(ports.parallel, self.readers, self.settings.workers),
            many=None if ports.many is None else YieldingReads(ports.many, self.readers),
        )

        def run_pass(trigger: str) -> PassReport:
            report = None
            try:
                report = reconciler.run_pass(trigger)
                # Not after a crash, of which a call may still be on its way.
                give_lease_back(reconciler)
            finally:
                self.systemd.after_pass(report)
                after_work()
            return report

        def run_job(job: Job) -> Outcome:
            try:
                outcome = carry_out(job, reconciler, self.migrate)
                give_lease_back(reconciler)
                return outcome
            finally:
                after_work()

        def after_work() -> None:
            # Both were read with the other records, so this sends no request.
            control.history.include(from_history(entry) for entry in reconciler.ports.store.runs_of_others())
            self._show_migrations(reconciler)
            self._name_changed_seeds(reconciler)

        self.loop = loop = Loop(
            run_pass,
            self.loop_status,
            interval=self.settings.interval,
            jitter=timedelta(seconds=self.settings.jitter_seconds),
            on_skip=self.metrics.pass_skipped,
            on_crash=self.metrics.pass_crashed,
            carry_out=run_job,
            history=control.history,
        )
        self._load_history(reconciler, control.history)
        if control.access.auth == "none" and not reconciler.ports.emulator:
            log.warning("RECONCILER_API_AUTH=none is allowed only with an emulator; mutating routes return 403")
        watcher = Watcher(self.watched, lambda: loop.trigger("file"))
        loop.start()
        control.connect(reconciler, loop.submit)
        watcher.start()
        self.stop.wait()
        self.systemd.stopping()
        log.info("stopping", signal=signal.Signals(interruption.received() or signal.SIGTERM).name)
        watcher.stop()
        if not loop.stop(GRACE_SECONDS):
            log.warning("the running pass did not end in time", seconds=GRACE_SECONDS)
        leave(reconciler)

    def _show_migrations(self, reconciler: Reconciler) -> None:
        """Show which migrations of items are open; none if their records could not be read."""
        from reconciler.engine.unfinished_migrations import all_sentences, pending_migrations, pending_sentence

        report, records = self.loop_status.report, reconciler.state.migrations
        pending: tuple[str, ...] = ()
        begun: tuple[str, ...] = ()
        if report is not None and records is not None:
            pending = pending_migrations(self.migration_names(), records, report)
            begun = all_sentences(report.tables)
        self.loop_status.pending_migrations, self.loop_status.begun_migrations = pending, begun
        self.loop_status.open_migrations = (*begun, *([pending_sentence(pending)] if pending else []))

    def _name_changed_seeds(self, reconciler: Reconciler) -> None:
        """Log that a seed changed since it was written, once for each version of it: no pass applies that."""
        found = reconciler.other_seeds()
        new = {name for name, _ in found - self._named_seeds}
        self._named_seeds = found
        if new:
            for sentence in reconciler.seed_changes(tuple(sorted(new))):
                log.warning("a changed seed is not applied", why=sentence)

    def _load_history(self, reconciler: Reconciler, history: RunHistory) -> None:
        """Load the runs of earlier processes from the state table."""
        try:
            entries = reconciler.history(REMEMBERED_RUNS)
            history.begin_with(from_history(entry) for entry in entries)
            self.loop_status.history.begin_with(entries)
        except ReconcilerError as error:
            log.warning("could not read the run history", why=str(error))

    def _wait_for_endpoint(self) -> Reconciler | None:
        """The reconciler once the endpoint answers, however long that takes; ``None`` when the process is to stop."""
        logged = ""

        def connect() -> Reconciler:
            self.loop_status.heartbeat = datetime.now(UTC)
            return self.connect()

        def report(error: Exception, _pause: float) -> None:
            nonlocal logged
            reason = unreachable(error) if isinstance(error, Unreachable) else str(error)
            self.loop_status.not_ready_reason = reason
            if reason != logged:
                log.warning("waiting for the endpoint", why=reason)
            logged = reason

        def sleep(seconds: float) -> bool:
            return not self.stop.wait(seconds)

        if self.stop.is_set():
            return None
        passing = (ApiError, EndpointError, SettingsError)
        reconciler = retry(connect, passing, sleep, report, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        if reconciler is not None:
            self.loop_status.endpoint = reconciler.ports.endpoint
            self.loop_status.endpoint_up = True
        return reconciler

    def _trigger_pass(self) -> None:
        """Run a pass now (SIGHUP)."""
        if self.loop is not None:
            self.systemd.reloading()
            self.loop.trigger("signal")


def give_lease_back(reconciler: Reconciler) -> bool:
    """Release the lease, if this process holds it. Returns whether the endpoint answered.

    Others would have to watch it for a whole term, because an idle holder cannot be told from a dead one.
    The next pass that writes takes it again.
    """
    try:
        reconciler.ports.store.release_lease()
    except ApiError as error:
        log.warning("the lease was not released; it expires by itself", why=str(error))
        return False
    return True


def leave(reconciler: Reconciler) -> None:
    """Release the lease, and keep the last pass in the history."""
    if not give_lease_back(reconciler):
        # Nothing answers: the last pass would wait for that once more, and the process is to end.
        return
    try:
        reconciler.keep_last_pass()
    except (ApiError, StateError) as error:
        log.warning("the last pass is not in the history", why=str(error))


def tune_malloc() -> None:
    """Let the C library give freed memory back to the system. Called before the first thread starts.

    Does nothing where the C library is not glibc.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in MALLOC.items():
        mallopt(parameter, value)
