"""A slice of the campaign ``crashes``: every crash of a restore and some of daemons, in virtual time."""

from __future__ import annotations

from collections import Counter

import pytest
from faults.inprocess import crash
from faults.inprocess.baseline import baseline
from faults.inprocess.crash import Died, ProcessDeath, crash_points_of
from faults.inprocess.crash_scenarios import DAEMONS, RESTORES, SCENARIOS
from faults.inprocess.end_state import end_state
from faults.kill import Moment

DEATHS = 5
NAMED = {scenario.name: scenario for scenario in SCENARIOS}
ENDS = {
    "a table is restored from a backup by name with another capacity": ("again", 0),
    "what a replaced table held before is restored beside it": ("users_before", 4),
    "a declared table that is gone is restored under its own name and adopted": ("users", 4),
    "a table is not restored over one of others": ("theirs", 1),
}
"""What holds how many items in the end, written down by hand."""


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(one.name for one in SCENARIOS).items() if count > 1] == []
    assert len(SCENARIOS) >= 70


@pytest.mark.parametrize("name", ENDS)
def test_an_undisturbed_restore_ends_as_expected(name: str) -> None:
    table, items = ENDS[name]
    shown = baseline(NAMED[name]).states[0][f"table {table}"]
    assert (shown["description"]["TableStatus"], len(shown["items"])) == ("ACTIVE", items)


@pytest.mark.parametrize("scenario", RESTORES, ids=lambda scenario: scenario.name)
def test_a_restore_killed_at_any_call_completes(scenario) -> None:
    for place in crash_points_of(scenario):
        assert crash.run(place)["deaths"] == 1


@pytest.mark.parametrize("scenario", DAEMONS, ids=lambda scenario: scenario.name)
def test_after_a_daemon_dies_the_next_one_reaches_the_same_state(scenario) -> None:
    places = crash_points_of(scenario)
    assert len(places) > 30
    for place in places[:: len(places) // DEATHS]:
        assert crash.run(place)["deaths"] == 1


def test_a_run_after_a_crash_before_the_create_record_waits_for_the_lease_and_writes_it() -> None:
    scenario = NAMED["five tables come to be"]
    place = next(
        place
        for place in reversed(crash_points_of(scenario))
        if place.call.operation == "CreateTable" and place.moment is Moment.APPLIED
    )
    account = baseline(scenario).account.copy()
    death = ProcessDeath(place.call.number, place.moment)
    account.transport.before, account.transport.after, account.transport.whole = (
        death.before,
        death.after,
        lambda: False,
    )
    with pytest.raises(Died):
        scenario.act(account)
    account.transport.before = account.transport.after = None
    began = account.clock.seconds
    assert scenario.repeat(account).exit == 0
    assert 30 <= account.clock.seconds - began < 60
    assert end_state(account.dynamodb)["record default/default table#t4"]["ownership"] == {"S": "created"}
