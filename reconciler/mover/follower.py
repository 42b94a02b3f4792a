"""Makes one table equal to another one that is written to, and keeps it so: capture, copy, replay, drain, verify.

Called by the replacement of a table outside emulators, forwards before the switch and backwards during the hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from reconciler.engine.context import EngineContext
from reconciler.model.records import Checkpoint
from reconciler.mover.follower_types import Capture, Pair, Ran, Verified
from reconciler.mover.ports import MoverItems
from reconciler.mover.stream_ports import StreamApi

Progress = Callable[[Mapping[str, int]], None]
"""Gets the counts of each page as it is done, from any thread."""


class Follower:
    """One direction of one replacement. Its checkpoints are in the state table, by the name of the source.

    ``started_as`` is unique for one replacement, for example its token; checkpoints of another one are void.
    ``recorded`` are the checkpoints of a snapshot that was read under the lease. ``stop`` tells whether to end before
    the next call. Every write needs the lease and checks the identity of its table. Not for two threads at once.
    """

    def __init__(
        self,
        ports: EngineContext,
        items: MoverItems,
        streams: StreamApi,
        pair: Pair,
        recorded: Mapping[str, Checkpoint],
        started_as: str,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        raise NotImplementedError

    @property
    def captured(self) -> Capture | None:
        """The capture that is recorded, of whatever process; ``None`` before ``capture``."""
        raise NotImplementedError

    def capture(self, *, items: int = 0, workers: int = 8, again: bool = False) -> Capture:
        """Turn the stream of the source on, or use the one it has, and record from when on it is replayed.

        Call it before ``copy``. Changes nothing if it was called before, unless ``again``, which starts the next
        attempt: the copy then looks at every item of both tables. ``items`` is about the number of items. Raises
        ``ApiError``, and ``Busy`` while the stream is being turned on: call it again later.
        """
        raise NotImplementedError

    def copy(self, on_page: Progress | None = None) -> Ran:
        """Put each item of the source into the target where its key is free. Continues at the checkpoints.

        What is not the newest afterwards is corrected by ``replay``, which comes after it and never beside it.
        """
        raise NotImplementedError

    def replay(self, on_page: Progress | None = None) -> Ran:
        """Replay the changes up to now. ``finished`` tells that every shard was read to its end. Call it again and
        again; a pause of hours loses nothing as long as the service keeps the records (24 h)."""
        raise NotImplementedError

    def drain(self, mark: datetime, on_page: Progress | None = None) -> Ran:
        """Replay until all changes before ``mark`` are in the target. Waits for records that are under way."""
        raise NotImplementedError

    def verify(self, *, fenced: bool, on_page: Progress | None = None) -> Verified:
        """Compare both tables by digests, and items that differ one by one; repair those from the source.

        Before the fence, items that are being changed do not count as different. After it, only equal digests do.
        """
        raise NotImplementedError

    def forget(self) -> None:
        """Delete the checkpoints of this direction, after the work is recorded as done elsewhere."""
        raise NotImplementedError
