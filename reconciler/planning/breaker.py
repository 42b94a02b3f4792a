"""The convergence breaker: a write that did not stick twice is not made a third time.

On an emulator the field becomes *unsupported*, which is not drift, if our own read-back right after the write shows
that it did not take; a write that took and was changed back by somebody else is *contested*, which is drift.
Elsewhere the step is always contested. A write that the endpoint refused as unknown, or again and again as busy
though nothing is under way, is made again after a while: that answer may have been a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Set
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.facets import scaling_wire
from reconciler.model.change import Change
from reconciler.model.identity import Identity
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import Attempts

LIMIT = 2
RETRY_AFTER = timedelta(hours=1)
"""How long a field counts as refused outright; as long as an operation counts as unknown."""
CLEARING = " (clearing the way)"
BUSY = " (refused as busy)"
BUSY_LIMIT = 5
BUSY_PATIENCE = timedelta(minutes=10)
"""How long a refusal as busy is believed elsewhere than on an emulator, though the table reads ACTIVE.

Backups of a new table are enabled for some time after it is ACTIVE, and answers of DescribeTable lag behind.
"""


def change_key(change: Change) -> str:
    """What was written, as one text: another wish for the same path starts a new count."""
    return _json(change.after)


def hold_back(steps: Iterable[Step], attempts: Attempts | None, now: datetime, *, emulator: bool) -> tuple[Step, ...]:
    """Take the changes that did not stick out of the steps, and say so in steps of their own."""
    split = tuple(part for step in steps for part in _split(step, attempts, now, emulator=emulator))
    return _after_target(split) if len(split) > 1 else split


def _after_target(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Policies and scheduled actions share the fate of the target they need, where that is not registered now.

    The service refuses them without one (ObjectNotFoundException of PutScalingPolicy and PutScheduledAction).
    """
    registering = [step for step in steps if scaling_wire.registers(step.call)]
    coming = {
        scaling_wire.target_of(step.call)
        for step in registering
        if step.status in (StepStatus.READY, StepStatus.DEFERRED)
    }
    missing = {
        scaling_wire.target_of(step.call): step
        for step in registering
        if scaling_wire.target_of(step.call) not in coming
        and any(change.path.endswith(".enabled") for change in step.changes)
    }
    return tuple(_following(step, missing.get(scaling_wire.target_of(step.call))) for step in steps)


def _following(step: Step, target: Step | None) -> Step:
    if target is None or step.status not in (StepStatus.READY, StepStatus.DEFERRED):
        return step
    message = "waits until the scalable target is registered"
    if target.status is StepStatus.UNSUPPORTED:
        return replace(step.unsupported(f"{message}, and that is unsupported"), not_before=None)
    blocked = step.blocked(target.reason or Reason.CONTESTED, f"{message}, and that is blocked", target.allow_with)
    return replace(blocked, not_before=None)


def _split(step: Step, attempts: Attempts | None, now: datetime, *, emulator: bool) -> list[Step]:
    if attempts is None or step.status not in (StepStatus.READY, StepStatus.DEFERRED) or step.ends_table:
        return [step]
    stuck = tuple(change for change in step.changes if _exhausted(change, attempts, step, now, emulator=emulator))
    if not stuck:
        return [step]
    contested = tuple(change for change in stuck if not emulator or _key(change, step) in attempts.contested)
    parts = [_held_step(step, contested, attempts, emulator=False)] if contested else []
    if unsupported := tuple(change for change in stuck if change not in contested):
        parts.append(_held_step(step, unsupported, attempts, emulator=True))
    rest = tuple(change for change in step.changes if change not in stuck)
    return [replace(step, changes=rest), *parts] if rest else parts


def _held_step(step: Step, changes: tuple[Change, ...], attempts: Attempts, *, emulator: bool) -> Step:
    message = "; ".join(_history(change, attempts, step) for change in changes)
    held = replace(step, changes=changes, not_before=None)
    return held.unsupported(message) if emulator else held.blocked(Reason.CONTESTED, message, "a new declared value")


def _history(change: Change, attempts: Attempts, step: Step) -> str:
    """What was written and what was seen each time."""
    key = _key(change, step)
    last, first = _json(change.before), attempts.seen.get(key)
    if key in attempts.refused:
        again = (attempts.refused[key] + RETRY_AFTER).isoformat(timespec="seconds")
        busy = attempts.counts.get(key + BUSY, 0) >= BUSY_LIMIT
        how = "as busy although the table is ACTIVE and nothing is under way" if busy else "outright"
        return f"{change.path}: {change_key(change)} was refused {how}, and is tried again from {again} on"
    if key in attempts.contested:
        again = (attempts.contested[key] + RETRY_AFTER).isoformat(timespec="seconds")
        return (
            f"{change.path}: {change_key(change)} was written {LIMIT} times and took effect, and somebody else changed"
            f" it to {last}; it is tried again from {again} on"
        )
    return f"{change.path}: {change_key(change)} was written {LIMIT} times and read back as {first}, then as {last}"


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _exhausted(change: Change, attempts: Attempts, step: Step, now: datetime, *, emulator: bool) -> bool:
    key = _key(change, step)
    since = attempts.refused.get(key) or attempts.contested.get(key)
    if since is not None and now >= since + RETRY_AFTER:
        return False
    decided = since is not None or key in attempts.missed or not emulator
    return decided and attempts.counts.get(key, 0) >= LIMIT and attempts.wanted.get(key) == change_key(change)


def _key(change: Change, step: Step) -> str:
    """Calls that only clear the way count by themselves: two writes of one change are not one write made twice."""
    return change.path + CLEARING if step.staged else change.path


def record(
    attempts: Attempts | None, name: str, identity: Identity, step: Step, refused_at: datetime | None = None
) -> Attempts:
    """Count one write of each change of ``step``. ``refused_at`` is when the endpoint refused it as unknown."""
    kept = attempts if attempts is not None and identity.same(attempts.identity) else Attempts(name, identity)
    counts, wanted, seen, refused = dict(kept.counts), dict(kept.wanted), dict(kept.seen), dict(kept.refused)
    missed, contested = dict(kept.missed), dict(kept.contested)
    for change in step.changes:
        key = _key(change, step)
        held = refused.pop(key, None) or contested.pop(key, None)
        missed.pop(key, None)
        again = held is None and wanted.get(key) == change_key(change)
        counts[key] = (counts.get(key, 0) if again else 0) + 1
        wanted[key] = change_key(change)
        if again:
            seen[key] = _json(change.before)
        else:
            seen.pop(key, None)
        if refused_at is not None:
            counts[key], refused[key] = LIMIT, refused_at
        if refused_at is None:
            counts.pop(key + BUSY, None)
            wanted.pop(key + BUSY, None)
            seen.pop(key + BUSY, None)
    return replace(kept, counts=counts, wanted=wanted, seen=seen, refused=refused, missed=missed, contested=contested)


def needs_read_back(attempts: Attempts, step: Step) -> bool:
    """Whether a read-back must tell now if the last write of a change took effect."""
    return any(attempts.counts.get(_key(change, step), 0) >= LIMIT for change in step.changes)


def record_read_back(attempts: Attempts, step: Step, differing: Iterable[Change] | None, now: datetime) -> Attempts:
    """What our own read-back right after the last write shows; ``None`` where it could not show anything.

    A change that still reads as before the write did not take. Everything else is taken for the work of others.
    """
    left = None if differing is None else {change.path: change for change in differing}
    missed, contested = dict(attempts.missed), dict(attempts.contested)
    for change in step.changes:
        key = _key(change, step)
        if attempts.counts.get(key, 0) < LIMIT or key in attempts.refused:
            continue
        after = None if left is None else left.get(change.path)
        if after is not None and (not step.staged or _json(after.before) == _json(change.before)):
            missed[key] = _json(after.before)
        else:
            contested[key] = now
    return replace(attempts, missed=missed, contested=contested)


def record_refusal(
    attempts: Attempts | None, name: str, identity: Identity, step: Step, now: datetime, *, emulator: bool
) -> Attempts:
    """Count a refusal as busy of a table that reads ACTIVE without anything under way; in the end it is held back."""
    kept = attempts if attempts is not None and identity.same(attempts.identity) else Attempts(name, identity)
    counts, wanted, seen, refused = dict(kept.counts), dict(kept.wanted), dict(kept.seen), dict(kept.refused)
    for change in step.changes:
        key = _key(change, step)
        busy = key + BUSY
        if wanted.get(busy) != change_key(change) or refused.pop(key, None) is not None:
            counts[busy], seen[busy], wanted[busy] = 0, now.isoformat(), change_key(change)
        counts[busy] += 1
        patience = timedelta(0) if emulator else BUSY_PATIENCE
        if counts[busy] >= BUSY_LIMIT and now >= datetime.fromisoformat(seen[busy]) + patience:
            counts[key], wanted[key], refused[key] = LIMIT, change_key(change), now
    return replace(kept, counts=counts, wanted=wanted, seen=seen, refused=refused)


def settle(attempts: Attempts | None, changes: Iterable[Change], changing: Set[str] = frozenset()) -> Attempts | None:
    """Forget the counts of paths that no longer differ; ``None`` when there is nothing to write down.

    ``changing`` are facets still in transition: those read as done, and may yet end as FAILED.
    """
    if attempts is None:
        return None
    suffixes = ("", CLEARING, BUSY, CLEARING + BUSY)
    open_paths = {change.path + suffix for change in changes for suffix in suffixes}
    kept = attempts.counts.items()
    counts = {path: count for path, count in kept if path in open_paths or path.split(".")[0] in changing}
    if counts == dict(attempts.counts):
        return None
    return replace(
        attempts,
        counts=counts,
        wanted={path: attempts.wanted[path] for path in counts},
        seen={path: text for path, text in attempts.seen.items() if path in counts},
        refused={path: at for path, at in attempts.refused.items() if path in counts},
        missed={path: text for path, text in attempts.missed.items() if path in counts},
        contested={path: at for path, at in attempts.contested.items() if path in counts},
    )
