"""Retries with exponential back-off until success, a final error, or the end of the process.

Used by the wiring and the daemon, which both wait for an endpoint that does not answer yet.
"""

# Not tenacity or stamina: this is all that both callers need of them, and both wait on the process's stop event.

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")


def pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds between tries: ``first``, then twice as long each time, at most ``longest``. Never ends."""
    pause = first
    while True:
        yield pause
        pause = min(pause * 2, longest)


def retry(
    work: Callable[[], T],
    errors: tuple[type[Exception], ...],
    sleep: Callable[[float], bool],
    on_error: Callable[[Exception, float], None],
    *,
    first: float,
    longest: float,
) -> T | None:
    """The result of ``work``, or ``None`` when ``sleep`` returns False because the process is to stop.

    One of ``errors`` leads to another try. ``on_error`` hears of it, with the seconds until that try, and raises to
    give up. Every other exception is raised at once.
    """
    for pause in pauses(first, longest):
        try:
            return work()
        except errors as error:
            on_error(error, pause)
        if not sleep(pause):
            break
    return None
