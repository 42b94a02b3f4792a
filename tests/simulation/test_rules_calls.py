"""Rules 1 to 5: what fits into one call, and that a call which changes nothing is an error."""

import pytest
from simulation.sequences import NAME, answer, converge, create, delete, index, later, units, update, with_table
from simulation.simulated_engine import declaration, simulate
from support.specs import ON_DEMAND, gsi, provisioned, stream, ttl

from reconciler.model.identity import Flavor

BY_A, BY_B = gsi("by_a", "a S"), gsi("by_b", "b S")
PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units(5, 5)}


def aws(**options):
    return simulate(flavor=Flavor.AWS, delay=30, disruption="allow", **options)


def test_rule_1_two_concerns_in_one_call_are_refused():
    dynamodb = with_table(**PROVISIONED)
    indexed = create(index("by_a", "a", ProvisionedThroughput=units(1, 1)))
    assert update(dynamodb, ProvisionedThroughput=units(6, 5), **indexed) == "ValidationException"
    assert update(dynamodb, DeletionProtectionEnabled=True, TableClass="STANDARD_INFREQUENT_ACCESS") == (
        "ValidationException"
    )


def test_rule_1_a_second_call_while_the_table_is_updating_is_refused():
    dynamodb = with_table(delay=30)
    assert update(dynamodb, DeletionProtectionEnabled=True) == "taken"
    assert update(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}) == (
        "ResourceInUseException"
    )
    later(dynamodb, 31)
    assert update(dynamodb, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}) == "taken"


def test_rule_1_ours_makes_one_concern_a_call_and_waits_in_between():
    sim = aws()
    converge(sim, declaration(billing=provisioned(5, 5)))
    requested = {"billing": provisioned(6, 5), "global_indexes": (BY_A,), "deletion_protection": True}
    converge(sim, declaration(**requested, stream=stream("KEYS_ONLY")))


def test_rule_2_stream_and_throughput_in_one_call_are_refused():
    dynamodb = with_table(**PROVISIONED)
    spec = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert update(dynamodb, ProvisionedThroughput=units(9, 9), StreamSpecification=spec) == "ValidationException"


def test_rule_2_ours_sends_them_apart():
    sim = aws()
    converge(sim, declaration(billing=provisioned(5, 5)))
    converge(sim, declaration(billing=provisioned(9, 9), stream=stream("NEW_IMAGE")))
    assert sim.dynamodb.mutating == ["CreateTable", "UpdateTable", "UpdateTable"]


def test_rule_3_two_indexes_in_one_call_are_refused():
    assert update(with_table(), **create(index("by_a", "a"), index("by_b", "b"))) == "LimitExceededException"


def test_rule_3_a_second_index_is_refused_while_one_is_built_or_deleted():
    dynamodb = with_table(delay=100)
    assert update(dynamodb, **create(index("by_a", "a"))) == "taken"
    later(dynamodb, 60)
    assert update(dynamodb, **create(index("by_b", "b"))) == "LimitExceededException"
    later(dynamodb, 60)
    assert update(dynamodb, **create(index("by_b", "b"))) == "taken"
    later(dynamodb, 110)
    assert update(dynamodb, **delete("by_a")) == "taken"
    later(dynamodb, 60)
    assert update(dynamodb, **delete("by_b")) == "LimitExceededException"


def test_rule_3_ours_builds_one_index_after_the_other_across_passes():
    sim = aws()
    converge(sim, declaration())
    converge(sim, declaration(global_indexes=(BY_A, BY_B)))
    converge(sim, declaration(global_indexes=(gsi("by_c", "c S"), gsi("by_d", "d S"))))


def test_rule_3_throughput_of_several_indexes_is_one_call():
    sim = aws()
    both = (gsi("by_a", "a S", units=(1, 1)), gsi("by_b", "b S", units=(1, 1)))
    converge(sim, declaration(billing=provisioned(5, 5), global_indexes=both))
    sim.dynamodb.journal.clear()
    more = (gsi("by_a", "a S", units=(2, 1)), gsi("by_b", "b S", units=(1, 2)))
    converge(sim, declaration(billing=provisioned(5, 5), global_indexes=more))
    assert sim.dynamodb.mutating == ["UpdateTable"]


INDEXED = {
    "GlobalSecondaryIndexes": [index("by_a", "a"), index("by_b", "b")],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "a", "b")],
}


def test_rule_4_provisioned_without_the_throughput_of_every_index_is_refused():
    dynamodb = with_table(**INDEXED)
    one = [{"Update": {"IndexName": "by_a", "ProvisionedThroughput": units(1, 1)}}]
    assert update(dynamodb, **PROVISIONED) == "ValidationException"
    assert update(dynamodb, **PROVISIONED, GlobalSecondaryIndexUpdates=one) == "ValidationException"
    assert update(dynamodb, BillingMode="PROVISIONED") == "ValidationException"


def test_rule_4_ours_carries_all_of_it_in_the_same_call_and_nothing_on_the_way_back():
    sim = aws()
    converge(sim, declaration(billing=ON_DEMAND, global_indexes=(BY_A, BY_B)))
    sim.dynamodb.journal.clear()
    converge(sim, declaration(billing=provisioned(5, 5), global_indexes=(BY_A, BY_B)))
    converge(sim, declaration(billing=ON_DEMAND, global_indexes=(BY_A, BY_B)))
    assert sim.dynamodb.mutating == ["UpdateTable", "UpdateTable"]


def test_rule_4_ours_carries_indexes_too_that_are_not_declared():
    sim = aws()
    converge(sim, declaration(global_indexes=(BY_A,)))
    converge(sim, declaration(billing=provisioned(5, 5)))


STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
NO_OPS = {
    "equal throughput": (PROVISIONED, "UpdateTable", {"ProvisionedThroughput": units(5, 5)}),
    "the class it has": ({}, "UpdateTable", {"TableClass": "STANDARD"}),
    "a stream that is on": ({"StreamSpecification": STREAM}, "UpdateTable", {"StreamSpecification": STREAM}),
    "a stream that is off": ({}, "UpdateTable", {"StreamSpecification": {"StreamEnabled": False}}),
    "time to live that is off": (
        {},
        "UpdateTimeToLive",
        {"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "gone"}},
    ),
    "warm throughput that it has": ({}, "UpdateTable", {"WarmThroughput": {"ReadUnitsPerSecond": 12000}}),
    "no maximum where there is none": ({}, "UpdateTable", {"OnDemandThroughput": {"MaxReadRequestUnits": -1}}),
    "nothing at all": ({}, "UpdateTable", {}),
}


@pytest.mark.parametrize("case", NO_OPS)
def test_rule_5_a_call_that_changes_nothing_is_refused(case):
    made, operation, params = NO_OPS[case]
    assert answer(with_table(**made), operation, **params) == "ValidationException"


def test_rule_5_on_demand_to_on_demand_alone_is_accepted():
    assert update(with_table(), BillingMode="PAY_PER_REQUEST") == "taken"


def test_rule_5_ours_makes_no_call_when_nothing_differs_whatever_is_declared():
    sim = aws()
    requested = declaration(
        billing=provisioned(5, 5),
        global_indexes=(gsi("by_a", "a S", units=(1, 1)),),
        stream=stream("NEW_IMAGE"),
        ttl=ttl("gone"),
        tags=(("team", "core"),),
        deletion_protection=True,
    )
    converge(sim, requested)
    sim.dynamodb.journal.clear()
    for _ in range(5):
        sim.clock.seconds += 4000
        sim.run()
    assert sim.dynamodb.journal == []
    assert set(sim.dynamodb.tables) == {NAME}
