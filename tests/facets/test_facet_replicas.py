"""The facet replicas: how endpoints describe them, one line a setting, and the calls that lead there."""

from __future__ import annotations

from typing import Any

import pytest
from support.call_summary import summary
from support.request_rules import complaints
from support.responses import answers
from support.specs import declaration, gsi, observed, spec, stream

from reconciler.facets.replicas import ReplicasFacet
from reconciler.model.change import Hazard
from reconciler.model.global_table import MultiRegionConsistency, Replica, ReplicaIndex
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.table import TableSpec
from reconciler.planning.create import as_created
from reconciler.planning.planner import plan

FACET = ReplicasFacet()
IMAGES = stream("NEW_AND_OLD_IMAGES")
KEY = "arn:aws:kms:eu-west-1:123456789012:key/"
SHAPE = {
    "RegionName": "eu-west-1",
    "ReplicaStatus": "ACTIVE",
    "ReplicaArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/subject",
    "KMSMasterKeyId": f"{KEY}1",
    "ProvisionedThroughputOverride": {"ReadCapacityUnits": 7},
    "OnDemandThroughputOverride": {"MaxReadRequestUnits": 9},
    "ReplicaTableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
    "GlobalSecondaryIndexes": [{"IndexName": "by_a", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 3}}],
    "WarmThroughput": {"ReadUnitsPerSecond": 12000, "Status": "ACTIVE"},
    "GlobalTableSettingsReplicationMode": "ENABLED_WITH_OVERRIDES",
}


def replica(region: str = "eu-west-1", **fields: Any) -> Replica:
    return Replica(region, **fields)


def live(region: str = "eu-west-1", **fields: Any) -> Replica:
    """A replica as observed: everything undeclared at its default."""
    return Replica(region, **{"table_class": "STANDARD", "max_read_request_units": -1, "indexes": ()} | fields)


def steps(desired: TableSpec, seen: TableSpec) -> tuple[Step, ...]:
    return plan(declaration(desired), observed(seen))


def test_a_replica_is_read_with_its_overrides_next_to_the_home_region() -> None:
    listed = [SHAPE, {"RegionName": "us-east-1", "ReplicaStatus": "ACTIVE"}]
    ireland, home = FACET.observe(answers(Replicas=listed))
    assert (home.region, home.home) == ("us-east-1", True)
    assert ireland == replica(
        kms_key=f"{KEY}1",
        table_class="STANDARD_INFREQUENT_ACCESS",
        read_capacity=7,
        max_read_request_units=9,
        indexes=(ReplicaIndex("by_a", 3, -1),),
    )


@pytest.mark.parametrize("arn", ["arn", "table/subject", "arn:aws:dynamodb:us-east-1:123456789012:table/subject"])
def test_an_arn_without_a_region_is_accepted(arn: str) -> None:
    seen = FACET.observe(answers(TableArn=arn, Replicas=[{"RegionName": "eu-west-1"}]))
    assert [each.region for each in seen if not each.home] == ["eu-west-1"]


@pytest.mark.parametrize(
    ("status", "there", "messages"),
    [
        ("ACTIVE", True, []),
        ("CREATING", True, ["replica eu-west-1 is CREATING (40)"]),
        ("UPDATING", True, ["replica eu-west-1 is UPDATING (40)"]),
        ("DELETING", False, ["replica eu-west-1 is DELETING (40)"]),
        ("CREATION_FAILED", True, []),
    ],
)
def test_a_replica_that_is_changing_reads_as_its_target_state(status: str, there: bool, messages: list[str]) -> None:
    shape = SHAPE | {"ReplicaStatus": status, "ReplicaStatusPercentProgress": "40"}
    responses = answers(Replicas=[shape])
    assert (len(FACET.observe(responses)) == 2) is there
    assert list(FACET.ongoing(responses)) == messages


def test_replicas_that_are_not_declared_stay() -> None:
    assert steps(spec(), spec(stream=IMAGES, replicas=(live(),))) == ()


def test_the_own_region_may_be_listed_or_not() -> None:
    seen = spec(stream=IMAGES, replicas=(live(),))
    assert steps(spec(replicas=(replica(), replica("us-east-1"))), seen) == ()
    assert steps(spec(replicas=(replica(),)), seen) == ()


def test_undeclared_fields_of_a_replica_are_not_touched() -> None:
    seen = live(read_capacity=7, table_class="STANDARD_INFREQUENT_ACCESS", kms_key=f"{KEY}1")
    assert steps(spec(replicas=(replica(),)), spec(stream=IMAGES, replicas=(seen,))) == ()


OVERRIDES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "table class": (
        {"table_class": "STANDARD_INFREQUENT_ACCESS"},
        {},
        ["~replica eu-west-1 TableClassOverride"],
    ),
    "read capacity of table and index in one call": (
        {"read_capacity": 8, "indexes": (ReplicaIndex("by_a", 4), ReplicaIndex("by_b", 3))},
        {"read_capacity": 7, "indexes": (ReplicaIndex("by_a", 3, -1), ReplicaIndex("by_b", 3, -1))},
        ["~replica eu-west-1 GlobalSecondaryIndexes ProvisionedThroughputOverride"],
    ),
    "maximum of an index alone": (
        {"indexes": (ReplicaIndex("by_a", None, 50),)},
        {"max_read_request_units": 9, "indexes": (ReplicaIndex("by_a", None, -1),)},
        ["~replica eu-west-1 GlobalSecondaryIndexes"],
    ),
    "class and maximum in calls of their own": (
        {"table_class": "STANDARD_INFREQUENT_ACCESS", "max_read_request_units": 100},
        {},
        ["~replica eu-west-1 OnDemandThroughputOverride", "~replica eu-west-1 TableClassOverride"],
    ),
}


@pytest.mark.parametrize("case", OVERRIDES)
def test_each_concern_of_a_replica_is_one_call(case: str) -> None:
    want, have, expected = OVERRIDES[case]
    indexes = [gsi("by_a", "a S"), gsi("by_b", "b S")]
    desired = spec(stream=IMAGES, global_indexes=indexes, replicas=(replica(**want),))
    planned = steps(desired, spec(stream=IMAGES, global_indexes=indexes, replicas=(live(**have),)))
    assert [summary(step.call) for step in planned if step.call] == expected
    assert {step.status for step in planned} == {StepStatus.READY}
    assert [complaints(step.call) for step in planned if step.call] == [""] * len(expected)


@pytest.mark.parametrize(
    ("declared", "seen", "differs"),
    [
        (f"{KEY}1", f"{KEY}1", False),
        ("1", f"{KEY}1", False),
        (f"{KEY}1", "1", False),
        (f"{KEY}2", f"{KEY}1", True),
        (f"{KEY}2", None, True),
        ("alias/one", f"{KEY}1", False),
        (f"{KEY}1", "alias/one", False),
        (None, f"{KEY}1", False),
    ],
)
def test_another_key_recreates_the_replica_and_an_alias_of_another_region_does_not(
    declared: str | None, seen: str | None, differs: bool
) -> None:
    desired = spec(replicas=(replica(kms_key=declared),))
    planned = steps(desired, spec(stream=IMAGES, replicas=(live(kms_key=seen),)))
    assert bool(planned) is differs
    for step in planned:
        assert summary(step.call) == "-replica eu-west-1"  # type: ignore[arg-type]
        assert step.destructive
        assert step.message == "then the replica in eu-west-1 is created again"


def test_a_removed_replica_is_destructive_but_does_not_end_the_table() -> None:
    (step,) = steps(spec(replicas=()), spec(stream=IMAGES, replicas=(live(),)))
    assert (step.action, step.destructive, step.ends_table) == (Action.UPDATE, True, False)
    assert step.changes[0].hazard is Hazard.DATA_LOSS
    assert summary(step.call) == "-replica eu-west-1"  # type: ignore[arg-type]


BLOCKED: dict[str, tuple[TableSpec, TableSpec, str]] = {
    "no stream": (spec(replicas=(replica(),)), spec(), "a replica needs a stream with new and old images"),
    "a stream of keys": (
        spec(stream=IMAGES, replicas=(replica(),)),
        spec(stream=stream("KEYS_ONLY")),
        "a replica needs a stream with new and old images, and the table's has KEYS_ONLY",
    ),
    "a creation that failed": (
        spec(replicas=(replica(),)),
        spec(stream=IMAGES, replicas=(live(status="CREATION_FAILED"),)),
        "replica eu-west-1 is CREATION_FAILED",
    ),
    "a stream that carries the replication": (
        spec(stream=stream(None)),
        spec(stream=IMAGES, replicas=(live(),)),
        "the stream carries what is written to the replicas",
    ),
    "a third replica of strong consistency": (
        spec(replicas=(replica(), replica("eu-west-2"))),
        spec(replicas=(live(),), multi_region_consistency=MultiRegionConsistency("STRONG", "eu-west-3")),
        "a strongly consistent table gets no further replica, so none in eu-west-2",
    ),
    "one of two replicas of strong consistency": (
        spec(replicas=(replica(),)),
        spec(replicas=(live(), live("eu-west-2")), multi_region_consistency=MultiRegionConsistency("STRONG")),
        "a strongly consistent table loses all replicas at once or none",
    ),
    "another consistency": (
        spec(multi_region_consistency=MultiRegionConsistency("STRONG", "eu-west-2")),
        spec(stream=IMAGES, replicas=(live(),)),
        "the consistency and the witness of a global table never change",
    ),
}


@pytest.mark.parametrize("case", BLOCKED)
def test_what_the_service_would_refuse_is_blocked_with_the_reason(case: str) -> None:
    desired, seen, why = BLOCKED[case]
    blocked = [step for step in steps(desired, seen) if step.status is StepStatus.BLOCKED]
    assert {(step.message or "").split(" (rule ")[0] for step in blocked} == {why}
    assert all(step.allow_with and step.call is None for step in blocked)


def test_it_waits_for_the_stream_that_is_declared() -> None:
    first, second = steps(spec(stream=IMAGES, replicas=(replica(),)), spec())
    assert (first.facet, first.status) == ("stream", StepStatus.READY)
    assert (second.facet, second.status, second.message) == (
        "replicas",
        StepStatus.DEFERRED,
        "the replica waits for the stream",
    )


def test_a_new_table_shows_its_replicas_one_by_one() -> None:
    desired = spec(stream=IMAGES, replicas=(replica(), replica("eu-west-2", table_class="STANDARD")))
    planned = plan(declaration(desired), None)
    assert [summary(step.call) for step in planned if step.call] == [
        "CreateTable",
        "+replica eu-west-1",
        "+replica eu-west-2 TableClassOverride",
    ]
    assert as_created(desired).replicas is None


@pytest.mark.parametrize(
    ("regions", "witness", "call"),
    [
        (("eu-west-1", "eu-west-2"), None, "STRONG, +replica eu-west-1, +replica eu-west-2"),
        (("eu-west-1",), "eu-west-2", "STRONG, +replica eu-west-1, +witness eu-west-2"),
    ],
)
def test_strong_consistency_comes_in_one_call_and_goes_in_one(regions, witness, call) -> None:
    strong = MultiRegionConsistency("STRONG", witness)
    desired = spec(replicas=tuple(map(replica, regions)), multi_region_consistency=strong)
    (step,) = steps(desired, spec())
    assert summary(step.call) == call  # type: ignore[arg-type]
    assert complaints(step.call) == ""  # type: ignore[arg-type]
    seen = spec(replicas=tuple(map(live, regions)), multi_region_consistency=strong)
    assert steps(desired, seen) == ()
    (away,) = steps(spec(replicas=()), seen)
    assert summary(away.call) == call.replace("STRONG, ", "").replace("+", "-")  # type: ignore[arg-type]
    assert away.destructive


def test_an_endpoint_that_cannot_hold_them_reports_it_and_needs_no_stream() -> None:
    (step,) = plan(declaration(spec(replicas=(replica(),))), observed(spec()), lacks=frozenset({"replicas"}))
    assert step.status is StepStatus.UNSUPPORTED
