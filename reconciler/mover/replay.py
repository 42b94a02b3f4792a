"""Replays the changes of a stream, shard by shard, parents before children. Used by ``Follower``.

A record says which item has changed and where it was before; what the item is now, ``Mirror`` reads from the table. So
the same records may come twice, or from an older checkpoint. A round reads one page of several shards at once and
carries the items of all of them, each item in one thread, which reads several together. The checkpoints follow after
all of them are carried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from reconciler.engine.ports import Clock, Parallel
from reconciler.model.desired import Item
from reconciler.model.errors import (
    ApiError,
    Forbidden,
    Interrupted,
    LeaseLost,
    NotFound,
    TableChanged,
    Unsupported,
)
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Checkpoint
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.checkpoints import Checkpoints, total
from reconciler.mover.digest import key_text
from reconciler.mover.follower_problems import ProblemList, Undecided
from reconciler.mover.follower_types import Capture, Pair, Ran
from reconciler.mover.lineages import READ_UP_TO, Lineages, at_text
from reconciler.mover.mirror import Mirror, Readings, place_of
from reconciler.mover.stream_ports import (
    ITERATOR_LIFE,
    IteratorExpired,
    RecordPage,
    Shard,
    Start,
    StreamApi,
    StreamRecord,
    StreamTrimmed,
)

AT_ONCE = 8
"""Shards whose pages are in memory at a time. A page holds up to 1 MB."""
READ_PAUSE = 0.25
"""Seconds between two readings of a shard. The service answers about five a second, for all readers together."""
EMPTY_PAGES = 3
"""Pages without records after which an open shard counts as read. The service may return some before later records."""
SAVE_IDLE = timedelta(minutes=10)
"""How often the checkpoint of a shard without changes is written. It tells from when on records may be missing."""
RECORDS = "records"

FEW, TOGETHER = 4, 25
"""Least and most items that a thread reads in one request. Each of them may have 400 KB."""

Progress = Callable[[Mapping[str, int]], None]
Change = tuple[Item, tuple[Item, ...]]
"""The key of an item of the source, and the keys that it may have had in the target."""


class RecordsLost(Exception):
    """Changes are no longer in the stream, or never were. The copy has to start again."""


@dataclass(frozen=True, slots=True)
class _Read:
    """One page of one shard, and when its reading began."""

    shard: Shard
    page: RecordPage
    began: datetime


@dataclass(slots=True)
class Replay:
    """The replay of one capture. ``iterators`` are kept between calls: an old one has passed empty pages."""

    streams: StreamApi
    pair: Pair
    capture: Capture
    checkpoints: Checkpoints
    mirror: Mirror
    calls: GuardedCalls
    clock: Clock
    parallel: Parallel
    problems: ProblemList
    stop: Callable[[], bool]
    on_page: Progress | None = None
    iterators: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    pause: float = 0.0
    """Seconds between two readings of one shard."""
    read_until: datetime | None = None
    _empty: dict[str, int] = field(default_factory=dict)
    _stuck: set[str] = field(default_factory=set)
    _read_at: dict[str, float] = field(default_factory=dict)
    _one_by_one: bool = False
    """Whether the source refuses to read several items in one request."""

    def run(self, mark: datetime | None = None) -> Ran:
        """Replay until every shard is read to its end, or, with a ``mark``, past the changes of that time."""
        self._empty, self._stuck = {}, set()
        try:
            finished = self._run(mark)
        except Interrupted:
            return self._ran(stopped=True)
        except RecordsLost:
            return self._ran(trimmed=True)
        except (TableChanged, LeaseLost):
            raise
        except ApiError as error:
            return self._ran(error=error)
        return self._ran(finished=finished)

    def _ran(
        self, *, finished: bool = False, trimmed: bool = False, stopped: bool = False, error: ApiError | None = None
    ) -> Ran:
        problems = self.problems.listed()
        counts = total(self.checkpoints.named(name).counts for name in self.checkpoints.names())
        return Ran(finished and not problems.any, counts, problems, trimmed, error, stopped, self.read_until)

    def _run(self, mark: datetime | None) -> bool:
        lineages = self._listed()
        while True:
            ready = lineages.ready(self._passed)
            if not ready:
                return not self._stuck and self._at_the_end(lineages)
            for start in range(0, len(ready), AT_ONCE):
                if self.stop():
                    raise Interrupted("the caller stops")
                if self._round(lineages, ready[start : start + AT_ONCE], mark):
                    # A shard was closed: its children may be new.
                    lineages = self._listed()

    def _passed(self, shard: str) -> bool:
        return shard in self._stuck or self._empty.get(shard, 0) >= EMPTY_PAGES

    def _at_the_end(self, lineages: Lineages) -> bool:
        """Whether there is nothing to wait for: a closed shard without children has them a moment later."""
        return all(self._passed(leaf.id) for leaf in lineages.leaves())

    def _listed(self) -> Lineages:
        shards, after = list[Shard](), None
        while True:
            try:
                page = self.calls.read(lambda after=after: self.streams.shards(self.capture.arn, after), lambda _: 1.0)  # type: ignore[misc]
            except NotFound:
                raise RecordsLost from None
            if not page.enabled:
                # Changes since then are nowhere, also if it is turned on again: that is another stream.
                raise RecordsLost
            shards += page.shards
            after = page.after
            if after is None:
                break
        lineages = Lineages(shards, self.checkpoints, self.capture.at)
        for name in lineages.outdated():
            self.checkpoints.drop_named(name)
        return lineages

    def _round(self, lineages: Lineages, shards: Sequence[Shard], mark: datetime | None) -> bool:
        """Read one page of each shard and carry its items. Returns whether a shard was read to its end."""
        self._wait(shards)
        read = list(self.parallel.map(lambda shard: self._page(lineages, shard), shards))
        changed = self._changes(record for each in read for record in each.page.records)
        outcomes = [end for ends in self.parallel.map(self._carry_some, _parts(list(changed.values()))) for end in ends]
        undecided = {key for key, outcome in zip(changed, outcomes, strict=True) if outcome is None}
        closed = False
        for each in read:
            if any(key_text(record.key, self.pair.source.keys) in undecided for record in each.page.records):
                # The checkpoint stays before the item that a person has to decide about.
                self._stuck.add(each.shard.id)
                self.iterators.pop(each.shard.id, None)
                continue
            closed = self._done(lineages, each, mark) or closed
        if self.on_page is not None and changed:
            self.on_page(total([{RECORDS: sum(len(each.page.records) for each in read)}, *map(_counted, outcomes)]))
        return closed

    def _wait(self, shards: Sequence[Shard]) -> None:
        """A shard is read a few times a second at most: others read it too, and all share its limit."""
        now = self.clock.monotonic()
        seconds = max(self._read_at.get(shard.id, now - self.pause) + self.pause - now for shard in shards)
        if seconds > 0 and not self.clock.sleep(seconds):
            raise Interrupted("the process is to stop")
        self._read_at.update(dict.fromkeys((shard.id for shard in shards), self.clock.monotonic()))

    def _page(self, lineages: Lineages, shard: Shard) -> _Read:
        """The next page of one shard. Runs in a thread."""
        while True:
            began = self.clock.now()
            iterator = self._iterator(lineages, shard, began)
            try:
                page = self.calls.read(lambda iterator=iterator: self.streams.records(iterator), lambda _: 1.0)  # type: ignore[misc]
            except IteratorExpired:
                self.iterators.pop(shard.id, None)
            except StreamTrimmed:
                # A record was dropped between the two calls.
                self.iterators.pop(shard.id, None)
                if not lineages.nothing_dropped(shard, began):
                    raise RecordsLost from None
            except NotFound:
                raise RecordsLost from None
            else:
                return _Read(shard, page, began)

    def _iterator(self, lineages: Lineages, shard: Shard, now: datetime) -> str:
        kept = self.iterators.get(shard.id)
        if kept is not None and now - kept[1] < ITERATOR_LIFE:
            return kept[0]
        after = lineages.of(shard).position
        if after is not None:
            try:
                return self._begin(shard, Start(after))
            except StreamTrimmed:
                # The record at the position is gone, which is no loss as long as those behind it are kept.
                pass
        if not lineages.nothing_dropped(shard, now):
            raise RecordsLost
        return self._begin(shard, Start())

    def _begin(self, shard: Shard, start: Start) -> str:
        try:
            return self.calls.read(lambda: self.streams.iterator(self.capture.arn, shard.id, start), lambda _: 1.0)
        except NotFound:
            raise RecordsLost from None

    def _changes(self, records: Iterable[StreamRecord]) -> dict[str, Change]:
        """By item of the source, its key and the keys that it may have had in the target."""
        found: dict[str, tuple[Item, dict[str, Item]]] = {}
        for record in records:
            _, places = found.setdefault(key_text(record.key, self.pair.source.keys), (record.key, {}))
            for image in (record.old, record.new):
                place = None if image is None else place_of(self.pair.target, image)
                if place is not None:
                    places[key_text(place, self.pair.target.keys)] = place
            if place_of(self.pair.target, record.key) is not None:
                # The new key is a part of the former one, so it never moves, and a deletion needs no image.
                place = self.pair.target.key_of(record.key)
                places[key_text(place, self.pair.target.keys)] = place
        return {name: (key, tuple(places.values())) for name, (key, places) in found.items()}

    def _carry_some(self, changes: Sequence[Change]) -> list[str | None]:
        """Carry some items, read together; ``None`` for one that a person has to decide about. Runs in a thread."""
        read: Readings = {}
        if len(changes) > 1 and not self._one_by_one:
            try:
                read = self.mirror.find_some([key for key, _ in changes])
            except (Forbidden, Unsupported):
                # Policies from before this read need not allow it.
                self._one_by_one = True
        return [self._carry(change, read) for change in changes]

    def _carry(self, change: Change, read: Readings) -> str | None:
        key, former = change
        try:
            return self.mirror.carry(key, former, read)
        except Undecided as found:
            self.problems.add(found)
            return None

    def _done(self, lineages: Lineages, each: _Read, mark: datetime | None) -> bool:
        """Move the checkpoint behind the page. Returns whether the shard is read to its end."""
        shard, page = each.shard, each.page
        checkpoint = lineages.of(shard)
        if page.following is None:
            self.iterators.pop(shard.id, None)
        else:
            self.iterators[shard.id] = (page.following, each.began)
        if page.records:
            last = page.records[-1]
            self._empty.pop(shard.id, None)
            self.read_until = max(filter(None, (self.read_until, last.created)))
            read = max(last.created, lineages.known_since(shard))
            if mark is not None and last.created > mark:
                self._empty[shard.id] = EMPTY_PAGES
        elif page.following is not None:
            self._empty[shard.id] = self._empty.get(shard.id, 0) + 1
            last, read = None, each.began
        else:
            last, read = None, lineages.known_since(shard)
        if last is None and page.following is not None and not self._saves_idle(lineages, shard, read):
            return False
        self.checkpoints.save(_behind(checkpoint, page, last, read))
        return page.following is None

    def _saves_idle(self, lineages: Lineages, shard: Shard, read: datetime) -> bool:
        # One page without records may be followed by older ones, several are not.
        return self._passed(shard.id) and read - lineages.known_since(shard) >= SAVE_IDLE


def _parts(changes: Sequence[Change]) -> list[Sequence[Change]]:
    """The changes in parts that threads carry at the same time."""
    size = min(TOGETHER, max(FEW, len(changes) // AT_ONCE))
    return [changes[start : start + size] for start in range(0, len(changes), size)]


def _behind(checkpoint: Checkpoint, page: RecordPage, last: StreamRecord | None, read: datetime) -> Checkpoint:
    return replace(
        checkpoint,
        position=checkpoint.position if last is None else last.sequence,
        finished=page.following is None,
        counts=total([checkpoint.counts, {RECORDS: len(page.records)}]),
        data={READ_UP_TO: at_text(read)},
    )


def _counted(outcome: str | None) -> dict[str, int]:
    return {} if outcome is None else {outcome: 1}
