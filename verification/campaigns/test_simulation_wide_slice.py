"""A slice of the campaign ``simulation-wide``; and that its witness sees what it is there for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from campaigns.campaign import slice_of
from campaigns.related_oracle import THEIRS, scheduled
from campaigns.simulation_case import Plan, StormCase, Turn
from campaigns.simulation_wide_campaign import CAMPAIGN, case, valid
from campaigns.simulation_wide_case import BACKUP_DEEDS, draw_wide
from campaigns.simulation_wide_run import WideStorm
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
def test_nothing_forbidden_happens_beside_tables_and_the_declared_state_is_reached(part: int) -> None:
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


def test_what_is_drawn_can_be_reached_and_has_deeds_of_every_kind() -> None:
    cases = [draw_wide(number) for number in range(300)]
    assert all(valid(case) for case in cases)
    deeds = [deed for case in cases for turn in case.turns for deed in turn.deeds]
    assert {deed.kind for deed in deeds}.issuperset(BACKUP_DEEDS)
    calls = {deed.call.operation for deed in deeds if deed.call and ":" in deed.call.operation}
    assert {name.partition(":")[2] for name in calls} == {
        "RegisterScalableTarget",
        "DeregisterScalableTarget",
        "PutScalingPolicy",
    }


def world(
    then: TableSpec, *, strangers: tuple[TableSpec, ...] = (), lifecycle: Lifecycle | None = None, **options: object
) -> WideStorm:
    """``users`` is there as ``WIDE``, with a backup of the schedule, one before a change and one of others."""
    wished = Options(**options)  # type: ignore[arg-type]
    plans = (Plan("users", WIDE, then, lifecycle or Lifecycle()),)
    storm = WideStorm(StormCase(Flavor.AWS, wished, plans, (), strangers))
    for _ in range(6):
        storm.turn(Turn(((0, 0),), pause=61.0))
    storm.turn(Turn(((0, 0),), pause=86_400.0))
    for _ in range(2):
        storm.turn(Turn(((0, 0),), pause=61.0))
    assert len(scheduled(storm.plane, storm.plane.tables["users"].description["TableId"])) == 1
    for name in ("users-before-update-x", THEIRS):
        storm.plane.do("CreateBackup", {"TableName": "users", "BackupName": name})
    storm.witness.begin(Turn(((0, 1),)))
    storm.reconciler.ports.store.acquire_lease()
    storm.witness.scanned("users", 1)
    return storm


NO_REPLICA = replace(WIDE, replicas=())
OFF = replace(WIDE, auto_scaling=AutoScaling(read=Scaling(False)))


def _backup(storm: WideStorm, name: str) -> Call:
    arn = next(arn for arn, kept in storm.plane.backups.items() if kept["summary"]["BackupName"].startswith(name))
    return Call("DeleteBackup", {"BackupArn": arn})


def test_the_witness_lets_what_is_declared_pass() -> None:
    world(NO_REPLICA).witness.writes(DROP_REPLICA, 5)
    world(OFF).witness.writes(DEREGISTER, 5)
    storm = world(WIDE)
    storm.plane.do("CreateBackup", {"TableName": "users", "BackupName": "users-2"})
    storm.witness.writes(_backup(storm, "users-2026"), 5)


def test_the_witness_sees_a_backup_that_goes_and_should_not() -> None:
    storm = world(WIDE)
    for name in ("users-before", THEIRS):
        with pytest.raises(AssertionError, match="that no schedule made"):
            storm.witness.writes(_backup(storm, name), 5)
    with pytest.raises(AssertionError, match="one of the newest 1 backups"):
        storm.witness.writes(_backup(storm, "users-2026"), 5)
    storm = world(replace(WIDE, backups=None))
    with pytest.raises(AssertionError, match="though none are declared"):
        storm.witness.writes(_backup(storm, "users-2026"), 5)


def test_the_witness_sees_a_target_that_goes_and_should_not() -> None:
    for then, said in ((WIDE, "that is declared"), (replace(WIDE, auto_scaling=None), "no scaling is declared")):
        with pytest.raises(AssertionError, match=said):
            world(then).witness.writes(DEREGISTER, 5)


def _filled(storm: WideStorm) -> None:
    storm.plane.tables["users"].items["1"] = {"pk": {"S": "1"}}
    storm.witness.scanned("users", 1)


def _theirs(storm: WideStorm) -> None:
    storm.others._put(storm.plane.tables["users"], "theirs")
    storm.witness.scanned("users", 1)


def test_the_witness_sees_a_replica_that_goes_and_should_not() -> None:
    for then, said in ((WIDE, "that is declared"), (replace(WIDE, replicas=None), "none are declared")):
        with pytest.raises(AssertionError, match=said):
            world(then).witness.writes(DROP_REPLICA, 5)
    storm = world(NO_REPLICA, data_loss="never")
    _filled(storm)
    with pytest.raises(AssertionError, match="without leave"):
        storm.witness.writes(DROP_REPLICA, 5)
    with pytest.raises(AssertionError, match="a table of others"):
        world(NO_REPLICA, strangers=(replace(WIDE, replicas=None),)).witness.writes(DROP_REPLICA, 5)
    with pytest.raises(AssertionError, match=r"lifecycle\.protect"):
        world(NO_REPLICA, lifecycle=Lifecycle(protect=True)).witness.writes(DROP_REPLICA, 5)
    storm = world(NO_REPLICA, data_loss="allow", prune_grace=timedelta(seconds=300))
    _theirs(storm)
    with pytest.raises(AssertionError, match=r"0\.0 s after the wish, not 300"):
        storm.witness.writes(DROP_REPLICA, 5)
    storm.plane.clock.seconds += 20
    storm.witness.begin(Turn(((0, 1),)))
    with pytest.raises(AssertionError, match=r"20\.0 s after the wish, not 300"):
        storm.witness.writes(DROP_REPLICA, 5)
    storm = world(NO_REPLICA)
    storm.state.stolen()
    with pytest.raises(AssertionError, match="lease lost"):
        storm.witness.writes(DROP_REPLICA, 5)
    storm = world(NO_REPLICA)
    storm.witness.garbled()
    with pytest.raises(AssertionError, match="after an invalid answer"):
        storm.witness.writes(DROP_REPLICA, 5)
