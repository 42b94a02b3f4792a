"""A restored table may differ from its source where the service lets it: billing, maximum, key, indexes left out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulation.simulated_engine import declaration, simulate
from support.specs import gsi, keys, lsi, provisioned, vectors
from support.table_settings import KEYS

from reconciler.aws.validator import OfflineValidator
from reconciler.model.errors import UsageError
from reconciler.model.identity import Flavor
from reconciler.model.restore import Overrides
from reconciler.model.table import OnDemandThroughput, PointInTimeRecovery, Sse, Throughput

A, B = gsi("by_a", "a S", on_demand_throughput=OnDemandThroughput(9, 9)), gsi("by_b", "b S")
SORTED = keys("pk S", "sk S")
TWO = Throughput(2, 2)


def kept(**spec):
    """``users`` with indexes of both kinds and a backup, and recovery on."""
    sim = simulate(flavor=Flavor.AWS)
    sim.dynamodb.has_backups = True
    sim.dynamodb.aliases.update(KEYS)
    sim.reconciler.ports = replace(sim.reconciler.ports, validator=OfflineValidator())
    fields = {"global_indexes": (A, B), "local_indexes": (lsi("by_date", "date S"),)} | spec
    sim.declare(declaration("users", keys=SORTED, point_in_time_recovery=PointInTimeRecovery(True), **fields))
    sim.once()
    sim.clock.seconds += 60
    sim.once()
    sim.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": "monday"})
    sim.dynamodb.journal.clear()
    return sim


def restored(sim, source, **desired):
    reported = sim.reconciler.restore("users", "users-2", **source, overrides=Overrides(**desired))
    assert reported.finished
    return sim.dynamodb.tables["users-2"].description


def names(description, member):
    return [index["IndexName"] for index in description.get(member, [])]


SOURCES = [
    pytest.param({"backup": "monday", "at": None}, id="backup"),
    pytest.param({"backup": None, "at": "latest"}, id="time"),
]


@pytest.mark.parametrize("source", SOURCES)
def test_without_overrides_nothing_is_overridden_and_nothing_more_is_asked(source):
    sim = kept()
    restored(sim, source)
    (call,) = sim.dynamodb.journal
    assert [name for name in call.params if "Override" in name] == []
    assert "DescribeBackup" not in [operation for operation, _ in sim.dynamodb.reads]


@pytest.mark.parametrize("source", SOURCES)
def test_an_index_is_left_out_and_the_others_are_unchanged(source):
    table = restored(kept(), source, left_out=("by_a", "by_date"))
    assert (names(table, "GlobalSecondaryIndexes"), names(table, "LocalSecondaryIndexes")) == (["by_b"], [])
    assert [d["AttributeName"] for d in table["AttributeDefinitions"]] == ["sk", "pk", "b"]


@pytest.mark.parametrize("source", SOURCES)
def test_every_index_is_left_out(source):
    table = restored(kept(), source, no_indexes=True)
    assert (names(table, "GlobalSecondaryIndexes"), names(table, "LocalSecondaryIndexes")) == ([], [])


@pytest.mark.parametrize("source", SOURCES)
def test_a_table_that_is_provisioned_from_now_on_gets_throughput_for_each_index(source):
    table = restored(kept(), source, billing_mode="PROVISIONED", throughput=TWO)
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    units = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}
    assert [index["ProvisionedThroughput"] for index in table["GlobalSecondaryIndexes"]] == [units, units]
    assert names(table, "GlobalSecondaryIndexes") == ["by_a", "by_b"]


def test_an_index_of_a_provisioned_source_keeps_its_own_throughput():
    sim = kept(billing=provisioned(5, 5), global_indexes=(gsi("by_a", "a S", units=(7, 8)), gsi("by_b", "b S")))
    table = restored(sim, {"backup": "monday", "at": None}, left_out=("by_b",))
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["ProvisionedThroughput"] == {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}


def test_a_provisioned_source_is_restored_on_demand_without_throughput_of_an_index():
    sim = kept(billing=provisioned(5, 5), global_indexes=(gsi("by_a", "a S", units=(7, 8)), gsi("by_b", "b S")))
    restored(sim, {"backup": "monday", "at": None}, billing_mode="PAY_PER_REQUEST", left_out=("by_b",))
    (sent,) = sim.dynamodb.journal[-1].params["GlobalSecondaryIndexOverride"]
    assert set(sent) == {"IndexName", "KeySchema", "Projection"}


def test_maximum_and_key_are_overridden():
    desired = {"maximum": OnDemandThroughput(100), "sse": Sse(True, "alias/one")}
    table = restored(kept(), {"backup": "monday", "at": None}, **desired)
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 100}
    assert table["SSEDescription"]["KMSMasterKeyArn"] == KEYS["alias/one"]


def test_a_vector_index_is_left_out():
    sim = kept(vector_indexes=(vectors("by_meaning"), vectors("by_look", "picture")))
    table = restored(sim, {"backup": "monday", "at": None}, left_out=("by_meaning",))
    assert names(table, "VectorIndexes") == ["by_look"]


def test_doctor_reports_fields_that_the_endpoint_dropped():
    sim = kept()
    sim.dynamodb.after = lambda operation, _: sim.dynamodb.tables["users-2"].description.update(
        BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"}, GlobalSecondaryIndexes=[{"IndexName": "by_a"}]
    )
    reported = sim.reconciler.restore(
        "users", "users-2", backup="monday", at=None, overrides=Overrides("PROVISIONED", TWO, left_out=("by_a",))
    )
    assert reported.messages[-1] == "The endpoint did not heed what was asked of: index by_a, billing mode."


CONTRADICTIONS = {
    "provisioned without throughput": ({"billing_mode": "PROVISIONED"}, "needs --read-capacity"),
    "throughput on demand": ({"billing_mode": "PAY_PER_REQUEST", "throughput": TWO}, "go with PROVISIONED"),
    "a maximum of a provisioned table": (
        {"billing_mode": "PROVISIONED", "throughput": TWO, "maximum": OnDemandThroughput(5)},
        "go with PAY_PER_REQUEST",
    ),
    "all and one": ({"no_indexes": True, "left_out": ("by_a",)}, "says nothing more"),
    "an index that is not there": ({"left_out": ("by_z",)}, "the indexes are: by_a, by_b, by_date"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_before_the_first_call(case):
    desired, texts = CONTRADICTIONS[case]
    sim = kept()
    with pytest.raises(UsageError, match=texts):
        restored(sim, {"backup": "monday", "at": None}, **desired)
    assert sim.dynamodb.mutating == []


def test_a_provisioned_table_can_have_no_vector_index():
    sim = kept(vector_indexes=(vectors("by_meaning"),))
    with pytest.raises(UsageError, match="--without-index by_meaning"):
        restored(sim, {"backup": "monday", "at": None}, billing_mode="PROVISIONED", throughput=TWO)
