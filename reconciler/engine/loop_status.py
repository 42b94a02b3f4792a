"""The present status of the loop: the last report, the next pass and readiness. Metrics, probes and pages read it.

Every value is immutable and replaced as a whole, so readers in other threads need no lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from reconciler.engine.status_history import StatusHistory
from reconciler.model.identity import Endpoint
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Generation, Replacement
from reconciler.model.report import PassReport, TableReport, TableStatus, Verdict

BUILDING_INDEX = "building index"
"""How ``what`` of an index build begins. DynamoDB goes on with it between the passes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is. ``table`` is empty for one on many tables.

    ``what`` names it (``seeding``), ``done`` and ``total`` count items or tables, ``seconds_left`` is an estimate. A
    number that is not known is ``None``.
    """

    table: str
    what: str
    done: int
    total: int | None = None
    per_second: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class PresentWork:
    """What the records say between two passes of the work that any process may do.

    Generations are by declared name, replacements by table. ``leads`` tells whether this process has the lease,
    ``held`` whether any has it, and ``holder`` names the one that has or last had it.
    """

    generations: Mapping[str, Generation]
    replacements: Mapping[str, Replacement]
    leads: bool
    held: bool
    holder: str | None

    @property
    def held_by(self) -> str | None:
        """The other process that has the lease."""
        return self.holder if self.held and not self.leads else None


@dataclass(slots=True)
class LoopStatus:
    """The last pass, the next one, and readiness.

    ``report`` is the last pass over all tables, ``observed`` the last one that could look at all of them.
    ``ready_names`` has the declared tables that were once ACTIVE with their seeding finished. Later drift does not
    remove a name, but ``destroy`` does. ``interval`` is in seconds.
    """

    environment: str
    interval: float = 60.0
    stack: str = "default"
    endpoint: Endpoint | None = None
    endpoint_up: bool = False
    report: PassReport | None = None
    observed: PassReport | None = None
    in_progress: str | None = None
    last_success: datetime | None = None
    next_pass: datetime | None = None
    config_ok: bool = False
    config_loaded_at: datetime | None = None
    config_errors: int = 0
    suspended: bool = False
    leader: bool = False
    ready_names: frozenset[str] = frozenset()
    not_ready_reason: str = "waiting for the endpoint"
    heartbeat: datetime | None = None
    """When the loop last made progress: it tried to connect, began or ended a pass, or got a response.

    ``None`` if no loop runs.
    """
    loop_error: str | None = None
    """The error that ended the loop. Liveness is false from then on."""
    progress: dict[tuple[str, str], Progress] = field(default_factory=dict)
    """The long work that is being done, by table and kind. The one value that changes in place: see ``advance``."""
    history: StatusHistory = field(default_factory=StatusHistory)
    pending_migrations: tuple[str, ...] = ()
    """The migrations of items that were not begun at the last pass."""
    present: PresentWork | None = None
    """What was read since the last pass; ``None`` where nobody has looked."""
    begun_migrations: tuple[str, ...] = ()
    """A sentence for each migration of items that is begun and not finished."""
    open_migrations: tuple[str, ...] = ()
    """A sentence for each migration of items that is begun and not finished, and one for those that are pending."""

    def start(self, pass_id: str) -> None:
        """A pass begins. Readiness waits until the first one has ended."""
        self.in_progress = pass_id
        self._drop_progress()
        if self.report is None:
            self.not_ready_reason = "the first pass is checking the tables"

    def planned(self, words: str) -> None:
        """The current pass has planned and is about to apply."""
        if self.report is None:
            self.not_ready_reason = f"the first pass is {words}"

    def advance(self, progress: Progress, *, ended: bool = False) -> None:
        """Show how far a piece of work is, or drop it when it has ended."""
        key = (progress.table, progress.what)
        # Tables are seeded in several threads. Setting and removing one key of a dict are atomic; readers copy it.
        if ended:
            self.progress.pop(key, None)
        else:
            self.progress[key] = progress

    def finish(self, report: PassReport) -> None:
        """A pass over all tables ended. Take over its report."""
        self.report, self.present = report, None
        # A pass during which the endpoint went away shows errors of tables that only mean that.
        if report.answered or (self.observed is None and report.error is None):
            self.observed = report
        self.history.record(report)
        self.in_progress = None
        self._drop_progress()
        self.suspended = report.suspended
        self.leader = bool(report.leader)
        self.endpoint = report.endpoint or self.endpoint
        self.endpoint_up = report.endpoint_up
        self.config_errors = len(report.problems)
        self.config_ok = not report.problems
        if not report.problems:
            self.config_loaded_at = report.started
        if report.verdict is not Verdict.ERROR:
            self.last_success = report.finished
        self.ready_names |= {table.name for table in report.tables if table.ready}
        self.ready_names -= {table.name for table in report.tables if _destroyed(report, table)}
        self.not_ready_reason = self._not_ready(report)

    def _drop_progress(self) -> None:
        """Drop what only a pass does. Index builds stay until they end."""
        self.progress = {key: each for key, each in self.progress.items() if each.what.startswith(BUILDING_INDEX)}

    @property
    def ready(self) -> bool:
        """Whether the endpoint is up and every declared table was once ACTIVE with its seeding finished."""
        return self.endpoint_up and self.report is not None and not self.not_ready_reason

    def declared(self) -> tuple[TableReport, ...]:
        """The declared tables of the last report."""
        return tuple(t for t in self.report.tables if t.declaration) if self.report else ()

    def _not_ready(self, report: PassReport) -> str:
        if report.problems and not report.tables:
            return f"the desired state has errors: {report.problems[0]}"
        if report.error:
            return report.error
        not_ours = (TableStatus.UNMANAGED, TableStatus.RELEASED)
        ours = [t.name for t in report.tables if t.declaration and t.status not in not_ours]
        waiting = [name for name in ours if name not in self.ready_names]
        if waiting:
            more = f" and {len(waiting) - 5} more" if waiting[5:] else ""
            suspended = "; the stack is suspended, `reconciler resume` lifts it" if report.suspended else ""
            return f"waiting for {', '.join(waiting[:5])}{more}{suspended}"
        return ""


def _destroyed(report: PassReport, table: TableReport) -> bool:
    """Whether ``destroy`` deleted the table: the stack is suspended, and neither table nor record exists.

    If somebody else deleted the table, its record remains.
    """
    return report.suspended and table.status is TableStatus.MISSING and table.ownership is None
