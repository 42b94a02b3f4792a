"""A slice of the kill campaigns: each death is that of a real process, by -9, in front of the real DynamoDB Local."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from campaigns import kill_campaign, kill_files_campaign, kill_twice_campaign, kill_twice_chosen_campaign
from faults.fixture import KillFixture, close_shared_fixture, shared_fixture
from faults.kill import Moment
from faults.kill_imports_and_daemon import BEYOND
from faults.kill_scenarios import SCENARIOS
from faults.kill_spec_changes import CHOSEN
from support.endpoints import need_dynamodb_local
from support.folders import load, write
from support.spec_changes import SPEC_CHANGES
from support.spec_documents import document

from reconciler.model.table import TableSpec

pytestmark = pytest.mark.timeout(600)
WHOLE = {"a first table with time to live, stream and seed": 12, "an empty table is pruned": 7}
"""Killed at every call. The number of calls is explicit, so that none is left out."""
SPREAD = (
    ("a second stack beside the first", 4, Moment.APPLIED),
    ("an empty table is pruned", 4, Moment.DELIVERED),
    ("one table is replaced, one pruned, one comes", 9, Moment.APPLIED),
    ("a seeded table is replaced and seeded anew", 4, Moment.DELIVERED),
    ("destroy leaves what is adopted and what is protected", 3, Moment.APPLIED),
    ("clear leaves what others changed and added", 3, Moment.APPLIED),
    ("time to live moves to another attribute", 2, Moment.APPLIED),
    ("named tables are imported as documents", 4, Moment.APPLIED),
    ("a loop comes after a destroy that died", 5, Moment.APPLIED),
    ("a daemon prunes a table with items of others", 3, Moment.APPLIED),
    ("a table with items of others is replaced by up", 5, Moment.APPLIED),
    ("a table is replaced by a pass and keeps its items", 8, Moment.APPLIED),
    ("a table is replaced by a pass and keeps its items", 13, Moment.APPLIED),
    ("a table is replaced by a pass and keeps its items", 16, Moment.BEFORE),
    ("a table is replaced by a pass and keeps its items", 20, Moment.DELIVERED),
    ("a table is replaced on request and keeps its items and its seed", 12, Moment.APPLIED),
)
TWICE = (
    ("a first table", 6, 2, Moment.APPLIED),
    ("two tables are pruned at once", 3, 2, Moment.BEFORE),
    ("a seeded table is replaced and seeded anew", 4, 3, Moment.APPLIED),
)
LINES = (0.4, 0.8)
"""How far the writing of files got."""
NAMED = {scenario.name: scenario for scenario in SCENARIOS}
local = pytest.mark.dynamodb_local


@pytest.fixture(scope="module")
def kill_fixture() -> Iterator[KillFixture]:
    need_dynamodb_local()
    yield shared_fixture()
    close_shared_fixture()


def test_every_scenario_has_a_name_of_its_own_and_there_are_enough_of_them() -> None:
    assert [name for name, count in Counter(s.name for s in SCENARIOS).items() if count > 1] == []
    assert len(SCENARIOS) >= 60
    assert len(set(kill_twice_campaign.CHOSEN)) >= 20


def test_new_scenarios_keep_the_case_numbers_of_the_others() -> None:
    assert [scenario.name for scenario in SCENARIOS[:110:109]] == [
        "a first table",
        "a rebuild of an index is forgotten",
    ]
    assert SCENARIOS[110:][: len(BEYOND)] == BEYOND


def test_case_numbers_name_their_place() -> None:
    for name, number, moment in SPREAD:
        assert kill_campaign.place(kill_campaign.case_of(name, number, moment)) == (NAMED[name], number, moment)
    for name, first, second, moment in TWICE:
        case = kill_twice_campaign.case_of(name, first, second, moment)
        assert kill_twice_campaign.place(case) == (NAMED[name], first, second, moment)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_spec_change_as_documents_is_that_spec_change(name: str, tmp_path: Path) -> None:
    (case,) = (case for case in SPEC_CHANGES if case.name == name)
    for position, spec in enumerate((case.before, case.after)):
        (read,) = load(write(tmp_path / str(position), {"subject.json": document(spec)})).declarations
        assert read.spec == _as_read(spec)


def _as_read(spec: TableSpec) -> TableSpec:
    """A document gives every index of a provisioned table its throughput."""
    units = spec.billing.throughput if spec.billing else None
    indexes = spec.global_indexes and tuple(replace(i, throughput=i.throughput or units) for i in spec.global_indexes)
    return replace(spec, global_indexes=indexes)


@local
@pytest.mark.parametrize("name", WHOLE)
def test_a_scenario_makes_as_many_calls_as_its_kill_cases(kill_fixture: KillFixture, name: str) -> None:
    assert kill_campaign.writes_of(kill_fixture, NAMED[name]) == WHOLE[name]


@local
def test_the_undisturbed_final_state_is_as_declared(kill_fixture: KillFixture) -> None:
    found = kill_fixture.baseline(NAMED["a first table with time to live, stream and seed"]).seen
    orders, records = found["tables"]["orders"], found["records"]["reconciler_state"]
    assert orders["describe"]["TableStatus"] == "ACTIVE"
    assert orders["describe"]["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    assert orders["ttl"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert [(item["pk"]["S"], item["total"]["N"]) for item in orders["items"]] == [
        (f"item#{count:03}", str(count)) for count in range(4)
    ]
    assert records["default/default table#orders"]["ownership"] == {"S": "created"}
    assert records["default/default table#orders"]["identity"] == "of the live table"
    assert records["default/default seed#orders"]["state"] == {"S": "done"}


@local
@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.APPLIED])
@pytest.mark.parametrize(("name", "number"), [(name, call) for name in WHOLE for call in range(1, WHOLE[name] + 1)])
def test_killed_at_any_call_and_run_again_it_reaches_the_undisturbed_state(
    kill_fixture: KillFixture, name: str, number: int, moment: Moment
) -> None:
    assert kill_campaign.case(kill_campaign.case_of(name, number, moment))["kills"] == 1


@local
@pytest.mark.parametrize(("name", "number", "moment"), SPREAD)
def test_killed_at_some_call_and_run_again_it_reaches_the_undisturbed_state(
    kill_fixture: KillFixture, name: str, number: int, moment: Moment
) -> None:
    assert kill_campaign.case(kill_campaign.case_of(name, number, moment))["kills"] == 1


@local
@pytest.mark.parametrize("part", LINES)
def test_killed_while_writing_files_and_run_again_every_file_is_complete(
    kill_fixture: KillFixture, part: float
) -> None:
    line = int(part * kill_files_campaign.lines_of(0))
    assert kill_files_campaign.case(line)["kills"] == 1


@local
def test_a_sample_of_second_kills_names_existing_calls(kill_fixture: KillFixture) -> None:
    number = kill_twice_chosen_campaign.PAIRS * kill_twice_campaign.CHOSEN.index("release of two tables") + 4
    assert kill_twice_chosen_campaign.case(number)["second kills"] == 1


@local
@pytest.mark.parametrize(("name", "first", "second", "moment"), TWICE)
def test_killed_again_during_recovery_it_reaches_the_undisturbed_state(
    kill_fixture: KillFixture, name: str, first: int, second: int, moment: Moment
) -> None:
    case = kill_twice_campaign.case_of(name, first, second, moment)
    assert kill_twice_campaign.case(case)["second kills"] == 1
