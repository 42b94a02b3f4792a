"""The facet vector_indexes: descriptions, one line per field, and what blocks an index."""

from __future__ import annotations

import pytest
from support.request_rules import complaints
from support.responses import answers, defined
from support.specs import ON_DEMAND, declaration, gsi, lsi, observed, provisioned, spec, vectors

from reconciler.facets.vector_indexes import VectorIndexesFacet
from reconciler.model.change import Change, Hazard
from reconciler.model.plan import StepStatus
from reconciler.model.table import TableSpec
from reconciler.planning.create import create_call
from reconciler.planning.planner import plan

FACET = VectorIndexesFacet()
SHAPE = {
    "IndexName": "by_meaning",
    "VectorAttribute": {"AttributeName": "embedding"},
    "Dimensions": 3,
    "DistanceFunction": "COSINE",
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["z", "y"]},
    "SearchSchema": [
        {"AttributeName": "shop", "SearchSchemaElementType": "INLINE_FILTER"},
        {"AttributeName": "tenant", "SearchSchemaElementType": "HASH"},
    ],
    "IndexStatus": "ACTIVE",
    "IndexArn": "arn:aws:dynamodb:us-east-1:123456789012:table/subject/index/by_meaning",
    "ItemCount": 5,
    "IndexSizeBytes": 100,
}
FILTERED = vectors("by_meaning", "embedding", "tenant S HASH", "shop N", project="y z")


def test_an_index_is_read_with_the_types_of_its_search_schema_and_without_what_the_service_counts() -> None:
    definitions = defined(pk="S", tenant="S", shop="N")
    assert FACET.observe(answers(VectorIndexes=[SHAPE], AttributeDefinitions=definitions)) == (FILTERED,)


def test_a_search_type_missing_from_the_answer_is_not_a_difference() -> None:
    (seen,) = FACET.observe(answers(VectorIndexes=[SHAPE]))
    assert [element.type for element in seen.search] == [None, None]
    assert list(FACET.diff(spec(vector_indexes=[FILTERED]), spec(vector_indexes=[seen]))) == []


@pytest.mark.parametrize(
    ("status", "backfilling", "there", "messages"),
    [
        ("ACTIVE", False, True, []),
        ("CREATING", False, True, ["vector index by_meaning is CREATING"]),
        ("CREATING", True, True, ["vector index by_meaning is CREATING (backfilling)"]),
        ("ACTIVE", True, True, ["vector index by_meaning is ACTIVE (backfilling)"]),
        ("DELETING", False, False, ["vector index by_meaning is DELETING"]),
    ],
)
def test_an_index_that_is_changing_reads_as_its_target_state(status, backfilling, there, messages) -> None:
    responses = answers(VectorIndexes=[SHAPE | {"IndexStatus": status, "Backfilling": backfilling}])
    assert bool(FACET.observe(responses)) is there
    assert list(FACET.ongoing(responses)) == messages


def only(desired: TableSpec, seen: TableSpec) -> Change:
    (found,) = FACET.diff(desired, observed(seen).spec)
    return found


def test_each_field_of_a_rebuilt_index_has_a_line() -> None:
    after = vectors("by_meaning", "picture", "shop N", size=8, distance="EUCLIDEAN")
    changes = list(FACET.diff(spec(vector_indexes=[after]), spec(vector_indexes=[FILTERED])))
    assert [change.path.removeprefix("vector_indexes.by_meaning.") for change in changes] == [
        "attribute",
        "dimensions",
        "distance",
        "projection",
        "search",
    ]
    assert {change.hazard for change in changes} == {Hazard.DISRUPTION}


def test_definitions_of_a_create_hold_every_key_in_use_and_the_whole_search_schema() -> None:
    fields = {
        "global_indexes": [gsi("by_a", "a S")],
        "local_indexes": [lsi("by_date", "date S")],
    }
    live = vectors("by_look", "picture", "style S")
    seen = spec("pk S", "sk S", vector_indexes=[live], **fields)
    desired = spec("pk S", "sk S", vector_indexes=[live, FILTERED], **fields)
    call = FACET.request(only(desired, seen), desired, observed(seen))
    assert call.params["AttributeDefinitions"] == defined(
        a="S", date="S", pk="S", shop="N", sk="S", style="S", tenant="S"
    )
    assert complaints(call) == ""


def test_it_is_part_of_create_table_with_its_definitions() -> None:
    call = create_call(spec(vector_indexes=[FILTERED]), None)
    assert call.params["AttributeDefinitions"] == defined(pk="S", shop="N", tenant="S")
    assert call.params["VectorIndexes"][0]["SearchSchema"] == [
        {"AttributeName": "tenant", "SearchSchemaElementType": "HASH"},
        {"AttributeName": "shop", "SearchSchemaElementType": "INLINE_FILTER"},
    ]
    assert complaints(call) == ""
    assert FACET.create_members(spec(vector_indexes=[])) == {}


OBSTACLES = {
    "needs a table that is billed on demand": (spec(billing=provisioned(5, 5)), {}),
    "while the key of the table uses shop": (spec("shop S"), {}),
    "while index by_shop uses shop": (spec(global_indexes=[gsi("by_shop", "shop S")]), {}),
    "while vector index other uses shop": (
        spec(vector_indexes=[vectors("other", "picture", "shop S")]),
        {"keep": vectors("other", "picture", "shop S")},
    ),
}


@pytest.mark.parametrize("why", OBSTACLES)
def test_an_index_that_the_service_would_refuse_is_blocked_with_the_reason(why: str) -> None:
    seen, more = OBSTACLES[why]
    desired = TableSpec("subject", seen.keys, vector_indexes=(FILTERED, *more.values()))
    (step,) = plan(declaration(desired), observed(seen))
    assert step.status is StepStatus.BLOCKED
    assert why in (step.message or "")
    assert step.allow_with


def test_it_waits_for_on_demand_billing_that_is_declared() -> None:
    seen, desired = spec(billing=provisioned(5, 5)), spec(billing=ON_DEMAND, vector_indexes=[FILTERED])
    first, second = plan(declaration(desired), observed(seen))
    assert (first.facet, first.status) == ("billing", StepStatus.READY)
    assert (second.facet, second.status) == ("vector_indexes", StepStatus.DEFERRED)


@pytest.mark.parametrize("indexes", [[], [gsi("by_a", "a S", units=(1, 1))]])
def test_a_table_with_a_vector_index_is_not_provisioned(indexes) -> None:
    seen = spec(vector_indexes=[FILTERED], global_indexes=indexes)
    desired = (
        spec(billing=provisioned(5, 5), global_indexes=indexes or None) if indexes else spec(billing=provisioned(5, 5))
    )
    steps = plan(declaration(desired), observed(seen))
    assert steps
    assert {step.status for step in steps} == {StepStatus.BLOCKED}
    assert all("vector index by_meaning" in (step.message or "") for step in steps)


def test_an_endpoint_that_cannot_hold_it_gets_a_table_without_it_and_reports_it() -> None:
    desired = spec(vector_indexes=[FILTERED])
    create, left = plan(declaration(desired), None, lacks=frozenset({"vector_indexes"}))
    assert create.call is not None
    assert create.call.params["AttributeDefinitions"] == defined(pk="S")
    assert "VectorIndexes" not in create.call.params
    assert (left.status, left.message) == (StepStatus.UNSUPPORTED, "the endpoint cannot hold vector_indexes")


def test_a_change_between_other_tables_is_a_mistake_of_the_caller() -> None:
    change = only(spec(vector_indexes=[FILTERED]), spec())
    with pytest.raises(ValueError, match="no difference"):
        FACET.request(change, spec(vector_indexes=[]), observed(spec()))
