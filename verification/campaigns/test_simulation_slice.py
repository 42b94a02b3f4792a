"""A slice of the campaign ``simulation``, spread over all of it, and tests that its monitor detects each violation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from campaigns.campaign import slice_of
from campaigns.simulation_campaign import CAMPAIGN, case, valid
from campaigns.simulation_case import ACTIONS, KINDS, Phase, Plan, SimulationCase, draw
from campaigns.simulation_run import Scenario
from support.specs import keys

from reconciler.model.change import Call
from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.options import Options
from reconciler.model.table import TableSpec

CASES = 1_200
PARTS = 4
ORDERS, USERS = TableSpec("orders", keys("pk S")), TableSpec("users", keys("pk S"))


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_forbidden_happens_and_the_declared_state_is_reached(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, CASES))[part::PARTS]:
        try:
            figures.update(case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='simulation --seed {number}': {error}") from error
    assert figures["tables as declared"] > CASES / PARTS / 2
    assert figures["DeleteTable"] > CASES / PARTS / 12
    assert figures["broken by crash"] > 0


def test_drawn_cases_are_reachable_and_have_every_kind_of_fault() -> None:
    cases = [draw(number) for number in range(400)]
    assert all(valid(case) for case in cases)
    phases = [phase for case in cases for phase in case.phases]
    assert {fault.kind for phase in phases for fault in phase.faults} == set(KINDS)
    assert {action.kind for phase in phases for action in phase.actions} == set(ACTIONS)


def converged_scenario(
    *, flavor: Flavor = Flavor.MOTO, lifecycle: Lifecycle | None = None, **options: object
) -> Scenario:
    """``orders`` and ``users`` are there and ours; then only ``users`` is declared."""
    plans = (Plan("users", USERS, USERS), Plan("orders", ORDERS, ORDERS, lifecycle or Lifecycle()))
    scenario = Scenario(SimulationCase(flavor, Options(prune_grace=timedelta(0), **options), plans, ()))  # type: ignore[arg-type]
    for _ in range(2):
        scenario.phase(Phase(((0, 0), (1, 0)), pause=61.0))
    scenario.monitor.begin(Phase(((0, 0),)))
    return scenario


DELETE = Call("DeleteTable", {"TableName": "orders"})


def delete(scenario: Scenario) -> None:
    """As the engine would: a look inside, the lease in hand, and the call."""
    scenario.reconciler.ports.store.acquire_lease()
    scenario.monitor.scanned("orders", 1)
    scenario.monitor.writes(DELETE, 5)


def test_the_monitor_accepts_a_rightful_delete() -> None:
    delete(converged_scenario())


def _recreated(scenario: Scenario) -> None:
    del scenario.dynamodb.tables["orders"]
    scenario.others.create(ORDERS)


def _put(scenario: Scenario) -> None:
    table = scenario.dynamodb.tables["orders"]
    scenario.others._put(table, "theirs")


WRONG = {
    "table of others": (_recreated, {}),
    "after an invalid answer": (lambda scenario: scenario.monitor.garbled(), {}),
    "lifecycle.protect": (lambda scenario: None, {"lifecycle": Lifecycle(protect=True)}),
    "PRUNE=never": (lambda scenario: None, {"prune": "never"}),
    "items lost without leave": (_put, {"data_loss": "never"}),
    "items lost 0.0 s after": (_put, {"grace": 300}),
    "more than 0 deletes": (lambda scenario: None, {"max_deletes": 0}),
    "not seen empty": (lambda scenario: None, {"flavor": Flavor.AWS, "grace": 300}),
    "declarations broken": (lambda scenario: scenario.monitor.begin(Phase(((0, 0),), broken=True)), {}),
    "nothing declared": (lambda scenario: scenario.monitor.begin(Phase(())), {}),
    "mode observe": (lambda scenario: scenario.monitor.begin(Phase(((0, 0),), observe=True)), {}),
    "foreign state table": (lambda scenario: scenario.monitor.begin(Phase(((0, 0),), elsewhere=True)), {}),
    "replaced without need": (lambda scenario: scenario.monitor.begin(Phase(((0, 0), (1, 0)))), {}),
}


@pytest.mark.parametrize("messages", WRONG)
def test_the_monitor_detects_a_wrong_delete(messages: str) -> None:
    change, wanted = WRONG[messages]
    options = dict(wanted)
    grace = options.pop("grace", None)
    scenario = converged_scenario(**options)  # type: ignore[arg-type]
    if grace is not None:
        scenario.case = scenario.monitor.case = _with_grace(scenario.case, grace)
    change(scenario)
    with pytest.raises(AssertionError, match=messages):
        delete(scenario)


def _with_grace(case: SimulationCase, seconds: int) -> SimulationCase:
    return replace(case, options=replace(case.options, prune_grace=timedelta(seconds=seconds)))


def test_the_monitor_detects_a_lost_lease_a_lost_item_and_a_second_change() -> None:
    scenario = converged_scenario()
    scenario.state.stolen()
    with pytest.raises(AssertionError, match="lease lost"):
        scenario.monitor.writes(DELETE, 5)
    scenario = converged_scenario()
    _put(scenario)
    scenario.dynamodb.tables["orders"].items.clear()
    with pytest.raises(AssertionError, match="item of others lost"):
        scenario.monitor.after_pass()
    scenario = converged_scenario()
    switch = Call("UpdateTable", {"TableName": "users", "DeletionProtectionEnabled": True})
    scenario.monitor.writes(switch, 5)
    with pytest.raises(AssertionError, match="two changes of one table"):
        scenario.monitor.writes(switch, 6)
    scenario = converged_scenario()
    off = Call("UpdateTable", {"TableName": "users", "DeletionProtectionEnabled": False})
    with pytest.raises(AssertionError, match="protection switched off unasked"):
        scenario.monitor.writes(off, 5)
