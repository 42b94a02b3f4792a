"""DynamoDB Streams as the mover sees them: the shards of a stream, iterators and records. Used by ``replay``.

``aws.stream_api`` implements ``StreamApi``. A stream keeps its records for 24 hours. The records of one item are in
order within one lineage of shards: a shard that was closed has children, which continue it
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from reconciler.model.desired import Item
from reconciler.model.errors import ApiError, Outcome
from reconciler.model.lazy_dataclass import dataclass

StreamView = Literal["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
RETENTION = timedelta(hours=24)
"""How long the service keeps a record."""
ITERATOR_LIFE = timedelta(minutes=15)
MOST_RECORDS = 1_000
"""Records of one GetRecords, which also returns at most 1 MB."""


class IteratorExpired(ApiError):
    """ExpiredIteratorException: the iterator is older than 15 minutes. A new one continues at the same position."""

    outcome = Outcome.NEVER


class StreamTrimmed(ApiError):
    """TrimmedDataAccessException: records after the position are older than 24 hours, and gone."""

    outcome = Outcome.NEVER


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard. ``parent`` may name a shard that is no longer listed. ``last`` is ``None`` while it is open."""

    id: str
    parent: str | None = None
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class ShardPage:
    """Some shards of a stream. ``after`` is where the next page begins; ``None`` at the end."""

    shards: Sequence[Shard]
    after: str | None
    view: StreamView
    enabled: bool


@dataclass(frozen=True, slots=True)
class Start:
    """Where an iterator begins: right behind the record ``after``, or at the oldest record that is kept.

    ``latest`` begins behind the newest record instead.
    """

    after: str | None = None
    latest: bool = False


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One change of one item.

    ``key`` has the attributes of the table's key. ``new`` and ``old`` are the item after and before the change, where
    the view has them and there was one. ``created`` is approximate. ``expired`` tells a deletion by time to live.
    """

    sequence: str
    key: Item
    created: datetime
    removed: bool = False
    new: Item | None = None
    old: Item | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records in their order. Without a ``following`` iterator the shard is closed and read to its end.

    An open shard returns pages without records.
    """

    records: Sequence[StreamRecord]
    following: str | None


class StreamApi(Protocol):
    """Reads streams. Raises ``ApiError``, among them ``IteratorExpired``, ``StreamTrimmed`` and ``NotFound``."""

    def shards(self, arn: str, after: str | None = None) -> ShardPage:
        """One page of the shards (DescribeStream), which begins after the shard ``after``."""
        ...

    def iterator(self, arn: str, shard: str, start: Start) -> str:
        """An iterator, which lives for 15 minutes (GetShardIterator)."""
        ...

    def records(self, iterator: str, limit: int = MOST_RECORDS) -> RecordPage:
        """The next records (GetRecords)."""
        ...
