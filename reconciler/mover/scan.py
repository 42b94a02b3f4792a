"""Reads all items of a table in segments, page by page, from where an earlier process stopped.

Each segment has a checkpoint, which is stored after its page was handled. Segments run at the same time. The reads are
consistent: an item that was written a moment ago must not be missed
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import field

from reconciler.engine.ports import Parallel
from reconciler.model.errors import ApiError, Interrupted, LeaseLost, Malformed, TableChanged
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Checkpoint
from reconciler.mover.calls import GuardedCalls
from reconciler.mover.checkpoints import Checkpoints, advanced, key_of_text, total
from reconciler.mover.ports import MoverItems, Page, ScanRequest, Where

ITEMS_PER_SEGMENT = 1_000
PAGE_ITEMS = 200
"""Items of one page. What a killed process did after its last checkpoint is at most one page per segment."""

Handle = Callable[[Page], Mapping[str, int]]
"""Works on the items of one page, all of them, and returns counts. Raises to leave the checkpoint before the page."""


class PageFailed(Exception):
    """A handler could not do all items of its page. The segment stops before the page; the others go on."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts
        super().__init__("some items of the page failed")


@dataclass(frozen=True, slots=True)
class ScanResult:
    """``counts`` are those of all parts, earlier runs included. ``error`` and ``stopped`` say why it ended early."""

    finished: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    error: ApiError | None = None
    stopped: bool = False
    """Whether the process is to stop."""


def segments_for(items: int, most: int) -> int:
    """The number of segments for a table with about so many items, at most ``most``."""
    return max(1, min(most, -(-items // ITEMS_PER_SEGMENT)))


@dataclass(frozen=True, slots=True)
class SegmentedScan:
    """One Scan of a whole table. ``segments`` must be the same in each process that resumes it."""

    items: MoverItems
    calls: GuardedCalls
    parallel: Parallel
    checkpoints: Checkpoints
    table: str
    segments: int
    where: Where | None = None
    page_items: int = PAGE_ITEMS

    def run(self, handle: Handle, on_page: Callable[[Mapping[str, int]], None] | None = None) -> ScanResult:
        """Handle every page of every segment that is not finished. ``on_page`` gets the counts of pages, one by one.

        Stops all segments on ``TableChanged`` and ``LeaseLost``; another error stops its segment alone.
        """
        halted: list[ApiError | Interrupted] = []
        ends: list[_End] = []
        lock = threading.Lock()

        def counted(counts: Mapping[str, int]) -> None:
            if on_page is not None:
                with lock:
                    on_page(counts)

        try:
            numbers = range(self.segments)
            ends += self.parallel.map(lambda number: self._segment(number, handle, counted, halted), numbers)
        except Interrupted as stop:
            halted.append(stop)
        parts = self.checkpoints.parts(self.segments)
        counts = total([*(part.counts for part in parts), *(end.failed for end in ends)])
        errors = [each for each in (*halted, *(end.error for end in ends)) if isinstance(each, ApiError)]
        return ScanResult(
            finished=all(part.finished for part in parts),
            counts=counts,
            error=next(iter(errors), None),
            stopped=any(isinstance(each, Interrupted) for each in halted),
        )

    def _segment(
        self,
        number: int,
        handle: Handle,
        on_page: Callable[[Mapping[str, int]], None],
        halted: list[ApiError | Interrupted],
    ) -> _End:
        part = self.checkpoints.part(number)
        while not part.finished and not halted:
            try:
                part, counts = self._page(number, part, handle)
            except PageFailed as failed:
                return _End(failed=failed.counts)
            except (TableChanged, LeaseLost, Interrupted) as error:
                halted.append(error)
            except ApiError as error:
                return _End(error=error)
            else:
                on_page(counts)
        return _End()

    def _page(self, number: int, part: Checkpoint, handle: Handle) -> tuple[Checkpoint, Mapping[str, int]]:
        start = None if part.position is None else key_of_text(part.position)
        request = ScanRequest(self.table, number, self.segments, start, self.page_items, self.where)
        page = self.calls.read(lambda: self.items.scan_page(request), lambda page: page.units)
        if page.last_key is not None and page.last_key == start:
            raise Malformed("Scan", "RepeatedKey", "a page ends where it began, so the Scan would never end")
        counts = {"scanned": page.scanned, **handle(page)}
        after = advanced(part, page.last_key, counts)
        self.checkpoints.save(after)
        return after, counts


@dataclass(frozen=True, slots=True)
class _End:
    """How one segment ended."""

    error: ApiError | None = None
    failed: Mapping[str, int] = field(default_factory=dict)
