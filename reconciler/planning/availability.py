"""Which planned steps can go now, seen from the table alone: its status, what is changing, what the endpoint lacks.

Called by the planner; what is permitted is decided afterwards, by policy.
"""

from __future__ import annotations

from reconciler.facets import BY_NAME, EXCLUSIVE, FACETS, NEEDS_ACTIVE
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.table import TableSpec

SETTLING = ("CREATING", "UPDATING", "DELETING")
FOREIGN_REASONS = frozenset({Reason.NOT_OWNED, Reason.IDENTITY, Reason.STATE_LOST})
NEEDS_REPAIR = {
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": "access of DynamoDB to the table's KMS key",
    "ARCHIVING": "a restore of the table from its archival backup",
    "ARCHIVED": "a restore of the table from its archival backup",
    "REPLICATION_NOT_AUTHORIZED": "permission for the replication of the table",
}
"""Statuses in which nothing is done to a table, and what would make it ACTIVE again."""


def with_availability(
    steps: list[Step],
    desired: TableSpec,
    observed: ObservedTable,
    lacks: frozenset[str] = frozenset(),
) -> list[Step]:
    """The steps with the fate that the observed table gives them, and a wait for each declared facet in transition."""
    name, status = observed.spec.name, observed.status
    if status != "ACTIVE" and status not in SETTLING:
        steps = steps or [Step(Action.UPDATE, "table")]
        allow = NEEDS_REPAIR.get(status, "the table being ACTIVE again")
        return [step.blocked(Reason.STATUS, f"table {name} is {status}", allow) for step in steps]
    available = [_availability(step, observed, lacks) for step in steps]
    return [*available, *_waits(available, desired, observed)]


def _availability(step: Step, observed: ObservedTable, lacks: frozenset[str]) -> Step:
    missing = next((name for name in sorted(lacks) if _is_about(step, name)), None)
    if missing:
        return step.unsupported(f"the endpoint cannot hold {missing}")
    if step.facet in observed.unsupported:
        reads = BY_NAME[step.facet].reads
        return step.unsupported(f"the endpoint does not have {reads[0] if reads else 'what it is read with'}")
    busy = _busy(step, observed)
    if busy is None or step.reason is not None:
        return step
    return step.deferred(Reason.BUSY, busy)


def _is_about(step: Step, facet: str) -> bool:
    """Whether a step belongs to a facet, or sets for an index what that facet sets for a table."""
    limits = (f".{facet}.read", f".{facet}.write")
    return step.facet == facet or any(change.path.endswith(limits) for change in step.changes)


def _busy(step: Step, observed: ObservedTable) -> str | None:
    """Why the service would refuse the call of a step for now (ResourceInUseException)."""
    under_way = "; ".join(observed.transitions)
    if step.call is None or step.call.changes_table:
        if observed.status in SETTLING:
            return _status_sentence(observed)
        return under_way if observed.changing & {*EXCLUSIVE, step.facet} else None
    if observed.status != "ACTIVE" and (observed.status != "UPDATING" or step.facet in NEEDS_ACTIVE):
        return _status_sentence(observed)
    return under_way if step.facet in observed.changing else None


def _waits(steps: list[Step], desired: TableSpec, observed: ObservedTable) -> list[Step]:
    """A wait for what is under way and no other step waits for; features that are not ours are not waited for."""
    declared = [f.name for f in FACETS if f.name in observed.changing and getattr(desired, f.name) is not None]
    waiting = {step.facet for step in steps if step.reason is Reason.BUSY}
    message = "; ".join(observed.transitions)
    waits = [Step(Action.UPDATE, name).deferred(Reason.BUSY, message) for name in declared if name not in waiting]
    if observed.status in SETTLING and not waiting and not waits:
        action = Action.CREATE if observed.status == "CREATING" else Action.UPDATE
        waits.append(Step(action, "table").deferred(Reason.BUSY, _status_sentence(observed)))
    return waits


def harmless_under_another_key(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """A table that is not ours and has another key is not the one that is declared: nothing is done that loses data.

    Time to live deletes items; an index, a replica or a stream that goes takes what it holds with it.
    """
    unlike = next(
        (s for s in steps if s.ends_table and s.status is StepStatus.BLOCKED and s.reason in FOREIGN_REASONS), None
    )
    if unlike is None or unlike.reason is None:
        return steps
    reason, allow = unlike.reason, unlike.allow_with
    why = "the table has another key than the declared one and is not ours, so nothing is done that may lose data"
    return tuple(
        step.blocked(reason, why, allow) if step.status is StepStatus.READY and (step.removes or _loses(step)) else step
        for step in steps
    )


def _loses(step: Step) -> bool:
    """Whether items are going to be deleted by time to live, or a stream of records ends, because of this step."""
    return any(BY_NAME[change.facet].loses_data(change) for change in step.changes if change.facet in BY_NAME)


def defer_protection(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Protection goes on after a replacement that only waits: it would forbid it, and is never switched off for it."""
    if not any(step.ends_table and step.status is StepStatus.DEFERRED for step in steps):
        return steps
    message = "the table is about to be replaced, which protection would forbid"
    return tuple(
        step.deferred(Reason.AFTER, message)
        if step.status is StepStatus.READY and step.facet in BY_NAME and BY_NAME[step.facet].forbids_replacement
        else step
        for step in steps
    )


def propagate_blocked(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps that wait for another step of the table share the fate of that one where nothing can go on any more.

    They are blocked where something is blocked, and else unsupported where the endpoint cannot hold what they wait for.
    """
    moving = (StepStatus.READY, StepStatus.DEFERRED)
    if any(step.status in moving and step.reason is not Reason.AFTER for step in steps):
        return steps
    first = next((step for step in steps if step.status is StepStatus.BLOCKED and step.reason is not None), None)
    if first is None or first.reason is None:
        return tuple(_as_unsupported(step) for step in steps) if _any_unsupported(steps) else steps
    reason, allow = first.reason, first.allow_with
    return tuple(
        step.blocked(reason, f"{step.message}, and that is blocked", allow) if step.reason is Reason.AFTER else step
        for step in steps
    )


def _any_unsupported(steps: tuple[Step, ...]) -> bool:
    return any(step.status is StepStatus.UNSUPPORTED for step in steps)


def _as_unsupported(step: Step) -> Step:
    if step.status is not StepStatus.DEFERRED or step.reason is not Reason.AFTER:
        return step
    return step.unsupported(f"{step.message}, and that is unsupported")


def defer_seed(seeding: Step, steps: tuple[Step, ...]) -> Step:
    """A seed waits for changes that the service makes to an empty table alone."""
    for step in steps:
        facets = (BY_NAME.get(change.facet) for change in step.changes)
        message = next((facet.seed_waits_because for facet in facets if facet and facet.seed_waits_because), None)
        if message is None or step.status is StepStatus.UNSUPPORTED:
            continue
        if step.status is StepStatus.BLOCKED:
            return seeding.blocked(step.reason or Reason.REJECTED, message, step.allow_with)
        return seeding.deferred(Reason.BUSY, message)
    return seeding


def _status_sentence(observed: ObservedTable) -> str:
    return f"table {observed.spec.name} is {observed.status}"
