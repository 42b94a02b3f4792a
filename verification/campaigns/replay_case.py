"""One case of the campaign ``replay`` as data: two tables, a stream, writers, faults, and what the service does."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

SHAPES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("id S",), ("customer S", "id S")),
    (("id S",), ("ref S",)),
    (("customer S", "id S"), ("id S", "customer S")),
    (("id S",), ("place N", "id S")),
)
"""The key of the table, and that of the one that follows it."""
VIEWS = (None, None, "NEW_AND_OLD_IMAGES", "OLD_IMAGE", "NEW_IMAGE", "KEYS_ONLY")
"""The view of the stream that the table has before; without one the product turns a stream on."""
FAULTS = ("crash_before", "crash_after", "lost", "throttled", "paused")
"""``paused``: right before a call is sent, the process stands still, and another one outwaits its lease and goes on."""
SERVICE = ("split", "roll", "minutes", "day")
"""Shards split, or are closed as every four hours; iterators expire; the records of a day are dropped."""
ACTIONS = ("put", "touch", "delete", "recreate", "move", "swap", "hand_over", "expire", "back_and_forth")
ENGINES = ("scan", "bulk", "import")
"""What copies the items: this process, or jobs of the service, of which an import makes the other table itself."""
MOMENTS = ("crash_before", "crash_after")
ROOM = 290
"""Calls of a case without faults in which each is a place for a death."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fault of call ``at``, or what others do right before it. Calls are counted over all processes."""

    at: int
    kind: str
    key: int = 0


@dataclass(frozen=True, slots=True)
class ReplayCase:
    """``page`` is the number of items and of records of a page; ``together`` puts items in transactions.

    ``lag`` is the most seconds until a record can be read. ``repeats`` and ``empties`` are shares of iterators that
    begin too early, and of pages without records. ``engine`` copies the items; each job of the service takes ``takes``
    seconds, and the first ``fails`` of them fail half-way, or so many imports and one export less. With ``hides``,
    nobody sees the table of an import before its end; with ``leaves``, a failed one leaves it half filled.
    """

    shape: int
    view: str | None = None
    items: int = 7
    segments: int = 2
    page: int = 3
    shards: int = 2
    lag: float = 0.0
    repeats: float = 0.0
    empties: float = 0.0
    together: bool = False
    engine: str = "scan"
    takes: float = 0.0
    fails: int = 0
    events: tuple[Event, ...] = ()
    seed: int = 0
    hides: bool = False
    leaves: bool = False


def death(number: int) -> ReplayCase:
    """One death at one call of one shape, with the same writers each time: the cases below ``deaths()``."""
    rest, moment = divmod(number, len(MOMENTS))
    rest, at = divmod(rest, ROOM)
    engine, shape = divmod(rest, len(SHAPES))
    writes = [Event(8 + 9 * index, ACTIONS[index % len(ACTIONS)], index * 3) for index in range(22)]
    crash = Event(at, MOMENTS[moment])
    if ENGINES[engine] != "scan":
        fails = 1 if ENGINES[engine] == "import" and shape % 2 else 0
        return ReplayCase(
            shape,
            engine=ENGINES[engine],
            takes=40.0,
            fails=fails,
            events=(crash, *writes),
            seed=shape,
            hides=shape > 1,
            leaves=True,
        )
    return ReplayCase(shape, together=at % 2 == 1, events=(crash, *writes), seed=shape)


def deaths() -> int:
    """The number of places for a death."""
    return len(ENGINES) * len(SHAPES) * ROOM * len(MOMENTS)


def draw(number: int) -> ReplayCase:
    """A case with writers, a service that does not stand still, and several faults."""
    rng = Random(number)
    items = rng.choice((0, 1, 4, 7, 12))
    calls = 60 + items * 14
    events = [Event(rng.randrange(calls), rng.choice(FAULTS)) for _ in range(rng.choice((0, 1, 2, 3, 4, 6)))]
    events += [
        Event(rng.randrange(calls), rng.choices(SERVICE, (6, 6, 3, 1))[0]) for _ in range(rng.choice((0, 1, 2, 4)))
    ]
    events += [
        Event(rng.randrange(calls), rng.choice(ACTIONS), rng.randrange(60)) for _ in range(rng.choice((0, 5, 15, 40)))
    ]
    # One fault a call; others may do several things before it.
    faults = {event.at: event for event in events if event.kind in FAULTS}
    kept = [event for event in events if event.kind not in FAULTS or faults[event.at] is event]
    together = rng.random() < 0.5
    by_jobs = not together and rng.random() < 0.5
    return ReplayCase(
        rng.randrange(len(SHAPES)),
        rng.choice(VIEWS),
        items,
        rng.choice((1, 2, 3)),
        rng.choice((1, 2, 3, 50)),
        rng.choice((1, 2, 4)),
        # The records of an emulator come at once.
        rng.choice((0.0, 0.2)) if together else rng.choice((0.0, 0.0, 0.2, 3.0)),
        rng.choice((0.0, 0.5)),
        rng.choice((0.0, 0.3)),
        together,
        rng.choice(("bulk", "import")) if by_jobs else "scan",
        rng.choice((0.0, 4.0, 40.0)) if by_jobs else 0.0,
        rng.choice((0, 0, 1, 2)) if by_jobs else 0,
        tuple(sorted(kept, key=lambda event: (event.at, event.kind, event.key))),
        number,
        hides=rng.random() < 0.5,
        leaves=rng.random() < 0.5,
    )
