"""The convergence breaker: a write that did not stick twice is not made a third time.

On an emulator the field becomes *unsupported*, which is not drift; elsewhere the step is *blocked* as contested. A
write that the endpoint refused as unknown is made again after a while: that answer may have been a fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Set
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.model.change import Change
from reconciler.model.identity import Identity
from reconciler.model.plan import Fate, Reason, Step
from reconciler.model.records import Attempts
from reconciler.planning.scaled import after_target

LIMIT = 2
ASKED_AGAIN = timedelta(hours=1)
"""How long a field counts as refused outright; as long as an operation counts as unknown."""
CLEARING = " (clearing the way)"


def wanted(change: Change) -> str:
    """What was written, as one text: another wish for the same path starts a new count."""
    return _text(change.after)


def hold_back(steps: Iterable[Step], attempts: Attempts | None, now: datetime, *, emulator: bool) -> tuple[Step, ...]:
    """Take the changes that did not stick out of the steps, and say so in steps of their own."""
    split = tuple(part for step in steps for part in _split(step, attempts, now, emulator=emulator))
    return after_target(split) if len(split) > 1 else split


def _split(step: Step, attempts: Attempts | None, now: datetime, *, emulator: bool) -> list[Step]:
    if attempts is None or step.fate not in (Fate.READY, Fate.DEFERRED) or step.ends_table:
        return [step]
    stuck = tuple(change for change in step.changes if _exhausted(change, attempts, step, now))
    if not stuck:
        return [step]
    message = "; ".join(_told(change, attempts, step) for change in stuck)
    held = replace(step, changes=stuck, not_before=None)
    held = held.unsupported(message) if emulator else held.blocked(Reason.CONTESTED, message, "a new declared value")
    rest = tuple(change for change in step.changes if change not in stuck)
    return [replace(step, changes=rest), held] if rest else [held]


def _told(change: Change, attempts: Attempts, step: Step) -> str:
    """What was written and what was seen each time."""
    key = _key(change, step)
    last, first = _text(change.before), attempts.seen.get(key)
    if key in attempts.refused:
        again = (attempts.refused[key] + ASKED_AGAIN).isoformat(timespec="seconds")
        return f"{change.path}: {wanted(change)} was refused outright, and is tried again from {again} on"
    return f"{change.path}: {wanted(change)} was written {LIMIT} times and read back as {first}, then as {last}"


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _exhausted(change: Change, attempts: Attempts, step: Step, now: datetime) -> bool:
    key = _key(change, step)
    if key in attempts.refused and now >= attempts.refused[key] + ASKED_AGAIN:
        return False
    return attempts.counts.get(key, 0) >= LIMIT and attempts.wanted.get(key) == wanted(change)


def _key(change: Change, step: Step) -> str:
    """Calls that only clear the way count by themselves: two writes of one change are not one write made twice."""
    return change.path + CLEARING if step.staged else change.path


def record(
    attempts: Attempts | None, name: str, identity: Identity, step: Step, refused_at: datetime | None = None
) -> Attempts:
    """Count one write of each change of ``step``. ``refused_at`` is when the endpoint refused it as unknown."""
    kept = attempts if attempts is not None and identity.same(attempts.identity) else Attempts(name, identity)
    counts, wishes, seen, refused = dict(kept.counts), dict(kept.wanted), dict(kept.seen), dict(kept.refused)
    for change in step.changes:
        key = _key(change, step)
        again = refused.pop(key, None) is None and wishes.get(key) == wanted(change)
        counts[key] = (counts.get(key, 0) if again else 0) + 1
        wishes[key] = wanted(change)
        if again:
            seen[key] = _text(change.before)
        else:
            seen.pop(key, None)
        if refused_at is not None:
            counts[key], refused[key] = LIMIT, refused_at
    return replace(kept, counts=counts, wanted=wishes, seen=seen, refused=refused)


def settle(attempts: Attempts | None, changes: Iterable[Change], changing: Set[str] = frozenset()) -> Attempts | None:
    """Forget the counts of paths that no longer differ; ``None`` when there is nothing to write down.

    ``changing`` are facets still in transition: those read as done, and may yet end as FAILED.
    """
    if attempts is None:
        return None
    open_paths = {path for change in changes for path in (change.path, change.path + CLEARING)}
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
    )
