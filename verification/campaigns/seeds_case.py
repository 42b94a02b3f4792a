"""One case of the campaign ``seeds`` as data: versions of a seed, commands, faults, and foreign actions."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

VERBS = ("once", "once", "once", "pass", "seed", "update", "update", "clear")
FAULTS = (
    "crash_before",
    "crash_after",
    "crash_after",
    "lost",
    "throttled",
    "denied",
    "rejected",
    "unsupported",
    "stop",
)
ACTIONS = ("put", "put", "put_seed_item", "put_seed_item", "change", "add_attribute", "remove", "recreate", "drop")
KEYS = 9


@dataclass(frozen=True)
class Action:
    """A foreign action right before call ``at``. ``key`` names an item, or the item count of a recreated table."""

    at: int
    kind: str
    key: int = 0


@dataclass(frozen=True)
class Fault:
    """What goes wrong with call ``at``."""

    at: int
    kind: str


@dataclass(frozen=True)
class Phase:
    """One process: a verb with the seed of that version, what breaks, and what others do."""

    verb: str
    version: int = 0
    faults: tuple[Fault, ...] = ()
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class SeedCase:
    """``versions`` are the seed as written at different times: (key, content) of each item.

    ``batch`` and ``part`` are the sizes of a batch and of a record; ``seconds`` pass with each call.
    """

    versions: tuple[tuple[tuple[int, int], ...], ...]
    phases: tuple[Phase, ...]
    batch: int = 2
    part: int = 3
    seconds: float = 0.0
    together: bool = False
    """Whether the endpoint is one where seeds are written in transactions."""
    existing: tuple[int, ...] | None = None
    """Keys of items in a table that others made before; None for no table."""


def draw(number: int) -> SeedCase:
    """The case of that number."""
    rng = Random(number)
    first = tuple((key, 0) for key in sorted(rng.sample(range(KEYS), rng.randint(1, 7))))
    versions = [first]
    for content in (1, 2):
        kept = [one for one in versions[-1] if rng.random() < 0.6]
        again = [(key, content) for key, _ in versions[-1] if (key, _) not in kept and rng.random() < 0.5]
        taken = {key for key, _ in (*kept, *again)}
        added = [(key, content) for key in range(KEYS) if key not in taken and rng.random() < 0.2]
        versions.append(tuple(sorted((*kept, *again, *added))) or first)
    existing = tuple(rng.sample(range(KEYS), rng.randint(0, 4))) if rng.random() < 0.25 else None
    phases, version = [], 0
    for _ in range(rng.choice((1, 2, 2, 3, 4))):
        version = min(2, version + (rng.random() < 0.5))
        phases.append(_phase(rng, version))
    return SeedCase(
        tuple(versions),
        tuple(phases),
        batch=rng.choice((1, 2, 2, 3, 100)),
        part=rng.choice((1, 2, 3, 1000)),
        seconds=rng.choice((0.0, 0.0, 0.3, 0.9)),
        together=rng.random() < 0.5,
        existing=existing,
    )


def _phase(rng: Random, version: int) -> Phase:
    faults = tuple(Fault(rng.randint(0, 15), rng.choice(FAULTS)) for _ in range(rng.choice((0, 1, 1, 1, 2))))
    actions = tuple(
        Action(rng.randint(0, 15), rng.choice(ACTIONS), rng.randrange(KEYS))
        for _ in range(rng.choice((0, 0, 1, 1, 2, 4)))
    )
    return Phase(rng.choice(VERBS), version, faults, actions)
