"""Turns the assessment and the steps of one table into its report. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.engine.assessment import TableAssessment
from reconciler.model.errors import ApiError, Unreachable
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.report import TableReport, TableStatus
from reconciler.model.table import TableSpec
from reconciler.planning.ownership import is_released
from reconciler.planning.text import several

FACET_FIELDS = tuple(name for name in TableSpec.__dataclass_fields__ if name != "name")


@dataclass(frozen=True, slots=True)
class Seeded:
    """Number of seed items of one table in this pass."""

    written: int = 0
    present: int = 0
    failed: int = 0


def plan_summary(assessments: Iterable[TableAssessment]) -> tuple[str, int]:
    """What a pass is about to do, in words (``creating 500 tables``), and how many tables it will create."""
    creating = sum(_ready(assessment, Action.CREATE) for assessment in assessments)
    others = sum(_ready(assessment) for assessment in assessments) - creating
    parts = [f"creating {several(creating, 'table')}"] if creating else []
    parts += [f"changing {several(others, 'table')}"] if others else []
    return " and ".join(parts) or "checking the tables", creating


def _ready(assessment: TableAssessment, action: Action | None = None) -> bool:
    return any(step.status is StepStatus.READY and action in (None, step.action) for step in assessment.steps)


def table_report(
    assessment: TableAssessment, steps: tuple[Step, ...], error: ApiError | None, seeded: Seeded
) -> TableReport:
    """The report of one table. Its status never claims more than what was observed."""
    declaration, observed, entry = assessment.declaration, assessment.observed, assessment.entry
    if assessment.left_by is not None:
        steps = tuple(step.as_deletion() for step in steps)
    message = (
        assessment.refusal or (str(assessment.error) if assessment.error else None) or (str(error) if error else None)
    )
    unsupported = {change.path for step in steps if step.status is StepStatus.UNSUPPORTED for change in step.changes}
    drifted = dict.fromkeys(c.facet for c in assessment.changes if c.path not in unsupported)
    waiting = (StepStatus.READY, StepStatus.DEFERRED)
    seed_pending = any(step.action is Action.SEED and step.status in waiting for step in steps)
    status = _status(assessment, steps, message, drifted=bool(drifted))
    live = observed.spec if observed else None
    return TableReport(
        name=assessment.name,
        status=status,
        base_name=declaration.base_name if declaration else (entry.base_name if entry else None),
        declared_name=declaration.declared_name if declaration else None,
        declaration=str(declaration.origin) if declaration else None,
        changes=assessment.changes,
        steps=steps,
        error=message,
        facets=_declared_facets(declaration.spec) if declaration else (),
        drifted=tuple(drifted) if declaration else (),
        ownership=entry.ownership if entry else None,
        identity=observed.identity if observed else None,
        live_status=observed.status if observed else ("UNKNOWN" if assessment.not_observed else None),
        billing_mode=live.billing.mode if live and live.billing else None,
        item_count=observed.item_count if observed else None,
        size_bytes=observed.size_bytes if observed else None,
        seed_state=assessment.seed_record.state if assessment.seed_record else None,
        seed_pending=seed_pending,
        seed_written=seeded.written,
        seed_present=seeded.present,
        seed_failed=seeded.failed,
        rebuild=assessment.rebuild,
        replacement=assessment.replacement,
        generation=assessment.generation,
        left_by=assessment.left_by,
        left_in_place=assessment.left_in_place,
        observed=live,
        ready=bool(observed and observed.status == "ACTIVE" and not seed_pending and not message),
        unanswered=isinstance(assessment.error or error, Unreachable),
    )


def _declared_facets(spec: TableSpec) -> tuple[str, ...]:
    return tuple(name for name in FACET_FIELDS if getattr(spec, name) is not None)


def _status(assessment: TableAssessment, steps: tuple[Step, ...], message: str | None, *, drifted: bool) -> TableStatus:
    fates = {step.status for step in steps}
    pending_seed = any(step.action is Action.SEED and step.status is StepStatus.READY for step in steps)
    if message or StepStatus.FAILED in fates:
        return TableStatus.ERROR
    if is_released(assessment.entry):
        return TableStatus.RELEASED
    if StepStatus.BLOCKED in fates:
        return TableStatus.BLOCKED
    if StepStatus.DONE in fates:
        return TableStatus.PENDING
    if assessment.observed is None and assessment.declaration is not None:
        return TableStatus.PENDING if StepStatus.DEFERRED in fates else TableStatus.MISSING
    if StepStatus.DEFERRED in fates:
        return TableStatus.PENDING
    if drifted or any(step.status is StepStatus.READY and step.action is not Action.SEED for step in steps):
        return TableStatus.DRIFTED
    return TableStatus.PENDING if pending_seed else TableStatus.IN_SYNC
