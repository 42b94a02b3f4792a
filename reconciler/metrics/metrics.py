"""``Metrics`` turns what the engine reports through the Telemetry port into series and their text.

Built once by wiring; fed by the engine, the loop, the AWS client and the HTTP server, read by ``/metrics`` and by
one-shot commands at their end. Safe to call from several threads.
"""

from __future__ import annotations

import os
import platform
import threading
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    push_to_gateway,
    write_to_textfile,
)
from prometheus_client.exposition import choose_encoder

from reconciler import __version__
from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import labels
from reconciler.metrics.events import DriftCache, Events
from reconciler.metrics.state import LoopCollector, TableCollector
from reconciler.metrics.text_cache import TableTextCache, by_family
from reconciler.model.errors import SettingsError
from reconciler.model.plan import Action, Step, StepStatus
from reconciler.model.report import PassReport, TableReport, Verdict
from reconciler.output_files import is_stream

PUSH_JOB = "dynamodb_reconciler"
_EXEMPLAR_LIMIT = 64
"""OpenMetrics allows 128 characters for all labels of an exemplar."""


class Metrics:
    """Every series of the process; implements ``Telemetry``."""

    def __init__(self, loop_status: LoopStatus, table_detail: labels.TableDetail = "full") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._environment = loop_status.environment
        self._own = CollectorRegistry()
        of_whole, of_tables = CollectorRegistry(), CollectorRegistry()
        self._own.register(of_whole)
        self._own.register(of_tables)
        of_whole.register(LoopCollector(loop_status))
        of_tables.register(TableCollector(loop_status, table_detail))
        self._events = Events(of_whole, of_tables, self._environment)
        self._events.build_info.labels(
            __version__, os.environ.get("RECONCILER_REVISION") or "unknown", platform.python_version()
        ).set(1)
        self._table_text = TableTextCache(of_tables, loop_status, lambda: self._events.changes)
        self._whole = CollectorRegistry()
        self._whole.register(of_whole)
        ProcessCollector(registry=self._whole)
        PlatformCollector(registry=self._whole)
        GCCollector(registry=self._whole)
        self._names_tables = table_detail == "full"
        self._drift = DriftCache()
        self._last_seen: dict[str, TableReport] = {}
        """By name; a converging run carries the tables of earlier rounds along, whose seeds were counted then."""
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        """The series of each operation and result that occurred."""

    def request(self, operation: str, result: str, seconds: float) -> None:
        """One request to the endpoint ended; ``result`` is ``success`` or the class of the error."""
        known = self._requests.get((operation, result))
        if known is None:
            # ``labels`` takes a lock and makes texts of its arguments, for each of thousands of requests in a pass.
            known = self._requests[operation, result] = (
                self._events.aws_requests.labels(operation, result),
                self._events.aws_duration.labels(labels.request_type(operation)),
            )
        requests, durations = known
        requests.inc()
        durations.observe(seconds)

    def retry(self, operation: str) -> None:
        """The SDK sent a request again."""
        self._events.aws_retries.labels(operation).inc()

    def pass_started(self, pass_id: str, trigger: str) -> None:
        """Nothing to count: whether a pass runs is read from the board."""

    def pass_finished(self, report: PassReport) -> None:
        """A pass ended: count it, its seed items and the drift it was the first to see."""
        with self._lock:
            newly_drifted = tuple(self._drift.newly_drifted(report))
            news = [table for table in report.tables if self._last_seen.get(table.name) is not table]
            self._last_seen = {table.name: table for table in report.tables}
        for table in news:
            if table.declaration is not None:
                self._events.initialize_table(self._label(table.name), table.facets)
                self._count_seed(table)
        for name, facet in newly_drifted:
            self._events.drifted(self._label(name), facet)
        self._count_pass(report.trigger, report.verdict)
        seconds = max(0.0, (report.finished - report.started).total_seconds())
        self._events.pass_duration.labels(self._environment).observe(
            seconds, exemplar={"pass_id": report.pass_id[:_EXEMPLAR_LIMIT]}
        )
        self._table_text.renew()

    def pass_crashed(self, trigger: str) -> None:
        """A pass raised instead of reporting."""
        self._count_pass(trigger, Verdict.ERROR)

    def pass_skipped(self, reason: str) -> None:
        """A scheduled pass did not take place: ``overlap``, ``missed`` or ``error``."""
        self._events.passes_skipped.labels(self._environment, labels.known(reason, labels.SKIP_REASONS)).inc()

    def step(self, pass_id: str, table: str, step: Step) -> None:  # noqa: ARG002
        """A step was carried out or failed."""
        if step.status not in (StepStatus.DONE, StepStatus.FAILED):
            return
        result = "success" if step.status is StepStatus.DONE else "failure"
        self._events.step_ended(self._label(table), step.action.value, result)

    def http_request(self, method: str, route: str, status_code: int, seconds: float) -> None:
        """One request to our own server ended; ``route`` is the template of the route, never the path."""
        values = (labels.known(method, labels.METHODS), route, labels.code_class(status_code))
        self._events.http_requests.labels(*values).inc()
        self._events.http_duration.labels(*values).observe(seconds)

    def exposition(self, accept_header: str) -> tuple[str, bytes]:
        """Content type and text of every series, OpenMetrics where the Accept header asks for it."""
        encode, content_type = choose_encoder(accept_header)
        whole, tables = encode(self._whole), self._table_text.text(content_type, by_family(encode))
        return content_type, tables.text + whole

    def compressed(self, accept_header: str) -> tuple[str, bytes]:
        """As ``exposition``, as gzip. The series of all tables are compressed once for as long as none changes."""
        encode, content_type = choose_encoder(accept_header)
        whole, tables = encode(self._whole), self._table_text.text(content_type, by_family(encode))
        return content_type, tables.deflated().gzip_with(whole)

    def write_textfile(self, path: str) -> None:
        """Write our own families to ``path``, by renaming a finished file into its place; links are followed.

        A device, a FIFO or ``/dev/stdout`` is no file that could be replaced: it is written to.

        The families of the process itself stay out: the textfile collector of node_exporter has them too, and
        refuses a file that repeats them.
        """
        try:
            file = Path(path)
            if is_stream(file):
                with file.open("ab") as stream:
                    stream.write(generate_latest(self._own))
            else:
                write_to_textfile(str(file.resolve()), self._own)
        except OSError as error:
            raise SettingsError(f"RECONCILER_METRICS_FILE: cannot write {path}: {error.strerror or error}") from error

    def push(self, url: str) -> None:
        """Replace this environment's group at a Pushgateway with our own families (PUT, no instance label)."""
        try:
            push_to_gateway(url, job=PUSH_JOB, registry=self._own, grouping_key={"environment": self._environment})
        except (OSError, ValueError) as error:
            raise SettingsError(f"RECONCILER_PUSH_GATEWAY: cannot push to {url}: {error}") from error

    def _label(self, table: str) -> str:
        """The label ``table`` of a counter; empty, which Prometheus takes for absent, where all tables are added up."""
        return table if self._names_tables else ""

    def seeded(self, table: TableReport) -> None:
        """``seed`` or ``clear`` ended for a table outside of a pass."""
        self._count_seed(table)

    def _count_seed(self, table: TableReport) -> None:
        seeding = (Action.SEED, Action.CLEAR)
        failed = any(step.action in seeding and step.status is StepStatus.FAILED for step in table.steps)
        written, cleared = (table.seed_written, table.seed_present), (table.seed_removed, table.seed_kept)
        counts = (*written, *cleared, max(table.seed_failed, failed))
        for result, items in zip(labels.SEED_RESULTS, counts, strict=True):
            self._events.seeded(self._label(table.name), result, items)

    def _count_pass(self, trigger: str, verdict: Verdict) -> None:
        known_trigger = labels.known(trigger, labels.TRIGGERS)
        self._events.passes.labels(self._environment, known_trigger, verdict.value).inc()
