"""Caches the text of the series of all tables while none of them changes. Used by ``Metrics``.

With thousands of tables, that text is most of a scrape, and a pass changes few of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from reconciler.engine.loop_status import LoopStatus
from reconciler.model.report import PassReport, TableReport

Encode = Callable[[CollectorRegistry], bytes]


class TableTextCache:
    """Caches the text of the last content type; ``changes`` returns a number that grows with every count.

    Thread-safe; while one thread builds a new text, the others wait for it.
    """

    def __init__(self, registry: CollectorRegistry, loop_status: LoopStatus, changes: Callable[[], int]) -> None:
        self._registry = registry
        self._loop_status = loop_status
        self._changes = changes
        self._lock = threading.Lock()
        self._made: tuple[str, int, tuple[TableReport, ...], bytes] | None = None

    def text(self, content_type: str, encode: Encode) -> bytes:
        """The encoded registry, from the cache where nothing has changed."""
        with self._lock:
            report, changes = self._loop_status.report, self._changes()
            tables = _tables(report)
            if self._made is not None:
                known_type, known_changes, known_tables, text = self._made
                if known_type == content_type and known_changes == changes and known_tables == tables:
                    return text
            text = encode(self._registry)
            if self._loop_status.report is report and self._changes() == changes:
                self._made = (content_type, changes, tables, text)
            return text


def _tables(report: PassReport | None) -> tuple[TableReport, ...]:
    return report.tables if report is not None else ()
