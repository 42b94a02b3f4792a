"""Which planned steps the service would accept now, given the status of the table and what is changing.

Called by the planner. ``policy`` decides afterwards which of them are permitted.
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
"""Statuses in which a table is not changed, and what would make it ACTIVE again."""


def with_availability(
    steps: list[Step],
    desired: TableSpec,
    observed: ObservedTable,
    lacks: frozenset[str] = frozenset(),
) -> list[Step]:
    """The steps with the status that the observed table allows, and a wait for each declared facet still changing.

    ``lacks`` names the facets that the endpoint does not support.
    """
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
        return step.unsupported(f"the endpoint does not have {reads[0] if reads else 'the operation that reads it'}")
    busy = _busy(step, observed)
    if busy is None or step.reason is not None:
        return step
    return step.deferred(Reason.BUSY, busy)


def _is_about(step: Step, facet: str) -> bool:
    """Whether a step belongs to a facet, or sets the same value for an index."""
    limits = (f".{facet}.read", f".{facet}.write")
    return step.facet == facet or any(change.path.endswith(limits) for change in step.changes)


def _busy(step: Step, observed: ObservedTable) -> str | None:
    """Why the service would refuse the call now (ResourceInUseException), or ``None``.

    While a table is UPDATING it accepts no second UpdateTable. Operations for other features mostly still work.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html
    """
    under_way = "; ".join(observed.ongoing)
    if step.call is None or step.call.changes_table:
        if observed.status in SETTLING:
            return _status_sentence(observed)
        return under_way if observed.changing & {*EXCLUSIVE, step.facet} else None
    if observed.status != "ACTIVE" and (observed.status != "UPDATING" or step.facet in NEEDS_ACTIVE):
        return _status_sentence(observed)
    return under_way if step.facet in observed.changing else None


def _waits(steps: list[Step], desired: TableSpec, observed: ObservedTable) -> list[Step]:
    """A wait for each change in progress that no step waits for yet. Undeclared features are not waited for."""
    declared = [f.name for f in FACETS if f.name in observed.changing and getattr(desired, f.name) is not None]
    waiting = {step.facet for step in steps if step.reason is Reason.BUSY}
    message = "; ".join(observed.ongoing)
    waits = [Step(Action.UPDATE, name).deferred(Reason.BUSY, message) for name in declared if name not in waiting]
    if observed.status in SETTLING and not waiting and not waits:
        action = Action.CREATE if observed.status == "CREATING" else Action.UPDATE
        waits.append(Step(action, "table").deferred(Reason.BUSY, _status_sentence(observed)))
    return waits


def harmless_under_another_key(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, with those blocked that may lose data if the table has another key and is not ours.

    Such a table is hardly the declared one. Time to live deletes items, and an index, a replica or a stream that is
    removed takes its contents with it.
    """
    unlike = next(
        (s for s in steps if s.ends_table and s.status is StepStatus.BLOCKED and s.reason in FOREIGN_REASONS), None
    )
    if unlike is None or unlike.reason is None:
        return steps
    reason, allow = unlike.reason, unlike.allow_with
    why = "the table has another key than declared and is not ours, so no step that may lose data is executed"
    return tuple(
        step.blocked(reason, why, allow) if step.status is StepStatus.READY and (step.removes or _loses(step)) else step
        for step in steps
    )


def _loses(step: Step) -> bool:
    """Whether this step makes time to live delete items, or ends a stream of records."""
    return any(BY_NAME[change.facet].loses_data(change) for change in step.changes if change.facet in BY_NAME)


def defer_protection(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Defer steps that turn on deletion protection while a replacement waits, or the whole pass may end no table.

    Protection would forbid the replacement, and the tool never turns it off implicitly. It goes on at once where the
    table itself is the reason why the replacement is blocked.
    """
    if not any(step.ends_table and _waits_for_others(step) for step in steps):
        return steps
    message = "the table is about to be replaced, which protection would forbid"
    return tuple(
        step.deferred(Reason.AFTER, message) if step.status is StepStatus.READY and _forbids(step) else step
        for step in steps
    )


def _forbids(step: Step) -> bool:
    """Whether this step makes a replacement impossible. Turning protection off is what one waits for."""
    forbids = step.facet in BY_NAME and BY_NAME[step.facet].forbids_replacement
    return forbids and any(change.after for change in step.changes)


def _waits_for_others(step: Step) -> bool:
    held_by_pass = step.status is StepStatus.BLOCKED and step.reason in (Reason.MAX_DELETES, Reason.INVALID_ANSWER)
    return held_by_pass or step.status is StepStatus.DEFERRED


def propagate_blocked(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Give steps that wait for another step of the table its status, if no step can make progress any more.

    They are blocked if any step is blocked, else unsupported if any step is unsupported.
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
    """The seed step, deferred or blocked behind changes that the service makes only to an empty table."""
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
