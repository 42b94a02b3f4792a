"""The steps of a plan with their statuses. The planner makes them for the engine and for every display."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from reconciler.model.change import Call, Change, Hazard
from reconciler.model.lazy_dataclass import dataclass

FORMER_NAME = "table_name"
"""The path of the change by which the items of a table move to a table with another name."""


class Action(StrEnum):
    """What a step does to its table; also the metric label ``action``."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    SEED = "seed"
    CLEAR = "clear"


class StepStatus(StrEnum):
    """What becomes of a step. The engine turns ``ready`` into ``done`` or ``failed``."""

    READY = "ready"
    DEFERRED = "deferred"
    BLOCKED = "blocked"
    UNSUPPORTED = "unsupported"
    DONE = "done"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a step is not ready; bounded, because it is a metric label."""

    BUSY = "busy"
    NOT_BEFORE = "not_before"
    AFTER = "after"
    BACKUP = "backup"
    PRUNE_GRACE = "prune_grace"
    LEASE = "lease"
    PRUNE_OFF = "prune_off"
    NOT_OWNED = "not_owned"
    OTHER_STACK = "other_stack"
    IDENTITY = "identity"
    DATA_LOSS = "data_loss"
    DISRUPTION = "disruption"
    PROTECTED = "protected"
    STATUS = "status"
    MAX_DELETES = "max_deletes"
    FOREIGN_DECLARATIONS = "foreign_declarations"
    INVALID_ANSWER = "invalid_answer"
    SEED_CHANGED = "seed_changed"
    REPLACING = "replacing"
    STATE_LOST = "state_lost"
    ON_EXISTING = "on_existing"
    CONTESTED = "contested"
    DENIED = "denied"
    NOT_APPROVED = "not_approved"
    BACKFILL = "backfill"
    UNSUPPORTED = "unsupported"
    REJECTED = "rejected"
    ERROR = "error"


CANCEL = "cancel"
"""How the history calls the end of a replacement that was cancelled."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change, or several in one call, with the call and its status.

    ``message`` is the sentence for people, ``allow_with`` the exact command or setting that would allow a blocked
    step. ``call`` is ``None`` for a wait that only observes and for seeding. ``ready`` steps are applied in order, one
    table-changing call a round. ``staged`` marks a call that only clears the way for another towards the same change.
    """

    action: Action
    facet: str
    changes: tuple[Change, ...] = ()
    call: Call | None = None
    status: StepStatus = StepStatus.READY
    reason: Reason | None = None
    message: str | None = None
    allow_with: str | None = None
    not_before: datetime | None = None
    staged: bool = False
    nothing_lost: bool = False
    """Whether a Scan showed that the table of a destructive step holds no item other than its seed."""
    keeps_items: bool = False
    """Whether the items of a replaced table are copied aside before, and returned after it."""
    returns_items: bool = False
    """Whether the table of a replacement is deleted already, so that the step only brings its items back."""
    gives_up: bool = False
    """Whether it ends a replacement that was cancelled: it replaces nothing, and counts as no action."""

    @property
    def destructive(self) -> bool:
        """True for steps that destroy items: those that end the table, and the removal of a replica."""
        return self.ends_table or any(change.hazard is Hazard.DATA_LOSS for change in self.changes)

    @property
    def removes(self) -> bool:
        """True for steps that take something from a table that stays: an index, a replica, a stream, a backup."""
        return not self.ends_table and self.call is not None and (self.hazardous or self.call.destroys)

    @property
    def hazardous(self) -> bool:
        """True where a change of it costs something; see ``Hazard``."""
        return any(change.hazard is not Hazard.NONE for change in self.changes)

    @property
    def ends_table(self) -> bool:
        """True for deletes and replaces."""
        return self.action in (Action.DELETE, Action.REPLACE) and not self.returns_items

    @property
    def renamed_to(self) -> str | None:
        """The name of the table that gets the items of a renamed one; ``None`` for any other step."""
        return next((str(change.after) for change in self.changes if change.path == FORMER_NAME), None)

    @property
    def moves_items(self) -> bool:
        """True for steps that the mover carries out."""
        return self.keeps_items or self.returns_items

    def blocked(self, reason: Reason, message: str, allow_with: str | None = None) -> Step:
        """This step, refused by policy."""
        return replace(self, status=StepStatus.BLOCKED, reason=reason, message=message, allow_with=allow_with)

    def deferred(self, reason: Reason, message: str, not_before: datetime | None = None) -> Step:
        """This step, for later."""
        return replace(self, status=StepStatus.DEFERRED, reason=reason, message=message, not_before=not_before)

    def unsupported(self, message: str) -> Step:
        """This step, which the endpoint cannot hold."""
        return replace(self, status=StepStatus.UNSUPPORTED, reason=Reason.UNSUPPORTED, message=message)

    def done(self) -> Step:
        """This step, carried out; what was said of its future is past."""
        message = self.message if self.action in (Action.SEED, Action.CLEAR) else None
        return replace(self, status=StepStatus.DONE, reason=None, message=message)

    def as_deletion(self) -> Step:
        """This step of a table whose items another one has, as it is shown and confirmed: nothing takes its place.

        The deletion gate judges it as a replacement, because nothing is lost with the table.
        """
        return replace(self, action=Action.DELETE) if self.action is Action.REPLACE else self

    def with_message(self, message: str) -> Step:
        """This step with another sentence."""
        return replace(self, message=message)

    def failed(self, message: str, reason: Reason = Reason.ERROR) -> Step:
        """This step, tried without success."""
        return replace(self, status=StepStatus.FAILED, reason=reason, message=message)


@dataclass(frozen=True, slots=True)
class Approval:
    """The destructive steps that a person confirmed, by table, action and facet.

    ``everything`` is for the plan that is shown before the question: it shows what a confirmation would allow.
    ``digest`` is that of the whole plan that was shown; until something was written, another plan is not begun.
    """

    steps: frozenset[tuple[str, Action, str]] = frozenset()
    harmless: frozenset[tuple[str, Action, str]] = frozenset()
    """Those of ``steps`` that were shown to lose no item other than a seed."""
    withheld: frozenset[tuple[str, Action, str]] = frozenset()
    """Destructive steps that were shown as blocked."""
    everything: bool = False
    digest: str | None = None

    def covers(self, table: str, step: Step) -> bool:
        """Whether this very step of the table was shown and confirmed."""
        return self.everything or (table, step.action, step.facet) in self.steps

    def covers_loss(self, table: str, step: Step) -> bool:
        """Whether it was confirmed as a step that may lose items other than the seed."""
        return self.covers(table, step) and (table, step.action, step.facet) not in self.harmless
