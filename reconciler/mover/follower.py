"""Makes one table equal to another one that is written to, and keeps it so: capture, copy, replay, drain, verify.

Called by the replacement of a table outside emulators, forwards before the switch and backwards during the hold. All
that it has to remember is in checkpoints, so any process continues after a kill at any call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from datetime import datetime, timedelta
from typing import Any, cast

from reconciler.engine.context import EngineContext
from reconciler.engine.seed_batches import IdentityWatch
from reconciler.model.change import Call
from reconciler.model.errors import Busy, Interrupted, LeaseLost, TableChanged
from reconciler.model.records import Checkpoint
from reconciler.mover.calls import SLICE, STOPPED, GuardedCalls
from reconciler.mover.checkpoints import Checkpoints, total
from reconciler.mover.follower_problems import ProblemList
from reconciler.mover.follower_types import Capture, Pair, Ran, Side, Verified
from reconciler.mover.governor import Governor, RateLimits
from reconciler.mover.lineages import at_text
from reconciler.mover.mirror import Mirror, UnrepeatedChanges
from reconciler.mover.ports import MoverItems
from reconciler.mover.replay import READ_PAUSE, Replay
from reconciler.mover.scan import ScanResult, SegmentedScan, segments_for
from reconciler.mover.stream_ports import StreamApi, StreamView
from reconciler.mover.table_copy import TableCopy
from reconciler.mover.verifying import Verification

VIEW: StreamView = "NEW_AND_OLD_IMAGES"
"""Of a stream that this turns on. Old images tell which key an item had in the target before its key moved."""
SETTLE_SECONDS = 10.0
"""Time after which a change is in the stream. The service promises "near real time"; the digests prove the rest."""
SETTLE_ON_EMULATOR = 0.5
POLL_SECONDS = 0.25
PAGE_ITEMS = 500
"""Items of one page of the copy. Repeating a page costs reads only: its items are there already."""

Progress = Callable[[Mapping[str, int]], None]
"""Gets the counts of each page as it is done, from any thread."""


class Follower:
    """One direction of one replacement. Its checkpoints are in the state table, by the name of the source.

    ``started_as`` is unique for one replacement, for example its token; checkpoints of another one are void.
    ``recorded`` are the checkpoints of a snapshot that was read under the lease. ``stop`` tells whether to end before
    the next call. ``yielded`` are the digests of items of the target that gave way at the switch.
    ``target_made_later`` tells that the target is made after the capture, so that checkpoints do not depend on its
    identity: each target then belongs to an attempt of its own.
    Every write needs the lease and checks the identity of its table. Not for two threads at once.

    The operations raise ``LeaseLost`` and ``TableChanged``; other errors are in what they return.
    """

    def __init__(
        self,
        ports: EngineContext,
        items: MoverItems,
        streams: StreamApi,
        pair: Pair,
        *,
        recorded: Mapping[str, Checkpoint],
        started_as: str,
        stop: Callable[[], bool] = lambda: False,
        yielded: Set[int] = frozenset(),
        target_made_later: bool = False,
    ) -> None:
        self._ports = ports
        self._items = items
        self._streams = streams
        self._pair = pair
        self._recorded = recorded
        target = pair.target.identity
        made = "later" if target_made_later else target.table_id or target.created
        self._started_as = f"{started_as} {made}"
        self._stop = stop
        self._yielded = yielded
        self._running: Replay | None = None
        self._source_calls = self._calls(pair.source, pair.source.limits)
        self._target_calls = self._calls(pair.target, pair.target.limits)
        self._stream_calls = self._calls(pair.source, RateLimits())
        self._mirror = Mirror(
            items, pair, reads=self._source_calls, writes=self._target_calls, clock=ports.clock, random=ports.random
        )
        self._works: dict[str, Checkpoints] = {}
        self._iterators: dict[str, tuple[str, datetime]] = {}

    @property
    def captured(self) -> Capture | None:
        """The capture that is recorded, of whatever process; ``None`` before ``capture``."""
        data = self._work("capture", self._started_as).part(0).data
        if not data:
            return None
        return Capture(
            data["arn"],
            cast(StreamView, data["view"]),
            datetime.fromisoformat(data["at"]),
            int(data["attempt"]),
            int(data["segments"]),
            data["sweep"] == "yes",
        )

    @property
    def read_until(self) -> datetime | None:
        """When the last change was made that the present or last replay has repeated; ``None`` if it repeated none."""
        return self._running.read_until if self._running is not None else None

    def capture(self, *, items: int = 0, workers: int = 8, again: bool = False) -> Capture:
        """Turn the stream of the source on, or use the one it has, and record from when on it is replayed.

        Call it before ``copy``. Changes nothing if it was called before, unless ``again``, which starts the next
        attempt: the copy then looks at every item of both tables. ``items`` is about the number of items, ``workers``
        the most segments of a scan. Raises ``ApiError``, and ``Busy`` while the stream is being turned on: call it
        again later.
        """
        former = self.captured
        if former is not None and not again:
            return former
        arn, view = self._stream()
        # The stream is on since before this moment, and the copy begins after it.
        capture = Capture(
            arn,
            view,
            self._ports.clock.now(),
            former.attempt + 1 if former else 1,
            segments_for(items, workers),
            former is not None or self._needs_sweep(view),
        )
        part = self._work("capture", self._started_as).part(0)
        self._work("capture", self._started_as).save(
            Checkpoint(
                part.name,
                part.identity,
                part.started_as,
                data={
                    "arn": arn,
                    "view": view,
                    "at": at_text(capture.at),
                    "attempt": str(capture.attempt),
                    "segments": str(capture.segments),
                    "sweep": "yes" if capture.sweep else "no",
                },
            )
        )
        # Afterwards, because the checkpoints of another attempt are void, but without them the former one seems new.
        self._iterators.clear()
        for work in ("copy", "sweep", "stream"):
            self._work_of(former or capture, work).drop()
        return capture

    def copy(self, on_page: Progress | None = None, *, loaded: bool = False) -> Ran:
        """Put each item of the source into the target where its key is free. Continues at the checkpoints.

        ``loaded`` tells that the target has the items of a time after the capture already. What is not the newest
        afterwards is corrected by ``replay``, which comes after it and never beside it. ``on_page`` gets the counts of
        pages of the source.
        """
        capture, problems = self._here(), ProblemList()
        work = TableCopy(self._ports, self._items, self._pair, self._mirror, self._target_calls, problems, self._stop)
        result = ScanResult(True)
        if not loaded:
            result = self._scan(capture, "copy", self._pair.source, self._source_calls).run(work.page, on_page)
        if result.finished and capture.attempt > 1:
            swept = self._scan(capture, "sweep", self._pair.target, self._target_calls).run(work.sweep)
            counts = total([result.counts, {name: n for name, n in swept.counts.items() if name != "scanned"}])
            result = ScanResult(swept.finished, counts, swept.error, swept.stopped)
        if isinstance(result.error, (LeaseLost, TableChanged)):
            raise result.error
        return Ran(result.finished, result.counts, problems.listed(), False, result.error, result.stopped)

    def replay(self, on_page: Progress | None = None) -> Ran:
        """Replay the changes up to now. ``finished`` tells that this is done for every shard.

        Call it again and again; a pause of hours loses nothing as long as the service keeps the records (24 h).
        """
        return self._replay(self._ports.clock.now(), on_page)

    def drain(self, mark: datetime, on_page: Progress | None = None) -> Ran:
        """Replay until all changes before ``mark`` are in the target. Waits for records that are under way."""
        settle = SETTLE_ON_EMULATOR if self._ports.emulator else SETTLE_SECONDS
        settled = mark + timedelta(seconds=settle)
        ran = self._replay(mark, on_page)
        while (left := (settled - self._ports.clock.now()).total_seconds()) > 0 and not _ended(ran):
            if not self._wait(min(left, SLICE)):
                return Ran(False, ran.counts, stopped=True, read_until=ran.read_until)
        while not _ended(ran):
            ran = self._replay(settled, on_page)
            if ran.finished:
                break
            if not self._wait(POLL_SECONDS):
                return Ran(False, ran.counts, stopped=True, read_until=ran.read_until)
        return ran

    def unrepeated(self, mark: datetime) -> Ran:
        """Look at all changes before ``mark`` that were not repeated. Writes no item; one that differs is a problem."""
        repeating = self._mirror
        self._mirror = UnrepeatedChanges(
            self._items,
            self._pair,
            reads=self._source_calls,
            writes=self._target_calls,
            clock=self._ports.clock,
            random=self._ports.random,
        )
        try:
            return self.drain(mark)
        finally:
            self._mirror = repeating

    def verify(self, *, fenced: bool, sweep: bool = False, on_page: Progress | None = None) -> Verified:
        """Compare both tables by digests, and items that differ one by one; repair those from the source.

        Before the fence, items that are being changed do not count as different. After it, only equal digests do.
        Items of the target that are nowhere in the source are a problem, unless ``sweep``, which removes them.
        """
        capture, problems = self._here(), ProblemList()
        return Verification(
            self._ports,
            self._items,
            self._pair,
            self._mirror,
            self._source_calls,
            self._target_calls,
            problems,
            capture.segments,
            capture.sweep or sweep,
            self._stop,
            self._catch_up,
            on_page,
            self._yielded,
        ).run(fenced=fenced)

    def forget(self) -> None:
        """Delete the checkpoints of this direction, after the work is recorded as done elsewhere."""
        capture = self.captured
        if capture is not None:
            for work in ("copy", "sweep", "stream"):
                self._work_of(capture, work).drop()
        # The last one, because it tells which others there are.
        self._work("capture", self._started_as).drop()
        self._works.clear()

    # Parts

    def _here(self) -> Capture:
        capture = self.captured
        if capture is None:
            raise RuntimeError("capture() comes first")
        return capture

    def _replay(self, mark: datetime, on_page: Progress | None) -> Ran:
        capture, problems = self._here(), ProblemList()
        if self._turned_off(capture):
            return Ran(False, trimmed=True)
        self._running = Replay(
            self._streams,
            self._pair,
            capture,
            self._work_of(capture, "stream"),
            self._mirror,
            self._stream_calls,
            self._ports.clock,
            self._ports.parallel,
            problems,
            self._stop,
            on_page,
            self._iterators,
            0.0 if self._ports.emulator else READ_PAUSE,
        )
        return self._running.run(mark)

    def _catch_up(self) -> None:
        ran = self.drain(self._ports.clock.now())
        if ran.error is not None:
            raise ran.error
        if ran.stopped:
            raise Interrupted(STOPPED)

    def _wait(self, seconds: float) -> bool:
        return not self._stop() and self._ports.clock.sleep(seconds)

    def _calls(self, side: Side, limits: RateLimits) -> GuardedCalls:
        ports = self._ports
        watch = IdentityWatch(ports, side.table, side.identity)
        governor = Governor(ports.clock, ports.random, limits)
        return GuardedCalls(ports.clock, ports.random, ports.store, watch, governor)

    def _scan(self, capture: Capture, work: str, side: Side, calls: GuardedCalls) -> SegmentedScan:
        checkpoints = self._work_of(capture, work)
        return SegmentedScan(
            self._items,
            calls,
            self._ports.parallel,
            checkpoints,
            side.table,
            capture.segments,
            page_items=PAGE_ITEMS,
        )

    def _work_of(self, capture: Capture, work: str) -> Checkpoints:
        return self._work(work, f"{self._started_as} {capture.attempt} {capture.segments}")

    def _work(self, work: str, started_as: str) -> Checkpoints:
        found = self._works.get(f"{work} {started_as}")
        if found is None:
            source = self._pair.source
            found = self._works[f"{work} {started_as}"] = Checkpoints(
                self._ports.store,
                self._recorded,
                table=source.table,
                work=work,
                identity=source.identity,
                started_as=started_as,
            )
        return found

    # The stream

    def _stream(self) -> tuple[str, StreamView]:
        """The ARN and view of the stream of the source, which is turned on if it is off."""
        found = self._described()
        if not (found.get("StreamSpecification") or {}).get("StreamEnabled"):
            wanted = {"StreamEnabled": True, "StreamViewType": VIEW}
            self._source_calls.check()
            self._ports.api.write(
                Call("UpdateTable", {"TableName": self._pair.source.table, "StreamSpecification": wanted})
            )
            found = self._described()
        specification = found.get("StreamSpecification") or {}
        if not specification.get("StreamEnabled") or found.get("TableStatus") != "ACTIVE":
            name = self._pair.source.table
            raise Busy("UpdateTable", "StreamStarting", f"the stream of {name} is being turned on")
        # A view cannot be changed while the stream has readers of others, so the one that is there is used.
        return found["LatestStreamArn"], cast(StreamView, specification["StreamViewType"])

    def _turned_off(self, capture: Capture) -> bool:
        """Whether the table has no stream any more, or another one. Changes are lost then."""
        found = self._source_calls.read(self._described, lambda _: 0.0)
        enabled = (found.get("StreamSpecification") or {}).get("StreamEnabled")
        return not enabled or found.get("LatestStreamArn") != capture.arn

    def _described(self) -> Mapping[str, Any]:
        return self._items.describe(self._pair.source.table)

    def _needs_sweep(self, view: StreamView) -> bool:
        """Whether records do not tell the former key in the target: without old images, unless the key tells it."""
        moves = not set(self._pair.target.keys) <= set(self._pair.source.keys)
        return moves and view in ("KEYS_ONLY", "NEW_IMAGE")


def _ended(ran: Ran) -> bool:
    """Whether waiting is of no use."""
    return ran.problems.any or ran.trimmed or ran.stopped or ran.error is not None
