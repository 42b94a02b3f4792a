"""Rules 12 to 16: keys and indexes: what is immutable, the limits, and which operations exclude each other."""

from dataclasses import replace

import pytest
from simulation.sequences import (
    KEY,
    NAME,
    answer,
    converge,
    create,
    delete,
    index,
    later,
    service,
    update,
    vector,
    with_table,
)
from simulation.simulated_engine import declaration, simulate
from support.specs import ON_DEMAND, gsi, keys, lsi, provisioned
from support.specs import vectors as vector_index

from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import Verdict

WHOLE = {"ProjectionType": "ALL"}


def aws(**options):
    return simulate(flavor=Flavor.AWS, delay=30, disruption="allow", **options)


def string(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def schema(*elements):
    return [{"AttributeName": name, "KeyType": role} for name, role in elements]


def local(name):
    return {"IndexName": name, "KeySchema": schema(("pk", "HASH"), (name, "RANGE")), "Projection": WHOLE}


SORTED = {"KeySchema": schema(("pk", "HASH"), ("sk", "RANGE")), "AttributeDefinitions": string("pk", "sk")}


def test_rule_12_keys_and_local_indexes_cannot_be_updated():
    dynamodb = with_table()
    assert update(dynamodb, KeySchema=schema(("id", "HASH"))) == "ValidationException"
    assert update(dynamodb, LocalSecondaryIndexes=[local("a")]) == "ValidationException"


@pytest.mark.parametrize(
    "requested",
    [
        {"OnDemandThroughput": {"MaxReadRequestUnits": 5}},
        {"WarmThroughput": {"ReadUnitsPerSecond": 13000}},
        {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}},
    ],
)
def test_an_update_of_an_index_that_is_not_there_is_refused(requested):
    updates = [{"Update": {"IndexName": "gone", **requested}}]
    assert update(with_table(), GlobalSecondaryIndexUpdates=updates) == "ValidationException"


def test_rule_12_six_local_indexes_are_refused():
    names = [f"a{number}" for number in range(6)]
    indexes = [local(name) for name in names]
    made = {**SORTED, "AttributeDefinitions": string("pk", "sk", *names), "BillingMode": "PAY_PER_REQUEST"}
    assert answer(service(), "CreateTable", **made, LocalSecondaryIndexes=indexes) == "ValidationException"


def test_rule_12_ours_deletes_and_creates_where_that_is_allowed_and_says_no_where_it_is_not():
    dated = {"keys": keys("pk S", "sk S"), "local_indexes": (lsi("by_date", "date S"),)}
    allowed = simulate(flavor=Flavor.MOTO, delay=5)
    converge(allowed, declaration(keys=keys("pk S", "sk S")))
    converge(allowed, declaration(**dated))
    assert allowed.dynamodb.mutating == ["CreateTable", "DeleteTable", "CreateTable"]
    refused = aws(data_loss="never", one_shot=True)
    converge(refused, declaration(keys=keys("pk S", "sk S")))
    refused.declare(declaration(**dated))
    assert [step.status for step in refused.run().tables[0].steps] == [StepStatus.BLOCKED]
    assert refused.dynamodb.mutating == ["CreateTable"]


TWENTY = [f"idx_{number:02}" for number in range(20)]


def test_rule_13_the_21st_index_is_refused():
    dynamodb = with_table()
    for name in TWENTY:
        assert update(dynamodb, **create(index(name, name))) == "taken"
        later(dynamodb, 1)
    assert update(dynamodb, **create(index("one_more", "more"))) == "LimitExceededException"


def test_rule_13_definitions_are_exactly_the_key_attributes_in_use():
    dynamodb = with_table()
    made = create(index("by_a", "a"))
    assert update(dynamodb, **{**made, "AttributeDefinitions": string("a", "b")}) == "ValidationException"
    assert update(dynamodb, **{**made, "AttributeDefinitions": []}) == "ValidationException"
    numbers = [{"AttributeName": "pk", "AttributeType": "N"}]
    assert update(dynamodb, **{**made, "AttributeDefinitions": string("a") + numbers}) == "ValidationException"


@pytest.mark.parametrize(("indexes", "names"), [(1, 21), (6, 20)])
def test_rule_13_longer_include_lists_are_refused(indexes, names):
    projections = [
        {"ProjectionType": "INCLUDE", "NonKeyAttributes": [f"n{i}_{n}" for n in range(names)]} for i in range(indexes)
    ]
    made = [index(f"by_{i}", f"a{i}", Projection=projection) for i, projection in enumerate(projections)]
    definitions = string("pk", *(f"a{i}" for i in range(indexes)))
    params = {**KEY, "AttributeDefinitions": definitions, "BillingMode": "PAY_PER_REQUEST"}
    assert answer(service(), "CreateTable", **params, GlobalSecondaryIndexes=made) == "ValidationException"


def test_rule_13_ours_deletes_first_when_twenty_indexes_are_there():
    sim = aws()
    full = tuple(gsi(name, f"{name} S") for name in TWENTY)
    converge(sim, declaration(global_indexes=full))
    swapped = (*full[1:], gsi("new", "new S"))
    converge(sim, declaration(global_indexes=swapped))
    operations = [next(iter(call.params["GlobalSecondaryIndexUpdates"][0])) for call in sim.dynamodb.journal[1:]]
    assert operations == ["Delete", "Create"]


def test_rule_13_ours_rebuilds_an_index_when_its_key_or_projection_changes():
    sim = aws()
    converge(sim, declaration(global_indexes=(gsi("by_a", "a S"),)))
    converge(sim, declaration(global_indexes=(gsi("by_a", "b S", project="KEYS_ONLY"),)))


def test_rule_14_more_than_four_hash_or_range_elements_are_refused():
    for roles in (["HASH"] * 5, ["HASH"] + ["RANGE"] * 5, ["RANGE", "HASH"]):
        attributes = [f"a{number}" for number in range(len(roles))]
        one = {**index("wide", "a"), "KeySchema": schema(*zip(attributes, roles, strict=True))}
        assert update(with_table(), **create(one)) == "ValidationException"


def test_rule_14_several_elements_are_for_global_indexes_only():
    two = {"KeySchema": schema(("pk", "HASH"), ("id", "HASH")), "AttributeDefinitions": string("pk", "id")}
    assert answer(service(), "CreateTable", **two, BillingMode="PAY_PER_REQUEST") == "ValidationException"


def test_rule_14_ours_makes_four_and_four_and_keeps_their_order():
    wide = [f"h{n} S HASH" for n in range(4)] + [f"r{n} S RANGE" for n in range(4)]
    sim = aws()
    converge(sim, declaration(global_indexes=(gsi("wide", *wide),)))
    turned = [*wide[1:4], wide[0], *wide[4:]]
    converge(sim, declaration(global_indexes=(gsi("wide", *turned),)))
    (live,) = sim.dynamodb.tables[NAME].description["GlobalSecondaryIndexes"]
    assert [e["AttributeName"] for e in live["KeySchema"]] == ["h1", "h2", "h3", "h0", "r0", "r1", "r2", "r3"]


def test_rule_15_an_index_cannot_be_deleted_before_it_is_backfilling_and_then_it_can():
    dynamodb = with_table(delay=100)
    assert update(dynamodb, **create(index("by_a", "a"))) == "taken"
    later(dynamodb, 10)
    assert update(dynamodb, **delete("by_a")) == "ResourceInUseException"
    later(dynamodb, 50)
    assert update(dynamodb, **delete("by_a")) == "taken"
    later(dynamodb, 200)
    assert dynamodb.tables[NAME].description["GlobalSecondaryIndexes"] == []


def test_rule_15_ours_lets_an_index_come_to_rest_before_it_takes_it_away():
    sim = aws()
    converge(sim, declaration())
    sim.declare(declaration(global_indexes=(gsi("by_a", "a S"),)))
    sim.run()
    converge(sim, declaration(global_indexes=()))
    assert sim.dynamodb.tables[NAME].description["GlobalSecondaryIndexes"] == []


def vectors(*indexes):
    return {"VectorIndexUpdates": [{"Create": one} for one in indexes]}


def test_rule_16_vector_indexes_need_a_table_that_is_on_demand():
    dynamodb = with_table(
        BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    )
    assert update(dynamodb, **vectors(vector("v"))) == "ValidationException"
    dynamodb = with_table(VectorIndexes=[vector("v")])
    to_provisioned = {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
    assert update(dynamodb, BillingMode="PROVISIONED", **to_provisioned) == "ValidationException"


def test_rule_16_vector_indexes_are_few_one_a_call_and_share_the_one_operation_with_others():
    dynamodb = with_table(delay=100)
    assert update(dynamodb, **vectors(vector("v1"), vector("v2"))) == "LimitExceededException"
    assert update(dynamodb, **vectors(vector("v1"))) == "taken"
    later(dynamodb, 60)
    assert update(dynamodb, **create(index("by_a", "a"))) == "LimitExceededException"
    assert answer(dynamodb, "DeleteTable") == "ResourceInUseException"
    for number in range(2, 6):
        later(dynamodb, 200)
        assert update(dynamodb, **vectors(vector(f"v{number}"))) == "taken"
    later(dynamodb, 200)
    assert update(dynamodb, **vectors(vector("v6"))) == "LimitExceededException"


def test_rule_16_a_vector_attribute_is_not_a_key_and_has_one_number_of_dimensions():
    dynamodb = with_table(VectorIndexes=[vector("v")])
    assert update(dynamodb, **vectors(vector("w", "pk"))) == "ValidationException"
    assert update(dynamodb, **vectors(vector("w", dimensions=9))) == "ValidationException"
    assert update(dynamodb, **vectors(vector("w"))) == "taken"


def test_rule_16_ours_makes_them_one_after_the_other_among_other_indexes():
    sim = aws()
    converge(sim, declaration(billing=ON_DEMAND))
    three = tuple(vector_index(name) for name in ("vec_a", "vec_b", "vec_c"))
    converge(sim, declaration(billing=ON_DEMAND, global_indexes=(gsi("by_a", "a S"),), vector_indexes=three))
    resized = tuple(vector_index(name, size=9) for name in ("vec_a", "vec_b"))
    converge(sim, declaration(billing=ON_DEMAND, vector_indexes=resized))
    converge(sim, declaration(billing=ON_DEMAND, vector_indexes=()))
    converge(sim, declaration(billing=provisioned(5, 5), vector_indexes=()))


def test_rule_16_ours_does_not_try_to_provision_a_table_with_vector_indexes_that_are_not_ours():
    sim = aws()
    converge(sim, declaration(billing=ON_DEMAND, vector_indexes=(vector_index("vec_a"),)))
    sim.declare(declaration(billing=provisioned(5, 5)))
    report = sim.run()
    assert sim.dynamodb.refused == []
    steps = report.tables[0].steps
    assert {(step.status, step.reason) for step in steps} == {(StepStatus.BLOCKED, Reason.REJECTED)}
    assert all("vec_a" in step.message for step in steps)


def test_an_index_that_is_renamed_is_built_before_the_old_one_goes():
    sim = aws()
    converge(sim, declaration(global_indexes=(gsi("by_a", "a S"),)))
    report = converge(sim, declaration(global_indexes=(replace(gsi("by_a", "a S"), name="by_a_v2"),)))
    assert report.verdict is Verdict.IN_SYNC
    operations = [next(iter(call.params["GlobalSecondaryIndexUpdates"][0])) for call in sim.dynamodb.journal[1:]]
    assert operations == ["Create", "Delete"]


def test_rule_13_ours_says_no_where_the_include_lists_of_all_indexes_would_name_too_much():
    sim = aws()
    names = [f"n{number}" for number in range(100)]
    local = [lsi(f"by_d{i}", f"d{i} S", project=" ".join(names[20 * i : 20 * i + 20])) for i in range(5)]
    converge(sim, declaration(keys=keys("pk S", "sk S"), local_indexes=tuple(local)))
    one_more = gsi("by_a", "a S", project="more")
    sim.declare(declaration(keys=keys("pk S", "sk S"), global_indexes=(one_more,)))
    (step,) = sim.run().tables[0].steps
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REJECTED)
    assert step.message.endswith("would name 101 attributes (rule 13)")
    assert sim.dynamodb.refused == []
