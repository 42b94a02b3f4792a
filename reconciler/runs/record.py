"""The record of a run, enough for a timeline. Shown by ``/api/v1/runs`` and the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import CANCEL, StepStatus
from reconciler.model.report import PassReport
from reconciler.runs.job import PAGE

COMMANDS = ("seed", "clear", "migrate")
"""The triggers of runs in the history that are no passes."""
MAX_ACTIONS = 100
"""Of one run; its summary counts all."""


class State(StrEnum):
    """How far a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunAction:
    """One step that was carried out, failed or was refused."""

    table: str
    action: str
    facet: str
    fate: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One run; ``verb`` is ``pass`` for those of the loop itself. ``error`` is a sentence."""

    id: str
    verb: str
    trigger: str
    state: State
    queued: datetime
    tables: tuple[str, ...] = ()
    started: datetime | None = None
    finished: datetime | None = None
    verdict: str | None = None
    summary: Mapping[str, int] = field(default_factory=dict)
    actions: tuple[RunAction, ...] = ()
    wrote: bool = False
    error: str | None = None
    message: str | None = None
    """The result of a job, in sentences."""
    process: str | None = None
    """Who made it, as HOST:PID; ``None`` where a record of an older release does not say it."""
    done_counts: Mapping[str, int] | None = None
    """On how many tables each action was done; ``None`` where a record of an older release does not say it."""
    interrupted: bool = False
    """Whether the process was to stop before the run had ended."""
    worked: tuple[str, ...] = ()
    """The tables whose replacement with their items it continued, each with how far that is: ``orders (ready)``; or the
    migrations of items that it ran, each with its table: ``0001_add_group (users)``."""

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.state in (State.DONE, State.FAILED)

    def superseded_by(self, later: Record) -> bool:
        """Whether the run right after it makes it redundant: an idle pass that repeats it, or another preview."""
        return (self.ended and self.is_page_preview and later.is_page_preview) or self._repeated_by(later)

    @property
    def is_page_preview(self) -> bool:
        """Whether it only computed the plan of a confirmation page."""
        return self.verb.startswith("preview") and self.trigger == PAGE

    def _repeated_by(self, later: Record) -> bool:
        """Whether both are passes of the loop that wrote nothing and found the same."""
        if not self.verb == later.verb == "pass" or self.wrote or later.wrote:
            return False
        return self.state is later.state is State.DONE and self._found() == later._found()

    def _found(self) -> tuple[Any, ...]:
        return self.trigger, self.verdict, self.actions, self.error

    def running(self, now: datetime) -> Record:
        """The record of the running run."""
        return replace(self, state=State.RUNNING, started=now)

    def done(self, report: PassReport | None, now: datetime, message: str | None = None) -> Record:
        """The record of a finished run, usually with a report."""
        ended = replace(self, state=State.DONE, finished=now, message=message)
        if report is None:
            return ended
        return replace(
            ended,
            verdict=report.verdict.value,
            summary={name: count for name, count in report.summary().items() if count},
            actions=_actions(report),
            wrote=report.wrote,
            done_counts=report.done_counts(),
            worked=report.worked,
            interrupted=report.interrupted,
            error=report.error or (str(report.problems[0]) if report.problems else None),
        )

    def failed(self, error: str, now: datetime) -> Record:
        """The record of a run that ended without a report."""
        return replace(self, state=State.FAILED, finished=now, error=error)


def from_history(entry: Mapping[str, Any]) -> Record | None:
    """A run from the history in the state table; ``None`` for an entry that cannot be read."""
    try:
        started, finished = (datetime.fromisoformat(str(entry[name])) for name in ("started", "finished"))
        pass_id, trigger, verdict = (str(entry[name]) for name in ("pass_id", "trigger", "verdict"))
        counts = {str(name): int(count) for name, count in dict(entry.get("summary") or {}).items() if count}
        actions = tuple(RunAction(*each) for each in entry.get("actions") or ())
        done = {str(name): int(count) for name, count in entry["done"].items()} if "done" in entry else None
        worked = tuple(map(str, entry.get("worked") or ()))
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
    # Runs of these commands are no passes: they are called as the jobs of the page that do the same.
    verb = trigger if trigger in COMMANDS else "pass"
    known = Record(pass_id, verb, trigger, State.DONE, started, (), started, finished, verdict, counts, actions)
    known = replace(known, done_counts=done, worked=worked, interrupted=bool(entry.get("interrupted")))
    return replace(known, wrote=bool(entry.get("wrote")), error=entry.get("error"), process=entry.get("process"))


def _actions(report: PassReport) -> tuple[RunAction, ...]:
    ended = (StepStatus.DONE, StepStatus.FAILED, StepStatus.BLOCKED)
    found = (
        RunAction(
            table.name, CANCEL if step.gives_up else step.action.value, step.facet, step.status.value, step.message
        )
        for table in report.tables
        for step in table.steps
        if step.status in ended
    )
    return tuple(action for action, _ in zip(found, range(MAX_ACTIONS), strict=False))
