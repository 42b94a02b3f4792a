"""A process that dies at a mutating call: it releases nothing and sends nothing more, and another one follows.

The death of kill -9 on the strict simulation of AWS and in unreal time, so that the lease of the dead is outwaited as
its rules have it, and backups, restores, replicas and scaling are there. Called by the campaign ``crashes``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache, partial

from faults.inprocess import invariants
from faults.inprocess.account import STATE, SimulatedAccount
from faults.inprocess.baseline import Baseline, baseline, changes
from faults.inprocess.crash_scenarios import SCENARIOS
from faults.inprocess.end_state import differences, end_state
from faults.inprocess.request_shape import shape
from faults.inprocess.scenario import Scenario
from faults.inprocess.single_fault import apart_from_adopted, recovered
from faults.inprocess.transport import SentRequest
from faults.kill import Moment

FREELY_AGAIN = ("TagResource", "CreateBackup", "PutScalingPolicy", "RegisterScalableTarget", "PutItem", "UpdateItem")
"""Calls that may be repeated: they are idempotent or conditional."""


class Died(BaseException):
    """No ``Exception``: the product must not get to see it."""


@dataclass
class ProcessDeath:
    """Hooks of a transport: the process named by the call's ``by`` dies at the call of that number."""

    number: int
    moment: Moment
    victim: str | None = None

    def before(self, sent_request: SentRequest) -> None:
        if self.victim == sent_request.by:
            raise Died
        if sent_request.number == self.number and self.moment is Moment.BEFORE:
            self._strike(sent_request)

    def after(self, sent_request: SentRequest) -> None:
        if sent_request.number != self.number or self.victim is not None:
            return
        if self.moment is Moment.APPLIED:
            self._strike(sent_request)
        self.victim = sent_request.by

    def _strike(self, sent_request: SentRequest) -> None:
        self.victim = sent_request.by
        raise Died


@dataclass(frozen=True)
class Place:
    """One case: the process of this scenario dies at this call."""

    scenario: Scenario
    call: SentRequest
    moment: Moment

    def __str__(self) -> str:
        return f"{self.scenario.name} · died at {self.call}, {self.moment}"


@cache
def places() -> tuple[Place, ...]:
    """Every case of the campaign, numbered by its place."""
    return tuple(place for scenario in SCENARIOS for place in crash_points_of(scenario))


def crash_points_of(scenario: Scenario) -> tuple[Place, ...]:
    """Every death that one scenario has room for."""
    calls = [call for call in baseline(scenario).calls if call.mutating]
    return tuple(Place(scenario, call, moment) for call in calls for moment in Moment)


def run(place: Place) -> Counter[str]:
    """Runs the case. ``AssertionError`` names the violation; any other exception is a crash of the product."""
    known = baseline(place.scenario)
    account = known.account.copy()
    death = ProcessDeath(place.call.number, place.moment)
    account.transport.before, account.transport.after, account.transport.whole = (
        death.before,
        death.after,
        lambda: False,
    )
    try:
        ended = place.scenario.act(account)
    except Died:
        ended = None
    assert death.victim, f"{place}: the call was never made"
    account.transport.before = account.transport.after = None
    try:
        assert ended is None or place.moment is Moment.DELIVERED, "it went on"
        runs = (
            0
            if ended is not None
            else recovered(place.scenario, account, known, partial(apart_from_adopted, place.scenario, place.call))
        )
        invariants.sent(account, known)
        _nothing_twice(account, known)
        _quiet(place.scenario, account)
    except AssertionError as wrong:
        log = "\n".join(f"  {sent_request} {sent_request.refused or ''}" for sent_request in account.transport.sent)
        raise AssertionError(f"{place}: {wrong}\n{log}") from None
    figures = {"deaths": 1, f"deaths {place.moment}": 1, "recovered by one run": int(runs < 2)}
    return Counter({**figures, "calls": len(account.transport.sent)})


def _nothing_twice(account: SimulatedAccount, known: Baseline) -> None:
    """Neither a table nor an index is made, changed or ended more often than without the death."""
    done = Counter(shape(s) for s in account.transport.sent if _counts(s))
    once = Counter(shape(s) for s in known.calls if _counts(s))
    more = {request: count for request, count in done.items() if count > max(once[request], 1)}
    assert not more, f"done more often than without a death: {more}"


def _counts(sent_request: SentRequest) -> bool:
    return (
        changes(sent_request)
        and sent_request.applied
        and sent_request.operation not in FREELY_AGAIN
        and sent_request.table != STATE
    )


def _quiet(scenario: Scenario, account: SimulatedAccount) -> None:
    """Then nothing is changed any more."""
    first, before = len(account.transport.sent), end_state(account.dynamodb)
    scenario.repeat(account)
    written = [
        str(sent_request)
        for sent_request in account.transport.sent[first:]
        if changes(sent_request) and sent_request.applied
    ]
    assert not written, f"not quiet: {written}"
    assert not differences(end_state(account.dynamodb), before), "not at rest"
