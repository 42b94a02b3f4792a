"""Carries single items from a table to the one that follows it. Used by the copy, the replay and the verification.

An item is always read from the source, consistently, shortly before it is written, and what changes in between has a
record that is replayed later. So the newest state wins without any mark on the item, and it does not matter how often,
or in which order, changes are replayed. In the target, too, each item has the attributes of its key in the source. They
tell whose place a key of the target is: no write ever replaces the item of another key of the source, unless that one
was read and has left the place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

from reconciler.engine.ports import Clock, Random
from reconciler.model.desired import Item
from reconciler.model.errors import Busy, ConditionFailed, Interrupted
from reconciler.mover.calls import STOPPED, GuardedCalls
from reconciler.mover.conflicts import shown_key
from reconciler.mover.digest import bucket_of, key_text
from reconciler.mover.follower_problems import COLLISION, FOREIGN, LEFT, UNFIT, Undecided
from reconciler.mover.follower_types import Pair, Side
from reconciler.mover.ports import MoverItems
from reconciler.mover.preflight import KEY_BYTES, unfit
from reconciler.seeding.digest import canonical

TRIES = 50
"""Attempts at one item that somebody keeps changing."""
COLLIDES = 4
"""Times that two items are found at one key before that is a problem. An application may write the one first and
delete the other a moment later."""
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
STRIPES = 64
Readings = Mapping[str, Item | None]
WRITTEN, REMOVED, GONE, YIELDED = "written", "removed", "gone", "yielded"


def place_of(side: Side, item: Item) -> Item | None:
    """The key that an item has in a table; ``None`` if it cannot have one there."""
    for element in side.spec.keys:
        value = item.get(element.attribute)
        if value is None or element.type not in value or value[element.type] in ("", b""):
            return None
        content = value[element.type]
        if (
            element.type != "N"
            and len(content.encode() if isinstance(content, str) else content) > KEY_BYTES[element.role]
        ):
            return None
    return side.key_of(item)


def same_key(one: Item, other: Item) -> bool:
    """Whether two keys of one table are equal; numbers are, in every notation."""
    return canonical(one) == canonical(other)


class Mirror:
    """Carries items of the source of ``pair`` to its target. Threads may share it, each with other keys of the source.

    ``reads`` are the calls to the source, ``writes`` those to the target.
    """

    def __init__(
        self, items: MoverItems, pair: Pair, *, reads: GuardedCalls, writes: GuardedCalls, clock: Clock, random: Random
    ) -> None:
        self._items = items
        self._pair = pair
        self._reads = reads
        self._writes = writes
        self._clock = clock
        self._random = random
        self._locks = tuple(threading.Lock() for _ in range(STRIPES))

    def carry(self, key: Item, former: Iterable[Item] = (), read: Readings | None = None) -> str:
        """Make the target have the item of this key of the source as it is now, and nothing of it elsewhere.

        ``former`` are keys that the item may have had in the target. ``read`` are readings of the source from a moment
        ago: only for a caller that learns later of what has changed since. Returns what was done: ``written``,
        ``removed``, ``gone`` (there was nothing to remove) or ``yielded`` (by the rule for conflicts). Raises
        ``Undecided``, and the errors of ``GuardedCalls``.
        """
        name = key_text(key, self._pair.source.keys)
        item = read[name] if read is not None and name in read else self.find(key)
        end, placed = self._place(key, item)
        for place in former:
            if (placed is None or not same_key(place, placed)) and self.remove(place, key):
                end = REMOVED if end is GONE else end
        return end

    def find(self, key: Item) -> Item | None:
        """The item of the source with this key, read consistently."""
        return self._reads.read(lambda: self._items.find(self._pair.source.table, key), lambda found: found.units).item

    def find_some(self, keys: Sequence[Item]) -> Readings:
        """The items of the source with these keys, ``None`` for a free one, by ``key_text``; perhaps not of all."""
        source = self._pair.source
        found = self._reads.read(lambda: self._items.find_some(source.table, keys), lambda some: some.units)
        unread = {key_text(key, source.keys) for key in found.unread}
        read: dict[str, Item | None] = {key_text(key, source.keys): None for key in keys}
        read |= {key_text(item, source.keys): item for item in found.items}
        return {name: item for name, item in read.items() if name not in unread}

    def standing(self, place: Item) -> Item | None:
        """The item of the target with this key, read consistently."""
        table = self._pair.target.table
        return self._writes.read(lambda: self._items.find(table, place), lambda found: found.units).item

    def owner(self, item: Item) -> Item | None:
        """The key that an item of the target has in the source; ``None`` if it cannot be from there."""
        return place_of(self._pair.source, item)

    def remove(self, place: Item, owner: Item) -> bool:
        """Delete the item of the target at this key if it is that of ``owner``. Returns whether it was."""
        try:
            with self._lock(place):
                table = self._pair.target.table
                self._writes.write(lambda: self._items.remove(table, place, owner), lambda units: units)
        except ConditionFailed:
            return False
        return True

    def _place(self, key: Item, item: Item | None) -> tuple[str, Item | None]:
        """Write the item to its place, which is returned; ``None`` if it is gone or yields to another one."""
        pause, collides = FIRST_PAUSE, 0
        for _ in range(TRIES):
            if item is None:
                return GONE, None
            for broken in unfit(item, self._pair.target.spec):
                raise Undecided(UNFIT, f"{shown_key(key, self._pair.source.keys)}: {broken}")
            place = self._pair.target.key_of(item)
            with self._lock(place):
                if self._put(item, key):
                    return WRITTEN, place
                collision = self._taken(key, item, place)
            if collision is None:
                return WRITTEN, place
            if isinstance(collision, _Collision):
                collides += 1
                if self._pair.rule.resolves:
                    return YIELDED, None
                if collides >= COLLIDES:
                    raise Undecided(COLLISION, collision.sentence(self._pair))
            if not self._clock.sleep(self._random.uniform(0, pause)):
                raise Interrupted(STOPPED)
            pause = min(pause * 2, LONGEST_PAUSE)
            item = self.find(key)
        raise Busy(
            "PutItem", "ItemBusy", f"somebody changed the item {shown_key(key, self._pair.source.keys)} {TRIES} times"
        )

    def _taken(self, key: Item, item: Item, place: Item) -> _Again | _Collision | None:
        """The key of the target is not free: find out whose it is. ``None`` if the item is there in the end.

        The place is locked, so that nobody else writes to it between the reads and the write.
        """
        standing = self.standing(place)
        if standing is None:
            return _Again()
        owner = self.owner(standing)
        if owner is None:
            raise Undecided(FOREIGN, shown_key(place, self._pair.target.keys))
        if same_key(owner, key):
            # Our own write, whose answer was lost, or an older state of the item.
            return None if canonical(standing) == canonical(item) else _Again()
        now = self.find(key)
        if now is None or canonical(now) != canonical(item):
            return _Again()
        rival = self.find(owner)
        if rival is None or not self._at(rival, place):
            # What is there is outdated: its owner has left, and its own change is still to be replayed.
            return None if self._put(item, owner) else _Again()
        if self._pair.rule.resolves and self._pair.rule.stays([rival, item]) is item:
            return None if self._put(item, owner) else _Again()
        return _Collision(key, owner, place)

    def _at(self, item: Item, place: Item) -> bool:
        found = place_of(self._pair.target, item)
        return found is not None and same_key(found, place)

    def _put(self, item: Item, former: Item) -> bool:
        target = self._pair.target
        try:
            self._writes.write(lambda: self._items.put(target.table, item, target.keys, former), lambda units: units)
        except ConditionFailed:
            return False
        return True

    def _lock(self, place: Item) -> threading.Lock:
        return self._locks[bucket_of(key_text(place, self._pair.target.keys)) % STRIPES]


class UnrepeatedChanges(Mirror):
    """Carries nothing: an item that a change has left in the source alone is a problem."""

    def carry(self, key: Item, former: Iterable[Item] = (), read: Readings | None = None) -> str:
        """Look at the item on both sides. Raises ``Undecided`` where the target does not have it as it is."""
        del former
        name = key_text(key, self._pair.source.keys)
        item = read[name] if read is not None and name in read else self.find(key)
        if item is None:
            return GONE
        place = place_of(self._pair.target, item)
        standing = None if place is None else self.standing(place)
        if standing is None or canonical(standing) != canonical(item):
            raise Undecided(LEFT, shown_key(key, self._pair.source.keys))
        return WRITTEN


class _Again:
    """Something changed in the meantime."""


class _Collision:
    """Two items of the source have one key in the target."""

    def __init__(self, key: Item, rival: Item, place: Item) -> None:
        self._key, self._rival, self._place = key, rival, place

    def sentence(self, pair: Pair) -> str:
        """Both keys, in an order that does not depend on which of them was read first."""
        names = sorted(shown_key(key, pair.source.keys) for key in (self._key, self._rival))
        return f"{shown_key(self._place, pair.target.keys)} of {' and '.join(names)}"
