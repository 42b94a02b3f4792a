"""A second kill -9 while the first is being recovered from: at every mutating call of the recovery, at each moment.

A case is a place for the second death: scenario, call of the first, call of the second, moment of the second; the first
dies at every call in turn, its moments taking turns. Places beyond the last call of a run are empty.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

from campaigns.campaign import Campaign
from campaigns.kill_campaign import MOMENTS, ROOM, prepare, writes_of
from faults.fixture import shared_fixture
from faults.journal import writes
from faults.kill import Moment
from faults.kill_scenarios import SCENARIOS
from faults.scenario import Scenario

CHOSEN = (
    "a first table",
    "a first table of every facet",
    "a first table with time to live, stream and seed",
    "three first tables with seeds",
    "a first table with a seed of lines",
    "a second stack beside the first",
    "a table of others is adopted and changed in place",
    "an empty table of others is adopted and seeded",
    "a table of others is owned",
    "an empty table is pruned",
    "a table with items of others is pruned on an emulator",
    "two tables are pruned at once",
    "a table is renamed",
    "a seeded table is replaced and seeded anew",
    "one table is replaced, one pruned, one comes",
    "a table that somebody deleted comes back with its seed",
    "destroy",
    "up after a destroy",
    "clear leaves what others changed and added",
    "seed after a clear",
    "release of two tables",
    "all is lost and all comes back",
    "time to live moves to another attribute",
    "the stream's view changes from NEW_IMAGE to OLD_IMAGE",
    "the key changes and time to live comes back after",
)
SECONDS = ROOM * len(MOMENTS)
NAMED = {scenario.name: scenario for scenario in SCENARIOS}


def place(case: int) -> tuple[Scenario, int, int, Moment]:
    """Scenario, number of the first run's call and of the second's, moment of the second."""
    first, rest = divmod(case, SECONDS)
    position, first = divmod(first, ROOM)
    second, moment = divmod(rest, len(MOMENTS))
    return NAMED[CHOSEN[position]], first + 1, second + 1, MOMENTS[moment]


def case_of(name: str, first: int, second: int, moment: Moment) -> int:
    """The case of these two deaths."""
    return ((CHOSEN.index(name) * ROOM + first - 1) * ROOM + second - 1) * len(MOMENTS) + MOMENTS.index(moment)


def first_moment(first: int) -> Moment:
    """Neighbouring calls die at different moments."""
    return MOMENTS[first % len(MOMENTS)]


@cache
def recovery_writes(name: str, first: int) -> int:
    """How many calls count of the run after the first death."""
    kill_fixture, scenario = shared_fixture(), NAMED[name]
    kill_fixture.prepare(scenario)
    kill_fixture.killed(scenario, first, first_moment(first))
    return writes(kill_fixture.run(scenario.when).requests)


def case(number: int) -> Counter[str]:
    """Two deaths and what comes after them; nothing where a run makes fewer calls."""
    scenario, first, second, moment = place(number)
    kill_fixture = shared_fixture()
    if first > writes_of(kill_fixture, scenario) or second > recovery_writes(scenario.name, first):
        return Counter()
    try:
        kill_fixture.prepare(scenario)
        killed = [
            kill_fixture.killed(scenario, first, first_moment(first)),
            kill_fixture.killed(scenario, second, moment),
        ]
        runs = kill_fixture.recovered(scenario, killed)
    except AssertionError as error:
        where = f"killed at call {first} {first_moment(first)}, then at call {second} {moment}"
        raise AssertionError(f"{scenario.name}, {where}: {error}") from error
    return Counter(
        {"second kills": 1, "recovered by one run": int(runs == 1), "first kills": int(number % SECONDS == 0)}
    )


CAMPAIGN = Campaign(
    name="kill_twice",
    claim="killed with -9 while it recovers from the same, and run again, all is as undisturbed",
    unit="places for a second death",
    total=lambda: len(CHOSEN) * ROOM * SECONDS,
    case=case,
    prepare=prepare,
)
