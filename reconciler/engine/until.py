"""Items of one table under the deadline of a run: none is begun after it. Used by ``acting`` around seeding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TypeVar

from reconciler.engine.ports import Clock, Parallel

T = TypeVar("T")
R = TypeVar("R")


class OutOfTime(Exception):
    """The deadline of the run has passed."""


class UntilDeadline:
    """The ``Parallel`` port over another one; ``succeeded`` counts the results that are ``True``."""

    def __init__(self, inner: Parallel, clock: Clock, deadline: datetime | None) -> None:
        self._inner = inner
        self._clock = clock
        self._deadline = deadline
        self.succeeded = 0

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """As the inner one; ``OutOfTime`` in the place of the first item that was not begun."""

        def in_time(item: T) -> R:
            if self._deadline is not None and self._clock.now() >= self._deadline:
                raise OutOfTime
            return function(item)

        for result in self._inner.map(in_time, items):
            self.succeeded += result is True
            yield result
