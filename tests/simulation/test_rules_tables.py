"""Rules 17 to 21: deleting tables, stale answers, delayed item counts, and concurrency limits."""

import pytest
from simulation.sequences import KEY, NAME, answer, converge, create, index, later, service, update, with_table
from simulation.simulated_engine import declaration, item, simulate
from support.specs import gsi

from reconciler.model.change import Call
from reconciler.model.errors import NotFound
from reconciler.model.identity import Flavor

ON_DEMAND = {**KEY, "BillingMode": "PAY_PER_REQUEST"}
SEED = (item("1", name="Ada"), item("2", name="Grace"))


def aws(**options):
    return simulate(flavor=Flavor.AWS, delay=30, data_loss="allow", disruption="allow", **options)


def test_rule_17_a_table_that_is_being_made_or_changed_cannot_be_deleted():
    dynamodb = service(delay=30)
    assert answer(dynamodb, "CreateTable", **ON_DEMAND) == "taken"
    assert answer(dynamodb, "DeleteTable") == "ResourceInUseException"
    later(dynamodb, 31)
    assert update(dynamodb, **create(index("by_a", "a"))) == "taken"
    later(dynamodb, 20)
    assert answer(dynamodb, "DeleteTable") == "ResourceInUseException"
    later(dynamodb, 31)
    assert answer(dynamodb, "DeleteTable") == "taken"
    assert answer(dynamodb, "DeleteTable") == "taken", "of a table that is DELETING already it is no error"


def test_rule_17_a_protected_table_cannot_be_deleted():
    dynamodb = with_table(DeletionProtectionEnabled=True)
    assert answer(dynamodb, "DeleteTable") == "ValidationException"
    assert update(dynamodb, DeletionProtectionEnabled=False) == "taken"
    assert answer(dynamodb, "DeleteTable") == "taken"


def test_rule_17_ours_waits_until_the_table_and_its_indexes_rest():
    sim = aws()
    converge(sim, declaration(), declaration("orders"))
    sim.declare(declaration(), declaration("orders", global_indexes=(gsi("by_a", "a S"),)))
    sim.run()
    converge(sim, declaration())
    assert set(sim.dynamodb.tables) == {NAME}
    assert sim.dynamodb.mutating.count("DeleteTable") == 1


def test_rule_17_ours_leaves_a_protected_table_alone_and_does_not_unprotect_it():
    sim = aws()
    converge(sim, declaration(), declaration("orders", deletion_protection=True))
    sim.declare(declaration())
    for _ in range(3):
        sim.clock.seconds += 1000
        sim.run()
    assert sim.dynamodb.refused == []
    assert sim.dynamodb.tables["orders"].description["DeletionProtectionEnabled"] is True


def test_rule_18_right_after_a_create_the_table_is_not_seen_and_a_second_create_is_refused():
    dynamodb = service(delay=5, stale=10)
    assert answer(dynamodb, "CreateTable", **ON_DEMAND) == "taken"
    with pytest.raises(NotFound):
        dynamodb.read("DescribeTable", {"TableName": NAME})
    assert dynamodb.list_tables() == ()
    assert answer(dynamodb, "CreateTable", **ON_DEMAND) == "ResourceInUseException"
    later(dynamodb, 11)
    assert dynamodb.list_tables() == (NAME,)


def test_rule_18_right_after_a_delete_the_table_is_still_listed():
    dynamodb = service(stale=10)
    dynamodb.make(TableName=NAME, **ON_DEMAND)
    assert answer(dynamodb, "DeleteTable") == "taken"
    later(dynamodb, 1)
    assert dynamodb.list_tables() == (NAME,)
    later(dynamodb, 11)
    assert dynamodb.list_tables() == ()


def test_rule_18_a_table_that_was_recreated_has_another_identity():
    dynamodb = with_table()
    before = dynamodb.read("DescribeTable", {"TableName": NAME})["Table"]["TableId"]
    assert answer(dynamodb, "DeleteTable") == "taken"
    later(dynamodb, 1)
    dynamodb.make(TableName=NAME, **ON_DEMAND)
    assert dynamodb.read("DescribeTable", {"TableName": NAME})["Table"]["TableId"] != before


def test_rule_18_ours_does_not_create_again_what_it_cannot_see_yet():
    sim = aws(stale=20)
    sim.declare(declaration(seed=SEED))
    for _ in range(40):
        sim.run()
        sim.clock.seconds += 2
    assert sim.dynamodb.refused == []
    assert sim.dynamodb.mutating == ["CreateTable"]
    assert len(sim.dynamodb.tables[NAME].items) == 2


def test_rule_19_the_count_of_items_is_hours_old():
    dynamodb = with_table()
    dynamodb.tables[NAME].items["1"] = {}
    later(dynamodb, 3600)
    assert dynamodb.read("DescribeTable", {"TableName": NAME})["Table"]["ItemCount"] == 0
    later(dynamodb, 6 * 3600)
    assert dynamodb.read("DescribeTable", {"TableName": NAME})["Table"]["ItemCount"] == 1


def test_rule_19_ours_seeds_only_what_a_scan_proves_empty():
    sim = aws()
    converge(sim, declaration())
    sim.dynamodb.tables[NAME].items["x"] = item("9", name="mine")
    assert sim.dynamodb.tables[NAME].description["ItemCount"] == 0
    converge(sim, declaration(seed=SEED))
    assert list(sim.dynamodb.tables[NAME].items.values()) == [item("9", name="mine")]


def test_rule_19_ours_deletes_nothing_that_a_scan_finds_filled():
    sim = simulate(flavor=Flavor.AWS, data_loss="never")
    converge(sim, declaration(), declaration("orders"))
    sim.dynamodb.tables["orders"].items["x"] = item("9")
    assert sim.dynamodb.tables["orders"].description["ItemCount"] == 0
    sim.declare(declaration())
    for _ in range(3):
        sim.clock.seconds += 1000
        sim.run()
    assert "orders" in sim.dynamodb.tables


def test_rule_20_more_operations_in_flight_than_the_account_may_have_are_refused():
    dynamodb = service(delay=30)
    dynamodb.limit, dynamodb.limit_with_indexes = 3, 2
    codes = [answer(dynamodb, "CreateTable", **{**ON_DEMAND, "TableName": f"table-{n}"}) for n in range(4)]
    assert codes == ["taken", "taken", "taken", "LimitExceededException"]


def test_rule_20_ours_keeps_to_what_every_account_may_have():
    sim = aws()
    indexed = (gsi("by_a", "a S"),)
    converge(sim, *(declaration(f"table-{number:03}", global_indexes=indexed) for number in range(260)))
    assert sim.dynamodb.mutating == ["CreateTable"] * 260


def test_rule_21_more_than_five_taggings_a_second_are_refused():
    dynamodb = with_table()
    codes = [
        answer(dynamodb, "TagResource", ResourceArn=dynamodb.arn(NAME), Tags=[{"Key": "n", "Value": str(number)}])
        for number in range(6)
    ]
    assert codes == ["taken"] * 5 + ["ThrottlingException"]
    later(dynamodb, 1)
    assert answer(dynamodb, "UntagResource", ResourceArn=dynamodb.arn(NAME), TagKeys=["n"]) == "taken"


def test_rule_21_the_services_own_tag_keys_are_refused():
    dynamodb = with_table()
    tags = [{"Key": "aws:team", "Value": "core"}]
    assert answer(dynamodb, "TagResource", ResourceArn=dynamodb.arn(NAME), Tags=tags) == "ValidationException"
    assert answer(dynamodb, "CreateTable", **{**ON_DEMAND, "TableName": "other", "Tags": tags}) == "ValidationException"


def test_rule_21_ours_tags_few_tables_a_second():
    sim = aws()
    names = [f"table-{number:02}" for number in range(8)]
    converge(sim, *(declaration(name, tags=(("team", "core"),)) for name in names))
    converge(sim, *(declaration(name, tags=(("team", "edge"),)) for name in names))
    assert {table.tags["team"] for table in sim.dynamodb.tables.values()} == {"edge"}


def test_a_call_to_an_unknown_operation_is_labelled_unknown():
    dynamodb = with_table()
    assert answer(dynamodb, "ExecuteTransaction") == "UnknownOperationException"
    assert Call("ExecuteTransaction", {"TableName": NAME}) in dynamodb.journal
