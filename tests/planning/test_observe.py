"""From answers to an observed table: identity, statuses, and what was not read or does not exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from support.responses import answers, defined, index
from support.specs import IDENTITY, gsi, live, spec, stream, ttl, whole

from reconciler.facets import FACETS
from reconciler.facets.scaling_wire import TARGETS
from reconciler.model.errors import Malformed
from reconciler.model.identity import Identity
from reconciler.model.observed import Responses
from reconciler.planning.observe import all_reads, identity_of, observe, read_params, reads

NOT_ASKED = {facet.name: None for facet in FACETS if facet.reads} | {"warm_throughput": None}
"""What an answer of DescribeTable alone leaves open; warm throughput is not told by every endpoint."""


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (spec(), ()),
        (spec(ttl=ttl(None)), ("DescribeTimeToLive",)),
        (spec(tags={"a": "b"}), ("ListTagsOfResource",)),
        (spec(tags={}, ttl=ttl("x"), stream=stream(None)), ("DescribeTimeToLive", "ListTagsOfResource")),
        (None, ()),
    ],
)
def test_only_declared_facets_ask_for_more_than_describe_table(table, expected) -> None:
    assert reads(table) == expected


def test_reads_name_the_table_or_its_arn() -> None:
    table = {"GlobalSecondaryIndexes": [{"IndexName": "by_b"}, {"IndexName": "by_a"}]}
    scaled = ["table/users", "table/users/index/by_a", "table/users/index/by_b"]
    params = {operation: read_params(operation, "users", "arn", table) for operation in all_reads()}
    assert read_params("DescribeTable", "users", "arn") == {"TableName": "users"}
    assert params["DescribeTimeToLive"] == {"TableName": "users"}
    assert params["ListTagsOfResource"] == {"ResourceArn": "arn"}
    assert params[TARGETS] == {"ServiceNamespace": "dynamodb", "ResourceIds": scaled}


def test_an_answer_without_extras_gives_a_whole_table_but_for_what_was_not_asked() -> None:
    seen = observe(answers())
    assert seen.spec == replace(whole(spec()), **NOT_ASKED)
    assert (seen.status, seen.identity, seen.ongoing, seen.owner_tag) == ("ACTIVE", IDENTITY, (), None)


def test_undeclared_features_are_read_as_well() -> None:
    described = [index("by_a", "a")]
    seen = observe(
        answers(
            GlobalSecondaryIndexes=described,
            AttributeDefinitions=defined(a="N", pk="S"),
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
            DeletionProtectionEnabled=True,
            ItemCount=7,
            TableSizeBytes=700,
            ttl={"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"},
            tags={"team": "core", "dynamodb-reconciler:owner": "default/dev/n1"},
        )
    )
    fields = {"global_indexes": [gsi("by_a", "a N")], "stream": stream("KEYS_ONLY"), "ttl": ttl("expires")}
    not_asked = {name: None for name in NOT_ASKED if name not in ("ttl", "tags")}
    assert seen.spec == replace(whole(spec(**fields, tags={"team": "core"}, deletion_protection=True)), **not_asked)
    assert (seen.item_count, seen.size_bytes, seen.owner_tag) == (7, 700, "default/dev/n1")


def test_a_pending_change_is_reported_with_its_facet() -> None:
    described = [index("by_a", "a", status="CREATING", Backfilling=True), index("by_b", "a", status="DELETING")]
    seen = observe(
        answers(
            GlobalSecondaryIndexes=described,
            AttributeDefinitions=defined(a="S", pk="S"),
            ttl={"TimeToLiveStatus": "DISABLING", "AttributeName": "expires"},
        )
    )
    assert seen.ongoing == (
        "index by_a is CREATING (backfilling)",
        "index by_b is DELETING",
        "time to live is DISABLING",
    )
    assert seen.changing == {"global_indexes", "ttl"}
    assert seen.spec.global_indexes == (live(gsi("by_a", "a S")),)


def test_a_facet_whose_read_the_endpoint_lacks_is_unsupported() -> None:
    seen = observe(Responses(answers().answers, frozenset({"ListTagsOfResource"})))
    assert seen.unsupported == {"tags"}
    assert seen.spec.tags is None


@pytest.mark.parametrize(
    ("table_id", "created", "identity"),
    [
        ("id-1", datetime(2026, 1, 1, 12, tzinfo=UTC), Identity("id-1", "arn", "2026-01-01T12:00:00+00:00")),
        (None, datetime(2026, 1, 1, 12, tzinfo=UTC), Identity(None, "arn", "2026-01-01T12:00:00+00:00")),
        (
            None,
            datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=timezone(timedelta(hours=2))),
            Identity(None, "arn", "2026-01-01T10:00:00.123000+00:00"),
        ),
    ],
)
def test_identity_is_the_table_id_or_arn_and_creation_time_in_utc(table_id, created, identity) -> None:
    table = {"TableArn": "arn", "CreationDateTime": created} | ({"TableId": table_id} if table_id else {})
    assert identity_of(table) == identity


@pytest.mark.parametrize(
    "members",
    [
        {"KeySchema": None},
        {"AttributeDefinitions": None},
        {"AttributeDefinitions": []},
        {"TableArn": None},
        {"TableStatus": None},
        {"TableName": None},
        {"CreationDateTime": None},
        {"CreationDateTime": "yesterday"},
        {"GlobalSecondaryIndexes": [{"IndexName": "by_a"}]},
        {"GlobalSecondaryIndexes": [None]},
        {"LocalSecondaryIndexes": [{"IndexName": "by_a", "KeySchema": []}]},
        {"ProvisionedThroughput": "much", "BillingModeSummary": None},
    ],
    ids=str,
)
def test_an_answer_that_lacks_what_every_answer_has_is_malformed_and_never_empty(members) -> None:
    with pytest.raises(Malformed):
        observe(answers(**members))
