"""The state gauges, computed from the loop status; nothing is stored here, so no series outlives its table.

``Metrics`` registers the collectors; prometheus_client calls them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import labels
from reconciler.metrics.families import PREFIX, STATE_FAMILIES
from reconciler.model.plan import Action, StepStatus
from reconciler.model.report import PassReport, TableReport

Sample = tuple[str, tuple[str, ...], float]
"""Family name without prefix, label values behind the environment, value."""


class LoopCollector(Collector):
    """Gauges of the whole loop, read from its status at each scrape."""

    def __init__(self, loop_status: LoopStatus) -> None:
        self._loop_status = loop_status

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The families without samples, so that a name cannot be registered twice."""
        return _empty(of_tables=False).values()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every family with the samples it has at this moment; one without is still named, with its help."""
        report = self._loop_status.report
        samples = chain(_of_board(self._loop_status), _of_report(report) if report is not None else ())
        return _filled(_empty(of_tables=False), self._loop_status.environment, samples)


class TableCollector(Collector):
    """Gauges of each table, from the last report."""

    def __init__(self, loop_status: LoopStatus, detail: labels.TableDetail = "full") -> None:
        self._loop_status = loop_status
        self._detail = detail

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The families without samples, so that a name cannot be registered twice."""
        return _empty(of_tables=True).values()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every family with the samples it has at this moment; one without is still named, with its help."""
        return _filled(_empty(of_tables=True), self._loop_status.environment, self._samples())

    def _samples(self) -> Iterator[Sample]:
        report = self._loop_status.report
        for table in report.tables if report is not None else ():
            if in_scope(table) and self._detail != "none":
                yield from _status_of_table(table)
            if in_scope(table) and self._detail == "full":
                yield from _details_of_table(table)


def in_scope(table: TableReport) -> bool:
    """Whether a table has series: it is declared, or created by us and not yet deleted."""
    if table.declaration is not None:
        return True
    deleted = any(step.action is Action.DELETE and step.status is StepStatus.DONE for step in table.steps)
    return table.ownership == "created" and not deleted


def _empty(*, of_tables: bool) -> dict[str, GaugeMetricFamily]:
    return {
        family.name.removeprefix(PREFIX): GaugeMetricFamily(family.name, family.help, labels=family.labels)
        for family in STATE_FAMILIES
        if ("table" in family.labels) is of_tables
    }


def _filled(
    families: dict[str, GaugeMetricFamily], environment: str, samples: Iterable[Sample]
) -> Iterable[GaugeMetricFamily]:
    for name, values, number in samples:
        families[name].add_metric((environment, *values), number)
    return families.values()


def _of_board(loop_status: LoopStatus) -> Iterator[Sample]:
    endpoint = loop_status.endpoint
    if endpoint is not None:
        yield "endpoint_info", (endpoint.url, endpoint.region, endpoint.flavor.value), 1
    yield "endpoint_up", (), loop_status.endpoint_up
    yield "pass_in_progress", (), loop_status.in_progress is not None
    yield "suspended", (), loop_status.suspended
    yield "leader", (), loop_status.leader
    yield "interval_seconds", (), loop_status.interval
    if loop_status.report is not None:
        yield "config_last_load_successful", (), loop_status.config_ok
    yield "config_errors", (), loop_status.config_errors
    yield from _time("config_last_load_success_timestamp_seconds", (), loop_status.config_loaded_at)
    yield from _time("last_success_timestamp_seconds", (), loop_status.last_success)
    yield from _time("next_pass_timestamp_seconds", (), loop_status.next_pass)


def _of_report(report: PassReport) -> Iterator[Sample]:
    for status in labels.STATUSES:
        yield "tables", (status,), sum(table.status.value == status for table in report.tables)
    if report.unmanaged is not None:
        yield "unmanaged_tables", (), report.unmanaged
    for phase, seconds in report.phases.items():
        yield "pass_phase_duration_seconds", (phase,), seconds
    yield from _time("last_pass_timestamp_seconds", (), report.finished)


def _status_of_table(table: TableReport) -> Iterator[Sample]:
    for status in labels.STATUSES:
        yield "table_status", (table.name, status), table.status.value == status
    yield from _time("table_drift_start_timestamp_seconds", (table.name,), table.drift_since)
    blocked = {step.reason.value for step in table.steps if step.status is StepStatus.BLOCKED and step.reason}
    for reason in sorted(blocked):
        yield "table_blocked", (table.name, reason), 1


def _details_of_table(table: TableReport) -> Iterator[Sample]:
    yield "table_info", (table.name, table.declaration or "", table.billing_mode or ""), 1
    for facet in table.facets:
        yield "table_drift", (table.name, facet), facet in table.drifted
    unsupported = {step.facet for step in table.steps if step.status is StepStatus.UNSUPPORTED}
    for facet in sorted(unsupported.intersection(table.facets)):
        yield "table_unsupported", (table.name, facet), 1
    waits = [step.not_before for step in table.steps if step.status is StepStatus.DEFERRED and step.not_before]
    yield from _time("table_not_before_timestamp_seconds", (table.name,), min(waits, default=None))
    if table.item_count is not None:
        yield "table_items", (table.name,), table.item_count
    if table.size_bytes is not None:
        yield "table_size_bytes", (table.name,), table.size_bytes


def _time(name: str, values: tuple[str, ...], moment: datetime | None) -> Iterator[Sample]:
    if moment is not None:
        yield name, values, moment.timestamp()
