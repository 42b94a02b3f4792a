"""The spans of the tables of one pass, entered from several threads and ended together. Used by ``Traces``."""

from __future__ import annotations

import threading
import time

from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode, Tracer

from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.traces import attributes


class TableSpans:
    """One span per table and pass, although a pass enters a table several times: to observe, change and seed it."""

    def __init__(self, tracer: Tracer, parent: Context, pass_id: str | None) -> None:
        self.pass_id = pass_id
        self._tracer = tracer
        self._parent = parent
        self._spans: dict[str, Span] = {}
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()

    def enter(self, name: str) -> Span:
        """The span of the table, started at the first call."""
        with self._lock:
            span = self._spans.get(name)
            if span is None:
                span = self._tracer.start_span(f"table {name}", self._parent, attributes={attributes.TABLE: name})
                if self.pass_id is not None:
                    span.set_attribute(attributes.PASS_ID, self.pass_id)
                self._spans[name] = span
            return span

    def leave(self, name: str) -> None:
        """Where the span ends, unless it is entered again."""
        self._left[name] = time.time_ns()

    def end(self, report: PassReport | None) -> None:
        """End every span at the moment it was last left, with what the report says of its table."""
        with self._lock:
            spans, self._spans = self._spans, {}
        known = {table.name: table for table in report.tables} if report is not None else {}
        for name, span in spans.items():
            table = known.get(name)
            if table is not None:
                _describe(span, table)
            span.end(self._left.get(name))


def _describe(span: Span, table: TableReport) -> None:
    span.set_attributes(attributes.of_table(table))
    if table.status is TableStatus.ERROR:
        span.set_status(Status(StatusCode.ERROR, table.error))
