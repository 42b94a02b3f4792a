"""Copies all items of one table into another that nobody else writes to, while the first one is written to.

Used by ``Follower``. Each item is put only where its key is free. A page may be older than the table by the time that
it is written; the changes since are in the stream, which is replayed afterwards. So the copy ends before the replay
begins: a deletion that is replayed would otherwise be undone by a page that was read before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from reconciler.engine.context import EngineContext
from reconciler.engine.seed_writing import IN_TRANSACTIONS
from reconciler.model.desired import Item, Put
from reconciler.model.errors import ApiError, ConditionFailed, Interrupted, Malformed, Outcome, Unsupported
from reconciler.model.lazy_dataclass import dataclass
from reconciler.mover.calls import GIVES_UP, STOPPED, GuardedCalls
from reconciler.mover.conflicts import shown_key
from reconciler.mover.follower_problems import FOREIGN, ProblemList, Undecided
from reconciler.mover.follower_types import Pair
from reconciler.mover.mirror import Mirror, place_of
from reconciler.mover.ports import MoverItems, Page
from reconciler.mover.preflight import unfit
from reconciler.mover.scan import PageFailed
from reconciler.mover.sinks import in_requests
from reconciler.seeding.digest import canonical
from reconciler.seeds.item_rules import item_size

COPIED, PRESENT, CARRIED, UNDECIDED = "copied", "present", "carried", "undecided"
SWEPT, KEPT = "swept", "kept"

Counts = dict[str, int]


@dataclass(slots=True)
class TableCopy:
    """The handlers of the pages of both tables."""

    ports: EngineContext
    items: MoverItems
    pair: Pair
    mirror: Mirror
    writes: GuardedCalls
    problems: ProblemList
    stop: Callable[[], bool]
    _together: bool = field(init=False)

    def __post_init__(self) -> None:
        self._together = self.ports.endpoint.flavor in IN_TRANSACTIONS

    def page(self, page: Page) -> Mapping[str, int]:
        """Put the items of one page of the source. Runs in a thread for each segment."""
        counts: Counts = {}
        fit = [item for item in page.items if self._fits(item, counts)]
        for chunk in in_requests(fit, self.pair.target.keys, item_size):
            self._check()
            left = self._put_together(chunk, counts) if self._together and len(chunk) > 1 else chunk
            for item in left:
                self._check()
                self._single(item, counts)
        return self._ended(counts)

    def sweep(self, page: Page) -> Mapping[str, int]:
        """Delete the items of one page of the target whose item of the source is gone or has another key now."""
        counts: Counts = {}
        for item in page.items:
            self._check()
            place = self.pair.target.key_of(item)
            owner = self.mirror.owner(item)
            if owner is None:
                self._undecided(Undecided(FOREIGN, shown_key(place, self.pair.target.keys)), counts)
                continue
            now = self.mirror.find(owner)
            there = None if now is None else place_of(self.pair.target, now)
            stays = there is not None and canonical(there) == canonical(place)
            _add(counts, SWEPT if not stays and self.mirror.remove(place, owner) else KEPT)
        return self._ended(counts)

    def _check(self) -> None:
        if self.stop():
            raise Interrupted(STOPPED)

    @staticmethod
    def _ended(counts: Counts) -> Counts:
        if counts.get(UNDECIDED):
            raise PageFailed(counts)
        return counts

    def _undecided(self, found: Undecided, counts: Counts) -> None:
        self.problems.add(found)
        _add(counts, UNDECIDED)

    def _fits(self, item: Item, counts: Counts) -> bool:
        """An item that the target would refuse goes to the mirror, which reads it again before it says so."""
        if not any(unfit(item, self.pair.target.spec)):
            return True
        self._carry(item, counts)
        return False

    def _carry(self, item: Item, counts: Counts) -> None:
        try:
            self.mirror.carry(self.pair.source.key_of(item))
        except Undecided as found:
            self._undecided(found, counts)
        else:
            _add(counts, CARRIED)

    def _single(self, item: Item, counts: Counts) -> None:
        target = self.pair.target
        try:
            self.writes.write(lambda: self.items.put(target.table, item, target.keys, None), lambda units: units)
        except ConditionFailed:
            standing = self.mirror.standing(target.key_of(item))
            if standing is not None and canonical(standing) == canonical(item):
                _add(counts, PRESENT)
            else:
                self._carry(item, counts)
        else:
            _add(counts, COPIED)

    def _put_together(self, chunk: Sequence[Item], counts: Counts) -> Sequence[Item]:
        """Put the items in one transaction. Returns those that must be put singly.

        A transaction is refused as a whole; it is sent once more without the items whose keys are taken.
        """
        left, taken = list(chunk), list[Item]()
        for _ in range(2):
            token = self.ports.random.token()
            try:
                ends = self.writes.write(
                    lambda left=left, token=token: self.ports.items.put_together(  # type: ignore[misc]
                        self.pair.target.table, left, self.pair.target.keys, token
                    ),
                    lambda _, left=left: 2.0 * len(left),  # type: ignore[misc]
                ).ends
            except (Unsupported, Malformed):
                self._together = False
                break
            except ApiError as error:
                if isinstance(error, GIVES_UP) or error.outcome is not Outcome.NEVER:
                    raise
                break
            taken += [item for item, end in zip(left, ends, strict=True) if end is Put.PRESENT]
            written = sum(end is Put.WRITTEN for end in ends)
            if written:
                _add(counts, COPIED, written)
            left = [item for item, end in zip(left, ends, strict=True) if end not in (Put.WRITTEN, Put.PRESENT)]
            if not left or Put.REFUSED in ends or Put.BUSY in ends:
                break
        return [*left, *taken]


def _add(counts: Counts, name: str, count: int = 1) -> None:
    counts[name] = counts.get(name, 0) + count
