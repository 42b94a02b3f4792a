"""Orders to the running daemon and their runs. HTTP routes make an order, the loop's thread carries it out."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.errors import DeclarationError, ReconcilerError, UsageError
from reconciler.model.report import PassReport

TRIGGER = "api"
PAGE = "page"
"""The trigger of what was ordered by a button of the status page."""


class Verb(StrEnum):
    """The verbs of the API and of the page's buttons; each is a command too, or the preview of one."""

    RUN = "run"
    PREVIEW = "preview"
    PREVIEW_ROLLBACK = "preview rollback"
    ROLLBACK = "rollback"
    SEED = "seed"
    CLEAR = "clear"
    SUSPEND = "suspend"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Job:
    """One wish; equal wishes that wait are one. ``tables`` are base or full names, empty for all of them.

    ``plan_digest`` makes a run or a rollback go only if a preview right before it gives this digest. ``trigger`` says
    where the wish came from.
    """

    verb: Verb
    tables: tuple[str, ...] = ()
    plan_digest: str | None = None
    trigger: str = TRIGGER

    @property
    def covers_all_tables(self) -> bool:
        """Whether it is a pass over all tables, so that none is needed after it."""
        return self.verb is Verb.RUN and not self.tables

    @property
    def may_change(self) -> bool:
        """Whether it may change anything."""
        return self.verb not in (Verb.PREVIEW, Verb.PREVIEW_ROLLBACK)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an order.

    ``report`` is ``None`` for verbs that look at no table, ``plan_digest`` is that of a preview, ``suspended`` what the
    order has made of the suspension, ``None`` where it left it or a pass tells.
    """

    report: PassReport | None
    plan_digest: str | None = None
    suspended: bool | None = None


class Stopping(ReconcilerError):
    """The daemon is ending; nothing more is begun."""


class QueueFull(ReconcilerError):
    """Too many different jobs are already queued."""


def _uncancellable() -> Future[Outcome]:
    """A future that a caller who goes away cannot cancel, because others wait on it too."""
    future: Future[Outcome] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(slots=True, eq=False)
class Run:
    """``id`` is the record's in the book. ``ended`` yields the outcome or raises what the verb raised."""

    id: str
    job: Job
    ended: Future[Outcome] = field(default_factory=_uncancellable)

    @property
    def may_have_changed(self) -> bool:
        """Whether, now that it has ended, it may have changed anything; what was refused as a whole has not."""
        return self.job.may_change and not isinstance(self.ended.exception(), UsageError | DeclarationError | Stopping)
