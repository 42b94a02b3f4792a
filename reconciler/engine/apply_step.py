"""The second half of a pass: send one call for one table, and turn its end into a fate.

At most one table-changing call per table and round. Nothing is assumed about a call whose answer was lost: the next
round observes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reconciler.engine.assessment import PassContext, TableAssessment
from reconciler.engine.deletion_gate import (
    LEASE_LOST,
    declarations_changed,
    preflight_delete,
    preflight_removal,
    still_planned,
    with_backup,
)
from reconciler.engine.observe import observe_table
from reconciler.engine.pass_guards import deferred_until_replanned, delete_limit
from reconciler.engine.state import endpoint_changed_step, latched_step
from reconciler.model.change import Call, Change
from reconciler.model.errors import (
    ApiError,
    Busy,
    LeaseLost,
    NameTaken,
    Outcome,
    QuotaUsedUp,
    RecordChanged,
    Throttled,
    Unsupported,
)
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import CAP_WINDOW, Attempts, Ended, InventoryEntry, QuotaUsage
from reconciler.planning import breaker, ownership, quotas
from reconciler.planning.create import create_call, without_unsupported
from reconciler.planning.diff import diff, scaled_paths
from reconciler.planning.observe import identity_of
from reconciler.planning.ownership_transfer import transferred

READ_BACK_SECONDS = 5.0
READ_BACK_PAUSE = 0.2
UNSETTLED = "the declarations changed a moment ago; nothing is removed before they have been unchanged for seconds"


@dataclass(frozen=True, slots=True)
class TableResult:
    """What applying did to a survey: its steps with their new fates, and what is to be remembered."""

    survey: TableAssessment
    steps: tuple[Step, ...]
    wrote: bool = False
    attempts: Attempts | None = None
    error: ApiError | None = None
    refusal: ApiError | None = None
    """Why the service did not take the call for now; it changed nothing."""
    lease_lost: bool = False
    """Whether it came out that another reconciler leads by now."""


def apply_next(scene: PassContext, survey: TableAssessment) -> TableResult:
    """Carry out the first ready step that has a call; write the inventory first where it changed."""
    if scene.latch.endpoint_changed:
        steps = tuple(endpoint_changed_step(step) if step.status is StepStatus.READY else step for step in survey.steps)
        return TableResult(survey, steps)
    try:
        survey = _write_entry(scene, survey)
        position = _next(survey.steps)
        if position is None:
            return TableResult(survey, survey.steps)
        step = survey.steps[position]
        applied = _execute(scene, survey, step)
    except LeaseLost:
        return TableResult(survey, tuple(_defer_without_lease(step) for step in survey.steps), lease_lost=True)
    except RecordChanged:
        (survey,) = deferred_until_replanned([survey])
        return TableResult(survey, survey.steps)
    except ApiError as error:
        scene.latch.note(error)
        return TableResult(survey, survey.steps, error=error)
    if applied.error is not None:
        scene.latch.note(applied.error)
    before, after = survey.steps[:position], survey.steps[position + 1 :]
    return replace(applied, steps=(*before, *applied.steps, *after))


def _defer_without_lease(step: Step) -> Step:
    return step.deferred(Reason.LEASE, LEASE_LOST) if step.status is StepStatus.READY else step


def _next(steps: tuple[Step, ...]) -> int | None:
    ready = [i for i, step in enumerate(steps) if step.status is StepStatus.READY and step.call is not None]
    ending = [i for i in ready if steps[i].ends_table]
    return next(iter(ending or ready), None)


def _execute(scene: PassContext, survey: TableAssessment, step: Step) -> TableResult:
    if not scene.ports.store.keep_lease():
        return TableResult(survey, (step.deferred(Reason.LEASE, LEASE_LOST),))
    if step.action is Action.CREATE:
        return _create(scene, survey, step)
    if (step.destructive or step.removes) and scene.declarations_unstable:
        return TableResult(survey, (step.deferred(Reason.NOT_BEFORE, UNSETTLED, scene.stable_at),))
    if step.destructive:
        return _delete(scene, survey, step)
    refused = preflight_removal(scene, survey, step) if step.removes else None
    if refused is not None:
        return TableResult(survey, (refused,))
    if step.removes and scene.latch.closed:
        return TableResult(survey, (latched_step(step),))
    return _update(scene, survey, step)


def _create(scene: PassContext, survey: TableAssessment, step: Step) -> TableResult:
    world, declaration = scene.ports, survey.declaration
    if declaration is None:
        return TableResult(survey, (step,))
    has_tags = world.endpoint.flavor.has_tags
    nonce = ownership.open_nonce(survey.recorded) or world.random.token()
    tag = ownership.owner_tag(scene.options.scope, nonce) if has_tags else None
    call = create_call(without_unsupported(declaration.spec, world.endpoint.flavor.lacks), tag)
    now, project = world.clock.now(), scene.options.project
    intent = ownership.intended(survey.entry, survey.recorded, declaration, nonce, changed_at=now, project=project)
    intent = world.store.put_entry(intent)
    try:
        answer = _write(scene, call)
    except LeaseLost:
        raise
    except ApiError as error:
        if isinstance(error, NameTaken) and (not has_tags or ownership.open_nonce(survey.recorded) is None):
            _withdraw_intent(scene, survey, intent)
        return _failed_call(survey, step, error)
    proven = ownership.Event.CREATE_PROVEN
    created = ownership.advance(intent, proven, identity=_identity(answer), changed_at=world.clock.now())
    created = world.store.put_entry(created)
    return TableResult(replace(survey, recorded=created, entry=created), (replace(step, call=call).done(),), wrote=True)


def _withdraw_intent(scene: PassContext, survey: TableAssessment, intent: InventoryEntry) -> None:
    """An intent claims what was made after it; where nothing of ours can have been made, it must not.

    It would also keep ``on_existing: fail`` from being asked, as for a table that is managed already.
    """
    if survey.entry is None:
        scene.ports.store.drop_entry(intent)
    elif not ownership.is_open(survey.entry):
        scene.ports.store.put_entry(replace(survey.entry, revision=intent.revision))


def _delete(scene: PassContext, survey: TableAssessment, step: Step) -> TableResult:
    world = scene.ports
    if survey.observed is None or step.call is None:
        return TableResult(survey, (step,))
    lifecycle = survey.declaration.lifecycle if survey.declaration else None
    lifecycle = lifecycle or (survey.entry.lifecycle if survey.entry else None)
    if lifecycle is None:
        return TableResult(survey, (step,))
    secure, wrote = with_backup(world, survey.name, step, scene.backups)
    if secure.status is not StepStatus.READY:
        return TableResult(survey, (secure,), wrote=wrote)
    facts = scene.gate_input(survey, survey.observed, step, lifecycle)
    planned = partial(still_planned, scene, survey, step)
    refused = preflight_delete(world, step, facts, survey.seed_record, planned) or declarations_changed(scene, step)
    if refused is not None:
        return TableResult(survey, (refused,))
    if scene.latch.closed:
        return TableResult(survey, (latched_step(step),))
    if not step.ends_table:
        return _update(scene, survey, step)
    _record_ended(scene, survey.observed)
    return _delete_table(scene, survey, step)


def _record_ended(scene: PassContext, observed: ObservedTable) -> None:
    """Written down before the call, because a lost answer must not count as none; what no longer counts is dropped."""
    options, store, now = scene.options, scene.ports.store, scene.ports.clock.now()
    if options.explicit_delete or delete_limit(options, scene.snapshot) is None:
        return
    store.put_ended(Ended(observed.spec.name, observed.identity, now))
    for ended in scene.snapshot.ended.values():
        key = ("ended", ended.name)
        if ended.name != observed.spec.name and not scene.elapsed_times.within(
            key, ended.at, CAP_WINDOW, scene.ports.clock
        ):
            store.drop_ended(ended.name)


def _delete_table(scene: PassContext, survey: TableAssessment, step: Step) -> TableResult:
    """Delete the table. Its record says so first, under its revision.

    So one of two comes first: a ``release`` of the table, which makes this write fail, or this write, which tells
    ``release`` that the delete may be on its way.
    """
    if survey.entry is None:
        return TableResult(survey, (step,))
    store = scene.ports.store
    ending = store.put_entry(replace(survey.entry, ending_at=scene.ports.clock.now()))
    applied = _send(scene, replace(survey, recorded=ending, entry=ending), step)
    refused = applied.refusal is not None or applied.steps[0].reason is Reason.REJECTED
    if not refused:
        return applied
    kept = store.put_entry(replace(ending, ending_at=None))
    return replace(applied, survey=replace(applied.survey, recorded=kept, entry=kept))


def _update(scene: PassContext, survey: TableAssessment, step: Step) -> TableResult:
    applied = _send_with_quota(scene, survey, step)
    if survey.observed is None:
        return applied
    ended_as = applied.steps[0].status
    if _refused_although_active(applied, survey.observed):
        return _record_refusal(scene, survey, step, applied)
    if ended_as not in (StepStatus.DONE, StepStatus.UNSUPPORTED):
        return applied
    if ended_as is StepStatus.DONE and step.facet == "ownership" and survey.entry is not None:
        scene.ports.store.put_entry(transferred(survey.entry, scene.ports.clock.now()))
    refused_at = scene.ports.clock.now() if ended_as is StepStatus.UNSUPPORTED else None
    attempts = breaker.record(survey.attempts, survey.name, survey.observed.identity, step, refused_at)
    if scene.ports.emulator and ended_as is StepStatus.DONE and breaker.needs_read_back(attempts, step):
        attempts = breaker.record_read_back(attempts, step, _read_back(scene, survey), scene.ports.clock.now())
    if max(attempts.counts.values(), default=0) >= breaker.LIMIT:
        scene.ports.store.put_attempts(attempts)
    return replace(applied, attempts=attempts)


def _refused_although_active(applied: TableResult, observed: ObservedTable) -> bool:
    """Whether the call was refused as busy while the table was described as ACTIVE with nothing under way."""
    away = applied.refusal
    busy = isinstance(away, Busy) and not isinstance(away, LeaseLost | RecordChanged)
    return busy and observed.status == "ACTIVE" and not observed.changing


def _record_refusal(scene: PassContext, survey: TableAssessment, step: Step, applied: TableResult) -> TableResult:
    world, observed = scene.ports, survey.observed
    if observed is None:
        return applied
    attempts = breaker.record_refusal(
        survey.attempts, survey.name, observed.identity, step, world.clock.now(), emulator=world.emulator
    )
    if attempts.refused and (survey.attempts is None or attempts.refused != survey.attempts.refused):
        world.store.put_attempts(attempts)
    return replace(applied, attempts=attempts)


def _read_back(scene: PassContext, survey: TableAssessment) -> tuple[Change, ...] | None:
    """What still differs right after a write on an emulator; ``None`` where that cannot be seen within seconds."""
    if survey.declaration is None:
        return None
    began = scene.ports.clock.monotonic()
    while True:
        try:
            observed = observe_table(scene.ports, survey.name, survey.declaration.spec)
        except ApiError as error:
            scene.latch.note(error)
            return None
        if observed is not None and observed.status == "ACTIVE" and not observed.changing:
            return diff(survey.declaration.spec, observed.spec, scaled_paths(survey.declaration, observed))
        waited = scene.ports.clock.monotonic() - began
        if observed is None or waited >= READ_BACK_SECONDS or not scene.ports.clock.sleep(READ_BACK_PAUSE):
            return None


def _send_with_quota(scene: PassContext, survey: TableAssessment, step: Step) -> TableResult:
    """Send a call that may use up a quota: written down before, because a lost answer must not be counted as none."""
    observed, store = survey.observed, scene.ports.store
    kinds = quotas.counted(step, observed) if observed is not None and not scene.ports.emulator else ()
    if observed is None or not kinds:
        return _send(scene, survey, step)
    before = survey.quota_usage or QuotaUsage(survey.name, observed.identity)
    now = scene.ports.clock.now()
    noted = quotas.record_use(before, survey.name, observed.identity, kinds, now)
    store.put_quota_usage(noted)
    applied = _send(scene, survey, step)
    after = applied.steps[0]
    limited = isinstance(applied.refusal, Throttled) and quotas.plausible(kinds, observed, survey.quota_usage, now)
    if after.reason is Reason.NOT_BEFORE or limited:
        store.put_quota_usage(quotas.record_refusal(before, survey.name, observed.identity, kinds, now))
        return replace(applied, steps=(quotas.deferred_by_quota(after, kinds, now),))
    if after.status in (StepStatus.DEFERRED, StepStatus.UNSUPPORTED):
        store.put_quota_usage(before)
    elif after.reason is Reason.REJECTED:
        store.put_quota_usage(quotas.record_refusal(before, survey.name, observed.identity, kinds, now))
    elif after.status is StepStatus.DONE and noted.refused:
        store.put_quota_usage(quotas.record_accepted(noted, kinds))
    return applied


def _send(scene: PassContext, survey: TableAssessment, step: Step) -> TableResult:
    if step.call is None:
        return TableResult(survey, (step,))
    try:
        answer = _write(scene, step.call)
    except LeaseLost:
        raise
    except ApiError as error:
        return _failed_call(survey, step, error)
    other = _other_table_reached(survey, step, answer) if step.destructive else None
    return TableResult(survey, (other or step.done(),), wrote=True)


def _write(scene: PassContext, call: Call) -> Mapping[str, Any]:
    """Send a call that changes a table. The request before it renews the lease, under the condition that it is ours.

    Whoever suspends the stack, releases a table or takes over revokes the lease, so the renewal fails from then on.
    """
    if not scene.ports.store.holds_lease():
        raise LeaseLost(call.operation, "LeaseLost", LEASE_LOST)
    return scene.ports.api.write(call)


def _other_table_reached(survey: TableAssessment, step: Step, answer: Mapping[str, Any]) -> Step | None:
    """The failed step where the answer names another table than the one that was decided on: it was made meanwhile."""
    described = answer.get("TableDescription")
    if survey.observed is None or not isinstance(described, Mapping) or "TableArn" not in described:
        return None
    went, decided = identity_of(described), survey.observed.identity
    if went.same(decided):
        return None
    return step.failed(
        f"{step.call.operation if step.call else 'the call'} reached another table than the one decided on: somebody"
        f" made {survey.name} anew right before it (decided on {_id(decided)}, reached {_id(went)}). Look at what it"
        " held and restore it from a backup if it is missed",
        Reason.IDENTITY,
    )


def _id(identity: Identity) -> str:
    return f"TableId {identity.table_id or 'unknown'} of {identity.created}"


def _failed_call(survey: TableAssessment, step: Step, error: ApiError) -> TableResult:
    wrote, away = error.outcome is Outcome.RETRY, error if error.outcome is Outcome.AGAIN else None
    return TableResult(survey, (step_after_error(step, error),), wrote=wrote, error=_fatal(error), refusal=away)


def step_after_error(step: Step, error: ApiError) -> Step:
    """The fate of a step whose call failed: the one place where outcomes are matched."""
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


def _fatal(error: ApiError) -> ApiError | None:
    return None if isinstance(error, Unsupported) or error.outcome is Outcome.AGAIN else error


def _write_entry(scene: PassContext, survey: TableAssessment) -> TableAssessment:
    """The survey with its entry as it is recorded now. ``RecordChanged`` where somebody wrote the record meanwhile."""
    if survey.entry is not None:
        if survey.entry_changed:
            revision = survey.recorded.revision if survey.recorded is not None else 0
            unknown = survey.recorded.unknown if survey.recorded is not None else {}
            entry = scene.ports.store.put_entry(replace(survey.entry, revision=revision, unknown=unknown))
            return replace(survey, recorded=entry, entry=entry)
        return replace(survey, entry=survey.recorded)
    if survey.recorded is not None:
        scene.ports.store.drop_entry(survey.recorded)
        return replace(survey, recorded=None)
    return survey


def _identity(answer: Mapping[str, Any]) -> Identity:
    return identity_of(answer["TableDescription"])
