"""CreateTable from a declaration: every facet that it accepts, and exactly the definitions in use."""

from __future__ import annotations

from support.request_rules import complaints
from support.responses import defined
from support.specs import gsi, lsi, provisioned, spec, stream, ttl

from reconciler.planning.create import create_call, create_changes, without_unsupported

FULL = spec(
    "pk S",
    "sk N",
    billing=provisioned(5, 6),
    global_indexes=[gsi("by_b", "b B", "pk S"), gsi("by_a", "a S", units=(1, 2))],
    local_indexes=[lsi("by_date", "date S")],
    stream=stream("NEW_IMAGE"),
    ttl=ttl("expires"),
    tags={"team": "core"},
    deletion_protection=True,
)


def test_the_create_request_holds_every_facet_that_create_table_accepts() -> None:
    call = create_call(FULL, "default/dev/n1")
    assert complaints(call) == ""
    assert call.params["AttributeDefinitions"] == defined(a="S", b="B", date="S", pk="S", sk="N")
    assert set(call.params) == {
        "TableName",
        "AttributeDefinitions",
        "KeySchema",
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "StreamSpecification",
        "DeletionProtectionEnabled",
        "Tags",
    }
    assert call.params["Tags"] == [
        {"Key": "dynamodb-reconciler:owner", "Value": "default/dev/n1"},
        {"Key": "team", "Value": "core"},
    ]


def test_no_tags_are_sent_where_they_would_be_dropped() -> None:
    assert "Tags" not in create_call(without_unsupported(FULL, frozenset({"tags"}))).params


def test_the_smallest_declaration_is_created_on_demand() -> None:
    assert create_call(spec()).params == {
        "TableName": "subject",
        "AttributeDefinitions": defined(pk="S"),
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


def test_the_create_step_lists_a_change_for_each_facet_in_create_table() -> None:
    changes = create_changes(FULL)
    assert [change.path for change in changes] == [
        "keys",
        "billing",
        "global_indexes",
        "local_indexes",
        "stream",
        "tags",
        "deletion_protection",
    ]
    assert all(change.before is None and change.unsafe is None for change in changes)
    assert [change.path for change in create_changes(spec())] == ["keys"]
