"""The run of a scenario without faults: its calls, its result, and which of its calls get a fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from faults.inprocess.account import STATE, Ended, SimulatedAccount
from faults.inprocess.end_state import end_state, mismatched_entries
from faults.inprocess.fault_kinds import KINDS, Kind
from faults.inprocess.request_shape import asked, shape
from faults.inprocess.scenario import Scenario
from faults.inprocess.scenarios import SCENARIOS
from faults.inprocess.transport import SentRequest


@dataclass(frozen=True)
class Baseline:
    """``act`` is how it ends, ``again`` how every later run ends; ``states`` after each, the last one being at rest."""

    account: SimulatedAccount
    calls: tuple[SentRequest, ...]
    act: Ended
    again: Ended
    states: tuple[dict[str, Any], dict[str, Any]]
    requests: frozenset[str]
    destroyed: Counter[str]
    points: tuple[int, ...]
    """The numbers of the calls at which faults strike: of equal requests the first two and the last."""


@cache
def baseline(scenario: Scenario) -> Baseline:
    """Once a process; the faultless run is made by calls through all of botocore."""
    start = scenario.account()
    account = start.copy()
    act = scenario.act(account)
    calls = tuple(account.transport.sent)
    first = end_state(account.dynamodb)
    assert not mismatched_entries(account.dynamodb), mismatched_entries(account.dynamodb)
    destroyed = Counter(shape(request) for request in calls if request.destroys and request.applied)
    again = scenario.repeat(account)
    requests = frozenset(each for sent in account.transport.sent if changes(sent) for each in asked(sent))
    return Baseline(start, calls, act, again, (first, end_state(account.dynamodb)), requests, destroyed, _points(calls))


def changes(request: SentRequest) -> bool:
    """Whether it asks for a change of anything but the state table's records."""
    return request.mutating and not (request.table == STATE and request.operation != "DeleteTable")


def _points(calls: tuple[SentRequest, ...]) -> tuple[int, ...]:
    places: dict[str, list[int]] = {}
    for request in calls:
        places.setdefault(shape(request), []).append(request.number)
    return tuple(sorted({n for each in places.values() for n in (*each[:2], each[-1])}))


@dataclass(frozen=True)
class Plan:
    """One case: this scenario, this call, this fault."""

    scenario: Scenario
    call: SentRequest
    kind: Kind

    def __str__(self) -> str:
        return f"{self.scenario.name} · {self.call} · {self.kind.name}"


@cache
def plans() -> tuple[Plan, ...]:
    """Every case of the campaign, numbered by its place."""
    found = []
    for scenario in SCENARIOS:
        known = baseline(scenario)
        for point in known.points:
            call = known.calls[point]
            found += [Plan(scenario, call, kind) for kind in KINDS if kind.meets(call)]
    return tuple(found)
