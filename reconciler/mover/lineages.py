"""Which shards of a stream may be read now, and from where on nothing is missing. Pure; used by ``replay``.

A shard is read after its parent (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html). The
service keeps records for 24 hours and does not say what it has dropped before the first one that is left. So each shard
has a time up to which it is known to be read: everything after it is still there if it is recent enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from reconciler.model.records import Checkpoint
from reconciler.mover.checkpoints import Checkpoints
from reconciler.mover.stream_ports import RETENTION, Shard

SAFE = RETENTION - timedelta(hours=1)
"""Younger records are certainly kept. The hour covers the difference of the clocks, and calls that take their time."""
READ_UP_TO = "read_up_to"


class Lineages:
    """The shards of one listing, with their checkpoints. ``captured`` is when the work on the stream began."""

    def __init__(self, shards: Sequence[Shard], checkpoints: Checkpoints, captured: datetime) -> None:
        self._shards = {shard.id: shard for shard in shards}
        self._checkpoints = checkpoints
        self._captured = captured

    def ready(self, passed: Callable[[str], bool] = lambda _: False) -> tuple[Shard, ...]:
        """The shards that may be read: not read to their end, not ``passed``, and not before their parent."""
        return tuple(
            shard
            for shard in self._shards.values()
            if not passed(shard.id) and not self.of(shard).finished and self._parent_is_done(shard)
        )

    def of(self, shard: Shard) -> Checkpoint:
        """The checkpoint of a shard."""
        return self._checkpoints.named(shard.id)

    def leaves(self) -> tuple[Shard, ...]:
        """The shards without children. A closed one will have some, or the stream was turned off."""
        parents = {shard.parent for shard in self._shards.values()}
        return tuple(shard for shard in self._shards.values() if shard.id not in parents)

    def known_since(self, shard: Shard) -> datetime:
        """The time from which on the shard may have records that were not read."""
        times = [self._captured]
        for part in (shard.id, shard.parent):
            # All records of a child are younger than what was read of its parent.
            read = self._checkpoints.named(part).data.get(READ_UP_TO) if part else None
            if read:
                times.append(datetime.fromisoformat(read))
        return max(times)

    def nothing_dropped(self, shard: Shard, now: datetime) -> bool:
        """Whether everything that was not read of the shard is certainly still kept."""
        return now - self.known_since(shard) < SAFE

    def outdated(self) -> tuple[str, ...]:
        """Parts whose shards were read, are no longer listed, and are the parent of no listed one."""
        needed = {*self._shards, *(shard.parent for shard in self._shards.values())}
        return tuple(name for name in self._checkpoints.names() if name not in needed)

    def _parent_is_done(self, shard: Shard) -> bool:
        # A parent that is not listed was closed before the capture: those that had changes since are kept for a day.
        return shard.parent is None or shard.parent not in self._shards or self.of(self._shards[shard.parent]).finished


def at_text(time: datetime) -> str:
    """A time as it is in the data of a checkpoint."""
    return time.astimezone(UTC).isoformat()
