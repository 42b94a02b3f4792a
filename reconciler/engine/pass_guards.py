"""What only the whole pass can decide: caps on deletes, invalid answers elsewhere, operations in flight. Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from reconciler.engine.assessment import TableAssessment
from reconciler.engine.state import latched_step
from reconciler.model.options import Options
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Ended, StateSnapshot
from reconciler.planning.availability import propagate_blocked
from reconciler.planning.ownership import is_ours, may_be_ours
from reconciler.planning.policy import cap, counts_as_deletion

REPLAN = "another reconciler led since the state was read; it is read again first"
IN_FLIGHT_LIMIT = 250
"""Table operations at once that every account may have, creates with indexes included (CreateTable quota)."""


def apply_pass_guards(
    assessments: list[TableAssessment],
    options: Options,
    snapshot: StateSnapshot,
    ended: Set[str] = frozenset(),
    foreign: Set[str] = frozenset(),
    *,
    recent: tuple[Ended, ...] = (),
    latch_closed: bool = False,
) -> list[TableAssessment]:
    """The surveys with the fates that follow from seeing all of them, and from what earlier rounds ended.

    ``foreign`` are the tables that the declarations look foreign to, or declare another one in place of. ``recent`` is
    what went within the last hour. ``doubtful`` says that an invalid answer came before the surveys.
    """
    if any(_first_undeclared(assessment, foreign) for assessment in assessments):
        assessments = [_record_removal_first(assessment) for assessment in assessments]
    owners = [index for index, assessment in enumerate(assessments) for _ in assessment.steps]
    steps = [step for assessment in assessments for step in assessment.steps]
    if not steps:
        return assessments
    if latch_closed or any(assessment.closes_latch for assessment in assessments):
        steps = [_without_destruction(step) for step in steps]
    if not options.explicit_delete:
        unknown = sum(_not_observed(assessment) for assessment in assessments)
        steps = cap(steps, delete_limit(options, snapshot), already=_ended_before(assessments, ended, recent) + unknown)
    steps = _within_flight(steps, sum(_in_flight(assessment) for assessment in assessments))
    regrouped: list[list[Step]] = [[] for _ in assessments]
    for index, step in zip(owners, steps, strict=True):
        regrouped[index].append(step)
    return [
        _with_steps(assessment, propagate_blocked(tuple(own)))
        for assessment, own in zip(assessments, regrouped, strict=True)
    ]


def _with_steps(assessment: TableAssessment, steps: tuple[Step, ...]) -> TableAssessment:
    return assessment if steps == assessment.steps else replace(assessment, steps=steps)


def deferred_without_lease(assessments: list[TableAssessment], holder: str) -> list[TableAssessment]:
    """Every ready step waits for the other reconciler; nothing is written down either."""
    message = f"another reconciler holds the lease: {holder}"
    return [
        replace(
            assessment,
            steps=tuple(
                s.deferred(Reason.LEASE, message) if s.status is StepStatus.READY else s for s in assessment.steps
            ),
        )
        for assessment in assessments
    ]


def deferred_until_replanned(assessments: list[TableAssessment], why: str = REPLAN) -> list[TableAssessment]:
    """All that was decided on a state which another reconciler has written to since waits for the next look at it."""
    return [replace(assessment, steps=_waiting(assessment, why)) for assessment in assessments]


def _waiting(assessment: TableAssessment, why: str) -> tuple[Step, ...]:
    decided = (StepStatus.READY, StepStatus.BLOCKED)
    steps = tuple(s.deferred(Reason.LEASE, why) if s.status in decided else s for s in assessment.steps)
    if assessment.entry_changed and not steps:
        return (Step(Action.UPDATE, "ownership").deferred(Reason.LEASE, why),)
    return steps


def needs_write(assessment: TableAssessment) -> bool:
    """Whether acting on this survey writes anything, be it only a record."""
    return assessment.entry_changed or any(step.status is StepStatus.READY for step in assessment.steps)


def _ended_before(assessments: list[TableAssessment], ended: Set[str], recent: tuple[Ended, ...]) -> int:
    """How many tables went before that are not wanted gone now: a delete that did not come true counts once."""
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
    """Whether a table of ours that is not declared could not be looked at: it may have to go as well."""
    unread = assessment.entry is not None and not assessment.record_only
    return assessment.declaration is None and unread and not any(s.destructive for s in assessment.steps)


def delete_limit(options: Options, snapshot: StateSnapshot) -> int | None:
    """The cap on deletes and replaces; ``None`` where there is none."""
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
        full = f"{IN_FLIGHT_LIMIT} table operations are in flight already"
        kept.append(step.deferred(Reason.BUSY, full) if starts and free < 0 else step)
    return kept


def _first_undeclared(assessment: TableAssessment, foreign: Set[str]) -> bool:
    """Whether this pass is the first that finds the table forgotten by declarations that look like somebody else's."""
    return assessment.name in foreign and (assessment.recorded is None or assessment.recorded.forgotten_since is None)


def _record_removal_first(assessment: TableAssessment) -> TableAssessment:
    """No table is made, and none that stands there becomes ours, in the pass that notes which ones are forgotten."""
    claims = _takes_ownership(assessment)
    held = tuple(_after_removal_is_recorded(s) if claims or s.action is Action.CREATE else s for s in assessment.steps)
    return replace(assessment, steps=held, entry=assessment.recorded if claims else assessment.entry)


def _after_removal_is_recorded(step: Step) -> Step:
    message = "which tables are declared no more is written down first"
    return step.deferred(Reason.BUSY, message) if step.status is StepStatus.READY else step


def _takes_ownership(assessment: TableAssessment) -> bool:
    before, after = assessment.recorded, assessment.entry
    return is_ours(after) and not may_be_ours(before)


def _without_destruction(step: Step) -> Step:
    return latched_step(step) if (step.destructive or step.removes) and step.status is StepStatus.READY else step
