"""Tells a watcher which seed is read at this moment, because a large one takes long.

``read_seed`` names it; the command line watches and shows it. A process reads one seed at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

ItemsRead = Callable[[], int]
"""How many items were read so far; 0 while a file is parsed as a whole."""


class Watcher(Protocol):
    """Who shows which seed is read."""

    def begin(self, path: str, items: ItemsRead) -> None:
        """This seed is read from now on."""

    def end(self) -> None:
        """It has been read."""

    def stop(self) -> None:
        """No seed is read any more."""


class _Watch:
    """A watcher that is made when the first seed is read: most commands read none."""

    def __init__(self, make: Callable[[], Watcher]) -> None:
        self._make = make
        self.watcher: Watcher | None = None
        self.reads = False

    def begin(self, path: str, items: ItemsRead) -> None:
        if self.watcher is None:
            self.watcher = self._make()
        self.reads = True
        self.watcher.begin(path, items)

    def end(self) -> None:
        self.reads = False
        if self.watcher is not None:
            self.watcher.end()


_watches: list[_Watch] = []
"""The last one is told."""


@contextmanager
def watched_by(make: Callable[[], Watcher]) -> Iterator[None]:
    """Let the watcher that ``make`` returns know of all seeds that this process reads meanwhile."""
    watch = _Watch(make)
    _watches.append(watch)
    try:
        yield
    finally:
        _watches.remove(watch)
        if watch.watcher is not None:
            watch.watcher.stop()


@contextmanager
def reading(path: str, items: ItemsRead) -> Iterator[None]:
    """The context in which a seed is read."""
    watch = _watches[-1] if _watches else None
    if watch is None:
        yield
        return
    watch.begin(path, items)
    try:
        yield
    finally:
        watch.end()


def is_reading() -> bool:
    """Whether a seed is read at this moment, of which a watcher knows."""
    return any(watch.reads for watch in _watches)
