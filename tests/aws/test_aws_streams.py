"""DynamoDB Streams and the conditional writes of the mover, at real endpoints; errors and broken answers of streams."""

from __future__ import annotations

import pytest
from support.connected import connected

from reconciler.aws.answers import check
from reconciler.aws.stream_api import BotoStreamApi
from reconciler.model.errors import ConditionFailed, Malformed, NotFound, Rejected, Throttled
from reconciler.mover.stream_ports import IteratorExpired, Shard, Start, StreamTrimmed

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": STREAM,
}
ONE, OTHER = {"id": {"S": "1"}, "ref": {"S": "a"}}, {"id": {"S": "1"}, "ref": {"S": "b"}}


def test_records_are_read_where_a_shard_is_left(endpoint):
    arn = endpoint.client.create_table(**TABLE)["TableDescription"]["LatestStreamArn"]
    streams = connected(endpoint.url).mover_streams
    endpoint.client.put_item(TableName="orders", Item=ONE)
    endpoint.client.put_item(TableName="orders", Item=OTHER)
    endpoint.client.delete_item(TableName="orders", Key={"id": {"S": "1"}})
    page = streams.shards(arn)
    (shard,) = page.shards
    assert (page.after, page.view, page.enabled, shard.parent, shard.last) == (
        None,
        "NEW_AND_OLD_IMAGES",
        True,
        None,
        None,
    )
    found = streams.records(streams.iterator(arn, shard.id, Start()))
    assert [(record.key, record.new, record.old, record.removed) for record in found.records] == [
        ({"id": {"S": "1"}}, ONE, None, False),
        ({"id": {"S": "1"}}, OTHER, ONE, False),
        ({"id": {"S": "1"}}, None, OTHER, True),
    ]
    assert found.following is not None
    assert all(record.created.tzinfo is not None and not record.expired for record in found.records)
    after = streams.iterator(arn, shard.id, Start(found.records[0].sequence))
    assert streams.records(after).records == found.records[1:]
    assert streams.records(streams.iterator(arn, shard.id, Start(latest=True))).records == ()


def test_an_item_is_written_only_where_the_key_is_free_or_it_is_the_same_one(endpoint):
    endpoint.client.create_table(**TABLE)
    items = connected(endpoint.url).mover_items
    assert items.put("orders", ONE, ("id",), None) > 0
    with pytest.raises(ConditionFailed):
        items.put("orders", OTHER, ("id",), None)
    with pytest.raises(ConditionFailed):
        items.put("orders", OTHER, ("id",), {"ref": {"S": "c"}})
    items.put("orders", OTHER, ("id",), {"ref": {"S": "a"}})
    with pytest.raises(ConditionFailed):
        items.remove("orders", {"id": {"S": "1"}}, {"ref": {"S": "a"}})
    assert items.find("orders", {"id": {"S": "1"}}).item == OTHER
    items.remove("orders", {"id": {"S": "1"}}, {"ref": {"S": "b"}})
    with pytest.raises(ConditionFailed):
        items.remove("orders", {"id": {"S": "1"}}, {"ref": {"S": "b"}})


class Answers:
    def __init__(self, answer):
        self.answer = answer
        self.calls = []

    def call(self, operation, params):
        self.calls.append((operation, params))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("code", "kind", "wanted"),
    [
        ("ExpiredIteratorException", Rejected, IteratorExpired),
        ("TrimmedDataAccessException", Rejected, StreamTrimmed),
        ("ResourceNotFoundException", NotFound, NotFound),
        ("LimitExceededException", Throttled, Throttled),
    ],
)
def test_errors_of_streams_have_classes_of_their_own(code, kind, wanted):
    with pytest.raises(wanted) as caught:
        BotoStreamApi(Answers(kind("dynamodbstreams:GetRecords", code, "no"))).records("iterator")
    assert type(caught.value) is wanted


def test_shards_come_in_pages_and_a_page_that_repeats_is_malformed():
    description = {
        "StreamViewType": "KEYS_ONLY",
        "StreamStatus": "DISABLED",
        "LastEvaluatedShardId": "b",
        "Shards": [
            {"ShardId": "b", "ParentShardId": "a", "SequenceNumberRange": {"StartingSequenceNumber": "1"}},
        ],
    }
    calls = Answers({"StreamDescription": description})
    page = BotoStreamApi(calls).shards("arn", "a")
    assert (page.shards, page.after, page.view, page.enabled) == ((Shard("b", "a", "1"),), "b", "KEYS_ONLY", False)
    assert calls.calls == [
        ("dynamodbstreams:DescribeStream", {"StreamArn": "arn", "Limit": 100, "ExclusiveStartShardId": "a"})
    ]
    with pytest.raises(Malformed):
        BotoStreamApi(calls).shards("arn", "b")


def test_a_deletion_by_time_to_live_is_told_and_a_record_without_a_time_is_malformed():
    record = {
        "eventName": "REMOVE",
        "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"},
        "dynamodb": {"SequenceNumber": "1", "Keys": {"id": {"S": "1"}}},
    }
    with pytest.raises(Malformed):
        BotoStreamApi(Answers({"Records": [record]})).records("iterator")


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("DescribeStream", {}),
        ("DescribeStream", {"StreamDescription": {"StreamViewType": "KEYS_ONLY"}}),
        ("DescribeStream", {"StreamDescription": {"StreamViewType": "KEYS_ONLY", "Shards": [{}]}}),
        ("GetShardIterator", {}),
        ("GetRecords", {}),
        ("GetRecords", {"Records": [{"dynamodb": {"Keys": {}}}]}),
    ],
)
def test_an_answer_that_lacks_something_is_malformed_and_never_a_stream_without_changes(operation, answer):
    with pytest.raises(Malformed):
        check(f"dynamodbstreams:{operation}", {}, answer)
