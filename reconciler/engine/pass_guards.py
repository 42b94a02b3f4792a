"""The guards that need all assessments of a pass: deletion limit, safety latch, and operations in flight. Pure.

They run between assessing and applying. Each of them only takes permission away: it defers or blocks ready steps.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from reconciler.engine.assessment import TableAssessment
from reconciler.engine.state import latched_step
from reconciler.model.options import Options
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Ended, GenerationPhase, StateSnapshot
from reconciler.planning.availability import defer_protection, propagate_blocked
from reconciler.planning.ownership import is_ours, may_be_ours
from reconciler.planning.policy import cap, counts_as_deletion

REPLAN = "another reconciler held the lease after the state was read; reading it again"
IN_FLIGHT_LIMIT = 250
"""Concurrent table operations that every account may run, including creates with indexes.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html
"""


def apply_pass_guards(
    assessments: list[TableAssessment],
    options: Options,
    snapshot: StateSnapshot,
    ended: Set[str] = frozenset(),
    *,
    recent: tuple[Ended, ...] = (),
    latch_closed: bool = False,
) -> list[TableAssessment]:
    """The assessments with the steps that the guards defer or block.

    ``ended`` names the tables that earlier rounds of the run deleted or replaced, and ``recent`` has the records of
    those that any pass ended within the last hour; both count towards the limit of deletions. ``latch_closed`` tells
    that a response before the assessments was invalid.
    """
    owners = [index for index, assessment in enumerate(assessments) for _ in assessment.steps]
    steps = [step for assessment in assessments for step in assessment.steps]
    if not steps:
        return assessments
    # Whatever table the response was about: an endpoint that sent one invalid response may have sent others (I3).
    if latch_closed or any(assessment.closes_latch for assessment in assessments):
        steps = [_without_destruction(step) for step in steps]
    # A person asked for ``destroy`` explicitly, so the limit does not apply to it.
    if not options.explicit_delete:
        unknown = sum(_not_observed(assessment) for assessment in assessments)
        steps = cap(steps, delete_limit(options, snapshot), already=_ended_before(assessments, ended, recent) + unknown)
    steps = _within_flight(steps, sum(_in_flight(assessment) for assessment in assessments))
    regrouped: list[list[Step]] = [[] for _ in assessments]
    for index, step in zip(owners, steps, strict=True):
        regrouped[index].append(step)
    return [
        _with_steps(assessment, propagate_blocked(defer_protection(tuple(own))))
        for assessment, own in zip(assessments, regrouped, strict=True)
    ]


def record_removals_first(assessments: list[TableAssessment], foreign: Set[str]) -> list[TableAssessment]:
    """What of a plan this pass carries out while a removed declaration is not recorded yet: no create and no claim.

    ``foreign`` names the tables whose removal is doubtful. The plan itself names these steps as ready, because the next
    round of the same run carries them out.
    """
    if not any(_first_undeclared(assessment, foreign) for assessment in assessments):
        return assessments
    held = (_record_removal_first(assessment) for assessment in assessments)
    return [_with_steps(assessment, propagate_blocked(assessment.steps)) for assessment in held]


def _with_steps(assessment: TableAssessment, steps: tuple[Step, ...]) -> TableAssessment:
    return assessment if steps == assessment.steps else replace(assessment, steps=steps)


def deferred_without_lease(assessments: list[TableAssessment], holder: str) -> list[TableAssessment]:
    """The assessments with every ready step deferred until ``holder`` gives the lease back. No record is written."""
    message = f"another reconciler holds the lease: {holder}"
    return [
        replace(
            assessment,
            steps=tuple(
                s.deferred(Reason.LEASE, _with_progress(message, s, assessment)) if s.status is StepStatus.READY else s
                for s in assessment.steps
            ),
        )
        for assessment in assessments
    ]


def _with_progress(message: str, step: Step, assessment: TableAssessment) -> str:
    """The message of a deferral; of a replacement under way also how far it is, and what a person may do."""
    begun = step.moves_items and (assessment.generation or assessment.replacement) is not None
    return f"{message}; {step.message}" if begun and step.message else message


def deferred_until_replanned(assessments: list[TableAssessment], why: str = REPLAN) -> list[TableAssessment]:
    """The assessments with every decision deferred, because the state that it was based on is out of date."""
    return [replace(assessment, steps=_waiting(assessment, why)) for assessment in assessments]


def _waiting(assessment: TableAssessment, why: str) -> tuple[Step, ...]:
    decided = (StepStatus.READY, StepStatus.BLOCKED)
    steps = tuple(s.deferred(Reason.LEASE, why) if s.status in decided else s for s in assessment.steps)
    if assessment.entry_changed and not steps:
        return (Step(Action.UPDATE, "ownership").deferred(Reason.LEASE, why),)
    return steps


def needs_write(assessment: TableAssessment) -> bool:
    """Whether applying this assessment writes anything, even if only a record."""
    if assessment.entry_changed or follows(assessment):
        return True
    return any(step.status is StepStatus.READY for step in assessment.steps)


def follows(assessment: TableAssessment) -> bool:
    """Whether the changes of the table are repeated on the one that it has replaced, which no step tells."""
    generation = assessment.generation
    holding = generation is not None and generation.phase is GenerationPhase.HOLD
    return holding and generation is not None and not generation.paused and generation.problem is None


def _ended_before(assessments: list[TableAssessment], ended: Set[str], recent: tuple[Ended, ...]) -> int:
    """The number of tables that ended before and are not to be deleted now.

    A table that is still there after its delete, or exists again, is in the plan already and must count only once.
    """
    wanted = {
        assessment.name: assessment.observed
        for assessment in assessments
        if any(counts_as_deletion(step) for step in assessment.steps)
    }
    gone = set(ended) - wanted.keys()
    for each in recent:
        again = wanted.get(each.name)
        if each.name not in wanted or (again is not None and not again.identity.same(each.identity)):
            gone.add(each.name)
    return len(gone)


def _not_observed(assessment: TableAssessment) -> bool:
    """Whether an undeclared table of ours could not be assessed. It counts as a deletion, because it may become one."""
    unread = assessment.entry is not None and not assessment.record_only
    return assessment.declaration is None and unread and not any(s.destructive for s in assessment.steps)


def delete_limit(options: Options, snapshot: StateSnapshot) -> int | None:
    """The largest number of deletions and replacements, or ``None`` for no limit (I6)."""
    if options.max_deletes is not None or options.max_deletes_share is None:
        return options.max_deletes
    owned = sum(is_ours(entry) for entry in snapshot.inventory.values())
    return max(1, int(owned * options.max_deletes_share))


def _in_flight(assessment: TableAssessment) -> bool:
    return assessment.observed is not None and assessment.observed.status != "ACTIVE"


def _within_flight(steps: list[Step], busy: int) -> list[Step]:
    free, kept = IN_FLIGHT_LIMIT - busy, []
    for step in steps:
        starts = step.status is StepStatus.READY and step.call is not None and step.action is not Action.UPDATE
        free -= starts
        full = f"{IN_FLIGHT_LIMIT} table operations are already in flight"
        kept.append(step.deferred(Reason.BUSY, full) if starts and free < 0 else step)
    return kept


def _first_undeclared(assessment: TableAssessment, foreign: Set[str]) -> bool:
    """Whether this pass is the first that finds the table undeclared, and why that is doubtful."""
    recorded, entry = assessment.recorded, assessment.entry
    if assessment.name not in foreign or recorded is None:
        return assessment.name in foreign
    return recorded.forgotten_since is None or (entry is not None and entry.renamed_to != recorded.renamed_to)


def _record_removal_first(assessment: TableAssessment) -> TableAssessment:
    """The assessment without creates and claims, which wait until the removed declarations are recorded.

    A table that this stack created or claimed in the same pass could vouch for foreign declarations later, and a table
    that is recorded in a new file would make it look like one that was there before (G18).
    """
    claims, recorded, entry = _takes_ownership(assessment), assessment.recorded, assessment.entry
    held = tuple(_after_removal_is_recorded(s) if claims or s.action is Action.CREATE else s for s in assessment.steps)
    if claims:
        entry = recorded
    elif assessment.declaration is not None and recorded is not None and entry is not None:
        entry = replace(entry, declared_in=recorded.declared_in)
    return replace(assessment, steps=held, entry=entry)


def _after_removal_is_recorded(step: Step) -> Step:
    message = "recording removed declarations before creating"
    return step.deferred(Reason.BUSY, message) if step.status is StepStatus.READY else step


def _takes_ownership(assessment: TableAssessment) -> bool:
    before, after = assessment.recorded, assessment.entry
    return is_ours(after) and not may_be_ours(before)


def _without_destruction(step: Step) -> Step:
    # A replacement that brings items back removes the copy at its end.
    takes_away = step.destructive or step.removes or step.returns_items
    return latched_step(step) if takes_away and step.status is StepStatus.READY else step
