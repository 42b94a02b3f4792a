"""DynamoDB Streams behind the mover's ``StreamApi`` port. Built by ``Connection``; threads may share it.

Streams are a service of their own, ``dynamodbstreams``. Emulators have it at the address of DynamoDB.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from reconciler.model.errors import ApiError, Malformed
from reconciler.mover.stream_ports import (
    MOST_RECORDS,
    IteratorExpired,
    RecordPage,
    Shard,
    ShardPage,
    Start,
    StreamRecord,
    StreamTrimmed,
    StreamView,
)

SERVICE = "dynamodbstreams"
PAGE_SHARDS = 100
KINDS: Mapping[str, type[ApiError]] = {
    "ExpiredIteratorException": IteratorExpired,
    "TrimmedDataAccessException": StreamTrimmed,
}
TIME_TO_LIVE = "dynamodb.amazonaws.com"
"""The principal of a deletion by time to live
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html)."""


class Calls(Protocol):
    """``SiblingServices``: sends an operation that is named with its service."""

    def call(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]: ...


class BotoStreamApi:
    """Shards, iterators and records of streams."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def shards(self, arn: str, after: str | None = None) -> ShardPage:
        """One page of DescribeStream. Raises ``NotFound`` for a stream that does not exist any more."""
        params: dict[str, Any] = {"StreamArn": arn, "Limit": PAGE_SHARDS}
        if after is not None:
            params["ExclusiveStartShardId"] = after
        found = self._call("DescribeStream", params)["StreamDescription"]
        following = found.get("LastEvaluatedShardId") or None
        if following is not None and following == after:
            raise Malformed("DescribeStream", "RepeatedShard", "a page ends where it began, so it would never end")
        shards = tuple(_shard(each) for each in found.get("Shards") or ())
        enabled = found.get("StreamStatus") in ("ENABLED", "ENABLING")
        return ShardPage(shards, following, cast(StreamView, found.get("StreamViewType")), enabled)

    def iterator(self, arn: str, shard: str, start: Start) -> str:
        """GetShardIterator. Raises ``StreamTrimmed`` if what follows ``start`` is no longer kept."""
        params: dict[str, Any] = {"StreamArn": arn, "ShardId": shard}
        if start.after is not None:
            params |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": start.after}
        else:
            params["ShardIteratorType"] = "LATEST" if start.latest else "TRIM_HORIZON"
        found: str = self._call("GetShardIterator", params)["ShardIterator"]
        return found

    def records(self, iterator: str, limit: int = MOST_RECORDS) -> RecordPage:
        """GetRecords. Raises ``IteratorExpired`` and ``StreamTrimmed``."""
        answer = self._call("GetRecords", {"ShardIterator": iterator, "Limit": limit})
        return RecordPage(tuple(map(_record, answer["Records"])), answer.get("NextShardIterator") or None)

    def _call(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self._calls.call(f"{SERVICE}:{operation}", params)
        except ApiError as error:
            kind = KINDS.get(error.code)
            if kind is None:
                raise
            raise kind(error.operation, error.code, error.message) from error


def _shard(found: Mapping[str, Any]) -> Shard:
    numbers = found.get("SequenceNumberRange") or {}
    return Shard(
        found["ShardId"],
        found.get("ParentShardId") or None,
        numbers.get("StartingSequenceNumber"),
        numbers.get("EndingSequenceNumber"),
    )


def _record(found: Mapping[str, Any]) -> StreamRecord:
    change = found["dynamodb"]
    created = change.get("ApproximateCreationDateTime")
    if not isinstance(created, datetime):
        raise Malformed("GetRecords", "ApproximateCreationDateTime", f"a record has no time: {created!r}")
    return StreamRecord(
        change["SequenceNumber"],
        change["Keys"],
        created if created.tzinfo else created.replace(tzinfo=UTC),
        found.get("eventName") == "REMOVE",
        change.get("NewImage"),
        change.get("OldImage"),
        (found.get("userIdentity") or {}).get("principalId") == TIME_TO_LIVE,
    )
