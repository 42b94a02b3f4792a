"""Kill -9 at every mutating call of every scenario, at each moment of the call, on the real DynamoDB Local.

A case is a place for one death: scenario, number of the call, moment. Every scenario has ``ROOM`` calls, because how
many it makes is seen only when it runs undisturbed; places beyond its last call are empty, and kills are counted.
"""

from __future__ import annotations

from collections import Counter

from campaigns.campaign import Campaign
from faults.fixture import KillFixture, shared_fixture
from faults.kill import Moment
from faults.kill_scenarios import SCENARIOS
from faults.scenario import Scenario

ROOM = 48
MOMENTS = tuple(Moment)
PLACES = ROOM * len(MOMENTS)


def place(case: int) -> tuple[Scenario, int, Moment]:
    """Scenario, number of the call from 1, moment."""
    position, rest = divmod(case, PLACES)
    number, moment = divmod(rest, len(MOMENTS))
    return SCENARIOS[position], number + 1, MOMENTS[moment]


def case_of(name: str, number: int, moment: Moment) -> int:
    """The case that kills that scenario there."""
    position = next(index for index, scenario in enumerate(SCENARIOS) if scenario.name == name)
    return position * PLACES + (number - 1) * len(MOMENTS) + MOMENTS.index(moment)


def writes_of(kill_fixture: KillFixture, scenario: Scenario) -> int:
    """How many calls of the scenario's undisturbed run count."""
    writes = kill_fixture.baseline(scenario).writes
    assert writes <= ROOM, f"{scenario.name} makes {writes} mutating calls, and there is room for {ROOM}"
    return writes


def case(number: int) -> Counter[str]:
    """One death and what comes after it; nothing where the scenario makes fewer calls."""
    scenario, call, moment = place(number)
    kill_fixture = shared_fixture()
    if call > writes_of(kill_fixture, scenario):
        return Counter()
    try:
        kill_fixture.prepare(scenario)
        killed = kill_fixture.killed(scenario, call, moment)
        runs = 1
        if scenario.instead:
            kill_fixture.overtaken(scenario, [killed])
        else:
            runs = kill_fixture.recovered(scenario, [killed])
    except AssertionError as error:
        raise AssertionError(f"{scenario.name}, killed at call {call} {moment}: {error}") from error
    return Counter(
        {
            "kills": 1,
            f"kills {moment}": 1,
            "recovered by one run": int(runs == 1),
            "scenarios": int(number % PLACES == 0),
        }
    )


def prepare() -> None:
    """Starts the fixture of this process before the first case is timed."""
    shared_fixture()


CAMPAIGN = Campaign(
    name="kill",
    claim="killed with -9 there and run again, all is as undisturbed, and the pass after finds nothing to do",
    unit="places for a death",
    total=lambda: len(SCENARIOS) * PLACES,
    case=case,
    prepare=prepare,
)
