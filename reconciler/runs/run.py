"""One order on its way through the loop; whoever asked waits on ``ended``."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

from reconciler.model.errors import DeclarationError, ReconcilerError, UsageError
from reconciler.runs.order import Job, Outcome


class Stopping(ReconcilerError):
    """The daemon is ending; nothing more is begun."""


class Full(ReconcilerError):
    """Too many different orders wait already."""


def _unbreakable() -> Future[Outcome]:
    """A future that a caller who goes away cannot cancel, because others wait on it too."""
    future: Future[Outcome] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(slots=True, eq=False)
class Run:
    """``id`` is the record's in the book. ``ended`` yields the outcome or raises what the verb raised."""

    id: str
    order: Job
    ended: Future[Outcome] = field(default_factory=_unbreakable)

    @property
    def may_have_changed(self) -> bool:
        """Whether, now that it has ended, it may have changed anything; what was refused as a whole has not."""
        return self.order.changes and not isinstance(self.ended.exception(), UsageError | DeclarationError | Stopping)
