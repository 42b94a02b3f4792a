"""A wiring without an endpoint: it returns prepared reports and records its calls."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from support.reports import a_report, in_sync

import reconciler
from reconciler.declarations.export.exported import Exported
from reconciler.engine.commands import CommandResult
from reconciler.engine.import_tables import Skipped
from reconciler.model.desired import Declaration, DesiredState, Origin, Seed
from reconciler.model.plan import Approval, StepStatus
from reconciler.model.report import PassReport
from reconciler.model.table import KeyElement, RestoreOverrides, TableSpec
from reconciler.settings.in_effect import in_effect


@dataclass(frozen=True)
class Finding:
    """What ``doctor`` finds."""

    name: str
    level: str
    detail: str
    remedy: str | None = None


def desired() -> DesiredState:
    """One table with two seed items."""
    spec = TableSpec("users", (KeyElement("pk", "HASH", "S"),))
    seed = Seed("seeds/users.json", ({"pk": {"S": "1"}}, {"pk": {"S": "2"}}), "d1")
    return DesiredState((Declaration("users", spec, Origin("users_table.py", 4), seed=seed),), "d0", ("odd file",))


@dataclass
class FakeWiring:
    """Prepared answers; ``calls`` are the names and arguments seen, ``settings`` what the last command loaded."""

    plan: PassReport = field(default_factory=lambda: a_report(in_sync()))
    result: PassReport = field(default_factory=lambda: a_report(in_sync()))
    raises: Callable[[], BaseException] | None = None
    view: Mapping[str, Any] | None = None
    findings: tuple[Finding, ...] = (Finding("endpoint", "ok", "dynamodb-local"),)
    ready: bool = True
    served: int = 0
    suspended: bool = True
    reported: CommandResult = CommandResult(("It is done.",), finished=True, data={"table": "users"})  # noqa: RUF009
    notices: tuple[str, ...] = ()
    unpublished: tuple[str, ...] = ()
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    settings: Any = None
    overrides: RestoreOverrides | None = None
    passed_over: tuple[Skipped, ...] = ()
    emulator: bool = True
    confirming: bool | None = None
    approved: Approval | None = None
    checked: tuple[Any, ...] = ()
    orphans: tuple[str, ...] = ()
    daemon: tuple[Mapping[str, Any] | None, str] = (None, "")
    changed_seeds: tuple[str, ...] = ()

    @property
    def reconciler(self) -> FakeWiring:
        """The reconciler is this very object, too."""
        return self

    @property
    def ports(self) -> SimpleNamespace:
        """``clear`` looks up whether the endpoint is an emulator."""
        return SimpleNamespace(emulator=self.emulator, endpoint=self.plan.endpoint)

    @property
    def source(self) -> SimpleNamespace:
        """Declarations without errors."""
        return SimpleNamespace(load=desired)

    @contextmanager
    def open_app(self, settings: Any, *, one_shot: bool, read_only: bool) -> Iterator[FakeWiring]:
        """As wiring's: the app is this very object."""
        self.settings = settings
        self.calls.append(("open", one_shot, read_only))
        self._maybe_raise()
        yield self
        self.calls.append(("close",))

    def seed_changes(self, tables: tuple[str, ...] = ()) -> tuple[str, ...]:
        return self.changed_seeds

    def preview(self, tables: tuple[str, ...] = (), *, confirming: bool = False) -> PassReport:
        self.calls.append(("preview", tables))
        self.confirming = confirming
        return self.plan

    def ended_with(self, plan: PassReport, trigger: str, tables: tuple[str, ...] = ()) -> PassReport:
        return plan

    def show_progress(self, on_seeding: Any, on_work: Any = None) -> None:
        self.on_seeding, self.on_work = on_seeding, on_work

    def seed_by_daemon(self, names: tuple[str, ...], *, clear: bool = False) -> tuple[Mapping[str, Any] | None, str]:
        return self.daemon

    def show_waits(self, on_wait: Any) -> None:
        self.on_wait = on_wait

    def activity(self) -> str:
        return "Reading tables: 7 requests answered so far"

    def converge(
        self,
        trigger: str,
        tables: tuple[str, ...] = (),
        on_step: Any = None,
        approved: Approval | None = None,
        on_wait: Any = None,
    ) -> PassReport:
        self.calls.append(("converge", trigger, tables))
        self.approved = approved
        for table in self.result.tables:
            for step in table.steps:
                if on_step is not None and step.status in (StepStatus.DONE, StepStatus.FAILED):
                    on_step(table.name, step)
        return self.result

    def publish_metrics(self) -> tuple[str, ...]:
        self.calls.append(("publish_metrics",))
        return self.unpublished

    def destroy(
        self, tables: tuple[str, ...] = (), *, confirmed: bool = False, on_step: Any = None, on_wait: Any = None
    ) -> PassReport:
        self.calls.append(("destroy", tables))
        return replace(self.result, suspended=not self.result.error)

    def seed(self, tables: tuple[str, ...] = (), *, update: bool = False) -> PassReport:
        self.calls.append(("seed", tables))
        return self.result

    def clear(self, tables: tuple[str, ...] = ()) -> PassReport:
        self.calls.append(("clear", tables))
        return self.result

    def import_tables(self, names: tuple[str, ...], form: str) -> Any:
        self.calls.append(("import", names, form))
        return (
            tuple(Path(f"desired_state/{name}_table.py") for name in names),
            self.passed_over,
            (),
            "nothing was written",
        )

    def release(self, tables: tuple[str, ...]) -> tuple[str, ...]:
        self.calls.append(("release", tables))
        return tuple(f"{name} is released" for name in tables)

    def restore(
        self, table: str, to: str, *, backup: str | None, at: str | None, overrides: RestoreOverrides, on_progress: Any
    ) -> CommandResult:
        self.calls.append(("restore", table, to, backup, at))
        self.overrides = overrides
        on_progress(f"{to}: begun")
        return self.reported

    def check_references(self, tables: tuple[str, ...] = (), sample: int | None = None) -> tuple[Any, ...]:
        self.calls.append(("check_references", tables, sample))
        return self.checked

    def rebuild_index(
        self, table: str, index: str, new: str | None, hold: timedelta | None, on_wait: Any = None
    ) -> CommandResult:
        self.calls.append(("rebuild_index", table, index, new, hold))
        return self.reported

    def cancel_rebuild(self, table: str) -> CommandResult:
        self.calls.append(("cancel_rebuild", table))
        return self.reported

    def suspend(self, by: str) -> None:
        self.calls.append(("suspend", by))

    def resume(self) -> bool:
        self.calls.append(("resume",))
        return self.suspended

    def status(self) -> Mapping[str, Any]:
        self.calls.append(("status",))
        return self.view or {
            "report": self.plan,
            "suspension": None,
            "lease": None,
            "runs": (),
            "next_run": None,
            "problem": None,
            "pending_migrations": (),
        }

    def doctor(self) -> tuple[Finding, ...]:
        self.calls.append(("doctor",))
        return self.findings

    def effective_settings(self) -> tuple[tuple[str, str, str], ...]:
        return in_effect(self.settings, None)

    def serve(self) -> int:
        self.calls.append(("serve",))
        return self.served

    def desired_state(self, settings: Any, *, one_of_two: bool = False) -> DesiredState:
        self.settings = settings
        self._maybe_raise()
        return desired()

    def migration_problems(self, settings: Any, desired: Any) -> tuple[Any, ...]:
        return ()

    def unknown_parameters(self, settings: Any) -> tuple[Any, ...]:
        return ()

    def export(self, settings: Any, names: tuple[str, ...], form: str) -> tuple[DesiredState, Exported]:
        """One text."""
        self.settings = settings
        self.calls.append(("export", names, form))
        return desired(), Exported({"tables.txt": "users\n"}, ("users: something is not held",))

    def seed_orphans(self, desired: DesiredState) -> tuple[str, ...]:
        return self.orphans

    def json_schema(self, *, overlay: bool = False) -> dict[str, Any]:
        return {"$schema": "https://json-schema.org/draft-07/schema", "title": "Table"}

    def healthcheck(self, settings: Any) -> tuple[bool, str]:
        self.settings = settings
        return self.ready, "ready" if self.ready else "waiting for users"

    def _maybe_raise(self) -> None:
        if self.raises is not None:
            raise self.raises()


def as_module(fake: FakeWiring) -> types.ModuleType:
    """The fake as the module ``reconciler.wiring``."""
    module = types.ModuleType("reconciler.wiring")
    for name in (
        "open_app",
        "desired_state",
        "seed_orphans",
        "export",
        "json_schema",
        "healthcheck",
        "unknown_parameters",
        "migration_problems",
    ):
        setattr(module, name, getattr(fake, name))
    return module


def install(fake: FakeWiring) -> None:
    """For a process of its own: every later import of ``reconciler.wiring`` finds the fake."""
    module = as_module(fake)
    sys.modules["reconciler.wiring"] = module
    reconciler.wiring = module  # type: ignore[attr-defined]
