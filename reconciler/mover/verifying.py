"""Compares a table with the one that follows it, by digests, and items that differ one by one. Used by ``Follower``.

Both tables are read whole, in segments at once. The digests are the proof that nothing is missing, changed or added,
whatever the stream delivered. Before the fence an item may differ because it was changed between the two readings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import field, replace

from reconciler.engine.context import EngineContext
from reconciler.model.desired import Item
from reconciler.model.errors import ApiError, Interrupted, LeaseLost, TableChanged
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Checkpoint
from reconciler.mover.calls import STOPPED, GuardedCalls
from reconciler.mover.checkpoints import Checkpoints
from reconciler.mover.comparing import Differences, differences
from reconciler.mover.conflicts import shown_key
from reconciler.mover.digest import TableDigest, item_digest, key_text
from reconciler.mover.follower_problems import FOREIGN, LATE, UNFIT, ProblemList, Undecided
from reconciler.mover.follower_types import Pair, Side, Verified
from reconciler.mover.mirror import Mirror, place_of
from reconciler.mover.ports import MoverItems, Page, ScanRequest
from reconciler.mover.preflight import groups, unfit
from reconciler.mover.scan import SegmentedScan
from reconciler.seeding.digest import canonical

CATCH_UPS = 3
"""Replays before items that differ behind the fence are looked at one by one."""

Progress = Callable[[Mapping[str, int]], None]


class _Changing(Exception):
    """The source changed between two readings that have to agree."""


class _Failed(Exception):
    def __init__(self, error: ApiError | None) -> None:
        self.error = error
        super().__init__("a table could not be read whole")


@dataclass(slots=True)
class Verification:
    """One comparison, with the repair of what differs. ``sweeps`` tells that items that are nowhere in the source are
    removed from the target; else they are a problem.

    ``yielded`` are the digests of items of the target that gave way to another one at the switch. The source lacks them
    for good, so they are neither compared nor a problem, for as long as no application has changed them.
    """

    ports: EngineContext
    items: MoverItems
    pair: Pair
    mirror: Mirror
    reads: GuardedCalls
    writes: GuardedCalls
    problems: ProblemList
    segments: int
    sweeps: bool
    stop: Callable[[], bool]
    catch_up: Callable[[], None]
    on_page: Progress | None = None
    yielded: Set[int] = frozenset()
    _counts: dict[str, int] = field(default_factory=dict)
    _given_up: set[int] = field(default_factory=set)
    _back_again: set[int] = field(default_factory=set)

    def run(self, *, fenced: bool) -> Verified:
        """Compare, repair, and compare again after a repair. Raises ``LeaseLost`` and ``TableChanged``."""
        try:
            return self._run(fenced)
        except Interrupted:
            return self._ended(None, None, stopped=True)
        except _Changing:
            self._count("changing")
            return self._ended(None, None)
        except _Failed as failed:
            return self._ended(None, None, error=failed.error, stopped=failed.error is None)
        except (LeaseLost, TableChanged):
            raise
        except ApiError as error:
            return self._ended(None, None, error=error)

    def _run(self, fenced: bool) -> Verified:
        source, target = self._digests(fenced)
        buckets = source.differing(target)
        for _ in range(CATCH_UPS if fenced else 1):
            if not buckets or self.problems.listed().any:
                break
            # The last records of a stream may come late, which is no reason to look at single items.
            self.catch_up()
            if fenced:
                source, target = self._digests(fenced)
                buckets = source.differing(target)
        if not buckets:
            return self._ended(source, target)
        wrote = False
        for found in differences(self._source, self._target, self.pair.target.keys, buckets, self._chosen()):
            wrote = self._resolve(found, fenced) or wrote
        if not fenced:
            # Each item that differed was looked at, and is equal now or being changed.
            return replace(self._ended(source, target), equal=not self.problems.listed().any)
        if wrote and not self.problems.listed().any:
            # Only the digests of both tables as they are now prove anything.
            source, target = self._digests(fenced)
        return self._ended(source, target)

    def _ended(
        self,
        source: TableDigest | None,
        target: TableDigest | None,
        error: ApiError | None = None,
        *,
        stopped: bool = False,
    ) -> Verified:
        whole = source is not None and target is not None
        equal = source is not None and target is not None and not source.differing(target)
        problems = self.problems.listed()
        return Verified(
            equal and not problems.any,
            target.count if target is not None else 0,
            source.hexdigest() if whole and source is not None else "",
            target.hexdigest() if whole and target is not None else "",
            self._counts.get("differing", 0),
            self._counts.get("repaired", 0),
            self._counts.get("changing", 0),
            problems,
            error,
            stopped,
            frozenset(self._given_up) if whole else frozenset(),
        )

    def _count(self, name: str) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1

    # Reading

    def _digests(self, fenced: bool) -> tuple[TableDigest, TableDigest]:
        """Both sides, by the key of the target."""
        keys = self.pair.target.keys
        kept, losers = self._winners() if self.pair.rule.resolves else (None, set[int]())
        self._given_up, self._back_again = set(), set()
        source = self._digest(self.pair.source, self.reads, keys, kept)
        if fenced and self._given_up != losers:
            # Somebody wrote between the two readings: what was left out may be an item that no rule has looked at.
            raise _Changing
        return source, self._digest(self.pair.target, self.writes, keys, None)

    def _digest(
        self, side: Side, calls: GuardedCalls, keys: Sequence[str], kept: Mapping[str, str] | None
    ) -> TableDigest:
        digest, lock = TableDigest(keys), threading.Lock()

        def handle(page: Page) -> Mapping[str, int]:
            if self.stop():
                raise Interrupted(STOPPED)
            fit = [item for item in page.items if self._fits(side, item, kept)]
            with lock:
                for item in fit:
                    digest.add(item)
            return {"compared": len(page.items)}

        checkpoints = Checkpoints(
            _NoRecords(), {}, table=side.table, work="verify", identity=side.identity, started_as="verify"
        )
        scan = SegmentedScan(self.items, calls, self.ports.parallel, checkpoints, side.table, self.segments)
        result = scan.run(handle, self.on_page)
        if not result.finished:
            if isinstance(result.error, (LeaseLost, TableChanged)):
                raise result.error
            raise _Failed(result.error)
        return digest

    def _fits(self, side: Side, item: Item, kept: Mapping[str, str] | None) -> bool:
        """Whether an item belongs into the comparison. One that has no place in the target is a problem."""
        if side is not self.pair.source:
            return not (self.yielded and self._has_yielded(item))
        for broken in unfit(item, self.pair.target.spec):
            self.problems.add(Undecided(UNFIT, f"{shown_key(item, side.keys)}: {broken}"))
            return False
        if self.yielded:
            self._back_again.update({item_digest(item)} & self.yielded)
        if kept is not None:
            winner = kept.get(key_text(item, self.pair.target.keys))
            if winner is not None and winner != key_text(item, side.keys):
                self._given_up.add(item_digest(item))
                return False
        return True

    def _has_yielded(self, item: Item) -> bool:
        """Whether an item of the target gave way at the switch, and no application has put it into the source since."""
        digest = item_digest(item)
        return digest in self.yielded and digest not in self._back_again

    def _winners(self) -> tuple[dict[str, str], set[int]]:
        """By key of the target that several items of the source have, the key of the one that stays, as text; and the
        digests of all others of these items."""
        found = groups(self._source, self.pair.target.keys)
        kept, losers = dict[str, str](), set[int]()
        for key, items in found.items():
            winner = self.pair.rule.stays(items)
            kept[key] = key_text(winner, self.pair.source.keys)
            losers |= {item_digest(item) for item in items if item is not winner}
        return kept, losers

    def _chosen(self) -> Callable[[list[Item]], Item] | None:
        return self.pair.rule.stays if self.pair.rule.resolves else None

    def _source(self) -> Iterator[Item]:
        return (
            item for item in self._read(self.pair.source, self.reads) if not any(unfit(item, self.pair.target.spec))
        )

    def _target(self) -> Iterator[Item]:
        return self._read(self.pair.target, self.writes)

    def _read(self, side: Side, calls: GuardedCalls) -> Iterator[Item]:
        start: Item | None = None
        while True:
            if self.stop():
                raise Interrupted(STOPPED)
            request = ScanRequest(side.table, start=start)
            page = calls.read(lambda request=request: self.items.scan_page(request), lambda page: page.units)  # type: ignore[misc]
            yield from page.items
            start = page.last_key
            if start is None:
                return

    # Items that differ

    def _resolve(self, found: Differences, fenced: bool) -> bool:
        """Look at each of them again, on both sides. Returns whether anything was written."""
        wrote = False
        for item in (*found.missing, *(ours for _, ours in found.changed)):
            self._count("differing")
            wrote = self._item(self.pair.source.key_of(item), fenced) or wrote
        for item in found.extra:
            self._count("differing")
            wrote = self._extra(item, fenced) or wrote
        return wrote

    def _item(self, key: Item, fenced: bool) -> bool:
        """An item of the source that is missing or another one in the target."""
        item = self.mirror.find(key)
        place = None if item is None else place_of(self.pair.target, item)
        standing = None if place is None else self.mirror.standing(place)
        if item is None or (standing is not None and canonical(standing) == canonical(item)):
            self._count("changing")
            return False
        if fenced and self.pair.back and not self.sweeps:
            # Everything was replayed, so that somebody else has changed or deleted it in the former table.
            self.problems.add(Undecided(LATE, shown_key(key, self.pair.source.keys)))
            return False
        try:
            self.mirror.carry(key)
        except Undecided as found:
            self.problems.add(found)
            return False
        self._count("repaired" if fenced else "changing")
        return True

    def _extra(self, item: Item, fenced: bool) -> bool:
        """An item of the target whose key no item of the source has."""
        if self._has_yielded(item):
            return False
        place, owner = self.pair.target.key_of(item), self.mirror.owner(item)
        now = None if owner is None else self.mirror.find(owner)
        there = None if now is None else place_of(self.pair.target, now)
        if owner is not None and there is not None and canonical(there) == canonical(place):
            # Somebody put it into the source after the source was read.
            self._count("changing")
            return False
        if owner is not None and self.sweeps and fenced:
            if self.mirror.remove(place, owner):
                self._count("repaired")
            return True
        if fenced:
            kind = LATE if self.pair.back else FOREIGN
            self.problems.add(Undecided(kind, shown_key(place, self.pair.target.keys)))
        else:
            # A deletion or a moved key may still have to be replayed.
            self._count("changing")
        return False


class _NoRecords:
    """Checkpoints of work that only reads: they are kept in memory."""

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        del checkpoint

    def drop_checkpoint(self, name: str) -> None:
        del name
