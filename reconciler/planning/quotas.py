"""Quotas in time: changes that the service counts wait until it would take them. A filter over a table's steps. Pure.

Called by the engine between planner and policy; emulators count nothing, so there it is not called. What was counted
comes from DescribeTable where that tells it, else from our own marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.facets import BY_NAME, QUOTAS
from reconciler.facets.quota import DAY
from reconciler.model.identity import Identity
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import CountedChange, QuotaUsage

SAME_CALL = timedelta(minutes=5)
"""A time that DescribeTable tells is that of our own call when it lies no further from one of our marks."""


def defer_over_quota(
    steps: Iterable[Step], observed: ObservedTable, usage: QuotaUsage | None, now: datetime
) -> tuple[Step, ...]:
    """The steps, with those deferred that the service would refuse because of what was counted."""
    return tuple(_held(step, observed, usage, now) for step in steps)


def counted(step: Step, observed: ObservedTable) -> tuple[CountedChange, ...]:
    """Which quotas the call of a step uses up; its facet tells."""
    facet = BY_NAME.get(step.facet)
    return facet.uses(step.call, observed) if facet is not None and step.call is not None else ()


def record_use(
    usage: QuotaUsage | None, name: str, identity: Identity, kinds: Iterable[CountedChange], now: datetime
) -> QuotaUsage:
    """The marks with one more call of each kind at ``now``; times that no quota looks at any more are dropped."""
    kept = usage if usage is not None and identity.same(usage.identity) else QuotaUsage(name, identity)
    times = {kind: tuple(t for t in past if t > now - _window(kind)) for kind, past in kept.times.items()}
    for kind in kinds:
        times[kind] = (*times.get(kind, ()), now)
    return replace(kept, times={kind: past for kind, past in times.items() if past})


def record_refusal(
    usage: QuotaUsage | None, name: str, identity: Identity, kinds: Iterable[CountedChange], now: datetime
) -> QuotaUsage:
    """The marks after the service refused a call of these kinds as not valid: somebody else may have used the quota."""
    kept = usage if usage is not None and identity.same(usage.identity) else QuotaUsage(name, identity)
    return replace(kept, refused={**kept.refused, **dict.fromkeys(kinds, now)})


def plausible(kinds: Iterable[CountedChange], observed: ObservedTable, usage: QuotaUsage | None, now: datetime) -> bool:
    """Whether a limit that a call met, and that does not say which it is, can be a quota in time: some of it is used.

    DescribeTable tells only the last change, so others may have used more of it than can be seen; one that is told for
    about the time when the table was made, or of a call of ours, may be theirs as well.
    """
    known = usage if usage is not None and observed.identity.same(usage.identity) else None
    unreported = [kind for kind in kinds if QUOTAS[kind].ambiguous_refusal]
    return any(time > now - QUOTAS[kind].window for kind in unreported for time in _seen(kind, observed, known))


def deferred_by_quota(step: Step, kinds: Iterable[CountedChange], now: datetime) -> Step:
    """A step that the service just refused because a quota in time is used up: when it is tried again, and the rule."""
    known = tuple(kinds)
    until = now + max(QUOTAS[kind].retry for kind in known)
    return step.deferred(Reason.NOT_BEFORE, f"refused for now: {'; '.join(QUOTAS[kind].rule for kind in known)}", until)


def record_accepted(usage: QuotaUsage, kinds: Iterable[CountedChange]) -> QuotaUsage:
    """The marks after the service took such a call: earlier refusals mean nothing any more."""
    taken = set(kinds)
    return replace(usage, refused={kind: time for kind, time in usage.refused.items() if kind not in taken})


def _held(step: Step, observed: ObservedTable, usage: QuotaUsage | None, now: datetime) -> Step:
    if step.status is not StepStatus.READY or step.destructive:
        return step
    known = usage if usage is not None and observed.identity.same(usage.identity) else None
    kinds = counted(step, observed)
    waits = [wait for kind in kinds if (wait := _wait(kind, step, observed, known, now)) and wait[0] > now]
    if waits:
        until, rule = max(waits)
        return step.deferred(Reason.NOT_BEFORE, rule, until)
    second = next((QUOTAS[kind].second_call for kind in kinds if QUOTAS[kind].second_call), None)
    return replace(step, message=f"{step.message}, {second}") if second and step.message else step


def _wait(
    kind: CountedChange, step: Step, observed: ObservedTable, usage: QuotaUsage | None, now: datetime
) -> tuple[datetime, str] | None:
    """From when on the service takes the call, and the rule that says so."""
    quota = QUOTAS[kind]
    until = quota.free_from(step.call, observed, sorted(_times(kind, observed, usage)), now) if step.call else None
    found = None if until is None else (until, quota.rule)
    if found is None and usage is not None and kind in usage.refused:
        return usage.refused[kind] + QUOTAS[
            kind
        ].retry, f"the service refused such a change a while ago: {QUOTAS[kind].rule}"
    return found


def _times(kind: CountedChange, observed: ObservedTable, usage: QuotaUsage | None) -> Iterator[datetime]:
    """A table that is made on demand, or in a class, tells that as if it were a switch; it is none."""
    ours = usage.times.get(kind, ()) if usage else ()
    yield from ours
    reported = QUOTAS[kind].last_change(observed.counters)
    known = (*ours, datetime.fromisoformat(observed.identity.created))
    if reported is not None and not any(abs(reported - time) <= SAME_CALL for time in known):
        yield reported


def _seen(kind: CountedChange, observed: ObservedTable, usage: QuotaUsage | None) -> Iterator[datetime]:
    """Every time that is known of a kind, two of which may be of one call."""
    yield from usage.times.get(kind, ()) if usage else ()
    reported = QUOTAS[kind].last_change(observed.counters)
    if reported is not None:
        yield reported


def _window(kind: CountedChange) -> timedelta:
    """A kind that only another release knows is forgotten after a day."""
    return QUOTAS[kind].window if kind in QUOTAS else DAY
