"""The second half of a pass: send one call for one table, and turn its end into a fate.

At most one table-changing call per table and round. Nothing is assumed about a call whose answer was lost: the next
round observes again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reconciler.engine.doubt import doubted, elsewhere
from reconciler.engine.gatekeeper import LOST, still_allowed
from reconciler.engine.holding import limit_of, read_again
from reconciler.engine.last_look import declared_anew, look_again, still_planned
from reconciler.engine.observing import observe_table
from reconciler.engine.safety_backup import secured
from reconciler.engine.survey import Scene, Survey
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
from reconciler.model.plan import Action, Fate, Reason, Step
from reconciler.model.records import CAP_WINDOW, Attempts, Ended, InventoryEntry, Marks
from reconciler.planning import breaker, ownership, quotas
from reconciler.planning.create import create_call, held
from reconciler.planning.diff import diff
from reconciler.planning.observe import identity_of
from reconciler.planning.scaled import left_alone
from reconciler.planning.taking import taken_over

READ_BACK_SECONDS = 5.0
READ_BACK_PAUSE = 0.2
UNSETTLED = "the declarations changed a moment ago; nothing is removed before they have been unchanged for seconds"


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying did to a survey: its steps with their new fates, and what is to be remembered."""

    survey: Survey
    steps: tuple[Step, ...]
    wrote: bool = False
    attempts: Attempts | None = None
    error: ApiError | None = None
    turned_away: ApiError | None = None
    """Why the service did not take the call for now; it changed nothing."""
    lost: bool = False
    """Whether it came out that another reconciler leads by now."""


def apply_next(scene: Scene, survey: Survey) -> Applied:
    """Carry out the first ready step that has a call; write the inventory first where it changed."""
    if scene.doubt.moved:
        steps = tuple(elsewhere(step) if step.fate is Fate.READY else step for step in survey.steps)
        return Applied(survey, steps)
    try:
        survey = _write_entry(scene, survey)
        position = _next(survey.steps)
        if position is None:
            return Applied(survey, survey.steps)
        step = survey.steps[position]
        applied = _carry_out(scene, survey, step)
    except LeaseLost:
        return Applied(survey, tuple(_let_go(step) for step in survey.steps), lost=True)
    except RecordChanged:
        (survey,) = read_again([survey])
        return Applied(survey, survey.steps)
    except ApiError as error:
        scene.doubt.note(error)
        return Applied(survey, survey.steps, error=error)
    if applied.error is not None:
        scene.doubt.note(applied.error)
    before, after = survey.steps[:position], survey.steps[position + 1 :]
    return replace(applied, steps=(*before, *applied.steps, *after))


def _let_go(step: Step) -> Step:
    return step.deferred(Reason.LEASE, LOST) if step.fate is Fate.READY else step


def _next(steps: tuple[Step, ...]) -> int | None:
    ready = [i for i, step in enumerate(steps) if step.fate is Fate.READY and step.call is not None]
    ending = [i for i in ready if steps[i].ends_table]
    return next(iter(ending or ready), None)


def _carry_out(scene: Scene, survey: Survey, step: Step) -> Applied:
    if not scene.world.store.keep_lease():
        return Applied(survey, (step.deferred(Reason.LEASE, LOST),))
    if step.action is Action.CREATE:
        return _create(scene, survey, step)
    if (step.destructive or step.takes_away) and scene.still_changing:
        return Applied(survey, (step.deferred(Reason.NOT_BEFORE, UNSETTLED, scene.settled_at),))
    if step.destructive:
        return _delete(scene, survey, step)
    refused = look_again(scene, survey, step) if step.takes_away else None
    if refused is not None:
        return Applied(survey, (refused,))
    if step.takes_away and scene.doubt.invalid:
        return Applied(survey, (doubted(step),))
    return _update(scene, survey, step)


def _create(scene: Scene, survey: Survey, step: Step) -> Applied:
    world, declaration = scene.world, survey.declaration
    if declaration is None:
        return Applied(survey, (step,))
    has_tags = world.endpoint.flavor.has_tags
    nonce = ownership.open_nonce(survey.recorded) or world.random.token()
    tag = ownership.owner_tag(scene.options.scope, nonce) if has_tags else None
    call = create_call(held(declaration.spec, world.endpoint.flavor.lacks), tag)
    now, project = world.clock.now(), scene.options.project
    intent = ownership.intended(survey.entry, survey.recorded, declaration, nonce, changed_at=now, project=project)
    intent = world.store.put_entry(intent)
    try:
        answer = _write(scene, call)
    except LeaseLost:
        raise
    except ApiError as error:
        if isinstance(error, NameTaken) and (not has_tags or ownership.open_nonce(survey.recorded) is None):
            _withdraw(scene, survey, intent)
        return _lost(survey, step, error)
    proven = ownership.Event.CREATE_PROVEN
    created = ownership.advance(intent, proven, identity=_identity(answer), changed_at=world.clock.now())
    created = world.store.put_entry(created)
    return Applied(replace(survey, recorded=created, entry=created), (replace(step, call=call).done(),), wrote=True)


def _withdraw(scene: Scene, survey: Survey, intent: InventoryEntry) -> None:
    """An intent claims what was made after it; where nothing of ours can have been made, it must not.

    It would also keep ``on_existing: fail`` from being asked, as for a table that is managed already.
    """
    if survey.entry is None:
        scene.world.store.drop_entry(intent)
    elif not ownership.is_open(survey.entry):
        scene.world.store.put_entry(replace(survey.entry, revision=intent.revision))


def _delete(scene: Scene, survey: Survey, step: Step) -> Applied:
    world = scene.world
    if survey.observed is None or step.call is None:
        return Applied(survey, (step,))
    lifecycle = survey.declaration.lifecycle if survey.declaration else None
    lifecycle = lifecycle or (survey.entry.lifecycle if survey.entry else None)
    if lifecycle is None:
        return Applied(survey, (step,))
    secure, wrote = secured(world, survey.name, step, scene.backups)
    if secure.fate is not Fate.READY:
        return Applied(survey, (secure,), wrote=wrote)
    facts = scene.facts(survey, survey.observed, step, lifecycle)
    planned = partial(still_planned, scene, survey, step)
    refused = still_allowed(world, step, facts, survey.seed_record, planned) or declared_anew(scene, step)
    if refused is not None:
        return Applied(survey, (refused,))
    if scene.doubt.invalid:
        return Applied(survey, (doubted(step),))
    if not step.ends_table:
        return _update(scene, survey, step)
    _count_end(scene, survey.observed)
    return _ended(scene, survey, step)


def _count_end(scene: Scene, observed: ObservedTable) -> None:
    """Written down before the call, because a lost answer must not count as none; what no longer counts is dropped."""
    options, store, now = scene.options, scene.world.store, scene.world.clock.now()
    if options.explicit_delete or limit_of(options, scene.snapshot) is None:
        return
    store.put_ended(Ended(observed.spec.name, observed.identity, now))
    for ended in scene.snapshot.ended.values():
        key = ("ended", ended.name)
        if ended.name != observed.spec.name and not scene.steady.within(key, ended.at, CAP_WINDOW, scene.world.clock):
            store.drop_ended(ended.name)


def _ended(scene: Scene, survey: Survey, step: Step) -> Applied:
    """Delete the table. Its record says so first, under its revision.

    So one of two comes first: a ``release`` of the table, which makes this write fail, or this write, which tells
    ``release`` that the delete may be on its way.
    """
    if survey.entry is None:
        return Applied(survey, (step,))
    store = scene.world.store
    ending = store.put_entry(replace(survey.entry, ending_at=scene.world.clock.now()))
    applied = _sent(scene, replace(survey, recorded=ending, entry=ending), step)
    refused = applied.turned_away is not None or applied.steps[0].reason is Reason.REJECTED
    if not refused:
        return applied
    kept = store.put_entry(replace(ending, ending_at=None))
    return replace(applied, survey=replace(applied.survey, recorded=kept, entry=kept))


def _update(scene: Scene, survey: Survey, step: Step) -> Applied:
    applied = _counted(scene, survey, step)
    if survey.observed is None:
        return applied
    ended_as = applied.steps[0].fate
    if _contradicts(applied, survey.observed):
        return _turned_away(scene, survey, step, applied)
    if ended_as not in (Fate.DONE, Fate.UNSUPPORTED):
        return applied
    if ended_as is Fate.DONE and step.facet == "ownership" and survey.entry is not None:
        scene.world.store.put_entry(taken_over(survey.entry, scene.world.clock.now()))
    refused_at = scene.world.clock.now() if ended_as is Fate.UNSUPPORTED else None
    attempts = breaker.record(survey.attempts, survey.name, survey.observed.identity, step, refused_at)
    if scene.world.emulator and ended_as is Fate.DONE and breaker.undecided(attempts, step):
        attempts = breaker.judged(attempts, step, _read_back(scene, survey), scene.world.clock.now())
    if max(attempts.counts.values(), default=0) >= breaker.LIMIT:
        scene.world.store.put_attempts(attempts)
    return replace(applied, attempts=attempts)


def _contradicts(applied: Applied, observed: ObservedTable) -> bool:
    """Whether the call was refused as busy while the table was described as ACTIVE with nothing under way."""
    away = applied.turned_away
    busy = isinstance(away, Busy) and not isinstance(away, LeaseLost | RecordChanged)
    return busy and observed.status == "ACTIVE" and not observed.changing


def _turned_away(scene: Scene, survey: Survey, step: Step, applied: Applied) -> Applied:
    world, observed = scene.world, survey.observed
    if observed is None:
        return applied
    attempts = breaker.turned_away(
        survey.attempts, survey.name, observed.identity, step, world.clock.now(), emulator=world.emulator
    )
    if attempts.refused and (survey.attempts is None or attempts.refused != survey.attempts.refused):
        world.store.put_attempts(attempts)
    return replace(applied, attempts=attempts)


def _read_back(scene: Scene, survey: Survey) -> tuple[Change, ...] | None:
    """What still differs right after a write on an emulator; ``None`` where that cannot be seen within seconds."""
    if survey.declaration is None:
        return None
    began = scene.world.clock.monotonic()
    while True:
        try:
            observed = observe_table(scene.world, survey.name, survey.declaration.spec)
        except ApiError as error:
            scene.doubt.note(error)
            return None
        if observed is not None and observed.status == "ACTIVE" and not observed.changing:
            return diff(survey.declaration.spec, observed.spec, left_alone(survey.declaration, observed))
        waited = scene.world.clock.monotonic() - began
        if observed is None or waited >= READ_BACK_SECONDS or not scene.world.clock.sleep(READ_BACK_PAUSE):
            return None


def _counted(scene: Scene, survey: Survey, step: Step) -> Applied:
    """Send a call that may use up a quota: written down before, because a lost answer must not be counted as none."""
    observed, store = survey.observed, scene.world.store
    kinds = quotas.counted(step, observed) if observed is not None and not scene.world.emulator else ()
    if observed is None or not kinds:
        return _sent(scene, survey, step)
    before = survey.marks or Marks(survey.name, observed.identity)
    now = scene.world.clock.now()
    noted = quotas.noted(before, survey.name, observed.identity, kinds, now)
    store.put_marks(noted)
    applied = _sent(scene, survey, step)
    after = applied.steps[0]
    limited = isinstance(applied.turned_away, Throttled) and quotas.plausible(kinds, observed, survey.marks, now)
    if after.reason is Reason.NOT_BEFORE or limited:
        store.put_marks(quotas.refused(before, survey.name, observed.identity, kinds, now))
        return replace(applied, steps=(quotas.turned_away(after, kinds, now),))
    if after.fate in (Fate.DEFERRED, Fate.UNSUPPORTED):
        store.put_marks(before)
    elif after.reason is Reason.REJECTED:
        store.put_marks(quotas.refused(before, survey.name, observed.identity, kinds, now))
    elif after.fate is Fate.DONE and noted.refused:
        store.put_marks(quotas.accepted(noted, kinds))
    return applied


def _sent(scene: Scene, survey: Survey, step: Step) -> Applied:
    if step.call is None:
        return Applied(survey, (step,))
    try:
        answer = _write(scene, step.call)
    except LeaseLost:
        raise
    except ApiError as error:
        return _lost(survey, step, error)
    other = _another(survey, step, answer) if step.destructive else None
    return Applied(survey, (other or step.done(),), wrote=True)


def _write(scene: Scene, call: Call) -> Mapping[str, Any]:
    """Send a call that changes a table. The request before it renews the lease, under the condition that it is ours.

    Whoever suspends the stack, releases a table or takes over revokes the lease, so the renewal fails from then on.
    """
    if not scene.world.store.holds_lease():
        raise LeaseLost(call.operation, "LeaseLost", LOST)
    return scene.world.api.write(call)


def _another(survey: Survey, step: Step, answer: Mapping[str, Any]) -> Step | None:
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


def _lost(survey: Survey, step: Step, error: ApiError) -> Applied:
    wrote, away = error.outcome is Outcome.RETRY, error if error.outcome is Outcome.AGAIN else None
    return Applied(survey, (ended(step, error),), wrote=wrote, error=_fatal(error), turned_away=away)


def ended(step: Step, error: ApiError) -> Step:
    """The fate of a step whose call failed: the one place where outcomes are matched."""
    if isinstance(error, Unsupported):
        return step.unsupported(f"the endpoint does not have {error.operation}")
    if isinstance(error, LeaseLost):
        return step.deferred(Reason.LEASE, LOST)
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


def _write_entry(scene: Scene, survey: Survey) -> Survey:
    """The survey with its entry as it is recorded now. ``RecordChanged`` where somebody wrote the record meanwhile."""
    if survey.entry is not None:
        if survey.entry_changed:
            revision = survey.recorded.revision if survey.recorded is not None else 0
            unknown = survey.recorded.unknown if survey.recorded is not None else {}
            entry = scene.world.store.put_entry(replace(survey.entry, revision=revision, unknown=unknown))
            return replace(survey, recorded=entry, entry=entry)
        return replace(survey, entry=survey.recorded)
    if survey.recorded is not None:
        scene.world.store.drop_entry(survey.recorded)
        return replace(survey, recorded=None)
    return survey


def _identity(answer: Mapping[str, Any]) -> Identity:
    return identity_of(answer["TableDescription"])
