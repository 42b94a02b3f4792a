"""Builds every part and connects them; the only module that knows all edges. Commands open an ``App``.

Each part is imported where it is built: ``validate`` needs no engine, and a one-shot command no daemon.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import field, replace
from datetime import timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import interruption
from reconciler.declarations.folder import CachedSource, FolderSource, watch_paths
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.logs import get_logger
from reconciler.model.errors import (
    ApiError,
    DeclarationError,
    EndpointError,
    Interrupted,
    Problem,
    ReconcilerError,
    SettingsError,
    StateError,
    Unreachable,
    UsageError,
)
from reconciler.model.identifiers import uuid4_text
from reconciler.model.lazy_dataclass import dataclass
from reconciler.planning.text import short_seconds

if TYPE_CHECKING:
    import threading
    from contextlib import AbstractContextManager

    from reconciler.aws.session import Connection
    from reconciler.aws.sibling_services import OtherService
    from reconciler.change_counter import ChangeCounter
    from reconciler.declarations.convert import Converted
    from reconciler.declarations.export.exported import Exported, Selection
    from reconciler.doctor import Finding
    from reconciler.engine.import_tables import Skipped
    from reconciler.engine.loop_status import LoopStatus
    from reconciler.engine.ports import NullTracing, SeedProgress, TableApi, TableReplacer, WorkProgress
    from reconciler.engine.reconciler import Reconciler
    from reconciler.local_daemon import LocalDaemon
    from reconciler.metrics import Metrics
    from reconciler.model.desired import DesiredState
    from reconciler.model.identity import Endpoint
    from reconciler.model.observed import ObservedTable
    from reconciler.model.options import Options
    from reconciler.model.plan import Approval, Step
    from reconciler.model.records import MigrationChecksums
    from reconciler.model.report import RunReport
    from reconciler.mover.estimate import Prices
    from reconciler.mover.generation_command import NextGeneration
    from reconciler.mover.migrate import MigrationProgress
    from reconciler.mover.migrate_commands import MigrateCommands, MigrateLimits
    from reconciler.mover.migration_file import MigrationFile
    from reconciler.mover.replace_command import ReplaceTable
    from reconciler.runs.feed import Feed
    from reconciler.settings import Settings
    from reconciler.system import Threads
    from reconciler.telemetry import CompositeTelemetry
    from reconciler.traces.spans import Traces
    from reconciler.webhooks import Webhooks

    OnStep = Callable[[str, Step], None]

log = get_logger("reconciler")

OVERTIME = timedelta(seconds=10)
"""How long after its deadline a run waits for calls that were sent before it."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
SILENT_SECONDS = 2.0
"""How long a command waits for the endpoint before it says so."""
LINE_SECONDS = 10.0
"""Seconds after which it says so again."""


def desired_state(settings: Settings, *, one_of_two: bool = False) -> DesiredState:
    """The declarations, read offline. Raises ``DeclarationError`` with every problem.

    ``one_of_two`` tells that another folder is read with the same parameters, which need not know them all.
    """
    inputs = template_inputs(settings)
    inputs = replace(inputs, named=()) if one_of_two else inputs
    return FolderSource(
        settings.desired_state,
        settings.environment,
        uses_stored=True,
        inputs=inputs,
        seed_set=settings.seed_set,
        environments=() if one_of_two else settings.environments,
        settings_file=settings.settings_file,
    ).load()


def seed_orphans(desired: DesiredState) -> tuple[str, ...]:
    """A warning for each seed item that refers to no item of the other table's seed."""
    from reconciler.declarations.references import seed_orphans as found

    return found(desired.declarations)


def migration_problems(settings: Settings, desired: DesiredState | None) -> tuple[Problem, ...]:
    """What keeps ``migrate`` from running the migration files, offline; ``None`` where the declarations have errors."""
    from reconciler.declarations.locate import locate, migrations_folder

    try:
        base = locate(settings.desired_state)
        folder = migrations_folder(settings.migrations, settings.desired_state)
        if folder.is_dir():
            from reconciler.declarations.migration_check import migration_problems

            return migration_problems(folder, base, desired)
    except DeclarationError as error:
        return error.problems
    return ()


def template_inputs(settings: Settings) -> TemplateInputs:
    """What templates of other tools are evaluated with. Raises ``SettingsError`` for an unreadable PARAMETERS_FILE."""
    parameters: dict[str, str] = {}
    if settings.parameters_file is not None:
        from reconciler.settings.parameters_file import parameters_in

        parameters = parameters_in(settings.parameters_file, settings.environment)
    variables, given = {**os.environ, **settings.sdk_variables}, dict(settings.parameter)
    region = settings.region or variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION")
    return TemplateInputs(
        settings.stack,
        settings.environment,
        region or None,
        parameters | given,
        variables,
        tuple(given),
        settings.origins["parameter"],
    )


def unknown_parameters(settings: Settings) -> tuple[Problem, ...]:
    """The given parameters that no file of the folder declares: for two folders, which need not know all of them."""
    if not settings.parameter:
        return ()
    from reconciler.declarations.folder_snapshot import read_snapshot
    from reconciler.declarations.locate import locate
    from reconciler.declarations.unknown_parameters import unknown_parameters as found

    inputs = template_inputs(settings)
    files = read_snapshot(locate(settings.desired_state)).declarations
    return tuple(found(inputs.named, files, settings.desired_state, inputs.named_by))


def export(settings: Settings, names: tuple[str, ...], form: str) -> tuple[DesiredState, Exported]:
    """The declarations in another format, read offline. Raises ``DeclarationError`` and ``UsageError``."""
    from reconciler.declarations.export.exported import Exported, selected

    desired = desired_state(settings)
    selection = selected(desired, names, template_inputs(settings).region)
    if form in ("mermaid", "svg"):
        from importlib import import_module

        diagram = import_module(f"reconciler.presentation.diagrams.{form}")
        return desired, Exported(
            {f"tables.{'mmd' if form == 'mermaid' else form}": diagram.text(selection.declarations)}
        )
    return desired, exported(selection, form)


def exported(selection: Selection, form: str) -> Exported:
    """The selected declarations in the format of another tool."""
    if form == "terraform":
        from reconciler.declarations.export import terraform

        return terraform.export(selection)
    if form == "json":
        from reconciler.declarations.export import create_table

        return create_table.export(selection)
    from reconciler.declarations.export import cloudformation

    return cloudformation.export(selection, sam=form == "sam")


def convert(
    settings: Settings, path: str, kind: str, names: tuple[str, ...], form: str
) -> tuple[tuple[Path, ...], Converted]:
    """Write files that declare the tables of a template, and their items as seeds; nothing is read from an endpoint.

    Returns the written paths. Raises ``UsageError`` and ``DeclarationError``, and then nothing was written.
    """
    from reconciler.declarations import convert as converter
    from reconciler.declarations import writer

    location, inputs = settings.desired_state, template_inputs(settings)
    folder = writer.target(location)
    root = folder.parent if folder.name == writer.CONFIGS else folder
    # The parameters are for the file that is read, which is not in the folder.
    known = writer.declared_so_far(location, settings.environment, replace(inputs, named=()))
    shown = os.path.relpath(path, root)
    converted = converter.convert(converter.Request(path, shown, kind, names, form), inputs, known)
    with ExitStack() as stack:
        paths = stack.enter_context(writer.stored(folder, converted.declarations))
        if converted.seeds:
            paths += stack.enter_context(writer.stored(root / "seeds", converted.seeds))
    return paths, converted


def new_migration(settings: Settings, name: str) -> Path:
    """Write a new migration file with the next number. Raises ``UsageError``, and ``DeclarationError``."""
    from reconciler.declarations.item_migrations import write_migration
    from reconciler.declarations.locate import migrations_folder

    folder = migrations_folder(settings.migrations, settings.desired_state)
    tables = desired_state(settings).declarations
    written = write_migration(folder, name, tables[0].base_name if tables else "users")
    return Path(os.path.relpath(written)) if written.is_relative_to(Path.cwd()) else written


def json_schema(*, overlay: bool = False) -> dict[str, Any]:
    """The JSON Schema of a declaration document, or of a file with an overlay."""
    from reconciler.declarations.schema import json_schema as schema

    return schema(overlay=overlay)


def healthcheck(settings: Settings) -> tuple[bool, str]:
    """Whether the daemon on this machine is ready, and its message."""
    from reconciler.local_daemon import ask

    return ask(settings.http_host, settings.http_port)


@contextmanager
def open_app(settings: Settings, *, one_shot: bool, read_only: bool) -> Iterator[App]:
    """An ``App`` for the endpoint of the settings; it sends no request before its first use.

    ``read_only`` gives it clients that refuse every mutating operation. Raises ``SettingsError`` and ``UsageError``.
    """
    _apply_sdk_variables(settings)
    with ExitStack() as stack:
        app = App(settings, one_shot=one_shot, read_only=read_only, endpoint_url=settings.endpoint_url)
        if settings.embedded:
            from reconciler.aws.embedded import EmbeddedServer

            app.endpoint_url = stack.enter_context(EmbeddedServer()).url
        stack.callback(app.close)
        supervision = interruption.current()
        if supervision is not None and not read_only:
            supervision.done = app.changes_so_far
        yield app


KEY_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


def _apply_sdk_variables(settings: Settings) -> None:
    """Give the SDK the Region and keys of ``.env``, and the chosen profile.

    An empty variable counts as unset, as for all settings. The SDK prefers keys in the environment to AWS_PROFILE, so
    that a chosen profile removes them: they may belong to another account.
    """
    for name in [name for name, value in os.environ.items() if name.startswith("AWS_") and not value]:
        del os.environ[name]
    os.environ.update(settings.sdk_variables)
    if settings.profile is not None:
        for name in KEY_VARIABLES:
            os.environ.pop(name, None)
        os.environ["AWS_PROFILE"] = settings.profile


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
    reported_notices: tuple[str, ...] = ()
    """The notices of the connection that were already printed."""
    _has_hanging_call: bool = False
    """Whether a call of an abandoned run may still be running; then the lease is not released but expires."""
    _converges: bool = False
    """Whether the engine plans before it writes, and asks ``DeclarationSource.still`` between the two."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences to print once, for example that local credentials are used."""
        self.reported_notices = self.connection.notices
        return self.reported_notices

    def converge(
        self,
        trigger: str,
        tables: tuple[str, ...] = (),
        on_step: OnStep | None = None,
        approved: Approval | None = None,
        on_wait: Callable[[str], None] | None = None,
    ) -> RunReport:
        """Run passes until done or the deadline. A call that hangs delays the end by at most ``OVERTIME``."""
        from reconciler.system import run_with_timeout

        self._converges = True
        self.source.load()
        reconciler = self.reconciler
        seconds = (reconciler.timeout + OVERTIME).total_seconds()
        report = run_with_timeout(seconds, lambda: reconciler.converge(trigger, tables, on_step, approved, on_wait))
        if report is None:
            self._has_hanging_call = True
            report = self._overdue(trigger, reconciler)
        summary = {name: count for name, count in report.summary().items() if count}
        outcome: dict[str, Any] = {"run_id": report.run_id, "verdict": report.verdict.value, "changed": report.wrote}
        log.info("run finished", trigger=trigger, **outcome, **summary)
        return report

    def show_progress(
        self,
        on_seeding: Callable[[SeedProgress], None] | None,
        on_work: Callable[[WorkProgress], None] | None = None,
    ) -> None:
        """Call these about once per second with the progress of each seeding, and of each index build and copy."""
        self.telemetry.on_seeding, self.telemetry.on_work = on_seeding, on_work

    def show_waits(self, on_wait: Callable[[str], None]) -> None:
        """Call ``on_wait`` with a sentence when the command waits for the lease or for the endpoint."""
        self.telemetry.on_wait = on_wait

    def activity(self) -> str:
        """What the command does while it reads."""
        if self.connection.known is None:
            return f"Waiting for {self.connection.url}"
        for work in self.loop_status.progress.copy().values():
            about = f" of about {work.total:,}" if work.total else ""
            return f"{work.table}: {work.what}, {work.done:,}{about}"
        return f"Reading tables: {self.telemetry.answered:,} requests answered so far"

    def _overdue(self, trigger: str, reconciler: Reconciler) -> RunReport:
        """The report of a run that was abandoned during a call, from its last complete pass."""
        from reconciler.model.report import PassReport, RunReport
        from reconciler.system import SystemClock

        limit = short_seconds(reconciler.timeout.total_seconds())
        error = f"the deadline of {limit} passed while a call waited for its answer; the next run continues"
        last, now, run_id = self.loop_status.report, SystemClock().now(), secrets.token_hex(16)
        if last is not None:
            return RunReport.of(replace(last, trigger=trigger, finished=now, error=error), run_id, (last.pass_id,))
        label, stack = self.settings.environment_label, self.settings.stack
        there = reconciler.ports.endpoint
        report = PassReport("", trigger, label, now, now, there, error=error, endpoint_up=False, stack=stack)
        return RunReport.of(report, run_id, ())

    def seed_by_daemon(self, names: tuple[str, ...], *, clear: bool = False) -> tuple[Mapping[str, Any] | None, str]:
        """Let the daemon on this machine seed, or ``clear`` the seeds, if another process holds the lease.

        Returns the response of the daemon, else ``None`` and why it was not asked, as a clause; the clause is empty if
        nobody holds the lease.
        """
        allowed, where = self.settings.allowed_accounts, self.reconciler.ports.endpoint
        if self.settings.mode == "observe" or (allowed and where.account not in allowed):
            # The command itself refuses that, with a sentence.
            return None, ""
        store = self.reconciler.ports.store
        lease = store.current_lease() if store.load().usable else None
        if lease is None or lease.released or store.owns(lease):
            return None, ""
        from reconciler.local_daemon import NotAsked

        desired = self.reconciler.desired()
        chosen = [desired.named(name) for name in self.reconciler.focus_names(names)]
        digests = {each.spec.name: each.seed.digest for each in chosen if each is not None and each.seed is not None}
        daemon = self._local_daemon()
        try:
            return daemon.seed(digests, clear=clear), f"{daemon.url} (lease: {lease.shown})"
        except NotAsked as error:
            return None, str(error)

    def _local_daemon(self) -> LocalDaemon:
        """The daemon of this stack that may run on this machine."""
        from reconciler.local_daemon import LocalDaemon

        settings = self.settings
        return LocalDaemon(
            settings.http_host,
            settings.http_port,
            settings.stack,
            settings.environment_label,
            self.reconciler.ports.endpoint,
            settings.api_token.reveal() if settings.api_token else None,
        )

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
                warnings.append(f"{str(error).removesuffix('.')}. The run itself is not affected.")
        return tuple(warnings)

    def import_tables(
        self, names: tuple[str, ...], form: str
    ) -> tuple[tuple[Path, ...], tuple[Skipped, ...], tuple[str, ...], str]:
        """Write files that declare the named live tables, or all undeclared ones.

        Returns the written paths, the skipped tables, the declared tables that had been released and are managed again,
        and the sentence to print where nothing was written.
        """
        from reconciler.declarations import writer

        location, environment = self.settings.desired_state, self.settings.environment
        folder, base_of = writer.target(location), partial(writer.base_name, environment=environment)
        found = self.reconciler.find_imports(
            names, known := writer.declared_so_far(location, environment, self._inputs), base_of
        )
        texts = writer.prepared(folder, found.tables, form, environment, known)
        declared_in = dict(zip(found.tables, texts, strict=True))
        stored = writer.stored(folder, texts)
        paths = self.reconciler.adopt(found.tables, stored, declared_in) if texts else writer.swept(folder)
        return paths, found.skipped, self.reconciler.readopt(found.released), found.nothing

    def hand_over(self, names: tuple[str, ...], form: str) -> tuple[Exported, tuple[Skipped, ...]]:
        """The named live tables, or all, for another tool to adopt; nothing is recorded. Also the skipped tables.

        Raises ``UsageError`` where no table is left.
        """
        from reconciler.declarations import writer
        from reconciler.declarations.export import cloudformation, terraform
        from reconciler.declarations.export.exported import Selection
        from reconciler.model.desired import DesiredState

        found = self.reconciler.find_imports(names, DesiredState((), digest=""), lambda name: name)
        declared = writer.prove(writer.texts(found.tables, "yaml"), found.tables.values(), None)
        if not declared:
            raise UsageError(
                "; ".join(each.message for each in found.skipped) or "there is no table; nothing was written"
            )
        # The observed value has the names of the scaling policies too.
        live = {table.spec.name: table.spec for table in found.tables.values()}
        declared = tuple(
            replace(each, spec=replace(each.spec, auto_scaling=live[each.spec.name].auto_scaling))
            if each.spec.auto_scaling
            else each
            for each in declared
        )
        selection = Selection(
            declared, {each.base_name: each.spec.name for each in declared}, self.reconciler.ports.endpoint.region
        )
        if form == "terraform":
            return terraform.for_import(selection), found.skipped
        return cloudformation.for_import(selection, self.settings.stack), found.skipped

    def replacement(self, table: str) -> ReplaceTable:
        """What a person may ask of the replacement of one table that keeps its items."""
        from reconciler.mover.replace_command import ReplaceTable

        return ReplaceTable(self.reconciler, table)

    def next_generation(self, table: str) -> NextGeneration:
        """What a person may ask of the next generation of one table, which is built beside it."""
        from reconciler.mover.generation_command import NextGeneration

        return NextGeneration(self.reconciler, table, self._prices, self.connection.service_jobs)

    def _prices(self) -> Prices:
        from reconciler.mover.estimate import read_prices

        where = Path(self.settings.prices or Path(__file__).with_name("mover") / "prices.toml")
        try:
            return read_prices(where.read_text(encoding="utf-8"), str(where))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{where} cannot be read: {error}. Name another file, or unset RECONCILER_PRICES."
            ) from error

    def _replacer(self) -> TableReplacer:
        from reconciler.mover.generation_ports import GenerationPorts
        from reconciler.mover.replacer import Replacer

        connection = self.connection
        hold = self.settings.hold(connection.identify().flavor)
        return Replacer(
            lambda: GenerationPorts(
                connection.mover_items,
                connection.mover_streams,
                connection.caller_user,
                hold,
                None if connection.identify().flavor.emulator else connection.service_jobs,
            )
        )

    def live_tables(
        self, wanted: tuple[str, ...] | None = None
    ) -> tuple[Mapping[str, ObservedTable], tuple[str, ...], tuple[str, ...]]:
        """The ``wanted`` live tables by name, or all but state tables; the names of the others, and what was not read.

        A wanted table that does not exist is left out.
        """
        from reconciler.engine.import_tables import Skipped, read_whole
        from reconciler.model.observed import ObservedTable
        from reconciler.planning.scopes import is_state_table

        ports, options = self.reconciler.ports, self.reconciler.options
        listed = tuple(sorted(ports.api.list_tables()))
        chosen = [name for name in listed if wanted is None or name in wanted]
        read = tuple(ports.parallel.map(partial(read_whole, ports), chosen))
        tables = [each for each in read if isinstance(each, ObservedTable)]
        found = {e.spec.name: e for e in tables if not is_state_table(e.spec.name, e, options.state_table)}
        others = tuple(name for name in listed if name not in chosen and name != options.state_table)
        return found, others, tuple(each.message for each in read if isinstance(each, Skipped))

    def migrations(self) -> tuple[MigrationFile, ...]:
        """The migration files. Raises ``DeclarationError`` with all problems."""
        from reconciler.declarations.item_migrations import load_migrations
        from reconciler.declarations.locate import locate, migrations_folder

        location = self.settings.desired_state
        return load_migrations(migrations_folder(self.settings.migrations, location), locate(location))

    def migrate(
        self,
        files: tuple[MigrationFile, ...],
        limits: MigrateLimits | None = None,
        on_progress: Callable[[MigrationProgress], None] | None = None,
        reconciler: Reconciler | None = None,
    ) -> MigrateCommands:
        """The commands over these migrations. The daemon passes its own ``reconciler``."""
        import getpass
        import socket

        from reconciler.mover.migrate_commands import MigrateCommands, MigrateLimits

        reconciler = reconciler or self.reconciler
        try:
            user = getpass.getuser()
        except (OSError, KeyError):
            # A container may run as a user without a name.
            user = str(os.getuid())
        return MigrateCommands(
            reconciler.command(),
            self.connection.mover_items,
            files,
            f"{user}@{socket.gethostname()}",
            limits or MigrateLimits(workers=self.settings.workers),
            on_progress,
        )

    def recorded_migrations(
        self, commands: MigrateCommands, warn: Callable[[str], None]
    ) -> AbstractContextManager[None]:
        """Adds what ``commands`` run inside to the history, also where an exception ends them."""
        from reconciler.runs.migration_runs import recorded_migrations

        return recorded_migrations(self.reconciler, commands, warn)

    def status(self) -> Mapping[str, Any]:
        """The current ``report``, ``suspension``, ``lease`` and ``runs``, and the ``problem`` of unreadable records.

        ``pending_migrations`` are the names of migrations of items that were not begun; the tables of the report name
        those that were.

        ``next_run`` is what the daemon on this machine says of its next pass, or why nobody says it.
        """
        from reconciler.engine.unfinished_migrations import pending_migrations
        from reconciler.model.records import StateSnapshot

        reconciler = self.reconciler
        # The page of the daemon and this command show one truth: the grace periods are those of the daemon.
        daemons = self.settings.options(reconciler.ports.endpoint.flavor, one_shot=False)
        report = replace(reconciler, options=replace(daemons, trusts_records=True)).preview()
        runs: tuple[Mapping[str, Any], ...] = ()
        snapshot, problem = StateSnapshot(usable=False), None
        try:
            store = self.reconciler.ports.store
            snapshot = store.load()
            problem = snapshot.rolled_back
            runs = store.history(10) if snapshot.usable else ()
        except (StateError, ApiError) as error:
            problem = str(error)
        lease = snapshot.lease if snapshot.lease and not snapshot.lease.released else None
        known = snapshot.usable or snapshot.fresh
        pending = pending_migrations(self._migration_names(), snapshot.migrations, report) if known else ()
        from reconciler.local_daemon import NotAsked

        daemon = self._local_daemon()
        try:
            seen = daemon.status()
            next_run = {"url": daemon.url, "next_pass": seen.get("next_pass"), "in_progress": seen.get("in_progress")}
        except NotAsked as error:
            next_run = {"url": None, "next_pass": None, "why": str(error)}
        return {
            "report": report,
            "suspension": snapshot.suspension,
            "lease": lease,
            "runs": runs,
            "next_run": next_run,
            "problem": problem,
            "pending_migrations": pending,
        }

    def doctor(self) -> tuple[Finding, ...]:
        """The findings of ``doctor``; writes nothing."""
        from reconciler.doctor import examine

        declared = FolderSource(
            self.settings.desired_state,
            self.settings.environment,
            inputs=self._inputs,
            seed_set=self.settings.seed_set,
            environments=self.settings.environments,
            settings_file=self.settings.settings_file,
        )
        return examine(self.settings, self.connection, self._wait_for_endpoint, lambda: self.reconciler, declared.load)

    def effective_settings(self) -> tuple[tuple[str, str, str], ...]:
        """Name, value in effect and origin of each."""
        from reconciler.settings.in_effect import in_effect

        return in_effect(self.settings, self.connection.known)

    def serve(self) -> int:
        """The daemon: blocks until a signal."""
        from reconciler.daemon.daemon import Daemon

        if self.metrics is None:
            raise SettingsError("the daemon needs metrics")
        watched = (lambda: watch_paths(self.settings.desired_state)) if not self.settings.embedded else lambda: ()
        daemon = Daemon(
            self.settings,
            self.loop_status,
            self.metrics,
            self._build,
            watched,
            self.stop,
            self.feed,
            migrate=lambda reconciler: self.migrate(self.migrations(), reconciler=reconciler),
            migration_files=self._migration_checksums,
            migration_names=self._migration_names,
        )
        return daemon.serve()

    def _migration_checksums(self) -> Mapping[str, MigrationChecksums]:
        from reconciler.declarations.item_migrations import checksums
        from reconciler.declarations.locate import locate, migrations_folder

        location = self.settings.desired_state
        return checksums(migrations_folder(self.settings.migrations, location), locate(location))

    def _migration_names(self) -> tuple[str, ...]:
        from reconciler.declarations.locate import migration_names, migrations_folder

        try:
            return migration_names(migrations_folder(self.settings.migrations, self.settings.desired_state))
        except DeclarationError:
            # The folder of the declarations is missing; the pass says so.
            return ()

    def changes_so_far(self) -> str:
        """What this command has changed so far, as a clause."""
        source = self.__dict__.get("source")
        loaded = source.loaded if isinstance(source, CachedSource) else None
        for declaration in loaded.declarations if loaded else ():
            if declaration.seed is not None:
                self.change_counter.expect(declaration.spec.name, len(declaration.seed.items))
        return self.change_counter.summary()

    def close(self) -> None:
        """Release the lease and end the threads."""
        self.stop.set()
        built = self.__dict__.get("reconciler")
        if built is not None and not self.read_only and not self._has_hanging_call:
            with suppress(ReconcilerError):
                built.ports.store.release_lease()
        if "threads" in self.__dict__ and not self.threads.close():
            log.info("running calls were abandoned")
        if "traces" in self.__dict__:
            self.traces.close()
        if self.__dict__.get("webhooks") is not None:
            self.__dict__["webhooks"].close()

    @cached_property
    def loop_status(self) -> LoopStatus:
        """The status of the loop."""
        from reconciler.engine.loop_status import LoopStatus

        return LoopStatus(
            self.settings.environment_label, self.settings.interval.total_seconds(), stack=self.settings.stack
        )

    @cached_property
    def metrics(self) -> Metrics | None:
        """The metrics, or ``None`` where nobody reads them, because importing them is slow."""
        if self.one_shot and not (self.settings.metrics_file or self.settings.push_gateway):
            return None
        from reconciler.metrics import Metrics

        return Metrics(self.loop_status, self.settings.table_detail)

    @cached_property
    def telemetry(self) -> CompositeTelemetry:
        """One telemetry for status, metrics, log and the calls of the traces."""
        from reconciler.telemetry import CompositeTelemetry

        origins = self.settings.origins
        collected = any(origins[name] != "default" for name in ("log_format", "log_level"))
        return CompositeTelemetry(
            self.loop_status,
            self.metrics,
            shows_report=self.one_shot,
            logs_failures=not self.one_shot or collected,
            feed=self.feed,
            traces=self.traces,
            change_counter=self.change_counter,
            webhooks=self.webhooks,
        )

    @cached_property
    def webhooks(self) -> Webhooks | None:
        """The receivers of events; ``None`` without WEBHOOK_URLS, and for commands that only read."""
        settings = self.settings
        if settings.webhook_urls is None or self.read_only:
            return None
        from reconciler.webhooks import start

        secret = settings.webhook_secret.reveal() if settings.webhook_secret else None
        urls, form = settings.webhook_urls.reveal(), settings.webhook_format
        return start(urls, form=form, events=settings.webhook_events, secret=secret)

    @cached_property
    def traces(self) -> Traces | NullTracing:
        """Traces where the ``OTEL_`` variables enable them."""
        from reconciler.traces import start

        return start(os.environ)

    @cached_property
    def feed(self) -> Feed:
        """The event feed of passes and steps."""
        from reconciler.runs.feed import Feed

        return Feed()

    @cached_property
    def connection(self) -> Connection:
        """The clients of the endpoint; nothing is called yet."""
        from reconciler.aws.session import connect

        settings = self.settings
        made = connect(
            self.endpoint_url,
            settings.region,
            settings.workers,
            self.telemetry,
            embedded=settings.embedded,
            client=settings.aws_client,
            role=(settings.role_arn, settings.role_external_id) if settings.role_arn else None,
        )
        return made.read_only() if self.read_only else made

    @cached_property
    def threads(self) -> Threads:
        """The pool of WORKERS threads for tables and seeds."""
        from reconciler.system import Threads

        return Threads(self.settings.workers, self.stop)

    @cached_property
    def change_counter(self) -> ChangeCounter:
        """Counts what was changed so far."""
        from reconciler.change_counter import ChangeCounter

        return ChangeCounter(self.settings.state_table)

    @cached_property
    def _inputs(self) -> TemplateInputs:
        return template_inputs(self.settings)

    @cached_property
    def source(self) -> FolderSource | CachedSource:
        """The declarations; a one-shot command reads them once, so that all its passes use the same ones.

        Only commands that read, and those that confirm the declarations before they write, use what a former command
        checked.
        """
        from reconciler.system import SystemClock

        settings, uses_stored = self.settings, self.one_shot and (self.read_only or self._converges)
        folder = FolderSource(
            settings.desired_state,
            settings.environment,
            SystemClock(),
            uses_stored=uses_stored,
            inputs=self._inputs,
            seed_set=settings.seed_set,
            environments=settings.environments,
            settings_file=settings.settings_file,
        )
        return CachedSource(folder) if self.one_shot else folder

    @cached_property
    def reconciler(self) -> Reconciler:
        """The engine over this endpoint. Waits for it up to WAIT; raises ``EndpointError`` after that."""
        self._wait_for_endpoint()
        return self._build()

    def _declared(self) -> frozenset[str]:
        source = self.source
        desired = source.load()
        if desired.from_cache and not source.still(desired):
            desired = source.load()
        return frozenset(declaration.spec.name for declaration in desired.declarations)

    def _wait_for_endpoint(self) -> None:
        """Identify the endpoint; raises ``EndpointError`` when it does not answer within WAIT."""
        from reconciler.backoff import retry
        from reconciler.engine.authorization import unreachable
        from reconciler.system import SystemClock

        clock = SystemClock(self.stop)
        began = clock.monotonic()
        said: float | None = None
        deadline = began + self.settings.wait.total_seconds()

        def pause_for(pause: float) -> float:
            # The last pause ends with WAIT, so that the time that was promised is used in full.
            return min(pause, max(0.0, deadline - clock.monotonic()))

        def give_up_late(error: Exception, pause: float) -> None:
            nonlocal said  # when the last sentence about the wait was written
            now = clock.monotonic()
            silent = SILENT_SECONDS if said is None else LINE_SECONDS
            if self.telemetry.on_wait and now < deadline and now + pause_for(pause) - (said or began) >= silent:
                why = error.message if isinstance(error, ApiError) else error
                again = f"Still waiting for {self.connection.url}"
                begun = f"Waiting for {self.connection.url} ({why})" if said is None else again
                self.telemetry.on_wait(f"{begun}, {short_seconds(deadline - now)} left.")
                said = now
            if isinstance(error, Unreachable) and now >= deadline:
                raise EndpointError(
                    f"{unreachable(error, self.connection.url)} (waited {short_seconds(now - began)}). "
                    "Start the endpoint, or name another one with --endpoint-url."
                ) from error

        identify = self.connection.identify

        def sleep(pause: float) -> bool:
            return clock.sleep(pause_for(pause))

        found = retry(identify, (Unreachable,), sleep, give_up_late, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        if found is None:
            raise Interrupted("the process is to stop while it waits for the endpoint")
        self._log_late_notices()

    def _log_late_notices(self) -> None:
        """Log notices from identifying the endpoint, for example that local keys replace others."""
        show = self.telemetry.on_wait or (lambda notice: log.warning("credentials", what=notice))
        for notice in self.connection.notices[len(self.reported_notices) :]:
            show(notice)
        self.reported_notices = self.connection.notices

    def _build(self) -> Reconciler:
        """Build the reconciler in one attempt; raises ``Unreachable`` while nothing answers."""
        from reconciler.aws import hooks
        from reconciler.aws.table_api import ManyTables
        from reconciler.aws.validator import OfflineValidator
        from reconciler.engine.context import EndpointWatch, EngineContext
        from reconciler.engine.reconciler import Reconciler
        from reconciler.state.former_stack import FormerStack
        from reconciler.state.state_table import StateTable
        from reconciler.system import SystemClock, SystemRandom, process_name

        endpoint = self.connection.identify()
        self._log_late_notices()
        options: Options = self.settings.options(endpoint.flavor, one_shot=self.one_shot)
        clock = SystemClock(self.stop)
        former = self.settings.former_scope
        store = StateTable(
            self.connection.state_client(),
            options.state_table,
            options.scope,
            holder=uuid4_text(secrets.randbits(128)),
            holder_name=process_name(),
            clock=clock,
            former=FormerStack(former, self._declared) if former else None,
            on_wait=self.telemetry.on_wait,
            on_create=self.source.check_ahead,
        )
        self.connection.watch_state_table(options.state_table)
        self.connection.fence = store.lease_lasts
        self.connection.limits.append(hooks.within_lease(store.lease_left))
        context = EngineContext(
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
            many=ManyTables(self.connection.tables, self.settings.workers, self.stop),
            endpoint_watch=EndpointWatch(self.connection.begin_pass, self.connection.confirm),
            replacer=cache(self._replacer),
            migration_files=self._migration_checksums,
        )
        accounts = frozenset(self.settings.allowed_accounts or ())
        deadline = self.settings.deadline(endpoint.flavor)
        return Reconciler(context, options, deadline, accounts, on_endpoint_change=self._apply_new_endpoint)

    def _api(self, endpoint: Endpoint) -> TableApi:
        from reconciler.aws.rate_limit import RateLimited
        from reconciler.system import SystemClock

        tables = self.connection.tables
        self.connection.siblings.others["kubernetes"] = self._config_maps
        return tables if endpoint.flavor.emulator else RateLimited(tables, SystemClock(self.stop))

    def _config_maps(self) -> OtherService:
        """Where the name of a replaced table is published, for a declaration that names a ConfigMap."""
        from reconciler.config_maps import ConfigMaps

        return ConfigMaps(None if self.read_only else self._leads, self.telemetry).call

    def _leads(self) -> bool:
        """Whether the lease of this process still lasts, by its own clock."""
        return self.connection.fence is not None and self.connection.fence()

    def _apply_new_endpoint(self, reconciler: Reconciler, endpoint: Endpoint) -> None:
        """Recompute what depends on the endpoint: permissions, caps, deadlines and the rate limit."""
        reconciler.options = self.settings.options(endpoint.flavor, one_shot=self.one_shot)
        reconciler.timeout = self.settings.deadline(endpoint.flavor)
        reconciler.ports = replace(reconciler.ports, endpoint=endpoint, api=self._api(endpoint))
