"""One case of the campaign ``migrations`` as data: a table, a migration, writers, faults, and how processes end."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

VARIANTS = ("group", "cents", "where", "rename", "constant")
FAULTS = ("crash_before", "crash_after", "lost", "throttled", "paused")
"""``paused``: right before a call is sent, the process stands still, and another one outwaits its lease and goes on."""
ACTIONS = ("put", "touch", "age", "delete", "delete_and_put", "move")
MOMENTS = ("crash_before", "crash_after")
ITEMS, ROOM = 9, 96
"""Items of the table in which every call is a place for a death, and places for each variant."""


@dataclass(frozen=True)
class Event:
    """A fault of call ``at``, or what a writer does right before it. Calls are counted over all processes."""

    at: int
    kind: str
    key: int = 0


@dataclass(frozen=True)
class MigrationCase:
    """``variant`` names the migration; ``page`` is the number of items of a page."""

    variant: str
    items: int = ITEMS
    segments: int = 2
    page: int = 3
    events: tuple[Event, ...] = ()
    down: bool = False
    """Whether it is undone after it was applied."""


def death(number: int) -> MigrationCase:
    """One death at one call of one variant, without writers: the cases below ``deaths()``."""
    rest, moment = divmod(number, len(MOMENTS))
    variant, at = divmod(rest, ROOM)
    return MigrationCase(VARIANTS[variant], events=(Event(at, MOMENTS[moment]),))


def deaths() -> int:
    """The number of places for a death."""
    return len(VARIANTS) * ROOM * len(MOMENTS)


def draw(number: int) -> MigrationCase:
    """A case with writers and several faults."""
    rng = Random(number)
    items = rng.choice((0, 1, 5, 9, 14))
    calls = 12 + items * 4
    events = [Event(rng.randrange(calls), rng.choice(FAULTS)) for _ in range(rng.choice((0, 1, 2, 3, 5)))]
    events += [
        Event(rng.randrange(calls), rng.choice(ACTIONS), rng.randrange(items + 3)) for _ in range(rng.randint(0, 14))
    ]
    # One fault per call; a writer may do several things before it.
    faults = {event.at: event for event in events if event.kind in FAULTS}
    kept = [event for event in events if event.kind in ACTIONS or faults[event.at] is event]
    return MigrationCase(
        rng.choice(VARIANTS),
        items,
        rng.choice((1, 2, 3)),
        rng.choice((1, 2, 3, 50)),
        tuple(sorted(kept, key=lambda event: (event.at, event.kind, event.key))),
        rng.random() < 0.25,
    )
