"""What an engine remembers between its passes, all of it derivable again: losing it costs a write at most."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from reconciler.engine.cancelled_deletions import CancelledDeletions
from reconciler.engine.elapsed_times import ElapsedTimes
from reconciler.engine.plan_cache import PlanCache
from reconciler.engine.safety_backup import SafetyBackup
from reconciler.model.desired import DesiredState
from reconciler.model.records import Attempts, StateSnapshot
from reconciler.model.report import TableReport


@dataclass(slots=True)
class EngineState:
    """Counts of writes that did not stick, since when there is drift, wishes that are over, good declarations."""

    attempts: dict[str, Attempts] = field(default_factory=dict)
    drift_since: dict[str, datetime] = field(default_factory=dict)
    last_good: DesiredState | None = None
    last_verdict: str | None = None
    plan_cache: PlanCache = field(default_factory=PlanCache)
    cancelled_deletions: CancelledDeletions = field(default_factory=CancelledDeletions)
    elapsed_times: ElapsedTimes = field(default_factory=ElapsedTimes)
    backups: dict[str, SafetyBackup] = field(default_factory=dict)
    reports: dict[str, TableReport] = field(default_factory=dict)

    def load_attempts(self, snapshot: StateSnapshot) -> None:
        """Counts written down by an earlier process, where this one has none of its own."""
        for name, attempts in snapshot.attempts.items():
            self.attempts.setdefault(name, attempts)

    def reuse(self, table: TableReport) -> TableReport:
        """The report itself, or the very object of the pass before where it says the same; readers need not compare."""
        last = self.reports.get(table.name)
        return last if last is not None and last == table else table

    def drift_start(self, table: TableReport, now: datetime) -> datetime | None:
        """When this table's present drift was first seen."""
        if table.error is not None:
            return self.drift_since.get(table.name)
        if not table.drifted:
            self.drift_since.pop(table.name, None)
            return None
        return self.drift_since.setdefault(table.name, now)
