"""Rounds of contenders that take turns, so that a change of the machine's load meets all of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.figures import Sample

LEAST_ROUNDS = 3
"""Rounds that are measured even where a group of contenders has used up its time."""
TOO_LONG = 15.0
"""Seconds. An optional contender that takes longer is measured once: its digits matter less than the others' rounds."""


class BenchmarkError(Exception):
    """A contender did not do what is measured: it failed, or its result is wrong."""


@dataclass(frozen=True)
class Contender:
    """Somebody who does the work that is measured.

    ``run`` does it once and returns the figure, usually seconds. ``before`` prepares a run and is not timed.
    ``optional`` contenders (the peers) are dropped with a note where they fail; a failure of any other ends the goal.
    """

    name: str
    run: Callable[[], float]
    before: Callable[[], object] = lambda: None
    optional: bool = False
    rounds: int | None = None
    """At most so many rounds; ``None`` for all."""


def measure(
    contenders: Sequence[Contender],
    rounds: int,
    seconds: float,
    note: Callable[[str], None],
    *,
    warm: bool = True,
    least: int = LEAST_ROUNDS,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Sample]:
    """Let the contenders take turns and return the sample of each.

    Args:
        contenders: who is measured; each round begins with another one.
        rounds: how many rounds.
        seconds: once this time is used up, no round begins after the first ``least``.
        note: called with a sentence where an optional contender fails.
        warm: whether each contender runs once before the first round without being counted.
        least: how many rounds are measured however long they take.
        clock: a steady clock in seconds.

    Raises:
        BenchmarkError: a contender that is not optional failed.
    """
    values: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    running = list(contenders)

    def turn(contender: Contender, *, counts: bool) -> None:
        started = clock()
        value = _turn(contender, note)
        too_long = contender.optional and clock() - started > TOO_LONG
        if value is not None and (counts or too_long):
            values[contender.name].append(value)
        if value is None or too_long:
            running.remove(contender)

    if warm:
        for contender in contenders:
            turn(contender, counts=False)
    began = clock()
    for number in range(rounds):
        if number >= min(least, rounds) and clock() - began > seconds:
            break
        for contender in _rotated(list(running), number):
            if contender.rounds is None or number < contender.rounds:
                turn(contender, counts=True)
    return {name: Sample(tuple(found)) for name, found in values.items() if found}


def _turn(contender: Contender, note: Callable[[str], None]) -> float | None:
    try:
        contender.before()
        return contender.run()
    except (BenchmarkError, OSError) as error:
        if not contender.optional:
            raise
        note(f"{contender.name} was left out: {error}")
        return None


def _rotated(contenders: list[Contender], number: int) -> list[Contender]:
    start = number % len(contenders) if contenders else 0
    return contenders[start:] + contenders[:start]


def timed(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def progress(sentence: str) -> None:
    """Say on standard error what is measured now; the table goes to standard output."""
    print(sentence, file=sys.stderr, flush=True)
