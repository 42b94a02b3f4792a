"""Builds everything once; the only file that knows all edges. The commands open an ``App`` and ask it."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import interruption
from reconciler.aws import hooks
from reconciler.aws.rate_limit import RateLimited
from reconciler.aws.session import Connection, connect
from reconciler.aws.validator import OfflineValidator
from reconciler.declarations.folder import FolderSource, Once, watch_paths
from reconciler.engine.context import EngineContext
from reconciler.engine.endpoint_watch import EndpointWatch
from reconciler.engine.loop_status import LoopStatus
from reconciler.engine.ports import TableApi, Telemetry
from reconciler.engine.reconciler import Reconciler
from reconciler.logs import get_logger
from reconciler.model.desired import DesiredState
from reconciler.model.errors import (
    ApiError,
    EndpointError,
    Interrupted,
    ReconcilerError,
    SettingsError,
    StateError,
    Unreachable,
)
from reconciler.model.identity import Endpoint
from reconciler.model.options import Options
from reconciler.model.plan import Approval, Step
from reconciler.model.records import StateSnapshot
from reconciler.model.report import PassReport, RunReport
from reconciler.runs import Feed
from reconciler.settings import Settings, in_effect
from reconciler.state.former_stack import FormerStack
from reconciler.state.table import StateTable
from reconciler.system import SystemClock, SystemRandom, Threads, within
from reconciler.tally import Tally
from reconciler.telemetry import CompositeTelemetry

if TYPE_CHECKING:
    from reconciler.doctor import Finding
    from reconciler.engine.import_tables import Skipped
    from reconciler.engine.null_tracing import NullTracing
    from reconciler.metrics import Metrics
    from reconciler.traces.spans import Traces

log = get_logger("reconciler")

OnStep = Callable[[str, Step], None]
OVERTIME = timedelta(seconds=10)
"""How long after its deadline a run may wait for calls that were sent before it."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


def desired_state(settings: Settings) -> DesiredState:
    """The declarations, read offline. Raises ``DeclarationError`` with every problem."""
    return FolderSource(settings.desired_state, settings.environment).load()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a declaration document."""
    from reconciler.declarations.schema import json_schema as schema

    return schema()


def healthcheck(settings: Settings) -> tuple[bool, str]:
    """Ask the daemon on this machine whether it is ready, and what it says."""
    from reconciler.http.healthcheck import ask

    return ask(settings.http_host, settings.http_port)


@contextmanager
def open_app(settings: Settings, *, one_shot: bool, read_only: bool) -> Iterator[App]:
    """An ``App`` over the endpoint of the settings; it calls nobody before it is asked something.

    ``read_only`` gives it clients that refuse every mutating operation. Raises ``SettingsError`` and ``UsageError``.
    """
    _settle_sdk_variables(settings)
    with ExitStack() as stack:
        app = App(settings, one_shot=one_shot, read_only=read_only, endpoint_url=settings.endpoint_url)
        if settings.embedded:
            from reconciler.aws.embedded import EmbeddedServer

            app.endpoint_url = stack.enter_context(EmbeddedServer()).url
        stack.callback(app.close)
        supervision = interruption.current()
        if supervision is not None and not read_only:
            supervision.done = app.done_so_far
        yield app


def _settle_sdk_variables(settings: Settings) -> None:
    """Give the SDK the region and keys of ``.env``; an empty variable counts as unset, as everywhere."""
    for name in [name for name, value in os.environ.items() if name.startswith("AWS_") and not value]:
        del os.environ[name]
    os.environ.update(settings.sdk_variables)


@dataclass
class App:
    """Every part of the tool, each built at its first use. Commands call ``app.reconciler``.

    ``reconciler`` waits for the endpoint; a command that needs the declarations calls ``source.load()`` before it, so
    that a broken file is reported without an endpoint.
    """

    settings: Settings
    one_shot: bool
    read_only: bool
    endpoint_url: str | None
    stop: threading.Event = field(default_factory=interruption.stop_event)
    said: tuple[str, ...] = ()
    """The notices of the connection that were said already."""
    _hangs: bool = False
    """Whether a call of an abandoned run may still be under way: then its lease is left to run out by itself."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences to say once, for example that local credentials are used."""
        self.said = self.connection.notices
        return self.said

    def converge(
        self,
        trigger: str,
        tables: tuple[str, ...] = (),
        on_step: OnStep | None = None,
        approved: Approval | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> RunReport:
        """Rounds until done or the deadline; no call that hangs can keep a run past it for longer than a grace."""
        self.source.load()
        reconciler = self.reconciler
        seconds = (reconciler.timeout + OVERTIME).total_seconds()
        report = within(seconds, lambda: reconciler.converge(trigger, tables, on_step, approved, on_wait))
        if report is None:
            self._hangs = True
            report = self._overdue(trigger, reconciler)
        summary = {name: count for name, count in report.summary().items() if count}
        outcome: dict[str, Any] = {"run_id": report.run_id, "verdict": report.verdict.value, "changed": report.wrote}
        log.info("run finished", trigger=trigger, **outcome, **summary)
        return report

    def _overdue(self, trigger: str, reconciler: Reconciler) -> RunReport:
        """The report of a run that was abandoned in the middle of a call: what its last whole pass saw."""
        limit = f"{reconciler.timeout.total_seconds():g} s"
        error = f"the deadline of {limit} passed while a call waited for its answer; the next run continues"
        last, now, run_id = self.board.report, SystemClock().now(), uuid.uuid4().hex
        if last is not None:
            return RunReport.of(replace(last, trigger=trigger, finished=now, error=error), run_id, (last.pass_id,))
        label, stack = self.settings.environment_label, self.settings.stack
        there = reconciler.ports.endpoint
        report = PassReport("", trigger, label, now, now, there, error=error, endpoint_up=False, stack=stack)
        return RunReport.of(report, run_id, ())

    def publish_metrics(self) -> tuple[str, ...]:
        """Write METRICS_FILE and push to PUSH_GATEWAY, after the report; a warning for each that failed."""
        targets = (("write_textfile", self.settings.metrics_file), ("push", self.settings.push_gateway))
        warnings = []
        for method, target in targets:
            if self.metrics is None or not target:
                continue
            try:
                getattr(self.metrics, method)(target)
            except (ReconcilerError, OSError, ValueError) as error:
                warnings.append(f"{error} The run itself is not affected.")
        return tuple(warnings)

    def import_tables(
        self, names: tuple[str, ...], form: str
    ) -> tuple[tuple[Path, ...], tuple[Skipped, ...], tuple[str, ...], str]:
        """New files that declare the named live tables, or all that no file declares; what was passed over.

        The third member names declared tables that had been released and are managed again; the last one is what to
        say where nothing was written.
        """
        from reconciler.declarations import writer

        location, environment = self.settings.desired_state, self.settings.environment
        folder, base_of = writer.target(location), partial(writer.base_name, environment=environment)
        found = self.reconciler.find_imports(names, known := writer.declared_so_far(location, environment), base_of)
        texts = writer.prepared(folder, found.tables, form, environment, known)
        declared_in = dict(zip(found.tables, texts, strict=True))
        stored = writer.stored(folder, texts)
        paths = self.reconciler.adopt(found.tables, stored, declared_in) if texts else writer.swept(folder)
        return paths, found.skipped, self.reconciler.readopt(found.released), found.nothing

    def status(self) -> Mapping[str, Any]:
        """The present state: ``report``, ``suspension``, ``lease``, ``runs``, and the ``problem`` of unread records."""
        report = self.reconciler.preview()
        runs: tuple[Mapping[str, Any], ...] = ()
        snapshot, problem = StateSnapshot(usable=False), None
        try:
            snapshot = self.reconciler.ports.store.load()
            runs = self.reconciler.history(10)
        except (StateError, ApiError) as error:
            problem = str(error)
        lease = snapshot.lease if snapshot.lease and not snapshot.lease.released else None
        return {
            "report": report,
            "suspension": snapshot.suspension,
            "lease": lease,
            "runs": runs,
            "problem": problem,
        }

    def doctor(self) -> tuple[Finding, ...]:
        """Everything that can be found out without writing."""
        from reconciler.doctor import examine

        return examine(self.settings, self.connection, self._wait, lambda: self.reconciler)

    def shown_settings(self) -> tuple[tuple[str, str, str], ...]:
        """Name, value in effect and origin of each."""
        return in_effect(self.settings, self.connection.known)

    def serve(self) -> int:
        """The daemon: blocks until a signal."""
        from reconciler.daemon.daemon import Daemon

        if self.metrics is None:
            raise SettingsError("the daemon needs metrics")
        watched = (lambda: watch_paths(self.settings.desired_state)) if not self.settings.embedded else lambda: ()
        daemon = Daemon(self.settings, self.board, self.metrics, self._build, watched, self.stop, self.feed)
        return daemon.serve()

    def done_so_far(self) -> str:
        """What this command has changed up to now, as a clause."""
        source = self.__dict__.get("source")
        loaded = source.loaded if isinstance(source, Once) else None
        for declaration in loaded.declarations if loaded else ():
            if declaration.seed is not None:
                self.tally.expect(declaration.spec.name, len(declaration.seed.items))
        return self.tally.words()

    def close(self) -> None:
        """Give the lease back and end the threads."""
        self.stop.set()
        built = self.__dict__.get("reconciler")
        if built is not None and not self.read_only and not self._hangs:
            with suppress(ReconcilerError):
                built.ports.store.release_lease()
        if "threads" in self.__dict__ and not self.threads.close():
            log.info("calls that were under way were abandoned")
        if "traces" in self.__dict__:
            self.traces.close()

    @cached_property
    def board(self) -> LoopStatus:
        """What is known right now."""
        return LoopStatus(
            self.settings.environment_label, self.settings.interval.total_seconds(), stack=self.settings.stack
        )

    @cached_property
    def metrics(self) -> Metrics | None:
        """Built only where somebody will read them: importing them takes a while."""
        if self.one_shot and not (self.settings.metrics_file or self.settings.push_gateway):
            return None
        from reconciler.metrics import Metrics

        return Metrics(self.board, self.settings.table_detail)

    @cached_property
    def telemetry(self) -> Telemetry:
        """Board, metrics, log and the calls of the traces in one."""
        return CompositeTelemetry(
            self.board, self.metrics, shows_report=self.one_shot, feed=self.feed, traces=self.traces, tally=self.tally
        )

    @cached_property
    def traces(self) -> Traces | NullTracing:
        """Spans where the ``OTEL_`` variables ask for them."""
        from reconciler.traces import start

        return start(os.environ)

    @cached_property
    def feed(self) -> Feed:
        """Who listens to passes and steps."""
        return Feed()

    @cached_property
    def connection(self) -> Connection:
        """The endpoint's clients; nothing is called yet."""
        settings = self.settings
        made = connect(
            self.endpoint_url,
            settings.region,
            settings.workers,
            self.telemetry,
            embedded=settings.embedded,
            client=settings.aws_client,
        )
        return made.read_only() if self.read_only else made

    @cached_property
    def threads(self) -> Threads:
        """WORKERS threads for tables and seeds."""
        return Threads(self.settings.workers, self.stop)

    @cached_property
    def tally(self) -> Tally:
        """What was changed so far."""
        return Tally(self.settings.state_table)

    @cached_property
    def source(self) -> FolderSource | Once:
        """The declarations; a one-shot command reads them once, so that one run has one truth."""
        folder = FolderSource(self.settings.desired_state, self.settings.environment, SystemClock())
        return Once(folder) if self.one_shot else folder

    @cached_property
    def reconciler(self) -> Reconciler:
        """The engine over this endpoint. Waits for it up to WAIT; raises ``EndpointError`` after that."""
        self._wait()
        return self._build()

    def _declared(self) -> frozenset[str]:
        return frozenset(declaration.spec.name for declaration in self.source.load().declarations)

    def _wait(self) -> None:
        clock, pause = SystemClock(self.stop), FIRST_PAUSE
        deadline = clock.monotonic() + self.settings.wait.total_seconds()
        while True:
            try:
                self.connection.identify()
            except Unreachable as error:
                if clock.monotonic() + pause >= deadline:
                    waited = f"{self.settings.wait.total_seconds():g} s"
                    what = "Only server errors come from" if error.code.startswith("HTTP ") else "Nothing answers at"
                    raise EndpointError(
                        f"{what} {self.connection.url}: {error.message} (waited {waited}). "
                        "Start the endpoint, or name another one by --endpoint-url."
                    ) from error
            else:
                self._say_late_notices()
                return
            if not clock.sleep(pause):
                raise Interrupted("the process is to stop while it waits for the endpoint")
            pause = min(pause * 2, LONGEST_PAUSE)

    def _say_late_notices(self) -> None:
        """What came to light when the endpoint was identified: that local keys serve in the place of others."""
        for notice in self.connection.notices[len(self.said) :]:
            log.warning("credentials", what=notice)
        self.said = self.connection.notices

    def _build(self) -> Reconciler:
        """One try: raises ``Unreachable`` while nothing answers."""
        endpoint = self.connection.identify()
        self._say_late_notices()
        options: Options = self.settings.options(endpoint.flavor, one_shot=self.one_shot)
        clock = SystemClock(self.stop)
        former = self.settings.former_scope
        store = StateTable(
            self.connection.state_client(),
            options.state_table,
            options.scope,
            holder=str(uuid.uuid4()),
            holder_name=f"{socket.gethostname()}:{os.getpid()}",
            clock=clock,
            former=FormerStack(former, self._declared) if former else None,
        )
        self.connection.watch_state_table(options.state_table)
        self.connection.fence = store.lease_lasts
        self.connection.limits.append(hooks.within_lease(store.lease_left))
        world = EngineContext(
            api=self._api(endpoint),
            items=self.connection.items,
            store=store,
            source=self.source,
            clock=clock,
            random=SystemRandom(),
            telemetry=self.telemetry,
            parallel=self.threads,
            validator=OfflineValidator(),
            endpoint=endpoint,
            traces=self.traces,
            endpoint_watch=EndpointWatch(self.connection.begin_pass, self.connection.confirm),
        )
        accounts = frozenset(self.settings.allowed_accounts or ())
        deadline = self.settings.deadline(endpoint.flavor)
        return Reconciler(world, options, deadline, accounts, on_endpoint_change=self._follow)

    def _api(self, endpoint: Endpoint) -> TableApi:
        tables = self.connection.tables
        return tables if endpoint.flavor.emulator else RateLimited(tables, SystemClock(self.stop))

    def _follow(self, reconciler: Reconciler, endpoint: Endpoint) -> None:
        """What depends on the endpoint is chosen anew: what may be lost there, caps, deadlines, the pace of calls."""
        reconciler.options = self.settings.options(endpoint.flavor, one_shot=self.one_shot)
        reconciler.timeout = self.settings.deadline(endpoint.flavor)
        reconciler.ports = replace(reconciler.ports, endpoint=endpoint, api=self._api(endpoint))
