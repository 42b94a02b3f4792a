"""What is permitted: filters over the planned steps of a table, above all the rules of the deletion gate. Pure.

``docs/concepts/safety.md`` numbers the conditions of the gate, (G1) to (G34). Those of one table are here, (G5) to
(G21), and ``cap`` is (G23). Every refusal has a reason and the setting or command that would allow the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.model.change import Hazard
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options, permits
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import InventoryEntry
from reconciler.planning import ownership
from reconciler.planning.availability import allows_replacement
from reconciler.planning.text import short_seconds

TEMPORARY = (Reason.DATA_LOSS, Reason.INVALID_ANSWER, Reason.BACKUP)
"""Refusals that can end by themselves, for example when the table becomes empty or the next response is valid."""
UNWANTED, EMPTY = "holds items beside its seed", "must be seen empty twice"
_OTHER_PROJECT = "or, if these declarations are another project's, RECONCILER_STACK=NAME for them"
NEVER_TOUCHED = ("ARCHIVED", "ARCHIVING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS")


@dataclass(frozen=True, slots=True)
class GateInput:
    """What the gate knows about one live table.

    - ``foreign``: several tables of this stack exist and none of them is declared; ``single``: this one is the only
      table of this stack and is not declared; ``unconfirmed``: neither could be found out.
    - ``approved``: whether a person confirmed this step, ``None`` if nobody was asked; ``loss_approved``: whether as a
      step that may lose items other than the seed; ``shown_blocked``: whether they saw it blocked.
    - ``elapsed``: how long something has lasted since a recorded time. Without it only the wall clock is used.
    - ``missing_folder``: the folder that declared the table, if no file in it declares anything any more;
      ``renamed_to``: the tables that are declared in its place; ``file_gone``: whether its file is gone, so that other
      files declare these; ``elsewhere``: the folder of the other project of this stack that declared it.
    - ``declared``: for ``destroy``, what declares the table by now. It may forbid more than the record of the last run.
    - ``unprotects``: whether a step of the same plan turns deletion protection off before this one.
    - ``can_keep_items``: whether this endpoint's tables are replaced with their items; ``keeping_items``: whether such
      a replacement is under way; ``asked_to_keep``: whether a person asked for it with `reconciler replace`; ``unfit``:
      why the declared table cannot hold all items; ``cancelled``: whether a person cancelled the replacement that the
      declaration asks for.
    """

    options: Options
    emulator: bool
    now: datetime
    observed: ObservedTable
    entry: InventoryEntry | None
    lifecycle: Lifecycle
    declared: Declaration | None = None
    foreign: bool = False
    single: bool = False
    unconfirmed: bool = False
    approved: bool | None = None
    loss_approved: bool = False
    shown_blocked: bool = False
    elapsed: Callable[[str, datetime], timedelta] | None = None
    missing_folder: str | None = None
    renamed_to: str | None = None
    file_gone: bool = False
    elsewhere: str | None = None
    can_keep_items: bool = False
    keeping_items: bool = False
    asked_to_keep: bool = False
    unfit: str | None = None
    cancelled: bool = False
    unprotects: bool = False


@dataclass(frozen=True, slots=True)
class TableContents:
    """The result of a consistent Scan: whether the table has items, and whether only those of its seed."""

    holds_items: bool
    only_seed: bool = False


def permit_in_place(step: Step, options: Options, lifecycle: Lifecycle, *, emulator: bool) -> Step:
    """The step, blocked if it is not permitted. For steps that destroy nothing.

    Tables with ``on_existing: observe`` are never changed, and DISRUPTION decides on steps that interrupt readers.
    """
    if lifecycle.on_existing == "observe" and step.action is not Action.CREATE:
        return _only_observed(step)
    return _interrupting(step, options, emulator=emulator) or step


def _interrupting(step: Step, options: Options, *, emulator: bool) -> Step | None:
    hazardous = [change for change in step.changes if change.hazard is Hazard.DISRUPTION]
    if not hazardous or permits(options.disruption, emulator=emulator):
        return None
    why = hazardous[0].unsafe or "readers would be interrupted"
    return step.blocked(Reason.DISRUPTION, why, "RECONCILER_DISRUPTION=allow")


def deletion_gate(step: Step, gate_input: GateInput, contents: TableContents | None) -> Step | None:
    """The deletion gate: a destructive step, blocked or deferred by the first condition that fails, else ready.

    Without ``contents``, ``None`` means that everything else allows the step: scan the table and ask again. So a table
    is scanned only if the result can matter.
    """
    # The order matters: the first refusal is shown, and ownership explains more than any setting.
    refusal = (
        _ownership(step, gate_input)
        or _pending_deletion(step, gate_input)
        or _cancelled(step, gate_input)
        or _table(step, gate_input)
        or _interrupting(step, gate_input.options, emulator=gate_input.emulator)
    )
    if refusal is None and gate_input.approved is False and not gate_input.shown_blocked:
        refusal = _unapproved(step, gate_input)
    if refusal is not None:
        return refusal
    if contents is None:
        return None
    step = replace(step, nothing_lost=contents.only_seed or not contents.holds_items)
    if step.action is Action.REPLACE and _keeps_items(gate_input, contents):
        judged = _with_items(replace(step, keeps_items=True), gate_input)
    else:
        judged = _items(step, gate_input, contents) if contents.holds_items else _emptiness(step, gate_input)
    return _unapproved(judged, gate_input) if judged.status is StepStatus.READY else judged


def _cancelled(step: Step, gate_input: GateInput) -> Step | None:
    """(G10): what a person has cancelled does not begin again by itself, neither with the items nor without them."""
    if step.action is not Action.REPLACE or not gate_input.cancelled or gate_input.asked_to_keep:
        return None
    return step.blocked(
        Reason.REPLACING,
        "its replacement was cancelled with `reconciler replace --cancel`, and its declaration has not changed since",
        f"`reconciler replace {gate_input.observed.spec.name}`, or another declaration",
    )


def _only_observed(step: Step) -> Step:
    message = "the declaration says to observe this table only"
    return step.blocked(Reason.ON_EXISTING, message, "lifecycle.on_existing: adopt")


def _pending_deletion(step: Step, gate_input: GateInput) -> Step | None:
    """(G7) to (G10): settings, and evidence that the declaration was not removed on purpose."""
    options = gate_input.options
    observed_only = _observed_only(step, gate_input)
    if observed_only is not None:
        return observed_only
    if step.action is Action.DELETE and options.prune == "never" and not options.explicit_delete:
        return step.blocked(
            Reason.PRUNE_OFF, "undeclared tables are left alone (RECONCILER_PRUNE=never)", "RECONCILER_PRUNE=owned"
        )
    elsewhere = gate_input.elsewhere if options.stack_is_named else None
    if step.action is Action.DELETE and elsewhere is not None and not gate_input.approved:
        return _still_declared(step, gate_input, elsewhere)
    if step.action is Action.DELETE and gate_input.unconfirmed:
        return step.deferred(Reason.BUSY, "no declared table of this stack could be read; reading it again first")
    if step.action is Action.DELETE and gate_input.foreign and not gate_input.approved:
        return _foreign(step, gate_input)
    if step.action is Action.DELETE and gate_input.missing_folder is not None and not gate_input.approved:
        return _missing_folder(step, gate_input)
    return None


def _observed_only(step: Step, gate_input: GateInput) -> Step | None:
    """(G10): ``on_existing: observe`` in the declaration or in the one last carried out, which may be gone."""
    declared, recorded = gate_input.declared, gate_input.lifecycle.on_existing == "observe"
    if declared is not None and declared.lifecycle.on_existing == "observe":
        return _only_observed(step)
    if not recorded:
        return None
    if declared is not None:
        message = "its declaration said to observe this table only when it was last carried out"
        remedy = f"`reconciler up {declared.spec.name}` first, which records that it no longer does"
        return step.blocked(Reason.ON_EXISTING, message, remedy)
    if step.action is not Action.DELETE:
        return _only_observed(step)
    name = gate_input.observed.spec.name
    return step.blocked(
        Reason.ON_EXISTING,
        "the declaration that was last carried out says to observe this table only",
        f"lifecycle.on_existing: adopt in a declaration of it; run once, then remove it. `reconciler release {name}`"
        " keeps the table, no longer managed",
    )


def _foreign(step: Step, gate_input: GateInput) -> Step:
    """(G8), (G19): declarations without any existing table of this stack are probably those of another project."""
    stack, name = gate_input.options.stack, gate_input.observed.spec.name
    # A stack's only table that was given another name looks just the same.
    rename = f"{_renamed_from(name)}; or " if gate_input.renamed_to is not None else ""
    return step.blocked(
        Reason.FOREIGN_DECLARATIONS,
        f"no existing table that stack {stack} created is declared any more; these declarations look like those of"
        " another project",
        f"{rename}`reconciler up {name}` and confirm; {_OTHER_PROJECT}",
    )


def _renamed_from(name: str) -> str:
    return f"renamed_from: {name} in the declaration that is to get its items"


def _missing_folder(step: Step, gate_input: GateInput) -> Step:
    """(G9): a folder that vanished as a whole is more often an unmounted volume than a removal."""
    return step.blocked(
        Reason.FOREIGN_DECLARATIONS,
        f"no file in {gate_input.missing_folder}/, where the table was declared, declares anything any more;"
        " is the folder mounted?",
        f"`reconciler up {gate_input.observed.spec.name}` and confirm, or restore the folder",
    )


def _declared_elsewhere(step: Step, gate_input: GateInput, folder: str) -> Step:
    """(G16): two projects in folders of the same name share a derived stack and must not delete each other's tables."""
    options, name = gate_input.options, gate_input.observed.spec.name
    verb = "destroy" if options.explicit_delete else "up"
    return step.blocked(
        Reason.FOREIGN_DECLARATIONS,
        f"the project in {folder} declared the table, and this one is in {options.project}; both are named"
        f" {options.stack}, so they share the stack",
        f"`reconciler {verb} {name}` and confirm; or RECONCILER_STACK={options.stack} if both are one project, another"
        " name if not",
    )


def _still_declared(step: Step, gate_input: GateInput, folder: str) -> Step:
    """(G16): folders that were given one stack must not delete each other's tables."""
    options, name = gate_input.options, gate_input.observed.spec.name
    verb = "destroy" if options.explicit_delete else "up"
    file = gate_input.entry.declared_in if gate_input.entry is not None else None
    return step.blocked(
        Reason.FOREIGN_DECLARATIONS,
        f"{file} in {folder} declares the table, and these declarations, of the same stack {options.stack}, are in"
        f" {options.project}; a stack deletes what its declarations lack, so each folder needs a stack of its own",
        f"`reconciler {verb} {name}` and confirm; or RECONCILER_STACK=NAME for one of the folders",
    )


def _renamed(step: Step, gate_input: GateInput, renamed_to: str) -> Step:
    """(G18): a ``table_name`` that changed reads as one table removed and another one added, with its file or in it."""
    name, file = gate_input.observed.spec.name, gate_input.entry.declared_in if gate_input.entry else None
    instead, others = f"{file} declares {renamed_to} instead", ""
    if gate_input.file_gone:
        instead = f"{file} is gone, and {renamed_to} {'are' if ', ' in renamed_to else 'is'} new, as after a rename"
        # With no other table that is still declared, the new one may just as well be that of another project (G19).
        others = f"; {_OTHER_PROJECT}" if gate_input.single else ""
    return step.blocked(
        Reason.DATA_LOSS,
        f"{instead}; DynamoDB cannot rename a table, and its items would be lost",
        f"{_renamed_from(name)}; or `reconciler up {name}` and confirm;"
        f" `reconciler release {name}` keeps the table, no longer managed{others}",
    )


def _unapproved(step: Step, gate_input: GateInput) -> Step:
    """(G13): ``up`` destroys only what its plan showed. Plan and table may change while the person decides."""
    harmless = step.nothing_lost or step.keeps_items
    if gate_input.approved is False:
        why = "the plan changed after it was shown, and this step was not part of it"
    elif gate_input.approved and not (gate_input.loss_approved or harmless or _allowed(gate_input)):
        why = "the plan showed a table without items other than its seed, and now it has some"
    else:
        return step
    return step.blocked(Reason.NOT_APPROVED, why, "`reconciler up` again, to see the present plan")


def _allowed(gate_input: GateInput) -> bool:
    """Whether the declaration or a setting consents to losing items."""
    return gate_input.options.data_loss == "allow" or gate_input.lifecycle.allow_data_loss


def _ownership(step: Step, gate_input: GateInput) -> Step | None:
    """(G5), (G6): only a table that this stack provably created, with the recorded identity."""
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
    """(G11), (G12): the status of the table, and its protections. DeleteTable needs an ACTIVE table."""
    status = gate_input.observed.status
    if status in NEVER_TOUCHED:
        return step.blocked(Reason.STATUS, f"the table is {status}; such tables are never deleted or recreated")
    if status == "DELETING":
        return step.deferred(Reason.BUSY, "the table is being deleted")
    if status != "ACTIVE" or gate_input.observed.ongoing:
        under_way = "; ".join(gate_input.observed.ongoing) or f"the table is {status}"
        return step.deferred(Reason.BUSY, under_way)
    gone = step.action is Action.DELETE and not gate_input.options.explicit_delete
    if step.ends_table and gate_input.observed.spec.deletion_protection and not gate_input.unprotects:
        return protected(step, "its restored" if gone else "the")
    if gate_input.declared is not None:
        return _declared_protection(step, gate_input.declared, gate_input.lifecycle)
    if gate_input.lifecycle.protect:
        message = "its declaration, which is gone, said" if gone else "its declaration says"
        remedy = " in its restored declaration; run once, then remove it" if gone else ""
        named, off = _protection(gate_input.lifecycle)
        return step.blocked(Reason.PROTECTED, f"{message} {named}", f"{off}{remedy}")
    return None


def _declared_protection(step: Step, declared: Declaration, recorded: Lifecycle) -> Step | None:
    """(G12) for ``destroy``, where the declaration and the record of the last run may differ: either protects."""
    if declared.lifecycle.protect:
        named, off = _protection(declared.lifecycle)
        return step.blocked(Reason.PROTECTED, f"its declaration says {named}", off)
    if declared.spec.deletion_protection:
        message = "its declaration turns deletion protection on"
        return step.blocked(Reason.PROTECTED, message, "deletion_protection_enabled: false in its declaration")
    if recorded.protect:
        named, _ = _protection(recorded)
        message = f"its declaration said {named} when it was last carried out"
        remedy = f"`reconciler up {declared.spec.name}` first, which records that it no longer does"
        return step.blocked(Reason.PROTECTED, message, remedy)
    return None


def protected(step: Step, whose: str = "the") -> Step:
    """The step that would end a table whose deletion protection is on, blocked."""
    return step.blocked(
        Reason.PROTECTED,
        "deletion protection is on, and it is never switched off implicitly",
        f"deletion_protection_enabled: false in {whose} declaration, converged first",
    )


def replace_after_unprotecting(steps: Sequence[Step]) -> list[Step]:
    """The steps of a protected table whose replacement was judged as if it were not protected.

    A replacement that is permitted waits for the step that turns protection off, which then comes first. Where that
    step cannot be made, the replacement is blocked.
    """
    replacing = [step for step in steps if step.ends_table and step.status is StepStatus.READY]
    unprotecting = [step for step in steps if allows_replacement(step)]
    if not (replacing and unprotecting):
        return list(steps)
    moving = all(step.status in (StepStatus.READY, StepStatus.DEFERRED) for step in unprotecting)
    held = [
        (step.deferred(Reason.AFTER, "deletion protection is turned off first") if moving else protected(step))
        if step in replacing
        else step
        for step in steps
        if step not in unprotecting
    ]
    return [*unprotecting, *held]


def _protection(lifecycle: Lifecycle) -> tuple[str, str]:
    """How a declaration says that its table is kept, in the words of its format, and how it stops to say so."""
    if not lifecycle.protect_as:
        return "lifecycle.protect", "lifecycle.protect: false"
    policies = lifecycle.protect_as.split(" and ")
    return lifecycle.protect_as, " and ".join(f"{each.partition(':')[0]}: Delete" for each in policies)


def _items(step: Step, gate_input: GateInput, contents: TableContents) -> Step:
    """(G15) to (G20): a table that has items. Those of its own seed can be written again, so they are not lost."""
    options = gate_input.options
    allowed = _allowed(gate_input)
    if not (allowed or permits(options.data_loss, emulator=gate_input.emulator)):
        drops = "RECONCILER_DATA_LOSS=allow, or lifecycle.allow_data_loss: true"
        # The items are not read for this: they may be many, and `replace` reads them before it changes anything.
        keeps = f"`reconciler replace {gate_input.observed.spec.name}` keeps the items if they fit; else {drops}"
        beside = step.action is Action.REPLACE and not gate_input.emulator
        return step.blocked(
            Reason.DATA_LOSS,
            "the table has items, and RECONCILER_DATA_LOSS does not permit losing them here",
            keeps if beside else drops,
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
            f"replacing the table would lose items other than its seed{_because(gate_input)}",
            f"`reconciler up {name}` and confirm, lifecycle.allow_data_loss: true, or RECONCILER_DATA_LOSS=allow",
        )
    if step.action is Action.DELETE and gate_input.renamed_to is not None and not (allowed or gate_input.approved):
        return _renamed(step, gate_input, gate_input.renamed_to)
    if step.action is Action.DELETE and gate_input.single and not gate_input.approved:
        return _foreign(step, gate_input)
    return _after_grace(step, gate_input, gate_input.entry.unwanted_since if gate_input.entry else None, UNWANTED)


def _keeps_items(gate_input: GateInput, contents: TableContents) -> bool:
    """Whether a replacement keeps the items of the table: where it can, unless losing them was agreed to.

    One that is under way goes on as it began, even if the table is empty by now: its copy may have items.
    """
    if not gate_input.can_keep_items or gate_input.keeping_items:
        return gate_input.keeping_items
    fits = gate_input.unfit is None and not _allowed(gate_input)
    return contents.holds_items and not contents.only_seed and fits


def _because(gate_input: GateInput) -> str:
    return f"; the declared table cannot hold them all: {gate_input.unfit}" if gate_input.unfit is not None else ""


def _with_items(step: Step, gate_input: GateInput) -> Step:
    """A replacement that keeps the items. It ends the table all the same, so (G20) applies.

    ``DATA_LOSS=never`` says that no step of a pass may touch a table with items; a person may still ask for this one.
    """
    if gate_input.asked_to_keep:
        return step
    if gate_input.options.data_loss == "never":
        # The items are not read for a step that is blocked anyway; `replace` reads them before it changes anything.
        return step.blocked(
            Reason.DATA_LOSS,
            "the table has items, and RECONCILER_DATA_LOSS=never leaves its replacement to a person",
            f"`reconciler replace {gate_input.observed.spec.name}`, which keeps its items if every item fits the"
            " declared key and indexes; otherwise it changes nothing",
        )
    return _after_grace(step, gate_input, gate_input.entry.unwanted_since if gate_input.entry else None, UNWANTED)


def _emptiness(step: Step, gate_input: GateInput) -> Step:
    """(G21): an empty table. An application may write its first items between the Scan and DeleteTable."""
    options = gate_input.options
    # An emulator holds no items worth a grace period, and ``allow`` accepts the loss of items anyway.
    if gate_input.emulator or options.data_loss == "allow":
        return step
    if options.one_shot:
        return step.blocked(
            Reason.DATA_LOSS,
            "the table is empty now, but a one-shot command cannot check that it stays empty",
            "RECONCILER_DATA_LOSS=allow, or leave it to the daemon",
        )
    seen = gate_input.entry.empty_since if gate_input.entry else None
    return _after_grace(step, gate_input, seen, EMPTY)


def _after_grace(step: Step, gate_input: GateInput, since: datetime | None, why: str) -> Step:
    left: timedelta = gate_input.options.prune_grace - _elapsed(gate_input, since, why)
    if left > timedelta(0):
        message = f"grace period: the table {why}; `reconciler up` does it now"
        return step.deferred(Reason.PRUNE_GRACE, message, gate_input.now + left)
    return step


def unrecorded_grace(step: Step, grace: timedelta) -> Step:
    """The step deferred by a grace period of which no beginning is recorded: it has a length and no end yet."""
    begins = f"the grace period lasts {_length(grace)} from when the process that leads first sees this"
    return step.deferred(Reason.PRUNE_GRACE, f"{step.message}; {begins}" if step.message else begins)


def _length(span: timedelta) -> str:
    seconds = span.total_seconds()
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit:.0f} {name}"
    return short_seconds(seconds)


def _elapsed(gate_input: GateInput, since: datetime | None, why: str) -> timedelta:
    if since is None:
        return timedelta(0)
    return gate_input.now - since if gate_input.elapsed is None else gate_input.elapsed(why, since)


def cap(steps: list[Step], limit: int | None, *, already: int = 0) -> list[Step]:
    """All steps of a pass. If more deletions are planned than ``limit``, every one of them is blocked (I6), (G23).

    A deferred deletion counts too. Otherwise one table per pass would be deleted as each becomes ready. ``already`` is
    the number of tables that were deleted within the last hour or could not be assessed.
    """
    wanted = already + sum(counts_as_deletion(step) for step in steps)
    if limit is None or wanted <= limit:
        return steps
    before = f", {already} of them within the last hour or not yet known" if already else ""
    what = "deletion or replacement" if wanted == 1 else "deletions and replacements"
    message = f"{wanted} {what} planned{before}; limit is {limit} (RECONCILER_MAX_DELETES); none executed"
    allow = f"RECONCILER_MAX_DELETES={wanted}"
    moving = (StepStatus.READY, StepStatus.DEFERRED)
    return [
        step.blocked(Reason.MAX_DELETES, message, allow) if counts_as_deletion(step) and step.status in moving else step
        for step in steps
    ]


def counts_as_deletion(step: Step) -> bool:
    """Whether a destructive step counts towards the limit: all but those that a rule refuses permanently."""
    passing = step.status is StepStatus.BLOCKED and step.reason in TEMPORARY
    return step.destructive and (passing or step.status in (StepStatus.READY, StepStatus.DEFERRED))
