"""Slices of the campaign ``single-faults``: every kind of fault at every operation, and a sample of all cases."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from campaigns.campaign import slice_of
from campaigns.single_faults_campaign import CAMPAIGN
from faults.inprocess.baseline import baseline, plans
from faults.inprocess.end_state import end_state
from faults.inprocess.fault_kinds import KINDS
from faults.inprocess.request_shape import shape
from faults.inprocess.scenarios import SCENARIOS

SPREAD = 200
OPERATIONS_A_KIND = 12
PARTS = 4


def made(number: int) -> Counter[str]:
    """The case; a failure names the command that replays it."""
    try:
        return CAMPAIGN.case(number)
    except AssertionError as error:
        raise AssertionError(f"make campaign CAMPAIGN='single-faults --seed {number}': {error}") from error


@cache
def first_of_kind() -> dict[str, dict[str, int]]:
    """For each operation and kind the first case of the campaign."""
    found: dict[str, dict[str, int]] = {}
    for number, plan in enumerate(plans()):
        found.setdefault(plan.call.operation, {}).setdefault(plan.kind.name, number)
    return found


def test_there_are_as_many_cases_as_the_claim_needs() -> None:
    assert len(SCENARIOS) >= 40
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    assert len(plans()) >= 25_000
    assert {kind.name for kind in KINDS} - {plan.kind.name for plan in plans()} <= {"UnprocessedItems"}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.name != "UnprocessedItems"])
def test_every_kind_of_fault_at_a_dozen_operations(kind: str) -> None:
    """Another dozen for each kind, so that all kinds together meet every operation."""
    numbers = [known[kind] for known in first_of_kind().values() if kind in known]
    shift = sum(map(ord, kind)) % len(numbers)
    for number in (numbers[shift:] + numbers[:shift])[:OPERATIONS_A_KIND]:
        made(number)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spread_over_all_scenarios(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, SPREAD))[part::PARTS]:
        figures.update(made(number))
    assert figures["cases"] >= SPREAD // PARTS
    assert figures["ended 0"] > figures["ended 1"] > 0


@pytest.mark.parametrize("scenario", SCENARIOS[::6], ids=lambda scenario: scenario.name)
def test_undisturbed_calls_may_bypass_botocore(scenario) -> None:
    known = baseline(scenario)
    account = known.account.copy()
    account.transport.whole = lambda: False
    assert scenario.act(account).exit == known.act.exit
    assert [shape(request) for request in account.transport.sent] == [shape(request) for request in known.calls]
    assert end_state(account.dynamodb) == known.states[0]
