"""The ``Tracing`` port on OpenTelemetry: a span a pass, a table and a call, named by its semantic conventions.

Built by ``start`` where traces are wanted. The span of the pass stands in the context of its thread; worker threads
run in copies of that context, so a call finds its table and a table its pass in whatever thread it is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from reconciler import __version__
from reconciler.engine.ports import ApiExchange
from reconciler.model.plan import Step
from reconciler.model.report import PassReport, Verdict
from reconciler.traces import attributes
from reconciler.traces.exporting import NAME, Exporting
from reconciler.traces.tables import TableSpans

_PASS: ContextVar[TableSpans | None] = ContextVar("pass", default=None)


class Traces:
    """``exporters`` as ``wanted`` names them. ``close`` at the end of the process."""

    def __init__(self, exporters: Sequence[str]) -> None:
        self._exporting = Exporting(exporters)
        self._tracer = self._exporting.provider.get_tracer(NAME, __version__)

    @contextmanager
    def whole_pass(self, pass_id: str, trigger: str) -> Iterator[Callable[[PassReport], None]]:
        """The root span of a pass and, at its end, the ends of the spans of its tables."""
        about = {attributes.PASS_ID: pass_id, attributes.TRIGGER: trigger}
        with self._tracer.start_as_current_span(
            "pass", attributes=about, record_exception=False, set_status_on_exception=True
        ) as span:
            tables = TableSpans(self._tracer, context.get_current(), pass_id)
            token = _PASS.set(tables)

            def finish(report: PassReport) -> None:
                span.set_attributes(attributes.of_pass(report))
                if report.verdict is Verdict.ERROR:
                    span.set_status(Status(StatusCode.ERROR, report.error or "a table or a declaration failed"))
                tables.end(report)

            try:
                yield finish
            finally:
                _PASS.reset(token)
                tables.end(None)

    @contextmanager
    def table(self, name: str) -> Iterator[None]:
        """The span of a table: one a pass however often it is entered; outside of a pass one each time."""
        tables = _PASS.get()
        alone = tables is None
        if tables is None:
            tables = TableSpans(self._tracer, context.get_current(), None)
        token = context.attach(trace.set_span_in_context(tables.enter(name)))
        try:
            yield
        finally:
            context.detach(token)
            tables.leave(name)
            if alone:
                tables.end(None)

    def call(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        """A span that ended now and began ``seconds`` ago, below whatever span is at hand."""
        ended = time.time_ns()
        service, method = attributes.service_of(operation)
        span = self._tracer.start_span(
            f"{service}.{method}",
            kind=SpanKind.CLIENT,
            attributes=attributes.of_call(service, method, exchange),
            start_time=ended - int(seconds * 1e9),
        )
        tables = _PASS.get()
        if tables is not None and tables.pass_id is not None:
            span.set_attribute(attributes.PASS_ID, tables.pass_id)
        if exchange.code is not None:
            span.set_attribute(attributes.ERROR_TYPE, exchange.code)
            span.set_status(Status(StatusCode.ERROR, result))
        span.end(ended)

    def step(self, step: Step) -> None:
        """An event of the table at hand."""
        trace.get_current_span().add_event("step", attributes.of_step(step))

    def close(self) -> None:
        """Send the last spans, within a time limit."""
        self._exporting.close()
