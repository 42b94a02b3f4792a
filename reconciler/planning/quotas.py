"""Quotas over time: defers changes that the service counts until it would accept them. Pure.

Called between planner and policy, except on emulators, which have no quotas. The used quota comes from DescribeTable
where that reports it, else from our own records. The facets define the quotas (``facets.quota``).
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
"""A time in DescribeTable that is this close to one of our records counts as the time of our own call."""


def defer_over_quota(
    steps: Iterable[Step], observed: ObservedTable, usage: QuotaUsage | None, now: datetime
) -> tuple[Step, ...]:
    """The steps, with those deferred that the service would refuse because a quota is used up."""
    return tuple(_held(step, observed, usage, now) for step in steps)


def counted(step: Step, observed: ObservedTable) -> tuple[CountedChange, ...]:
    """The quotas that the call of a step uses, as its facet defines."""
    facet = BY_NAME.get(step.facet)
    return facet.uses(step.call, observed) if facet is not None and step.call is not None else ()


def record_use(
    usage: QuotaUsage | None, name: str, identity: Identity, kinds: Iterable[CountedChange], now: datetime
) -> QuotaUsage:
    """The usage with one more call of each kind at ``now``, without times that no quota considers any more."""
    kept = usage if usage is not None and identity.same(usage.identity) else QuotaUsage(name, identity)
    times = {kind: tuple(t for t in past if t > now - _window(kind)) for kind, past in kept.times.items()}
    for kind in kinds:
        times[kind] = (*times.get(kind, ()), now)
    return replace(kept, times={kind: past for kind, past in times.items() if past})


def record_refusal(
    usage: QuotaUsage | None, name: str, identity: Identity, kinds: Iterable[CountedChange], now: datetime
) -> QuotaUsage:
    """The usage after the service refused a call of these kinds: somebody else may have used the quota."""
    kept = usage if usage is not None and identity.same(usage.identity) else QuotaUsage(name, identity)
    return replace(kept, refused={**kept.refused, **dict.fromkeys(kinds, now)})


def plausible(kinds: Iterable[CountedChange], observed: ObservedTable, usage: QuotaUsage | None, now: datetime) -> bool:
    """Whether a LimitExceededException that names no limit can be one of these quotas: some of it is used.

    DescribeTable shows only the last change, so others may have used more. A change shown for about the time of a call
    of ours, or of the creation of the table, may be theirs as well.
    """
    known = usage if usage is not None and observed.identity.same(usage.identity) else None
    unreported = [kind for kind in kinds if QUOTAS[kind].ambiguous_refusal]
    return any(time > now - QUOTAS[kind].window for kind in unreported for time in _seen(kind, observed, known))


def deferred_by_quota(step: Step, kinds: Iterable[CountedChange], now: datetime) -> Step:
    """The step, deferred after the service refused it because a quota is used up, with the rule and the next try."""
    known = tuple(kinds)
    until = now + max(QUOTAS[kind].retry for kind in known)
    return step.deferred(Reason.NOT_BEFORE, f"refused for now: {'; '.join(QUOTAS[kind].rule for kind in known)}", until)


def record_accepted(usage: QuotaUsage, kinds: Iterable[CountedChange]) -> QuotaUsage:
    """The usage after the service accepted such a call: earlier refusals no longer count."""
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
    """When the service accepts the call again, and the rule; ``None`` if it accepts it now."""
    quota = QUOTAS[kind]
    until = quota.free_from(step.call, observed, sorted(_times(kind, observed, usage)), now) if step.call else None
    found = None if until is None else (until, quota.rule)
    if found is None and usage is not None and kind in usage.refused:
        return usage.refused[kind] + QUOTAS[
            kind
        ].retry, f"the service refused such a change a while ago: {QUOTAS[kind].rule}"
    return found


def _times(kind: CountedChange, observed: ObservedTable, usage: QuotaUsage | None) -> Iterator[datetime]:
    """The times of all known changes of a kind.

    A table that was created on demand, or in another class, reports its creation as if it were a switch.
    """
    ours = usage.times.get(kind, ()) if usage else ()
    yield from ours
    reported = QUOTAS[kind].last_change(observed.counters)
    known = (*ours, datetime.fromisoformat(observed.identity.created))
    if reported is not None and not any(abs(reported - time) <= SAME_CALL for time in known):
        yield reported


def _seen(kind: CountedChange, observed: ObservedTable, usage: QuotaUsage | None) -> Iterator[datetime]:
    """The times of all known changes of a kind. Two of them may belong to the same call."""
    yield from usage.times.get(kind, ()) if usage else ()
    reported = QUOTAS[kind].last_change(observed.counters)
    if reported is not None:
        yield reported


def _window(kind: CountedChange) -> timedelta:
    """The window of a quota. A kind that only another release knows is dropped after a day."""
    return QUOTAS[kind].window if kind in QUOTAS else DAY
