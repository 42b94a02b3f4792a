"""Reports how far long work on the items of a table is, at most once a second: copying, clearing, comparing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field

from reconciler.engine.context import EngineContext
from reconciler.engine.ports import WorkProgress
from reconciler.model.desired import Item
from reconciler.model.lazy_dataclass import dataclass

REPORT_SECONDS = 1.0


@dataclass(slots=True)
class WorkMeter:
    """The work on the items of one table. ``with progress.of("copying", total):`` surrounds each part of it."""

    ports: EngineContext
    table: str
    what: str = ""
    total: int | None = None
    done: int = 0
    _began: float = field(init=False, default=0.0)
    _reported: float = field(init=False, default=0.0)

    @contextmanager
    def of(self, what: str, total: int, *, quiet: bool = False) -> Iterator[None]:
        """A part of the work: its name, and about how many items it has; 0 if nobody knows.

        The end of a ``quiet`` one is reported only if it took long enough to be reported before.
        """
        self.what, self.total, self.done = what, total or None, 0
        self._began = self._reported = self.ports.clock.monotonic()
        try:
            yield
        finally:
            if not quiet or self._reported > self._began:
                self._report(ended=True)
            self.what = ""

    def advance(self, items: int) -> None:
        """So many more items are done."""
        self.done += items
        if self.what and self.ports.clock.monotonic() - self._reported >= REPORT_SECONDS:
            self._report()

    def counted(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each of which is counted when it is asked for."""
        for item in items:
            self.advance(1)
            yield item

    def _report(self, *, ended: bool = False) -> None:
        self._reported = self.ports.clock.monotonic()
        seconds = self._reported - self._began
        total = None if self.total is None else max(self.total, self.done)
        self.ports.telemetry.working(WorkProgress(self.table, self.what, seconds, self.done, total, ended=ended))
