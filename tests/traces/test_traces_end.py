"""The end of the process: the last spans are sent or dropped in time, and spans are complete however a pass ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode
from support.waiting import PATIENCE

from reconciler.engine.ports import ApiExchange
from reconciler.model.report import PassReport, TableReport, TableStatus
from reconciler.system import Threads
from reconciler.traces import exporting
from reconciler.traces.spans import Traces

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Kept(SpanExporter):
    """Keeps what is sent; ``held`` is waited for first, where it is given."""

    def __init__(self, held: threading.Event | None = None) -> None:
        self.spans: list[ReadableSpan] = []
        self._held = held

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._held is not None:
            self._held.wait(PATIENCE)
        self.spans += spans
        return SpanExportResult.SUCCESS


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    exporter = Kept()
    monkeypatch.setattr(exporting, "OTLPSpanExporter", lambda: exporter)
    return exporter


def report(*tables: TableReport) -> PassReport:
    return PassReport("p1", "once", "default", NOW, NOW, None, tables, stack="s")


def one(kept: Kept, name: str) -> ReadableSpan:
    [span] = [span for span in kept.spans if span.name == name]
    return span


def parent(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def ident(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


def test_closing_sends_what_waits(kept: Kept) -> None:
    traces = Traces(("otlp",))
    traces.call("ListTables", "success", 0.1, ApiExchange())
    traces.close()
    assert one(kept, "DynamoDB.ListTables").parent is None


def test_closing_does_not_wait_for_a_collector_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    held = threading.Event()
    silent = Kept(held)
    monkeypatch.setattr(exporting, "OTLPSpanExporter", lambda: silent)
    monkeypatch.setattr(exporting, "FLUSH_SECONDS", 0.2)
    traces = Traces(("otlp",))
    traces.call("ListTables", "success", 0.1, ApiExchange())
    traces.close()
    assert silent.spans == []
    assert [record.message for record in caplog.records] == ["the last traces were not sent within 0.2 s"]
    held.set()


def test_a_table_that_a_pass_comes_back_to_is_one_span_from_whatever_threads(kept: Kept) -> None:
    traces, threads = Traces(("otlp",)), Threads(4)

    def look(name: str) -> None:
        with traces.table(name):
            traces.call("DescribeTable", "success", 0.0, ApiExchange((name,)))

    with traces.whole_pass("p1", "once") as finish:
        list(threads.map(look, ["users", "orders", "bills"]))
        list(threads.map(look, ["users", "orders"]))
        drifted = TableReport("users", TableStatus.DRIFTED, drifted=("ttl",))
        finish(report(drifted, TableReport("orders", TableStatus.ERROR, error="refused")))
    threads.close()
    traces.close()
    whole, users = one(kept, "pass"), one(kept, "table users")
    assert {parent(one(kept, f"table {name}")) for name in ("users", "orders", "bills")} == {ident(whole)}
    assert len([span for span in kept.spans if parent(span) == ident(users)]) == 2
    assert dict(users.attributes or {})["reconciler.table.drifted"] == ("ttl",)
    assert users.status.status_code is StatusCode.UNSET
    assert one(kept, "table orders").status.status_code is StatusCode.ERROR
    assert whole.status.status_code is StatusCode.ERROR


def test_a_pass_that_raises_ends_its_spans_and_the_next_one_starts_a_new_trace(kept: Kept) -> None:
    traces = Traces(("otlp",))
    with pytest.raises(KeyError), traces.whole_pass("p1", "once"), traces.table("users"):
        raise KeyError("a bug")
    with traces.whole_pass("p2", "once") as finish:
        finish(report())
    traces.close()
    first, second = (span for span in kept.spans if span.name == "pass")
    assert first.status.status_code is StatusCode.ERROR
    assert second.parent is None
    assert parent(one(kept, "table users")) == ident(first)


def test_a_table_span_outside_of_a_pass_contains_its_calls(kept: Kept) -> None:
    traces = Traces(("otlp",))
    with traces.table("users"):
        traces.call("PutItem", "success", 0.0, ApiExchange(("users",)))
    traces.close()
    assert parent(one(kept, "DynamoDB.PutItem")) == ident(one(kept, "table users"))


def test_sibling_services_are_labelled_by_their_own_names(kept: Kept) -> None:
    traces = Traces(("otlp",))
    traces.call("application-autoscaling:RegisterScalableTarget", "success", 0.0, ApiExchange())
    traces.close()
    messages = dict(one(kept, "Application Auto Scaling.RegisterScalableTarget").attributes or {})
    assert "db.system.name" not in messages


def test_retries_of_the_sdk_are_counted_on_the_call(kept: Kept) -> None:
    traces = Traces(("otlp",))
    traces.call("ListTables", "success", 0.0, ApiExchange(metadata={"RetryAttempts": 2, "HTTPStatusCode": 200}))
    traces.close()
    assert dict(one(kept, "DynamoDB.ListTables").attributes or {})["http.request.resend_count"] == 2


def test_a_failing_exporter_is_reported_once_and_so_is_its_recovery(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    results = iter([False, False, True, False])

    class Fickle(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return SpanExportResult.SUCCESS if next(results) else SpanExportResult.FAILURE

    telling = exporting.ReportingExporter(Fickle())
    for _ in range(4):
        telling.export(())
    lost, found = "traces cannot be sent and are dropped; passes continue", "traces are sent again"
    assert [record.message for record in caplog.records] == [lost, found, lost]


def test_more_spans_wait_than_one_pass_over_thousands_of_tables_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    exporter = Kept(held)
    monkeypatch.setattr(exporting, "OTLPSpanExporter", lambda: exporter)
    traces = Traces(("otlp",))
    with traces.whole_pass("p1", "once") as finish:
        for number in range(2500):
            with traces.table(f"t{number}"):
                traces.call("DescribeTable", "success", 0.0, ApiExchange((f"t{number}",)))
        finish(report())
    held.set()
    traces.close()
    assert len(exporter.spans) == 5001


def test_the_queue_can_be_set_by_its_standard_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "600")
    seen: dict[str, Any] = {}
    given = exporting.BatchSpanProcessor

    def noted(exporter: SpanExporter, max_queue_size: int | None) -> Any:
        seen["size"] = max_queue_size
        return given(exporter, max_queue_size=max_queue_size)

    monkeypatch.setattr(exporting, "BatchSpanProcessor", noted)
    Traces(("console",)).close()
    assert seen == {"size": None}
