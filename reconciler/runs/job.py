"""Jobs for the running daemon and their runs. HTTP routes create a job; the thread of the loop executes it."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from reconciler.model.errors import DeclarationError, ReconcilerError, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.report import PassReport

if TYPE_CHECKING:
    from concurrent.futures import Future

    from reconciler.mover.migrate import MigrationResult

TRIGGER = "api"
PAGE = "page"
"""The trigger of a job from a button of the status page."""


class Verb(StrEnum):
    """The verbs of the API and of the page's buttons; each is a command, the preview of one, or for tests alone."""

    RUN = "run"
    PREVIEW = "preview"
    PREVIEW_ROLLBACK = "preview rollback"
    ROLLBACK = "rollback"
    SEED = "seed"
    CLEAR = "clear"
    SUSPEND = "suspend"
    RESUME = "resume"
    TEST_RESET = "test reset"
    TEST_SNAPSHOT = "test snapshot"


@dataclass(frozen=True, slots=True)
class Job:
    """One request to the daemon; equal jobs in the queue share one run.

    ``tables`` are base or full names, empty for all. With ``plan_digest``, a run or rollback is executed only if a
    preview right before it has this digest. ``trigger`` names the source of the job. A run with ``items`` also runs the
    pending migrations of items after its pass.
    """

    verb: Verb
    tables: tuple[str, ...] = ()
    plan_digest: str | None = None
    trigger: str = TRIGGER
    items: bool = False
    content: Literal["snapshot", "seed", "empty"] = "snapshot"
    """For ``TEST_RESET``: what the tables have afterwards. Without a snapshot, their seeds."""

    @property
    def covers_all_tables(self) -> bool:
        """Whether it is a pass over all tables, so that no further pass has to follow it."""
        return self.verb is Verb.RUN and not self.tables

    @property
    def may_change(self) -> bool:
        """Whether it may change anything."""
        return self.verb not in (Verb.PREVIEW, Verb.PREVIEW_ROLLBACK, Verb.TEST_SNAPSHOT)


@dataclass(frozen=True, slots=True)
class ItemsOutcome:
    """What a run did with migrations of items. ``error`` says why none, or no further one, was run."""

    results: tuple[MigrationResult, ...] = ()
    error: str | None = None

    @property
    def whole(self) -> bool:
        """Whether everything that was pending is applied."""
        return self.error is None and all(result.finished for result in self.results)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a job.

    ``report`` is ``None`` for verbs that read no table. ``plan_digest`` is set for previews. ``suspended`` is the new
    state of the suspension, ``None`` where the job left it or its pass reports it.
    """

    report: PassReport | None
    plan_digest: str | None = None
    suspended: bool | None = None
    items: ItemsOutcome | None = None
    """``None`` unless the job asked for them."""


class Stopping(ReconcilerError):
    """The daemon is stopping and starts no new job."""


class QueueFull(ReconcilerError):
    """Too many different jobs are already queued."""


def _uncancellable() -> Future[Outcome]:
    """A future that no caller can cancel, because other callers may wait for it too."""
    from concurrent.futures import Future

    future: Future[Outcome] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(slots=True, eq=False)
class Run:
    """``id`` is the ID of its record in the history. ``ended`` yields the outcome or raises what the verb raised."""

    id: str
    job: Job
    ended: Future[Outcome] = field(default_factory=_uncancellable)

    @property
    def may_have_changed(self) -> bool:
        """Whether the finished run may have changed anything; a run that was refused as a whole has not."""
        return self.job.may_change and not isinstance(self.ended.exception(), UsageError | DeclarationError | Stopping)
