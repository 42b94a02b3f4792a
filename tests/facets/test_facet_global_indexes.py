"""The facet global_indexes: descriptions of endpoints, one line per field, and what blocks an index."""

from __future__ import annotations

from typing import Any

import pytest
from support.responses import answers, defined, index
from support.specs import gsi, live, lsi, observed, provisioned, spec

from reconciler.facets.global_indexes import GlobalIndexesFacet
from reconciler.model.change import Change, Hazard
from reconciler.model.table import TableSpec

FACET = GlobalIndexesFacet()
ON_DEMAND_UNITS = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
TYPES = defined(b="N", pk="S", a="S")


def test_indexes_are_read_by_name_with_types_and_without_the_zeros_of_on_demand() -> None:
    described = [
        index("by_b", "b", "a", Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["z", "y"]}),
        index("by_a", "a", ProvisionedThroughput=ON_DEMAND_UNITS, OnDemandThroughput={"MaxReadRequestUnits": -1}),
    ]
    seen = FACET.observe(answers(GlobalSecondaryIndexes=described, AttributeDefinitions=TYPES))
    assert seen == (live(gsi("by_a", "a S")), live(gsi("by_b", "b N", "a S", project="y z")))


def test_throughput_left_over_in_an_index_on_demand_means_nothing() -> None:
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 3}
    described = [index("by_a", "a", ProvisionedThroughput=units)]
    seen = FACET.observe(answers(GlobalSecondaryIndexes=described, AttributeDefinitions=TYPES))
    assert seen == (live(gsi("by_a", "a S")),)


def test_throughput_of_a_provisioned_table_is_read() -> None:
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4, "NumberOfDecreasesToday": 1}
    table = {"BillingModeSummary": {"BillingMode": "PROVISIONED"}, "ProvisionedThroughput": units}
    described = [index("by_a", "a", ProvisionedThroughput=units)]
    seen = FACET.observe(answers(GlobalSecondaryIndexes=described, AttributeDefinitions=TYPES, **table))
    assert seen == (live(gsi("by_a", "a S", units=(3, 4))),)


@pytest.mark.parametrize(
    ("status", "members", "there", "messages"),
    [
        ("ACTIVE", {}, True, []),
        ("CREATING", {"Backfilling": False}, True, ["index by_a is CREATING"]),
        ("CREATING", {"Backfilling": True}, True, ["index by_a is CREATING (backfilling)"]),
        ("UPDATING", {}, True, ["index by_a is UPDATING"]),
        ("DELETING", {}, False, ["index by_a is DELETING"]),
    ],
)
def test_an_index_that_is_changing_reads_as_its_target_state(status, members, there, messages) -> None:
    described = [index("by_a", "a", status=status, **members)]
    responses = answers(GlobalSecondaryIndexes=described, AttributeDefinitions=TYPES)
    assert bool(FACET.observe(responses)) is there
    assert list(FACET.ongoing(responses)) == messages


def lines(desired: TableSpec, seen: TableSpec) -> list[tuple[str, Any, Any, Hazard]]:
    return [(c.path, c.before, c.after, c.hazard) for c in FACET.diff(desired, observed(seen).spec)]


def test_a_rebuilt_index_shows_a_line_for_its_key_and_one_for_its_projection() -> None:
    before, after = gsi("by_a", "a S"), gsi("by_a", "a N", project="y x")
    assert lines(spec(global_indexes=[after]), spec(global_indexes=[before])) == [
        (
            "global_indexes.by_a.keys",
            [{"AttributeName": "a", "KeyType": "HASH", "AttributeType": "S"}],
            [{"AttributeName": "a", "KeyType": "HASH", "AttributeType": "N"}],
            Hazard.DISRUPTION,
        ),
        (
            "global_indexes.by_a.projection",
            {"ProjectionType": "ALL"},
            {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
            Hazard.DISRUPTION,
        ),
    ]


def test_an_added_index_is_safe_and_a_removed_one_is_not() -> None:
    added, removed = lines(spec(global_indexes=[gsi("by_b", "b S")]), spec(global_indexes=[gsi("by_z", "a S")]))
    assert (added[0], added[1], added[3]) == ("global_indexes.by_b", None, Hazard.NONE)
    assert (removed[0], removed[2], removed[3]) == ("global_indexes.by_z", None, Hazard.DISRUPTION)


def only(desired: TableSpec, seen: TableSpec, path: str) -> Change:
    (found,) = [change for change in FACET.diff(desired, observed(seen).spec) if change.path == path]
    return found


def test_definitions_of_a_create_hold_every_key_in_use_and_the_new_one_each_once() -> None:
    seen = spec("pk S", "sk N", global_indexes=[gsi("by_a", "a S")], local_indexes=[lsi("by_date", "date S")])
    desired = spec("pk S", "sk N", global_indexes=[gsi("by_a", "a S"), gsi("by_b", "b B", "a S")])
    change = only(desired, seen, "global_indexes.by_b")
    definitions = FACET.request(change, desired, observed(seen)).params["AttributeDefinitions"]
    assert definitions == defined(a="S", b="B", date="S", pk="S", sk="N")


def test_definitions_of_a_create_keep_those_of_an_index_that_goes_later() -> None:
    seen, desired = spec(global_indexes=[gsi("by_a", "a S")]), spec(global_indexes=[gsi("by_b", "b S")])
    change = only(desired, seen, "global_indexes.by_b")
    assert FACET.request(change, desired, observed(seen)).params["AttributeDefinitions"] == defined(
        a="S", b="S", pk="S"
    )


def test_definitions_of_a_create_leave_out_an_index_that_must_go_first() -> None:
    seen = spec(global_indexes=[gsi("old", "x S", "y S")])
    desired = spec(global_indexes=[gsi("new", "x N")])
    change = only(desired, seen, "global_indexes.new")
    assert change.hazard is Hazard.DISRUPTION
    assert "once index old is deleted" in (change.unsafe or "")
    assert FACET.request(change, desired, observed(seen)).params["AttributeDefinitions"] == defined(pk="S", x="N")


OBSTACLES = {
    "the key of the table": (spec("pk S"), spec("pk N", global_indexes=[gsi("new", "pk N")])),
    "local index by_date": (
        spec("pk S", "sk S", local_indexes=[lsi("by_date", "date S")]),
        spec("pk S", "sk S", global_indexes=[gsi("new", "date N")]),
    ),
    "index same": (
        spec(global_indexes=[gsi("same", "x S")]),
        spec(global_indexes=[gsi("same", "x S"), gsi("new", "x N")]),
    ),
    "index stuck": (
        spec(global_indexes=[gsi("stuck", "x S")]),
        spec("pk N", global_indexes=[gsi("stuck", "pk N"), gsi("new", "x N")]),
    ),
}


@pytest.mark.parametrize("owner", OBSTACLES)
def test_an_index_cannot_be_created_over_an_attribute_that_stays_under_another_type(owner: str) -> None:
    seen, desired = OBSTACLES[owner]
    change = only(desired, seen, "global_indexes.new")
    obstacle = FACET.precondition(change, desired, observed(seen).spec)
    assert obstacle is not None
    assert f"while {owner} uses" in obstacle.sentence
    names = [d["AttributeName"] for d in FACET.request(change, desired, observed(seen)).params["AttributeDefinitions"]]
    assert len(names) == len(set(names))


def test_an_index_that_could_not_be_built_again_is_not_to_be_deleted() -> None:
    seen = spec(global_indexes=[gsi("by_a", "a S", "pk S")])
    desired = spec("pk N", global_indexes=[gsi("by_a", "a S", "pk N")])
    change = only(desired, seen, "global_indexes.by_a.keys")
    assert FACET.precondition(change, desired, observed(seen).spec) is not None


def test_a_change_between_other_tables_is_a_mistake_of_the_caller() -> None:
    change = only(spec(global_indexes=[gsi("by_a", "a S")]), spec(), "global_indexes.by_a")
    with pytest.raises(ValueError, match="no difference"):
        FACET.request(change, spec(global_indexes=[]), observed(spec()))


def test_indexes_without_throughput_take_that_of_a_provisioned_table_on_create() -> None:
    table = spec(billing=provisioned(5, 6), global_indexes=[gsi("by_a", "a S"), gsi("by_b", "b S", units=(1, 2))])
    units = [i["ProvisionedThroughput"] for i in FACET.create_members(table)["GlobalSecondaryIndexes"]]
    assert units == [
        {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
        {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
    ]


def test_indexes_carry_no_throughput_on_demand() -> None:
    (member,) = FACET.create_members(spec(global_indexes=[gsi("by_a", "a S", units=(1, 1))]))["GlobalSecondaryIndexes"]
    assert "ProvisionedThroughput" not in member


def test_an_empty_list_is_not_sent_with_a_create() -> None:
    assert FACET.create_members(spec(global_indexes=[])) == {}
