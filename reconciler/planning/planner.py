"""Plans the ordered steps from an observed table to its declaration. Pure; ``policy`` decides later what is permitted.

Every call is valid for the table as observed. The engine sends one call per table and round and then plans again, so
later steps of a plan show what will follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from reconciler.facets import BY_NAME, HAS_PRECONDITIONS, MULTI_STEP
from reconciler.facets.base import Precondition
from reconciler.facets.rank import Rank
from reconciler.model.change import Call, Change, Hazard
from reconciler.model.desired import Declaration
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.table import TableSpec
from reconciler.planning.access_denied import access_denied_steps
from reconciler.planning.availability import allows_replacement, with_availability
from reconciler.planning.create import as_created, create_call, create_changes, without_unsupported
from reconciler.planning.diff import diff, effective, scaled_paths
from reconciler.planning.features import missing_after_replacement
from reconciler.planning.text import several

MOOT = "moot if the table is replaced"


def plan(
    declaration: Declaration,
    observed: ObservedTable | None,
    *,
    lacks: frozenset[str] = frozenset(),
    changes: tuple[Change, ...] | None = None,
) -> tuple[Step, ...]:
    """All steps that bring a table to its declaration, in their order.

    ``observed`` is ``None`` if the table does not exist. ``lacks`` names the facets that the endpoint does not support.
    ``changes`` are the differences if they are already known.
    """
    if observed is None:
        return _create(declaration.spec, lacks)
    if observed.status == "DELETING":
        return tuple(with_availability([], declaration.spec, observed))
    ignore = scaled_paths(declaration, observed)
    changes = diff(declaration.spec, observed.spec, ignore) if changes is None else changes
    if not changes and not observed.not_observed:
        return tuple(with_availability([], declaration.spec, observed))
    desired = effective(declaration.spec, observed.spec, ignore)
    planned = [_without_undeclared(step, declaration.spec, observed) for step in _steps(changes, desired, observed)]
    steps = with_availability(planned, declaration.spec, observed, lacks)
    return tuple(sorted([*steps, *access_denied_steps(declaration, observed)], key=order))


def prune_step(name: str) -> Step:
    """The step that deletes a table."""
    unsafe = "the table is deleted, and every item in it is lost"
    change = Change("table", "table", "present", None, Hazard.REPLACEMENT, unsafe)
    return Step(Action.DELETE, "table", (change,), Call("DeleteTable", {"TableName": name}))


def seed_step(source: str, count: int) -> Step:
    """The step that writes the ``count`` items of the seed at ``source``, a path with an optional line."""
    return Step(Action.SEED, "seed", message=f"{several(count, 'item')} from {source}")


def with_seed_step(steps: tuple[Step, ...], seeding: Step, *, passes: int = 1) -> tuple[Step, ...]:
    """The steps with the seed where it comes: in the pass number ``passes`` a table gets one call, and then its seed.

    A seed that waits or is blocked comes last.
    """
    calls = [place for place, step in enumerate(steps) if step.status is StepStatus.READY and step.call is not None]
    if seeding.status is not StepStatus.READY or len(calls) <= passes:
        return (*steps, seeding)
    place = calls[passes - 1] + 1
    return (*steps[:place], seeding, *steps[place:])


def _create(spec: TableSpec, lacks: frozenset[str]) -> tuple[Step, ...]:
    possible = without_unsupported(spec, lacks)
    create = Step(Action.CREATE, "table", create_changes(possible), create_call(possible))
    created = as_created(possible)
    after = ObservedTable(created, Identity(None, spec.name, ""), "ACTIVE")
    steps = with_availability(_steps(diff(spec, created), spec, after), spec, after, lacks)
    return (create, *sorted(steps, key=order))


def _steps(changes: Iterable[Change], desired: TableSpec, observed: ObservedTable) -> list[Step]:
    """One step per call. All changes that need a replacement of the table are one step."""
    changes = tuple(changes)
    replacing = tuple(change for change in changes if change.hazard is Hazard.REPLACEMENT)
    steps: list[Step] = []
    for change in changes:
        if change not in replacing:
            _join(steps, _step(change, desired, observed))
    if not replacing:
        return steps
    call = BY_NAME[replacing[0].facet].request(replacing[0], desired, observed)
    first = Step(Action.REPLACE, replacing[0].facet, replacing, call)
    return [first, *(step if allows_replacement(step) else _noted(step, MOOT) for step in steps)]


def _without_undeclared(step: Step, spec: TableSpec, observed: ObservedTable) -> Step:
    """A replacing step, which also shows what the new table will not have, because it is not declared."""
    if step.action is not Action.REPLACE:
        return step
    return replace(step, changes=(*step.changes, *missing_after_replacement(spec, observed.spec)))


def _step(change: Change, desired: TableSpec, observed: ObservedTable) -> Step:
    facet, staged = HAS_PRECONDITIONS.get(change.facet), MULTI_STEP.get(change.facet)
    obstacle = facet.precondition(change, desired, observed.spec) if facet else None
    if obstacle:
        return _hindered(Step(Action.UPDATE, change.facet, (change,)), obstacle)
    step = Step(Action.UPDATE, change.facet, (change,), BY_NAME[change.facet].request(change, desired, observed))
    follows = staged.next_step(change, desired, observed.spec) if staged else None
    return replace(_noted(step, follows), staged=True) if follows else step


def _hindered(step: Step, obstacle: Precondition) -> Step:
    match obstacle.status:
        case StepStatus.DEFERRED:
            return step.deferred(Reason.AFTER, obstacle.reason)
        case StepStatus.UNSUPPORTED:
            return step.unsupported(obstacle.reason)
        case _:
            return step.blocked(Reason.REJECTED, obstacle.reason, obstacle.allow_with)


def _join(steps: list[Step], step: Step) -> None:
    """Append a step, or add its change to the step that has the same call."""
    for position, other in enumerate(steps):
        if step.call is not None and (other.call, other.status) == (step.call, step.status):
            message = other.message if step.message in (None, other.message) else step.message
            steps[position] = replace(other, changes=(*other.changes, *step.changes), message=message)
            return
    steps.append(step)


def _noted(step: Step, message: str) -> Step:
    return replace(step, message=f"{step.message}; {message}" if step.message else message)


def order(step: Step) -> tuple[int, str]:
    """The sort key of a step."""
    return rank(step), step.changes[0].path if step.changes else step.facet


def rank(step: Step) -> Rank:
    """The rank of a step, given by its facet. A step without a call only waits."""
    if step.call is None:
        return Rank.WAIT
    return Rank.TABLE if step.action is not Action.UPDATE else BY_NAME[step.facet].rank_of(step)
