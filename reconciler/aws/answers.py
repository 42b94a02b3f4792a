"""The required members of each response. ``ApiClient`` checks them after each successful call.

botocore converts a garbled response with status 200 to an empty dict, which would read as "no tables" or "no items". So
a response without its required members is ``Malformed``, never an empty value (I3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from reconciler.model.errors import Malformed

Params = Mapping[str, Any]
Answer = Mapping[str, Any]


class _InvalidAnswer(Exception):
    """Why a response is malformed, as the end of a sentence."""


def check(operation: str, params: Params, answer: Answer) -> None:
    """Raise Malformed unless ``answer`` holds what ``operation`` promises; operations without a rule pass."""
    rule = RULES.get(operation)
    if rule is None:
        return
    try:
        rule(params, answer)
    except _InvalidAnswer as wrong:
        raise Malformed(operation, "MalformedAnswer", f"the answer {wrong}") from None


def _member(parent: Any, name: str, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(parent, Mapping) or name not in parent:
        raise _InvalidAnswer(f"lacks {name}")
    value = parent[name]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise _InvalidAnswer(f"has a {name} of the wrong type")
    return value


def _optional(parent: Mapping[str, Any], name: str, kind: type) -> Any:
    return _member(parent, name, kind) if name in parent else None


def _strings(parent: Any, name: str) -> list[str]:
    values: list[str] = _member(parent, name, list)
    if not all(isinstance(value, str) for value in values):
        raise _InvalidAnswer(f"has something else than text in {name}")
    return values


def _list_tables(_: Params, answer: Answer) -> None:
    _strings(answer, "TableNames")
    _optional(answer, "LastEvaluatedTableName", str)


def _description(member: str) -> Callable[[Params, Answer], None]:
    def rule(params: Params, answer: Answer) -> None:
        table = _member(answer, member, dict)
        name = _member(table, "TableName", str)
        # Every operation takes a table's ARN in the place of its name.
        if "TableName" in params and name != str(params["TableName"]).rsplit("/", 1)[-1]:
            raise _InvalidAnswer("is about another table than the one asked for")
        _member(table, "TableStatus", str)
        if member == "Table":
            _table(table)

    return rule


def _table(table: Mapping[str, Any]) -> None:
    for key in _member(table, "KeySchema", list):
        _member(key, "AttributeName", str)
        _member(key, "KeyType", str)
    if not table["KeySchema"]:
        raise _InvalidAnswer("has an empty KeySchema")
    for definition in _member(table, "AttributeDefinitions", list):
        _member(definition, "AttributeName", str)
        _member(definition, "AttributeType", str)
    _member(table, "CreationDateTime", datetime)
    _member(table, "TableArn", str)
    for indexes in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        for index in _optional(table, indexes, list) or ():
            _member(index, "IndexName", str)
            _member(index, "KeySchema", list)


def _items(params: Params, answer: Answer) -> None:
    count = _member(answer, "Count", int)
    _optional(answer, "LastEvaluatedKey", dict)
    if params.get("Select") == "COUNT":
        return
    items = _member(answer, "Items", list)
    if len(items) != count:
        raise _InvalidAnswer("has a Count that differs from the number of its Items")
    if not all(isinstance(item, dict) for item in items):
        raise _InvalidAnswer("has something else than items in Items")


def _get_item(_: Params, answer: Answer) -> None:
    _optional(answer, "Item", dict)


def _deleted_item(params: Params, answer: Answer) -> None:
    """A conditional delete must return the item that it removed, as proof (I5)."""
    if params.get("ReturnValues") == "ALL_OLD" and "ConditionExpression" in params:
        removed = _member(answer, "Attributes", dict)
        for name in params["Key"]:
            _member(removed, name, dict)


def _ttl(member: str, inner: str, kind: type) -> Callable[[Params, Answer], None]:
    def rule(_: Params, answer: Answer) -> None:
        _member(_member(answer, member, dict), inner, kind)

    return rule


def _tags(_: Params, answer: Answer) -> None:
    for tag in _member(answer, "Tags", list):
        _member(tag, "Key", str)
        _member(tag, "Value", str)
    _optional(answer, "NextToken", str)


def _batch_write(_: Params, answer: Answer) -> None:
    _member(answer, "UnprocessedItems", dict)


def _batch_get(params: Params, answer: Answer) -> None:
    responses = _member(answer, "Responses", dict)
    _member(answer, "UnprocessedKeys", dict)
    for table in params["RequestItems"]:
        items = _optional(responses, table, list) or ()
        if not all(isinstance(item, dict) for item in items):
            raise _InvalidAnswer("has something else than items in Responses")


def _backups(_: Params, answer: Answer) -> None:
    _member(_member(answer, "ContinuousBackupsDescription", dict), "ContinuousBackupsStatus", str)


def _backup_begun(_: Params, answer: Answer) -> None:
    _member(_member(answer, "BackupDetails", dict), "BackupStatus", str)


def _list_of(member: str, **texts: str) -> Callable[[Params, Answer], None]:
    """A list of shapes, each with these members of type text."""

    def rule(_: Params, answer: Answer) -> None:
        for shape in _member(answer, member, list):
            for name in texts.values():
                _member(shape, name, str)

    return rule


_SCALED = {"resource": "ResourceId", "dimension": "ScalableDimension"}


def _policy(_: Params, answer: Answer) -> None:
    _member(answer, "Policy", str)


def _insights(_: Params, answer: Answer) -> None:
    _member(answer, "ContributorInsightsStatus", str)


def _kinesis(_: Params, answer: Answer) -> None:
    for destination in _member(answer, "KinesisDataStreamDestinations", list):
        _member(destination, "StreamArn", str)
        _member(destination, "DestinationStatus", str)


def _backup(_: Params, answer: Answer) -> None:
    _member(_member(_member(answer, "BackupDescription", dict), "BackupDetails", dict), "BackupStatus", str)


def _stream(_: Params, answer: Answer) -> None:
    stream = _member(answer, "StreamDescription", dict)
    _member(stream, "StreamViewType", str)
    # Without the list a stream would seem to have no shards, and so no changes.
    for shard in _member(stream, "Shards", list):
        _member(shard, "ShardId", str)
    _optional(stream, "LastEvaluatedShardId", str)


def _iterator(_: Params, answer: Answer) -> None:
    _member(answer, "ShardIterator", str)


def _stream_records(_: Params, answer: Answer) -> None:
    for record in _member(answer, "Records", list):
        change = _member(record, "dynamodb", dict)
        _member(change, "SequenceNumber", str)
        _member(change, "Keys", dict)
    _optional(answer, "NextShardIterator", str)


def _key(_: Params, answer: Answer) -> None:
    _member(_member(answer, "KeyMetadata", dict), "Arn", str)


RULES: Mapping[str, Callable[[Params, Answer], None]] = {
    "ListTables": _list_tables,
    "DescribeTable": _description("Table"),
    "CreateTable": _description("TableDescription"),
    "UpdateTable": _description("TableDescription"),
    "DeleteTable": _description("TableDescription"),
    "Scan": _items,
    "Query": _items,
    "GetItem": _get_item,
    "DeleteItem": _deleted_item,
    "BatchWriteItem": _batch_write,
    "BatchGetItem": _batch_get,
    "DescribeTimeToLive": _ttl("TimeToLiveDescription", "TimeToLiveStatus", str),
    "UpdateTimeToLive": _ttl("TimeToLiveSpecification", "Enabled", bool),
    "ListTagsOfResource": _tags,
    "DescribeContinuousBackups": _backups,
    "UpdateContinuousBackups": _backups,
    "ListBackups": _list_of("BackupSummaries", arn="BackupArn", name="BackupName", status="BackupStatus"),
    "CreateBackup": _backup_begun,
    "DescribeBackup": _backup,
    "application-autoscaling:DescribeScalableTargets": _list_of("ScalableTargets", **_SCALED),
    "application-autoscaling:DescribeScalingPolicies": _list_of("ScalingPolicies", **_SCALED, name="PolicyName"),
    "application-autoscaling:DescribeScheduledActions": _list_of("ScheduledActions", **_SCALED, schedule="Schedule"),
    "GetResourcePolicy": _policy,
    "DescribeContributorInsights": _insights,
    "DescribeKinesisStreamingDestination": _kinesis,
    "kms:DescribeKey": _key,
    "dynamodbstreams:DescribeStream": _stream,
    "dynamodbstreams:GetShardIterator": _iterator,
    "dynamodbstreams:GetRecords": _stream_records,
}
