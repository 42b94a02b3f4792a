"""Our half of rules 26 to 29: the loop creates and changes global tables without a refused call."""

from __future__ import annotations

import pytest
from simulation.sequences import NAME, converge
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.call_summary import summary

from reconciler.model.desired import Lifecycle
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import PassReport
from reconciler.model.table import Stream

IMAGES = Stream(True, "NEW_AND_OLD_IMAGES")
IRELAND, LONDON = Replica("eu-west-1"), Replica("eu-west-2")
STRONG = MultiRegionConsistency("STRONG")


def environment(**options) -> Sim:
    return simulate(flavor=Flavor.AWS, delay=30, **options)


def messages(sim: Sim) -> list[str]:
    """The calls that the service took, in words."""
    return [summary(call) for call in sim.dynamodb.journal]


def regions(sim: Sim) -> list[str]:
    return [replica["RegionName"] for replica in sim.dynamodb.tables[NAME].description.get("Replicas", [])]


def test_rule_26_replicas_are_made_one_at_a_time_once_the_stream_is_there() -> None:
    sim = environment()
    sim.dynamodb.make(TableName=NAME, **_key())
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(IRELAND, LONDON)))
    assert messages(sim) == ["stream NEW_AND_OLD_IMAGES", "+replica eu-west-1", "+replica eu-west-2"]
    assert regions(sim) == ["eu-west-1", "eu-west-2"]


def test_rule_26_a_stream_of_another_view_is_changed_first_where_readers_may_be_interrupted() -> None:
    sim = environment(disruption="allow")
    keys_only = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    sim.dynamodb.make(TableName=NAME, StreamSpecification=keys_only, **_key())
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(IRELAND,)))
    assert messages(sim)[-3:] == ["stream off", "stream NEW_AND_OLD_IMAGES", "+replica eu-west-1"]


def test_rule_26_settings_of_a_replica_change_one_concern_a_call() -> None:
    sim = environment()
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(IRELAND,)))
    other = Replica("eu-west-1", table_class="STANDARD_INFREQUENT_ACCESS", max_read_request_units=50)
    before = len(sim.dynamodb.journal)
    sim.dynamodb.tables[NAME].description["Replicas"][0] |= {
        "ReplicaTableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"}
    }
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(other,)))
    assert messages(sim)[before:] == ["~replica eu-west-1 OnDemandThroughputOverride"]


@pytest.mark.parametrize(
    ("replicas", "consistency", "call"),
    [
        ((IRELAND, LONDON), STRONG, "STRONG, +replica eu-west-1, +replica eu-west-2"),
        (
            (IRELAND,),
            MultiRegionConsistency("STRONG", "eu-west-2"),
            "STRONG, +replica eu-west-1, +witness eu-west-2",
        ),
    ],
)
def test_rule_27_strong_consistency_comes_with_every_replica_and_before_the_seed(replicas, consistency, call) -> None:
    sim = environment()
    seeded = declaration(NAME, seed=(item("a"),), replicas=replicas, multi_region_consistency=consistency)
    converge(sim, seeded)
    assert messages(sim) == ["CreateTable", call]
    assert list(sim.dynamodb.tables[NAME].items) != []
    assert sim.dynamodb.tables[NAME].description["MultiRegionConsistency"] == "STRONG"


def test_rule_27_a_seed_waits_for_a_consistency_that_is_blocked() -> None:
    sim = environment()
    sim.declare(
        declaration(NAME, seed=(item("a"),), replicas=(IRELAND,), multi_region_consistency=STRONG),
    )
    sim.once()
    (table,) = sim.run().tables
    assert {step.reason for step in table.steps} == {Reason.REJECTED}
    assert {step.status for step in table.steps} == {StepStatus.BLOCKED}
    assert sim.dynamodb.tables[NAME].items == {}


def test_rule_27_strong_consistency_goes_with_every_replica_at_once() -> None:
    sim = environment(data_loss="allow")
    both = (IRELAND, LONDON)
    converge(sim, declaration(NAME, replicas=both, multi_region_consistency=STRONG))
    converge(sim, declaration(NAME, replicas=()))
    assert messages(sim)[-1] == "-replica eu-west-1, -replica eu-west-2"
    assert regions(sim) == []


def test_rule_28_disassociation_protection_is_a_call_of_its_own_and_nothing_is_ever_disassociated() -> None:
    sim = environment()
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(IRELAND,), disassociation_protection=False))
    assert messages(sim) == ["CreateTable", "+replica eu-west-1", "disassociation protection off"]
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(IRELAND,), disassociation_protection=True))
    assert messages(sim)[-1] == "disassociation protection on"
    assert "Disassociate" not in str(sim.dynamodb.journal)


def test_rule_29_settings_replication_is_switched_by_a_call_of_its_own() -> None:
    sim = environment()
    converge(sim, declaration(NAME, global_table_settings=GlobalTableSettings("ENABLED")))
    assert messages(sim) == ["CreateTable", "settings ENABLED"]


def removal(sim: Sim, **options) -> PassReport:
    """A pass over a global table whose replica is no longer declared."""
    sim.declare(declaration(NAME, stream=IMAGES, replicas=(), **options))
    return sim.run()


def global_table(**options) -> Sim:
    sim = environment(**options)
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(IRELAND,)))
    return sim


def only_step(report: PassReport):
    ((step,),) = (table.steps for table in report.tables)
    return step


def test_a_replica_of_a_table_with_items_is_removed_only_where_data_may_be_lost() -> None:
    sim = global_table()
    sim.dynamodb.tables[NAME].items["1"] = item("1")
    step = only_step(removal(sim))
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.DATA_LOSS)
    assert regions(sim) == ["eu-west-1"]


def test_a_replica_is_removed_where_data_loss_is_allowed_and_the_grace_is_over() -> None:
    sim = global_table(data_loss="allow")
    sim.dynamodb.tables[NAME].items["1"] = item("1")
    step = only_step(removal(sim))
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.PRUNE_GRACE)
    converge(sim, declaration(NAME, stream=IMAGES, replicas=()))
    assert regions(sim) == []
    assert NAME in sim.dynamodb.tables


def test_a_replica_of_a_table_that_we_did_not_create_is_never_removed() -> None:
    sim = environment(data_loss="allow")
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    sim.dynamodb.make(TableName=NAME, StreamSpecification=stream, **_key())
    converge(sim, declaration(NAME, replicas=(IRELAND,)))
    step = only_step(removal(sim))
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.NOT_OWNED)
    assert step.message == "this stack did not create the table, so none of its replicas is ever removed"


def test_lifecycle_protect_keeps_replicas_and_deletion_protection_of_the_table_does_not() -> None:
    sim = global_table(data_loss="allow")
    step = only_step(removal(sim, lifecycle=Lifecycle(protect=True)))
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.PROTECTED)
    converge(sim, declaration(NAME, stream=IMAGES, replicas=(), deletion_protection=True))
    assert regions(sim) == []


def test_the_cap_on_deletes_counts_replicas() -> None:
    sim = global_table(data_loss="allow", max_deletes=0)
    step = only_step(removal(sim))
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.MAX_DELETES)


def test_a_replica_that_is_not_declared_is_never_touched() -> None:
    sim = global_table(data_loss="allow", disruption="allow")
    converge(sim, declaration(NAME))
    assert regions(sim) == ["eu-west-1"]


def _key() -> dict:
    return {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
