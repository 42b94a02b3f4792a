"""DynamoDB Streams of the simulated service: shards that split and close, lag, trimming, and iterators that expire.

Every change of ``Table.items`` becomes a record while the stream of the table is on, whoever made it. Records of one
item are in order within one lineage of shards. ``SimulatedStreams.call`` answers as the service does.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from simulation.clock import START, VirtualClock
from simulation.copies import copied

from reconciler.model.errors import ApiError, NotFound, Rejected

if TYPE_CHECKING:
    from simulation.table import Table

DAY, SHARD_LIFE, ITERATOR_LIFE = 24 * 3600.0, 4 * 3600.0, 900.0
WHOLE = 1 << 16
VIEWS = {
    "KEYS_ONLY": (),
    "NEW_IMAGE": ("NewImage",),
    "OLD_IMAGE": ("OldImage",),
    "NEW_AND_OLD_IMAGES": ("NewImage", "OldImage"),
}


class RecordedItems(dict[str, dict[str, Any]]):
    """The items of a table. ``changed`` gets the item before and after each change."""

    def __init__(self, table: Table, items: Mapping[str, dict[str, Any]]) -> None:
        super().__init__(items)
        self._table = table

    def __setitem__(self, key: str, item: dict[str, Any]) -> None:
        before = self.get(key)
        super().__setitem__(key, item)
        self._changed(before, item)

    def __delitem__(self, key: str) -> None:
        before = self.get(key)
        super().__delitem__(key)
        self._changed(before, None)

    def pop(self, key: str, *default: Any) -> Any:
        before = self.get(key)
        found = super().pop(key, *default)
        if before is not None:
            self._changed(before, None)
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, dict[str, Any]]:
        return {key: copied(item) for key, item in self.items()}

    def _changed(self, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        changed = self._table.on_change
        # A write that changes nothing has no record.
        if changed is not None and before != after:
            changed(self._table, before, after)


@dataclass
class SimulatedShard:
    """Records are (number, seconds at which it is visible, record). ``low`` and ``high`` bound its hashes."""

    id: str
    parent: str | None
    low: int
    high: int
    first: int
    opened: float
    closed: float | None = None
    trimmed: int = 0
    records: list[tuple[int, float, dict[str, Any]]] = field(default_factory=list)


@dataclass
class Stream:
    """One stream of one table."""

    arn: str
    view: str
    shards: dict[str, SimulatedShard] = field(default_factory=dict)
    enabled: bool = True

    def open(self) -> list[SimulatedShard]:
        """The shards that get new records."""
        return [shard for shard in self.shards.values() if shard.closed is None]


class SimulatedStreams:
    """All streams of one simulated service.

    ``lag`` is the most seconds until a record can be read, ``page`` and ``shards_page`` the size of an answer.
    ``repeats`` and ``empties`` are the shares of iterators that begin too early, and of pages without records.
    """

    def __init__(self, clock: VirtualClock, tables: Callable[[], Mapping[str, Table]]) -> None:
        self.clock = clock
        self._tables = tables
        self.dice = random.Random(0)
        self.lag, self.page, self.shards_page, self.begins_with = 0.0, 1_000, 100, 1
        self.repeats = self.empties = 0.0
        self.streams: dict[str, Stream] = {}
        self.expired_by_time_to_live = False
        self._number = 0
        self._iterators: dict[str, tuple[str, str, int, float]] = {}

    # What the service does by itself

    def changed(self, table: Table, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """An item of a table was written or deleted."""
        stream = self.of(table)
        if stream is None:
            return
        image = after if after is not None else before
        assert image is not None
        names = [element["AttributeName"] for element in table.description["KeySchema"]]
        if any(name not in image for name in names):
            # A test put an item there that the service would have refused.
            return
        place = zlib.crc32(repr(image[names[0]]).encode()) % WHOLE
        self._age(stream)
        shard = next(shard for shard in stream.open() if shard.low <= place < shard.high)
        self._number += 1
        body: dict[str, Any] = {
            "Keys": {name: copied(image[name]) for name in names},
            "SequenceNumber": _number(self._number),
            # The service rounds it down.
            "ApproximateCreationDateTime": START + timedelta(seconds=int(self.clock.seconds)),
        }
        for member, found in (("NewImage", after), ("OldImage", before)):
            if found is not None and member in VIEWS[stream.view]:
                body[member] = copied(found)
        kind = "REMOVE" if after is None else "INSERT" if before is None else "MODIFY"
        record: dict[str, Any] = {"eventName": kind, "dynamodb": body}
        if self.expired_by_time_to_live and after is None:
            record["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        visible = self.clock.seconds + self.dice.uniform(0, self.lag)
        earlier = shard.records[-1][1] if shard.records else 0.0
        shard.records.append((self._number, max(visible, earlier), record))

    def of(self, table: Table) -> Stream | None:
        """The stream of a table that is on."""
        specification = table.description.get("StreamSpecification") or {}
        arn = table.description.get("LatestStreamArn")
        for each in self.streams.values():
            if (
                each.enabled
                and each.arn.startswith(f"{table.description['TableArn']}/stream/")
                and (not specification.get("StreamEnabled") or each.arn != arn)
            ):
                self._turn_off(each)
        if not specification.get("StreamEnabled") or arn is None:
            return None
        if arn not in self.streams:
            stream = self.streams[arn] = Stream(arn, specification["StreamViewType"])
            step = WHOLE // self.begins_with
            for low in range(0, step * self.begins_with, step):
                high = WHOLE if low == step * (self.begins_with - 1) else low + step
                self._begin(stream, None, low, high)
        return self.streams[arn]

    def split(self, arn: str) -> None:
        """One open shard is closed; two children continue it."""
        stream = self.streams[arn]
        shard = self.dice.choice(stream.open())
        self._close(shard)
        middle = (shard.low + shard.high) // 2
        if shard.low < middle:
            self._begin(stream, shard.id, shard.low, middle)
        self._begin(stream, shard.id, middle, shard.high)

    def roll(self, arn: str) -> None:
        """All open shards are closed; each has one child, as every four hours."""
        stream = self.streams[arn]
        for shard in stream.open():
            self._close(shard)
            self._begin(stream, shard.id, shard.low, shard.high)

    def _turn_off(self, stream: Stream) -> None:
        stream.enabled = False
        for shard in stream.open():
            self._close(shard)

    def _begin(self, stream: Stream, parent: str | None, low: int, high: int) -> None:
        self._number += 1
        name = f"shardId-{self._number:020}-{low:05x}{high:05x}"
        stream.shards[name] = SimulatedShard(name, parent, low, high, self._number, self.clock.seconds)

    def _close(self, shard: SimulatedShard) -> None:
        shard.closed = self.clock.seconds

    def _age(self, stream: Stream) -> None:
        now = self.clock.seconds
        if stream.enabled and any(now - shard.opened >= SHARD_LIFE for shard in stream.open()):
            self.roll(stream.arn)
        for shard in list(stream.shards.values()):
            while shard.records and now - shard.records[0][1] >= DAY:
                shard.trimmed = shard.records.pop(0)[0]
            if shard.closed is not None and now - shard.closed >= DAY:
                del stream.shards[shard.id]

    # Its operations

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One call of the service ``dynamodbstreams``."""
        name = operation.removeprefix("dynamodbstreams:")
        calls: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "DescribeStream": self._describe,
            "GetShardIterator": self._iterator,
            "GetRecords": self._records,
        }
        return calls[name](params)

    def _stream(self, operation: str, arn: str) -> Stream:
        for table in self._tables().values():
            # A stream begins or ends when its table is updated, which may be before its first record.
            self.of(table)
        if arn not in self.streams:
            raise NotFound(operation, "ResourceNotFoundException", f"Stream: {arn} not found")
        stream = self.streams[arn]
        self._age(stream)
        return stream

    def _describe(self, params: Mapping[str, Any]) -> dict[str, Any]:
        stream = self._stream("DescribeStream", params["StreamArn"])
        listed = sorted(stream.shards)
        start = params.get("ExclusiveStartShardId")
        left = [name for name in listed if start is None or name > start]
        page = left[: min(self.shards_page, params.get("Limit", 100))]
        found: dict[str, Any] = {
            "StreamArn": stream.arn,
            "StreamStatus": "ENABLED" if stream.enabled else "DISABLED",
            "StreamViewType": stream.view,
            "Shards": [self._shown(stream.shards[name]) for name in page],
        }
        if len(page) < len(left):
            found["LastEvaluatedShardId"] = page[-1]
        return {"StreamDescription": found}

    @staticmethod
    def _shown(shard: SimulatedShard) -> dict[str, Any]:
        numbers = {"StartingSequenceNumber": _number(shard.first)}
        if shard.closed is not None:
            numbers["EndingSequenceNumber"] = _number(shard.records[-1][0] if shard.records else shard.first)
        parent = {"ParentShardId": shard.parent} if shard.parent else {}
        return {"ShardId": shard.id, **parent, "SequenceNumberRange": numbers}

    def _shard(self, operation: str, stream: Stream, name: str) -> SimulatedShard:
        if name not in stream.shards:
            raise NotFound(operation, "ResourceNotFoundException", f"Shard: {name} not found")
        return stream.shards[name]

    def _iterator(self, params: Mapping[str, Any]) -> dict[str, Any]:
        operation = "GetShardIterator"
        shard = self._shard(operation, self._stream(operation, params["StreamArn"]), params["ShardId"])
        if params["ShardIteratorType"] == "TRIM_HORIZON":
            after = shard.trimmed
        elif params["ShardIteratorType"] == "LATEST":
            after = shard.records[-1][0] if shard.records else shard.trimmed
        else:
            after = int(params["SequenceNumber"])
            self._check_trimmed(operation, shard, after)
            if self.dice.random() < self.repeats:
                known = [number for number, _, _ in shard.records if number <= after]
                after = self.dice.choice([shard.trimmed, *known])
        return {"ShardIterator": self._token(params["StreamArn"], shard.id, after)}

    def _records(self, params: Mapping[str, Any]) -> dict[str, Any]:
        operation = "GetRecords"
        if params["ShardIterator"] not in self._iterators:
            raise Rejected(operation, "ValidationException", "Invalid ShardIterator")
        arn, name, after, made = self._iterators[params["ShardIterator"]]
        if self.clock.seconds - made >= ITERATOR_LIFE:
            raise Rejected(operation, "ExpiredIteratorException", "Iterator expired")
        shard = self._shard(operation, self._stream(operation, arn), name)
        if after < shard.trimmed:
            raise _trimmed(operation)
        readable = [each for each in shard.records if each[0] > after and each[1] <= self.clock.seconds]
        page = readable[: min(self.page, params.get("Limit", 1_000))]
        if page and self.dice.random() < self.empties:
            page = []
        last = page[-1][0] if page else after
        answer: dict[str, Any] = {"Records": [copied(record) for _, _, record in page]}
        ended = shard.closed is not None and not any(number > last for number, _, _ in shard.records)
        if not ended:
            answer["NextShardIterator"] = self._token(arn, name, last)
        return answer

    def _token(self, arn: str, shard: str, after: int) -> str:
        token = f"{arn}|{len(self._iterators)}"
        self._iterators[token] = (arn, shard, after, self.clock.seconds)
        return token

    @staticmethod
    def _check_trimmed(operation: str, shard: SimulatedShard, after: int) -> None:
        if after <= shard.trimmed:
            raise _trimmed(operation)

    def all_records(self, arn: str) -> Iterator[dict[str, Any]]:
        """Every record that is kept, for tests."""
        for shard in self.streams[arn].shards.values():
            yield from (record for _, _, record in shard.records)


def _trimmed(operation: str) -> ApiError:
    return Rejected(operation, "TrimmedDataAccessException", "Attempt to read past the oldest stream record")


def _number(number: int) -> str:
    return f"{number:021}"
