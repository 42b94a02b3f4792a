"""The convergence breaker: a write that had no lasting effect twice is not sent a third time.

Emulators accept fields and silently drop them, so a naive loop would update forever. On an emulator the field becomes
*unsupported*, which is not drift, if a read right after the write shows that it had no effect. If the write took effect
and somebody else changed the field back, it is *contested*, which is drift. On AWS it is always contested. A write that
the endpoint refused as unknown, or repeatedly as busy although nothing is in progress, is tried again later, because
that response may have been a temporary fault.
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
"""After this time a refused or contested field is tried again."""
CLEARING = " (clearing the way)"
BUSY = " (refused as busy)"
BUSY_LIMIT = 5
BUSY_PATIENCE = timedelta(minutes=10)
"""How long AWS may refuse a call as busy although the table is ACTIVE, before the field is held back.

Enabling the backups of a new table takes longer than the table needs to be ACTIVE (ContinuousBackupsUnavailable), and
DescribeTable is eventually consistent.
"""


def change_key(change: Change) -> str:
    """The written value as JSON. Another value for the same path starts a new count."""
    return _json(change.after)


def hold_back(steps: Iterable[Step], attempts: Attempts | None, now: datetime, *, emulator: bool) -> tuple[Step, ...]:
    """The steps without changes that had no lasting effect; those get blocked or unsupported steps of their own."""
    split = tuple(part for step in steps for part in _split(step, attempts, now, emulator=emulator))
    return _after_target(split) if len(split) > 1 else split


def _after_target(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Give scaling policies and scheduled actions the status of their scalable target if it is not registered now.

    PutScalingPolicy and PutScheduledAction fail without one (ObjectNotFoundException).
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
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
    """A sentence about what was written and what was read back."""
    key = _key(change, step)
    last, first = _json(change.before), attempts.seen.get(key)
    if key in attempts.refused:
        again = (attempts.refused[key] + RETRY_AFTER).isoformat(timespec="seconds")
        busy = attempts.counts.get(key + BUSY, 0) >= BUSY_LIMIT
        how = "as busy although the table is ACTIVE and nothing is in progress" if busy else "outright"
        return f"{change.path}: {change_key(change)} was refused {how}; next try at {again}"
    if key in attempts.contested:
        again = (attempts.contested[key] + RETRY_AFTER).isoformat(timespec="seconds")
        return (
            f"{change.path}: {change_key(change)} was written {LIMIT} times and took effect, but somebody else changed"
            f" it to {last}; next try at {again}"
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
    """The key of a count. The first call of a two-step change counts separately: two calls are not one call twice."""
    return change.path + CLEARING if step.staged else change.path


def record(
    attempts: Attempts | None, name: str, identity: Identity, step: Step, refused_at: datetime | None = None
) -> Attempts:
    """Count one write of each change of ``step``. ``refused_at`` is when the endpoint refused it as unknown, if so.

    Counts of another identity are dropped, because they belong to a table that no longer exists.
    """
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
    """Whether a read right after the write is needed to tell if the change took effect."""
    return any(attempts.counts.get(_key(change, step), 0) >= LIMIT for change in step.changes)


def record_read_back(attempts: Attempts, step: Step, differing: Iterable[Change] | None, now: datetime) -> Attempts:
    """Record what a read right after the last write shows. ``differing`` is ``None`` if the read was not possible.

    A change that reads as before the write had no effect. Every other difference counts as made by somebody else.
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
    """Count a refusal as busy of a table that is ACTIVE with nothing in progress. At the limit it is held back."""
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
    """The attempts without counts of paths that no longer differ; ``None`` if nothing changes.

    ``changing`` names facets that DynamoDB is still changing. They read as done and may yet end as FAILED, so their
    counts stay.
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
