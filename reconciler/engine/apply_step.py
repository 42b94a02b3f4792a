"""Apply one step of one table: check what may stop it, record what a lost response would hide, and send its call.

A round sends at most one call per table, because the service accepts only one change at a time while a table is
UPDATING. If the response of a call is lost, nothing is assumed: the next round observes the table again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
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
from reconciler.engine.pass_guards import REPLAN, deferred_until_replanned, delete_limit, follows
from reconciler.engine.send_call import (
    TableResult,
    failed_call,
    fatal_error,
    send_step,
    send_with_quota,
    step_after_error,
    write_call,
)
from reconciler.engine.state import endpoint_changed_step, latched_step
from reconciler.model.change import Change
from reconciler.model.desired import Declaration
from reconciler.model.errors import ApiError, Busy, LeaseLost, NameTaken, RecordChanged
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import CAP_WINDOW, Ended, InventoryEntry
from reconciler.planning import breaker, ownership
from reconciler.planning.create import create_call, without_unsupported
from reconciler.planning.diff import diff, scaled_paths
from reconciler.planning.handed_back import TAGS, set_by_create, with_tags
from reconciler.planning.observe import identity_of
from reconciler.planning.ownership_transfer import transferred

READ_BACK_SECONDS = 5.0
READ_BACK_PAUSE = 0.2
UNSETTLED = "the declarations changed a moment ago; waiting until they are stable before removing anything"


@dataclass(frozen=True, slots=True)
class Intent:
    """The intent of a create, which may be stored already: then the caller also stores the record of the created table.

    One that is not proven to be stored may be stored nevertheless, so it is written again as it is, with its nonce.
    """

    entry: InventoryEntry
    stored: bool


def apply_next(context: PassContext, assessment: TableAssessment, intent: Intent | None = None) -> TableResult:
    """Write the inventory entry if it changed, then carry out the first ready step that has a call.

    A step that ends the table goes before all others, because it makes them unnecessary. ``intent`` is that of a
    create; see ``create_table``. Does not raise ``ApiError``: errors are in the result.
    """
    if context.latch.endpoint_changed:
        steps = tuple(
            endpoint_changed_step(step) if step.status is StepStatus.READY else step for step in assessment.steps
        )
        return TableResult(assessment, steps)
    try:
        assessment = _write_entry(context, assessment)
        position = _next(assessment.steps)
        if position is None or any(_moves_items_now(step) for step in assessment.steps):
            return TableResult(assessment, assessment.steps)
        step = assessment.steps[position]
        applied = _execute(context, assessment, step, intent)
    except ApiError as error:
        return result_after_error(context, assessment, error)
    if applied.error is not None:
        context.latch.note(applied.error)
    before, after = assessment.steps[:position], assessment.steps[position + 1 :]
    return replace(applied, steps=(*before, *applied.steps, *after))


def result_after_error(context: PassContext, assessment: TableAssessment, error: ApiError) -> TableResult:
    """The result of a table of which a record could not be written, or another request failed outside of a step."""
    if isinstance(error, LeaseLost):
        return TableResult(assessment, tuple(_defer_without_lease(step) for step in assessment.steps), lease_lost=True)
    if isinstance(error, RecordChanged):
        (assessment,) = deferred_until_replanned([assessment])
        return TableResult(assessment, assessment.steps)
    context.latch.note(error)
    return TableResult(assessment, assessment.steps, error=error)


def move_items(context: PassContext, applied: TableResult) -> TableResult:
    """Let the mover begin or continue the replacement of a table, if a ready step asks for it.

    Not called from a thread of ``Parallel``, because the mover uses it itself. Errors are in the result.
    """
    ports, assessment = context.ports, applied.assessment
    position = next((i for i, step in enumerate(applied.steps) if _moves_items_now(step)), None)
    if ports.replacer is None or applied.error is not None or applied.lease_lost:
        return applied
    if position is None:
        if not follows(assessment):
            return applied
        # In the hold of a new table no step is shown unless something goes wrong.
        position = len(applied.steps)
        applied = replace(applied, steps=(*applied.steps, Step(Action.REPLACE, "table", returns_items=True)))
    step = applied.steps[position]
    refused = _not_now(context, step)
    if refused is not None:
        moved = TableResult(assessment, (refused,))
    else:
        try:
            moved = ports.replacer().proceed(context, assessment)
        except LeaseLost:
            moved = TableResult(assessment, (_defer_without_lease(step),), lease_lost=True)
        except RecordChanged:
            moved = TableResult(assessment, (step.deferred(Reason.LEASE, REPLAN),))
        except ApiError as error:
            context.latch.note(error)
            moved = TableResult(assessment, (step_after_error(step, error),), wrote=True, error=fatal_error(error))
    before, after = applied.steps[:position], applied.steps[position + 1 :]
    return replace(moved, steps=(*before, *moved.steps, *after), wrote=moved.wrote or applied.wrote)


def _moves_items_now(step: Step) -> bool:
    return step.moves_items and step.status is StepStatus.READY


def _not_now(context: PassContext, step: Step) -> Step | None:
    if context.latch.endpoint_changed:
        return endpoint_changed_step(step)
    if not context.ports.store.keep_lease():
        return step.deferred(Reason.LEASE, LEASE_LOST)
    if step.destructive and context.declarations_unstable:
        return step.deferred(Reason.NOT_BEFORE, UNSETTLED, context.stable_at)
    return None


def _defer_without_lease(step: Step) -> Step:
    return step.deferred(Reason.LEASE, LEASE_LOST) if step.status is StepStatus.READY else step


def _next(steps: tuple[Step, ...]) -> int | None:
    ready = [i for i, step in enumerate(steps) if step.status is StepStatus.READY and step.call is not None]
    ending = [i for i in ready if steps[i].ends_table]
    return next(iter(ending or ready), None)


def _execute(context: PassContext, assessment: TableAssessment, step: Step, intent: Intent | None) -> TableResult:
    if not context.ports.store.keep_lease():
        return TableResult(assessment, (step.deferred(Reason.LEASE, LEASE_LOST),))
    if step.action is Action.CREATE:
        return create_table(context, assessment, step, intent)
    if (step.destructive or step.removes) and context.declarations_unstable:
        return TableResult(assessment, (step.deferred(Reason.NOT_BEFORE, UNSETTLED, context.stable_at),))
    if step.destructive:
        return delete_table(context, assessment, step)
    refused = preflight_removal(context, assessment, step) if step.removes else None
    if refused is not None:
        return TableResult(assessment, (refused,))
    # Last, because a response in another thread may close the latch at any time (G31).
    if step.removes and context.latch.closed:
        return TableResult(assessment, (latched_step(step),))
    return _update(context, assessment, step)


def create_table(
    context: PassContext, assessment: TableAssessment, step: Step, prepared: Intent | None = None
) -> TableResult:
    """Record the intent, then send CreateTable for the declaration of the assessment.

    With a ``prepared`` intent that is stored, the record of the created table is left to the caller, in the result.
    """
    ports, declaration = context.ports, assessment.declaration
    if declaration is None:
        return TableResult(assessment, (step,))
    intent = intended_create(context, assessment, declaration) if prepared is None else prepared.entry
    is_shared = prepared is not None and prepared.stored
    if not is_shared:
        # The intent is stored before the call. If the response is lost, it is what proves later that the table is ours.
        intent = ports.store.put_entry(intent)
    has_tags = ports.endpoint.flavor.has_tags
    tag = ownership.owner_tag(context.options.scope, intent.nonce) if has_tags else None
    call = create_call(without_unsupported(declaration.spec, ports.endpoint.flavor.lacks), tag)
    try:
        answer = write_call(context, call)
    except LeaseLost:
        raise
    except ApiError as error:
        if isinstance(error, NameTaken) and (not has_tags or ownership.open_nonce(assessment.recorded) is None):
            _withdraw_intent(context, assessment, intent)
        return failed_call(assessment, step, error)
    proven = ownership.Event.CREATE_PROVEN
    created = ownership.advance(intent, proven, identity=_identity(answer), changed_at=ports.clock.now())
    done = (replace(step, call=call).done(),)
    if is_shared:
        return TableResult(replace(assessment, recorded=intent, entry=intent), done, wrote=True, created=created)
    created = ports.store.put_entry(created)
    return TableResult(replace(assessment, recorded=created, entry=created), done, wrote=True)


def intended_create(context: PassContext, assessment: TableAssessment, declaration: Declaration) -> InventoryEntry:
    """The record of a table that is about to be created."""
    ports, recorded = context.ports, assessment.recorded
    # A create whose response was lost keeps its nonce: whichever of the two calls creates the table, its tag proves it.
    nonce = ownership.open_nonce(recorded) or ports.random.token()
    earlier = recorded.managed if recorded is not None and ownership.open_nonce(recorded) else None
    managed = set_by_create(without_unsupported(declaration.spec, ports.endpoint.flavor.lacks), earlier)
    now, project = ports.clock.now(), context.options.project
    return ownership.intended(
        assessment.entry, recorded, declaration, nonce, changed_at=now, project=project, managed=managed
    )


def _withdraw_intent(context: PassContext, assessment: TableAssessment, intent: InventoryEntry) -> None:
    """Undo the recorded intent of a create that certainly created nothing.

    It would claim a table that somebody else creates later, and ``on_existing: fail`` would not apply to that table.
    """
    if assessment.entry is None:
        context.ports.store.drop_entry(intent)
    elif not ownership.is_open(assessment.entry):
        context.ports.store.put_entry(replace(assessment.entry, revision=intent.revision))


def delete_table(
    context: PassContext, assessment: TableAssessment, step: Step, announce: Callable[[], None] = lambda: None
) -> TableResult:
    """Send a destructive call after every check that the gate asks for right before it.

    ``announce`` is called when all of them allow a step that ends the table, before DeleteTable is sent.
    """
    ports = context.ports
    if assessment.observed is None or step.call is None:
        return TableResult(assessment, (step,))
    lifecycle = assessment.declaration.lifecycle if assessment.declaration else None
    lifecycle = lifecycle or (assessment.entry.lifecycle if assessment.entry else None)
    if lifecycle is None:
        return TableResult(assessment, (step,))
    # The backup comes before the preflight: it may take minutes, and what the preflight confirms must still hold then.
    secure, wrote = with_backup(ports, assessment.name, step, context.backups)
    if secure.status is not StepStatus.READY:
        return TableResult(assessment, (secure,), wrote=wrote)
    gate_input = context.gate_input(assessment, assessment.observed, step, lifecycle)
    planned = partial(still_planned, context, assessment, step)
    refused = preflight_delete(ports, step, gate_input, assessment.seed_record, planned) or declarations_changed(
        context, step
    )
    if refused is not None:
        return TableResult(assessment, (refused,))
    if context.latch.closed:
        return TableResult(assessment, (latched_step(step),))
    if not step.ends_table:
        return _update(context, assessment, step)
    announce()
    _record_ended(context, assessment.observed)
    return _delete_table(context, assessment, step)


def _record_ended(context: PassContext, observed: ObservedTable) -> None:
    """Record the end of the table for the limit of deletions, and drop records that are older than its window.

    The record is written before the call: if the response were lost, the deletion would otherwise not be counted.
    """
    options, store, now = context.options, context.ports.store, context.ports.clock.now()
    if options.explicit_delete or delete_limit(options, context.snapshot) is None:
        return
    store.put_ended(Ended(observed.spec.name, observed.identity, now))
    for ended in context.snapshot.ended.values():
        key = ("ended", ended.name)
        if ended.name != observed.spec.name and not context.elapsed_times.within(
            key, ended.at, CAP_WINDOW, context.ports.clock
        ):
            store.drop_ended(ended.name)


def _delete_table(context: PassContext, assessment: TableAssessment, step: Step) -> TableResult:
    """Mark the record of the table as being deleted, then send DeleteTable.

    The mark resolves the race with ``release``: both write the same revision of the record. Either ``release`` is first
    and this write fails, or this write is first and tells ``release`` that the deletion may already be on its way.
    """
    if assessment.entry is None:
        return TableResult(assessment, (step,))
    store = context.ports.store
    ending = store.put_entry(replace(assessment.entry, ending_at=context.ports.clock.now()))
    applied = send_step(context, replace(assessment, recorded=ending, entry=ending), step)
    refused = applied.refusal is not None or applied.steps[0].reason is Reason.REJECTED
    if not refused:
        return applied
    # The service refused the call, so the table stays: without the mark a ``release`` need not watch it.
    kept = store.put_entry(replace(ending, ending_at=None))
    return replace(applied, assessment=replace(applied.assessment, recorded=kept, entry=kept))


def _update(context: PassContext, assessment: TableAssessment, step: Step) -> TableResult:
    applied = send_with_quota(context, assessment, step)
    if assessment.observed is None:
        return applied
    ended_as = applied.steps[0].status
    if _refused_although_active(applied, assessment.observed):
        return _record_refusal(context, assessment, step, applied)
    if ended_as not in (StepStatus.DONE, StepStatus.UNSUPPORTED):
        return applied
    if ended_as is StepStatus.DONE and step.facet == "ownership" and assessment.entry is not None:
        context.ports.store.put_entry(transferred(assessment.entry, context.ports.clock.now()))
    if ended_as is StepStatus.DONE and step.facet == TAGS:
        applied = _record_tags(context, applied, step)
    refused_at = context.ports.clock.now() if ended_as is StepStatus.UNSUPPORTED else None
    attempts = breaker.record(assessment.attempts, assessment.name, assessment.observed.identity, step, refused_at)
    if context.ports.emulator and ended_as is StepStatus.DONE and breaker.needs_read_back(attempts, step):
        attempts = breaker.record_read_back(attempts, step, _read_back(context, assessment), context.ports.clock.now())
    if max(attempts.counts.values(), default=0) >= breaker.LIMIT:
        context.ports.store.put_attempts(attempts)
    return replace(applied, attempts=attempts)


def _record_tags(context: PassContext, applied: TableResult, step: Step) -> TableResult:
    """Record the tags that were set or removed. Only after the response: a tag that others may have set stays theirs.

    If the record cannot be written, nothing is proven, and a later pass leaves the tag in place.
    """
    assessment = applied.assessment
    if assessment.entry is None or assessment.observed is None:
        return applied
    managed = with_tags(assessment.entry.managed, assessment.observed.identity, step)
    try:
        entry = context.ports.store.put_entry(replace(assessment.entry, managed=managed))
    except LeaseLost:
        return replace(applied, lease_lost=True)
    except RecordChanged:
        return applied
    return replace(applied, assessment=replace(assessment, recorded=entry, entry=entry))


def _refused_although_active(applied: TableResult, observed: ObservedTable) -> bool:
    """Whether the call was refused as busy although the table was ACTIVE and nothing was in progress."""
    away = applied.refusal
    busy = isinstance(away, Busy) and not isinstance(away, LeaseLost | RecordChanged)
    return busy and observed.status == "ACTIVE" and not observed.changing


def _record_refusal(context: PassContext, assessment: TableAssessment, step: Step, applied: TableResult) -> TableResult:
    ports, observed = context.ports, assessment.observed
    if observed is None:
        return applied
    attempts = breaker.record_refusal(
        assessment.attempts, assessment.name, observed.identity, step, ports.clock.now(), emulator=ports.emulator
    )
    if attempts.refused and (assessment.attempts is None or attempts.refused != assessment.attempts.refused):
        ports.store.put_attempts(attempts)
    return replace(applied, attempts=attempts)


def _read_back(context: PassContext, assessment: TableAssessment) -> tuple[Change, ...] | None:
    """The differences that remain right after a write to an emulator; ``None`` if they cannot be read in time.

    Emulators accept fields and silently drop them. Only a read immediately after the write tells that apart from
    another client that changed the field back.
    """
    if assessment.declaration is None:
        return None
    began = context.ports.clock.monotonic()
    while True:
        try:
            observed = observe_table(context.ports, assessment.name, assessment.declaration.spec)
        except ApiError as error:
            context.latch.note(error)
            return None
        if observed is not None and observed.status == "ACTIVE" and not observed.changing:
            return diff(assessment.declaration.spec, observed.spec, scaled_paths(assessment.declaration, observed))
        waited = context.ports.clock.monotonic() - began
        if observed is None or waited >= READ_BACK_SECONDS or not context.ports.clock.sleep(READ_BACK_PAUSE):
            return None


def _write_entry(context: PassContext, assessment: TableAssessment) -> TableAssessment:
    """Write the inventory entry if it changed; the assessment with the stored one.

    Raises ``RecordChanged`` if another process wrote the record after this pass read it.
    """
    if assessment.entry is not None:
        if assessment.entry_changed:
            revision = assessment.recorded.revision if assessment.recorded is not None else 0
            unknown = assessment.recorded.unknown if assessment.recorded is not None else {}
            entry = context.ports.store.put_entry(replace(assessment.entry, revision=revision, unknown=unknown))
            return replace(assessment, recorded=entry, entry=entry)
        return replace(assessment, entry=assessment.recorded)
    if assessment.recorded is not None:
        context.ports.store.drop_entry(assessment.recorded)
        return replace(assessment, recorded=None)
    return assessment


def _identity(answer: Mapping[str, Any]) -> Identity:
    return identity_of(answer["TableDescription"])
