"""Waiting for something that must happen, with a deadline that outlasts a loaded machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 120.0
"""Seconds. For waits whose duration is not asserted; the limit of pytest is 180."""
T = TypeVar("T")


def eventually(
    state: Callable[[], T], what: str | Callable[[], str] = "", seconds: float = PATIENCE, pause: float = 0.05
) -> T:
    """Ask for the state until it is true, and return it. ``AssertionError`` with the last state after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (last := state()):
        if time.monotonic() > deadline:
            reported = what() if callable(what) else what
            raise AssertionError(f"not within {seconds:.0f} s: {reported}; last seen: {last!r}")
        time.sleep(pause)
    return last
