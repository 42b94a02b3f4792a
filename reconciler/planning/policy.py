"""What is permitted: filters over a table's steps, between the planner and the engine.

The deletion gate lives here, whole. Every refusal carries its reason and the setting or command that would allow it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reconciler.model.change import Hazard
from reconciler.model.desired import Lifecycle
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options, permits
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import InventoryEntry
from reconciler.planning import ownership

TEMPORARY = (Reason.DATA_LOSS, Reason.INVALID_ANSWER, Reason.BACKUP)
"""Refusals that end by themselves: when the table is emptied, when the next answer is whole."""
UNWANTED, EMPTY = "holds items beside its seed", "must be seen empty twice"
NEVER_TOUCHED = ("ARCHIVED", "ARCHIVING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS")


@dataclass(frozen=True, slots=True)
class GateInput:
    """What the gate knows about one live table.

    ``foreign`` says that several tables of this stack exist and none of them is declared; ``lone`` that this one is the
    only table of this stack and is not declared; ``unsettled`` that neither could be found out. ``approved`` is whether
    a person confirmed this step, ``None`` where nobody was asked; ``loss_approved`` whether as one that may lose items
    other than the seed; ``shown_blocked`` whether they saw it blocked. ``elapsed`` tells how long something of the
    table has lasted that was recorded at a time, by no clock less; without it the wall clock alone does. ``vanished``
    is the folder that declared the table, where no file of it declares anything any more; ``renamed_to`` are the tables
    that its file declares in its place; ``elsewhere`` is the other project of this stack that declared it.
    """

    options: Options
    emulator: bool
    now: datetime
    observed: ObservedTable
    entry: InventoryEntry | None
    lifecycle: Lifecycle
    foreign: bool = False
    single: bool = False
    unconfirmed: bool = False
    approved: bool | None = None
    loss_approved: bool = False
    shown_blocked: bool = False
    elapsed: Callable[[str, datetime], timedelta] | None = None
    missing_folder: str | None = None
    renamed_to: str | None = None
    elsewhere: str | None = None


@dataclass(frozen=True, slots=True)
class TableContents:
    """What a consistent Scan saw, right now: whether the table holds an item, and whether only its seed."""

    holds_items: bool
    only_seed: bool = False


def permit_in_place(step: Step, options: Options, lifecycle: Lifecycle, *, emulator: bool) -> Step:
    """The fate of a step that destroys nothing: its hazard against DISRUPTION, and tables only to be observed."""
    if lifecycle.on_existing == "observe" and step.action is not Action.CREATE:
        return _only_observed(step)
    hazardous = [change for change in step.changes if change.hazard is Hazard.DISRUPTION]
    if hazardous and not permits(options.disruption, emulator=emulator):
        why = hazardous[0].unsafe or "readers would be interrupted"
        return step.blocked(Reason.DISRUPTION, why, "RECONCILER_DISRUPTION=allow")
    return step


def deletion_gate(step: Step, gate_input: GateInput, contents: TableContents | None) -> Step | None:
    """The deletion gate. ``None`` means that all but the contents allow the step: scan the table and ask again."""
    refusal = _ownership(step, gate_input) or _pending_deletion(step, gate_input) or _table(step, gate_input)
    if refusal is None and gate_input.approved is False and not gate_input.shown_blocked:
        refusal = _unapproved(step, gate_input)
    if refusal is not None:
        return refusal
    if contents is None:
        return None
    step = replace(step, nothing_lost=contents.only_seed or not contents.holds_items)
    judged = _items(step, gate_input, contents) if contents.holds_items else _emptiness(step, gate_input)
    return _unapproved(judged, gate_input) if judged.status is StepStatus.READY else judged


def _only_observed(step: Step) -> Step:
    message = "the declaration says to observe this table only"
    return step.blocked(Reason.ON_EXISTING, message, "lifecycle.on_existing: adopt")


def _pending_deletion(step: Step, gate_input: GateInput) -> Step | None:
    options = gate_input.options
    if step.action is not Action.DELETE and gate_input.lifecycle.on_existing == "observe":
        return _only_observed(step)
    if step.action is Action.DELETE and options.prune == "never" and not options.explicit_delete:
        return step.blocked(
            Reason.PRUNE_OFF, "undeclared tables are left alone (PRUNE=never)", "RECONCILER_PRUNE=owned"
        )
    if step.action is Action.DELETE and gate_input.unconfirmed:
        return step.deferred(Reason.BUSY, "no declared table of this stack could be read; reading it again first")
    if step.action is Action.DELETE and gate_input.foreign and not gate_input.approved:
        return _foreign(step, gate_input)
    if step.action is Action.DELETE and gate_input.missing_folder is not None and not gate_input.approved:
        return _missing_folder(step, gate_input)
    return None


def _foreign(step: Step, gate_input: GateInput) -> Step:
    """Declarations that name none of the existing tables of this stack are likely those of another project."""
    stack = gate_input.options.stack
    return step.blocked(
        Reason.FOREIGN_DECLARATIONS,
        f"no existing table that stack {stack} created is declared any more; these declarations look like those of"
        " another project",
        f"`reconciler up {gate_input.observed.spec.name}` and confirm; or, if these declarations are another project's,"
        " RECONCILER_STACK=NAME for them",
    )


def _missing_folder(step: Step, gate_input: GateInput) -> Step:
    """A folder that vanished as a whole is more often a volume that is not mounted than a removal."""
    return step.blocked(
        Reason.FOREIGN_DECLARATIONS,
        f"no file in {gate_input.missing_folder}/, where the table was declared, declares anything any more;"
        " is the folder mounted?",
        f"`reconciler up {gate_input.observed.spec.name}` and confirm, or restore the folder",
    )


def _declared_elsewhere(step: Step, gate_input: GateInput, folder: str) -> Step:
    """Two projects whose folders have one name share a derived stack, and neither may lose items for the other."""
    options, name = gate_input.options, gate_input.observed.spec.name
    verb = "destroy" if options.explicit_delete else "up"
    return step.blocked(
        Reason.FOREIGN_DECLARATIONS,
        f"the project in {folder} declared the table, and this one is in {options.project}; both are named"
        f" {options.stack}, so they share the stack",
        f"`reconciler {verb} {name}` and confirm; or RECONCILER_STACK={options.stack} if both are one project, another"
        " name if not",
    )


def _renamed(step: Step, gate_input: GateInput, renamed_to: str) -> Step:
    """A table_name that changed in its file reads as one table removed and another one added."""
    name, file = gate_input.observed.spec.name, gate_input.entry.declared_in if gate_input.entry else None
    return step.blocked(
        Reason.DATA_LOSS,
        f"{file} declares {renamed_to} in its place; DynamoDB cannot rename a table, and its items would be lost",
        f"`reconciler up {name}` and confirm; `reconciler release {name}` keeps the table, no longer managed",
    )


def _unapproved(step: Step, gate_input: GateInput) -> Step:
    """`up` destroys only what its plan showed: the plan, and what the table holds, may change after the question."""
    if gate_input.approved is False:
        why = "the plan changed after it was shown, and this step was not part of it"
    elif gate_input.approved and not (gate_input.loss_approved or step.nothing_lost or _allowed(gate_input)):
        why = "the plan showed a table without items other than its seed, and it holds some by now"
    else:
        return step
    return step.blocked(Reason.NOT_APPROVED, why, "`reconciler up` again, which shows the present plan")


def _allowed(gate_input: GateInput) -> bool:
    """Whether the declaration or a setting gives consent to lose items, whatever was shown."""
    return gate_input.options.data_loss == "allow" or gate_input.lifecycle.allow_data_loss


def _ownership(step: Step, gate_input: GateInput) -> Step | None:
    entry = gate_input.entry
    if ownership.is_state_lost(entry):
        return step.blocked(
            Reason.STATE_LOST,
            "the table carries our owner tag but the inventory had no entry: the state was lost",
            "lifecycle.on_existing: own",
        )
    if entry is None or not ownership.is_ours(entry):
        return step.blocked(
            Reason.NOT_OWNED,
            f"this stack did not create the table, so {_never_deleted(step)}",
            "lifecycle.on_existing: own",
        )
    if not gate_input.observed.identity.same(entry.identity):
        return step.blocked(
            Reason.IDENTITY,
            "a table of this name exists but is not the one this stack created",
            "lifecycle.on_existing: own",
        )
    return None


def _never_deleted(step: Step) -> str:
    return "it is never deleted" if step.ends_table else "none of its replicas is ever removed"


def _table(step: Step, gate_input: GateInput) -> Step | None:
    status = gate_input.observed.status
    if status in NEVER_TOUCHED:
        return step.blocked(Reason.STATUS, f"the table is {status}; such tables are never deleted or recreated")
    if status == "DELETING":
        return step.deferred(Reason.BUSY, "the table is being deleted")
    if status != "ACTIVE" or gate_input.observed.transitions:
        under_way = "; ".join(gate_input.observed.transitions) or f"the table is {status}"
        return step.deferred(Reason.BUSY, under_way)
    gone = step.action is Action.DELETE and not gate_input.options.explicit_delete
    if step.ends_table and gate_input.observed.spec.deletion_protection:
        return step.blocked(
            Reason.PROTECTED,
            "deletion protection is on, and it is never switched off implicitly",
            f"deletion_protection_enabled: false in {'its restored' if gone else 'the'} declaration, converged first",
        )
    if gate_input.lifecycle.protect:
        message = "its declaration, which is gone, said" if gone else "its declaration says"
        remedy = " in its restored declaration; run once, then remove it" if gone else ""
        return step.blocked(Reason.PROTECTED, f"{message} lifecycle.protect", f"lifecycle.protect: false{remedy}")
    return None


def _items(step: Step, gate_input: GateInput, contents: TableContents) -> Step:
    options = gate_input.options
    allowed = _allowed(gate_input)
    if not (allowed or permits(options.data_loss, emulator=gate_input.emulator)):
        return step.blocked(
            Reason.DATA_LOSS,
            "the table holds items and DATA_LOSS does not permit losing them here",
            "RECONCILER_DATA_LOSS=allow, or lifecycle.allow_data_loss: true",
        )
    if contents.only_seed:
        return step
    if step.action is Action.DELETE and gate_input.elsewhere is not None and not gate_input.approved:
        return _declared_elsewhere(step, gate_input, gate_input.elsewhere)
    if options.explicit_delete:
        return step
    if step.action is Action.REPLACE and not (allowed or gate_input.approved):
        name = gate_input.observed.spec.name
        return step.blocked(
            Reason.DATA_LOSS,
            "replacing the table would lose items other than its seed",
            f"`reconciler up {name}` and confirm, lifecycle.allow_data_loss: true, or RECONCILER_DATA_LOSS=allow",
        )
    if step.action is Action.DELETE and gate_input.renamed_to is not None and not (allowed or gate_input.approved):
        return _renamed(step, gate_input, gate_input.renamed_to)
    if step.action is Action.DELETE and gate_input.single and not gate_input.approved:
        return _foreign(step, gate_input)
    return _after_grace(step, gate_input, gate_input.entry.unwanted_since if gate_input.entry else None, UNWANTED)


def _emptiness(step: Step, gate_input: GateInput) -> Step:
    options = gate_input.options
    if gate_input.emulator or options.data_loss == "allow":
        return step
    if options.one_shot:
        return step.blocked(
            Reason.DATA_LOSS,
            "the table is empty now, but off emulators a one-shot command cannot see it stay empty",
            "RECONCILER_DATA_LOSS=allow, or leave it to the daemon",
        )
    seen = gate_input.entry.empty_since if gate_input.entry else None
    return _after_grace(step, gate_input, seen, EMPTY)


def _after_grace(step: Step, gate_input: GateInput, since: datetime | None, why: str) -> Step:
    left: timedelta = gate_input.options.prune_grace - _elapsed(gate_input, since, why)
    if left > timedelta(0):
        return step.deferred(Reason.PRUNE_GRACE, f"the table {why}; `reconciler up` does it now", gate_input.now + left)
    return step


def _elapsed(gate_input: GateInput, since: datetime | None, why: str) -> timedelta:
    if since is None:
        return timedelta(0)
    return gate_input.now - since if gate_input.elapsed is None else gate_input.elapsed(why, since)


def cap(steps: list[Step], limit: int | None, *, already: int = 0) -> list[Step]:
    """All destructive steps of a pass: when more are wanted than ``limit``, none of them goes (I6).

    One that must wait is wanted like one that may go now: else tables would go one a pass as they become ready.
    ``already`` counts what went within the last hour, and tables of which it could not be told.
    """
    wanted = already + sum(counts_as_deletion(step) for step in steps)
    if limit is None or wanted <= limit:
        return steps
    before = f", {already} of them within the last hour or not yet known" if already else ""
    message = f"{wanted} deletions and replacements planned{before}; MAX_DELETES is {limit}, so none is executed"
    allow = f"RECONCILER_MAX_DELETES={wanted}"
    moving = (StepStatus.READY, StepStatus.DEFERRED)
    return [
        step.blocked(Reason.MAX_DELETES, message, allow) if counts_as_deletion(step) and step.status in moving else step
        for step in steps
    ]


def counts_as_deletion(step: Step) -> bool:
    """Whether a destructive step counts towards the cap: all but those that a rule refuses for good."""
    passing = step.status is StepStatus.BLOCKED and step.reason in TEMPORARY
    return step.destructive and (passing or step.status in (StepStatus.READY, StepStatus.DEFERRED))
