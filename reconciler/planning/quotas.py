"""Quotas in time: changes that the service counts wait until it would take them. A filter over a table's steps. Pure.

Called by the engine between planner and policy; emulators count nothing, so there it is not called. What was counted
comes from DescribeTable where that tells it, else from our own marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Fate, Reason, Step
from reconciler.model.records import Counted, Marks

SAME_CALL = timedelta(minutes=5)
"""A time that DescribeTable tells is that of our own call when it lies no further from one of our marks."""
FREE_DECREASES = 4
"""Decreases of capacity a UTC day that need no hour between them."""
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most ``number`` calls in any ``window``; ``rule`` is the sentence for people."""

    number: int
    window: timedelta
    rule: str


QUOTAS: Mapping[Counted, Quota] = {
    "ttl": Quota(1, HOUR, "time to live takes one change an hour (rule 10)"),
    "mode": Quota(4, timedelta(hours=24), "a table switches to on demand at most four times in 24 hours (rule 6)"),
    "class": Quota(2, timedelta(days=30), "a table switches its class at most twice in 30 days (rule 30)"),
}
DECREASE_RULE = "after four decreases of capacity in a UTC day the service takes one an hour (rule 7)"
UNSAID: frozenset[Counted] = frozenset({"class"})
"""Kinds whose quota the service refuses in words that tell it from no other limit."""
RETRY: Mapping[Counted, timedelta] = {"ttl": HOUR, "mode": HOUR, "class": timedelta(days=1), "decrease": HOUR}
"""How long a change is left alone after a refusal that our marks do not explain."""


def hold(steps: Iterable[Step], observed: ObservedTable, marks: Marks | None, now: datetime) -> tuple[Step, ...]:
    """The steps, with those deferred that the service would refuse because of what was counted."""
    return tuple(_held(step, observed, marks, now) for step in steps)


def counted(step: Step, observed: ObservedTable) -> tuple[Counted, ...]:
    """Which quotas the call of a step uses up, read off the call."""
    call = step.call
    if call is None:
        return ()
    if call.operation == "UpdateTimeToLive":
        return ("ttl",)
    if call.operation != "UpdateTable":
        return ()
    kinds: list[Counted] = []
    mode = observed.spec.billing.mode if observed.spec.billing else None
    if call.params.get("BillingMode") == "PAY_PER_REQUEST" and mode == "PROVISIONED":
        kinds.append("mode")
    if "TableClass" in call.params:
        kinds.append("class")
    if list(_decreased(call.params, observed)):
        kinds.append("decrease")
    return tuple(kinds)


def noted(marks: Marks | None, name: str, identity: Identity, kinds: Iterable[Counted], now: datetime) -> Marks:
    """The marks with one more call of each kind at ``now``; times that no quota looks at any more are dropped."""
    kept = marks if marks is not None and identity.same(marks.identity) else Marks(name, identity)
    times = {kind: tuple(t for t in past if t > now - _window(kind)) for kind, past in kept.times.items()}
    for kind in kinds:
        times[kind] = (*times.get(kind, ()), now)
    return replace(kept, times={kind: past for kind, past in times.items() if past})


def refused(marks: Marks | None, name: str, identity: Identity, kinds: Iterable[Counted], now: datetime) -> Marks:
    """The marks after the service refused a call of these kinds as not valid: somebody else may have used the quota."""
    kept = marks if marks is not None and identity.same(marks.identity) else Marks(name, identity)
    return replace(kept, refused={**kept.refused, **dict.fromkeys(kinds, now)})


def plausible(kinds: Iterable[Counted], observed: ObservedTable, marks: Marks | None, now: datetime) -> bool:
    """Whether a limit that a call met, and that does not say which it is, can be a quota in time: some of it is used.

    DescribeTable tells only the last change, so others may have used more of it than can be seen; one that is told for
    about the time when the table was made, or of a call of ours, may be theirs as well.
    """
    known = marks if marks is not None and observed.identity.same(marks.identity) else None
    unsaid = [kind for kind in kinds if kind in UNSAID]
    return any(time > now - _window(kind) for kind in unsaid for time in _seen(kind, observed, known))


def turned_away(step: Step, kinds: Iterable[Counted], now: datetime) -> Step:
    """A step that the service just refused because a quota in time is used up: when it is tried again, and the rule."""
    known = tuple(kinds)
    until = now + max(RETRY[kind] for kind in known)
    return step.deferred(Reason.NOT_BEFORE, f"refused for now: {'; '.join(_rule(kind) for kind in known)}", until)


def accepted(marks: Marks, kinds: Iterable[Counted]) -> Marks:
    """The marks after the service took such a call: earlier refusals mean nothing any more."""
    taken = set(kinds)
    return replace(marks, refused={kind: time for kind, time in marks.refused.items() if kind not in taken})


def _held(step: Step, observed: ObservedTable, marks: Marks | None, now: datetime) -> Step:
    if step.fate is not Fate.READY or step.destructive:
        return step
    known = marks if marks is not None and observed.identity.same(marks.identity) else None
    kinds = counted(step, observed)
    waits = [wait for kind in kinds if (wait := _wait(kind, step, observed, known, now)) and wait[0] > now]
    if waits:
        until, rule = max(waits)
        return step.deferred(Reason.NOT_BEFORE, rule, until)
    if "ttl" in kinds and step.message:
        return replace(step, message=f"{step.message}, an hour later at the earliest")
    return step


def _wait(
    kind: Counted, step: Step, observed: ObservedTable, marks: Marks | None, now: datetime
) -> tuple[datetime, str] | None:
    """From when on the service takes the call, and the rule that says so."""
    if kind == "decrease":
        found = _after_decreases(step, observed, now)
    else:
        quota = QUOTAS[kind]
        times = sorted(_times(kind, observed, marks))
        free = len(times) < quota.number or times[-quota.number] + quota.window <= now
        found = None if free else (times[-quota.number] + quota.window, quota.rule)
    if found is None and marks is not None and kind in marks.refused:
        return marks.refused[kind] + RETRY[kind], f"the service refused such a change a while ago: {_rule(kind)}"
    return found


def _times(kind: Counted, observed: ObservedTable, marks: Marks | None) -> Iterator[datetime]:
    """A table that is made on demand, or in a class, tells that as if it were a switch; it is none."""
    ours = marks.times.get(kind, ()) if marks else ()
    yield from ours
    told = _told(kind, observed)
    known = (*ours, datetime.fromisoformat(observed.identity.created))
    if told is not None and not any(abs(told - time) <= SAME_CALL for time in known):
        yield told


def _seen(kind: Counted, observed: ObservedTable, marks: Marks | None) -> Iterator[datetime]:
    """Every time that is known of a kind, two of which may be of one call."""
    yield from marks.times.get(kind, ()) if marks else ()
    told = _told(kind, observed)
    if told is not None:
        yield told


def _told(kind: Counted, observed: ObservedTable) -> datetime | None:
    """The last change as DescribeTable tells it."""
    return {"mode": observed.counters.on_demand_since, "class": observed.counters.class_changed}.get(kind)


def _after_decreases(step: Step, observed: ObservedTable, now: datetime) -> tuple[datetime, str] | None:
    counters = observed.counters
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    waits = [
        min(counters.last_decrease[name] + HOUR, tomorrow) if name in counters.last_decrease else tomorrow
        for name in _decreased(step.call.params if step.call else {}, observed)
        if counters.decreases.get(name, 0) >= FREE_DECREASES
    ]
    late = [until for until in waits if until > now]
    return (max(late), DECREASE_RULE) if late else None


def _decreased(params: Mapping[str, Any], observed: ObservedTable) -> Iterator[str]:
    """Whose capacity a call lowers: index names, and ``""`` for the table itself."""
    billing = observed.spec.billing
    wishes = {"": (params.get("ProvisionedThroughput"), billing.throughput if billing else None)}
    had = {index.name: index.throughput for index in observed.spec.global_indexes or ()}
    for update in params.get("GlobalSecondaryIndexUpdates") or ():
        if "Update" in update:
            name = update["Update"]["IndexName"]
            wishes[name] = (update["Update"].get("ProvisionedThroughput"), had.get(name))
    for name, (wish, have) in wishes.items():
        if wish and have and (wish["ReadCapacityUnits"] < have.read or wish["WriteCapacityUnits"] < have.write):
            yield name


def _rule(kind: Counted) -> str:
    return DECREASE_RULE if kind == "decrease" else QUOTAS[kind].rule


def _window(kind: Counted) -> timedelta:
    return QUOTAS[kind].window if kind in QUOTAS else timedelta(days=1)
