"""The cases of the campaign ``renaming``: processes that die, writers, throttling, and what a person asks for.

``deaths`` enumerates the first kill of a calm move, at every call of it, before and after it takes effect.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from support.specs import keys, lsi

from reconciler.model.identity import Flavor

FLAVORS = (Flavor.DYNAMODB_LOCAL, Flavor.MOTO, Flavor.LOCALSTACK)
SHAPES: tuple[dict[str, Any], ...] = (
    {"keys": keys("pk S")},
    {"keys": keys("pk S", "id S")},
    {"keys": keys("id S")},
    {"keys": keys("pk S", "id S"), "local_indexes": (lsi("by_at", "at N"),)},
)
"""Of the new table; the former one has the first of them. Another name alone is the most frequent move."""
WAYS = ("loop", "at once", "beside", "cancelled")
"""Who moves the items: a pass by itself, `replace`, `replace --beside` and `--switch`, and that after `--cancel`."""
LAST_CALL = 290
"""No calm move of five items has more calls; see the slice, which checks that."""
EITHER = (False, True)


@dataclass(frozen=True, slots=True)
class RenamingCase:
    """``kills`` are (call, after it was applied) of one process each; ``writes`` name calls beside which others write.

    ``throttled`` are calls of the mover, ``page`` is the number of items and of records of one answer.
    """

    flavor: Flavor
    shape: int
    way: str
    items: int
    page: int
    kills: tuple[tuple[int, bool], ...] = ()
    writes: tuple[int, ...] = ()
    throttled: tuple[int, ...] = ()
    delay: float = 0.0
    lag: float = 0.0
    seed: int = 0


def deaths() -> int:
    """The number of enumerated cases."""
    return len(WAYS) * LAST_CALL * len(EITHER)


def death(number: int) -> RenamingCase:
    """A calm move whose first process dies at one call, and the second one at the same call of its own."""
    place, after = divmod(number, len(EITHER))
    way, call = divmod(place, LAST_CALL)
    kill = (call + 1, EITHER[after])
    return RenamingCase(FLAVORS[call % len(FLAVORS)], call % len(SHAPES), WAYS[way], 5, 100, (kill, kill), seed=number)


def draw(number: int) -> RenamingCase:
    """The case of that number."""
    dice = random.Random(number)
    return RenamingCase(
        dice.choice(FLAVORS),
        dice.choice((0, 0, 1, 2, 3)),
        dice.choice(WAYS),
        dice.choice((0, 1, 5, 9, 30)),
        dice.choice((1, 3, 100)),
        tuple((dice.randrange(1, LAST_CALL), dice.random() < 0.5) for _ in range(dice.randrange(5))),
        tuple(dice.randrange(60) for _ in range(dice.choice((0, 0, 1, 3, 8)))),
        tuple(dice.randrange(60) for _ in range(dice.choice((0, 0, 0, 5)))),
        dice.choice((0.0, 0.0, 2.0)),
        dice.choice((0.0, 0.0, 1.5)),
        number,
    )
