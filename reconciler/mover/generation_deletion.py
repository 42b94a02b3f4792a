"""Deletes the table of a replacement that no declared name means any more, through the deletion gate.

Called by ``replacer`` for the step that ``engine.assess_generation.assess_left_table`` planned and the gate allowed.
"""

from __future__ import annotations

from dataclasses import replace

from reconciler.engine.apply_step import TableResult, delete_table
from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.model.plan import Action, StepStatus
from reconciler.model.records import GenerationPhase

IN_DELETION = frozenset({GenerationPhase.FINISH, GenerationPhase.CANCEL})


def delete_left_table(context: PassContext, assessment: TableAssessment) -> TableResult:
    """Send DeleteTable for the table that is left behind, unless the work has changed since it was planned."""
    step = next(step for step in assessment.steps if step.moves_items and step.status is StepStatus.READY)
    if not still_left(context, assessment):
        return TableResult(assessment, (step.with_message("the replacement went on; planning again"),))
    applied = delete_table(context, assessment, step)
    # It was judged as a replacement, because nothing is lost with it. The new table is the one that counts as replaced.
    ended = tuple(replace(s, action=Action.DELETE) if s.status is StepStatus.DONE else s for s in applied.steps)
    return replace(applied, steps=ended)


def still_left(context: PassContext, assessment: TableAssessment) -> bool:
    """Whether the stored record still says that this table is to be deleted."""
    planned = context.snapshot.generation_with(assessment.name)
    stored = context.ports.store.load().generation_with(assessment.name)
    same = stored is not None and planned is not None and stored.phase is planned.phase
    return same and stored is not None and stored.phase in IN_DELETION and not stored.keep
