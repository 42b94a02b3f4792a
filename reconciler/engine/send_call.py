"""Send the call of one step and give the step the status that the answer or the error calls for.

Before each call the lease is renewed. What the service counts per day is recorded before the call as well, because a
response may be lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.deletion_gate import LEASE_LOST
from reconciler.model.change import Call
from reconciler.model.errors import ApiError, LeaseLost, Outcome, QuotaUsedUp, Throttled, Unsupported
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import Attempts, InventoryEntry, QuotaUsage
from reconciler.planning import quotas
from reconciler.planning.observe import identity_of


@dataclass(frozen=True, slots=True)
class TableResult:
    """What applying did to a table: its steps with their new status, and what the engine must remember."""

    assessment: TableAssessment
    steps: tuple[Step, ...]
    wrote: bool = False
    attempts: Attempts | None = None
    error: ApiError | None = None
    refusal: ApiError | None = None
    """Why the service refused the call for now. The call changed nothing."""
    lease_lost: bool = False
    """Whether another reconciler turned out to hold the lease."""
    created: InventoryEntry | None = None
    """The record of a table that was just created, which is not stored yet."""


def send_with_quota(context: PassContext, assessment: TableAssessment, step: Step) -> TableResult:
    """Send a call and record the quota that it uses.

    The use is recorded before the call: if the response were lost, the call would otherwise not be counted, because
    DescribeTable shows only the last change of each kind.
    """
    observed, store = assessment.observed, context.ports.store
    kinds = quotas.counted(step, observed) if observed is not None and not context.ports.emulator else ()
    if observed is None or not kinds:
        return send_step(context, assessment, step)
    before = assessment.quota_usage or QuotaUsage(assessment.name, observed.identity)
    now = context.ports.clock.now()
    noted = quotas.record_use(before, assessment.name, observed.identity, kinds, now)
    store.put_quota_usage(noted)
    applied = send_step(context, assessment, step)
    after = applied.steps[0]
    limited = isinstance(applied.refusal, Throttled) and quotas.plausible(kinds, observed, assessment.quota_usage, now)
    if after.reason is Reason.NOT_BEFORE or limited:
        store.put_quota_usage(quotas.record_refusal(before, assessment.name, observed.identity, kinds, now))
        return replace(applied, steps=(quotas.deferred_by_quota(after, kinds, now),))
    if after.status in (StepStatus.DEFERRED, StepStatus.UNSUPPORTED):
        store.put_quota_usage(before)
    elif after.reason is Reason.REJECTED:
        store.put_quota_usage(quotas.record_refusal(before, assessment.name, observed.identity, kinds, now))
    elif after.status is StepStatus.DONE and noted.refused:
        store.put_quota_usage(quotas.record_accepted(noted, kinds))
    return applied


def send_step(context: PassContext, assessment: TableAssessment, step: Step) -> TableResult:
    if step.call is None:
        return TableResult(assessment, (step,))
    try:
        answer = write_call(context, step.call)
    except LeaseLost:
        raise
    except ApiError as error:
        return failed_call(assessment, step, error)
    other = _other_table_reached(assessment, step, answer) if step.destructive else None
    return TableResult(assessment, (other or step.done(),), wrote=True)


def write_call(context: PassContext, call: Call) -> Mapping[str, Any]:
    """Prove the lease, then send a call that changes a table. Raises ``LeaseLost`` if the lease is no longer ours.

    The proof is the fencing check: DynamoDB cannot check our token itself. ``suspend``, ``release`` and a new leader
    revoke the lease, so from then on this process sends no further call. It is a renewal, on the condition that the
    token is still ours. Before a create, which can end nothing, it is a read, because hundreds of them may follow.
    """
    store = context.ports.store
    is_proven = store.confirm_lease() if call.operation == "CreateTable" else store.holds_lease()
    if not is_proven:
        raise LeaseLost(call.operation, "LeaseLost", LEASE_LOST)
    return context.ports.api.write(call)


def _other_table_reached(assessment: TableAssessment, step: Step, answer: Mapping[str, Any]) -> Step | None:
    """The failed step if the response describes another table than the planned one, else ``None``.

    Somebody deleted and recreated the table between the preflight and the call. DeleteTable has no condition that could
    prevent this.
    """
    described = answer.get("TableDescription")
    if assessment.observed is None or not isinstance(described, Mapping) or "TableArn" not in described:
        return None
    went, decided = identity_of(described), assessment.observed.identity
    if went.same(decided):
        return None
    return step.failed(
        f"{step.call.operation if step.call else 'the call'} reached another table than the planned one: somebody"
        f" recreated {assessment.name} right before it (planned {_id(decided)}, reached {_id(went)}). Check what it"
        " contained, and restore it from a backup if it is needed",
        Reason.IDENTITY,
    )


def _id(identity: Identity) -> str:
    return f"TableId {identity.table_id or 'unknown'} of {identity.created}"


def failed_call(assessment: TableAssessment, step: Step, error: ApiError) -> TableResult:
    wrote, away = error.outcome is Outcome.RETRY, error if error.outcome is Outcome.AGAIN else None
    return TableResult(
        assessment, (step_after_error(step, error),), wrote=wrote, error=fatal_error(error), refusal=away
    )


def step_after_error(step: Step, error: ApiError) -> Step:
    """The step with the status that the error of its call gives it. The only place that maps outcomes to statuses."""
    if isinstance(error, Unsupported):
        return step.unsupported(f"the endpoint does not have {error.operation}")
    if isinstance(error, LeaseLost):
        return step.deferred(Reason.LEASE, LEASE_LOST)
    if isinstance(error, QuotaUsedUp):
        return step.deferred(Reason.NOT_BEFORE, str(error))
    match error.outcome:
        case Outcome.AGAIN:
            return step.deferred(Reason.BUSY, str(error))
        case Outcome.NEVER:
            return step.failed(str(error), Reason.REJECTED)
        case _:
            return step.failed(str(error))


def fatal_error(error: ApiError) -> ApiError | None:
    return None if isinstance(error, Unsupported) or error.outcome is Outcome.AGAIN else error
