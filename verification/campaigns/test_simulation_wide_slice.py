"""A slice of the campaign ``simulation-wide``, and tests that its monitor detects each violation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from campaigns.campaign import slice_of
from campaigns.related_oracle import THEIRS, scheduled
from campaigns.simulation_case import Phase, Plan, SimulationCase
from campaigns.simulation_wide_campaign import CAMPAIGN, case, valid
from campaigns.simulation_wide_case import BACKUP_ACTIONS, draw_wide
from campaigns.simulation_wide_run import WideScenario
from support.random_wide import IMAGES
from support.specs import keys

from reconciler.model.backups import Backups
from reconciler.model.change import Call
from reconciler.model.desired import Lifecycle
from reconciler.model.global_table import Replica
from reconciler.model.identity import Flavor
from reconciler.model.options import Options
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import Billing, TableSpec, Throughput

CASES = 400
PARTS = 2
REGION = "eu-west-1"
WIDE = TableSpec(
    "users",
    keys("pk S"),
    Billing("PROVISIONED", Throughput(1, 1)),
    stream=IMAGES,
    replicas=(Replica(REGION),),
    auto_scaling=AutoScaling(read=Scaling(True, 1, 9, 50.0)),
    backups=Backups("0 0 * * *", 1),
)
TARGET = {"ResourceId": "table/users", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
DROP_REPLICA = Call("UpdateTable", {"TableName": "users", "ReplicaUpdates": [{"Delete": {"RegionName": REGION}}]})
DEREGISTER = Call("application-autoscaling:DeregisterScalableTarget", TARGET)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_forbidden_happens_to_related_resources_and_the_declared_state_is_reached(part: int) -> None:
    figures: Counter[str] = Counter()
    for number in list(slice_of(CAMPAIGN, CASES))[part::PARTS]:
        try:
            figures.update(case(number))
        except AssertionError as error:
            raise AssertionError(f"make campaign CAMPAIGN='simulation-wide --seed {number}': {error}") from error
    assert figures["tables as declared"] > CASES / PARTS / 2
    assert figures["replica Create"] > CASES / PARTS / 4
    assert figures["application-autoscaling:RegisterScalableTarget"] > CASES / PARTS / 4
    assert figures["CreateBackup"] > CASES / PARTS / 10


def test_drawn_cases_are_reachable_and_have_every_kind_of_action() -> None:
    cases = [draw_wide(number) for number in range(300)]
    assert all(valid(case) for case in cases)
    actions = [action for case in cases for phase in case.phases for action in phase.actions]
    assert {action.kind for action in actions}.issuperset(BACKUP_ACTIONS)
    calls = {action.call.operation for action in actions if action.call and ":" in action.call.operation}
    assert {name.partition(":")[2] for name in calls} == {
        "RegisterScalableTarget",
        "DeregisterScalableTarget",
        "PutScalingPolicy",
    }


def converged_scenario(
    then: TableSpec, *, unmanaged: tuple[TableSpec, ...] = (), lifecycle: Lifecycle | None = None, **options: object
) -> WideScenario:
    """``users`` exists as ``WIDE``, with a scheduled backup, one before a change and a foreign one."""
    declared = Options(**options)  # type: ignore[arg-type]
    plans = (Plan("users", WIDE, then, lifecycle or Lifecycle()),)
    scenario = WideScenario(SimulationCase(Flavor.AWS, declared, plans, (), unmanaged))
    for _ in range(6):
        scenario.phase(Phase(((0, 0),), pause=61.0))
    scenario.phase(Phase(((0, 0),), pause=86_400.0))
    for _ in range(2):
        scenario.phase(Phase(((0, 0),), pause=61.0))
    assert len(scheduled(scenario.dynamodb, scenario.dynamodb.tables["users"].description["TableId"])) == 1
    for name in ("users-before-update-x", THEIRS):
        scenario.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": name})
    scenario.monitor.begin(Phase(((0, 1),)))
    scenario.reconciler.ports.store.acquire_lease()
    scenario.monitor.scanned("users", 1)
    return scenario


NO_REPLICA = replace(WIDE, replicas=())
OFF = replace(WIDE, auto_scaling=AutoScaling(read=Scaling(False)))


def _backup(scenario: WideScenario, name: str) -> Call:
    arn = next(arn for arn, kept in scenario.dynamodb.backups.items() if kept["summary"]["BackupName"].startswith(name))
    return Call("DeleteBackup", {"BackupArn": arn})


def test_the_monitor_accepts_declared_changes() -> None:
    converged_scenario(NO_REPLICA).monitor.writes(DROP_REPLICA, 5)
    converged_scenario(OFF).monitor.writes(DEREGISTER, 5)
    scenario = converged_scenario(WIDE)
    scenario.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": "users-2"})
    scenario.monitor.writes(_backup(scenario, "users-2026"), 5)


def test_the_monitor_detects_a_wrong_backup_deletion() -> None:
    scenario = converged_scenario(WIDE)
    for name in ("users-before", THEIRS):
        with pytest.raises(AssertionError, match="that no schedule made"):
            scenario.monitor.writes(_backup(scenario, name), 5)
    with pytest.raises(AssertionError, match="one of the newest 1 backups"):
        scenario.monitor.writes(_backup(scenario, "users-2026"), 5)
    scenario = converged_scenario(replace(WIDE, backups=None))
    with pytest.raises(AssertionError, match="though none are declared"):
        scenario.monitor.writes(_backup(scenario, "users-2026"), 5)


def test_the_monitor_detects_a_wrong_target_deletion() -> None:
    for then, messages in ((WIDE, "that is declared"), (replace(WIDE, auto_scaling=None), "no scaling is declared")):
        with pytest.raises(AssertionError, match=messages):
            converged_scenario(then).monitor.writes(DEREGISTER, 5)


def _filled(scenario: WideScenario) -> None:
    scenario.dynamodb.tables["users"].items["1"] = {"pk": {"S": "1"}}
    scenario.monitor.scanned("users", 1)


def _theirs(scenario: WideScenario) -> None:
    scenario.others._put(scenario.dynamodb.tables["users"], "theirs")
    scenario.monitor.scanned("users", 1)


def test_the_monitor_detects_a_wrong_replica_deletion() -> None:
    for then, messages in ((WIDE, "that is declared"), (replace(WIDE, replicas=None), "none are declared")):
        with pytest.raises(AssertionError, match=messages):
            converged_scenario(then).monitor.writes(DROP_REPLICA, 5)
    scenario = converged_scenario(NO_REPLICA, data_loss="never")
    _filled(scenario)
    with pytest.raises(AssertionError, match="without leave"):
        scenario.monitor.writes(DROP_REPLICA, 5)
    with pytest.raises(AssertionError, match="a table of others"):
        converged_scenario(NO_REPLICA, unmanaged=(replace(WIDE, replicas=None),)).monitor.writes(DROP_REPLICA, 5)
    with pytest.raises(AssertionError, match=r"lifecycle\.protect"):
        converged_scenario(NO_REPLICA, lifecycle=Lifecycle(protect=True)).monitor.writes(DROP_REPLICA, 5)
    scenario = converged_scenario(NO_REPLICA, data_loss="allow", prune_grace=timedelta(seconds=300))
    _theirs(scenario)
    with pytest.raises(AssertionError, match=r"0\.0 s after the wish, not 300"):
        scenario.monitor.writes(DROP_REPLICA, 5)
    scenario.dynamodb.clock.seconds += 20
    scenario.monitor.begin(Phase(((0, 1),)))
    with pytest.raises(AssertionError, match=r"20\.0 s after the wish, not 300"):
        scenario.monitor.writes(DROP_REPLICA, 5)
    scenario = converged_scenario(NO_REPLICA)
    scenario.state.stolen()
    with pytest.raises(AssertionError, match="lease lost"):
        scenario.monitor.writes(DROP_REPLICA, 5)
    scenario = converged_scenario(NO_REPLICA)
    scenario.monitor.garbled()
    with pytest.raises(AssertionError, match="after an invalid answer"):
        scenario.monitor.writes(DROP_REPLICA, 5)
