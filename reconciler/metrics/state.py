"""The state gauges, computed from the loop status; nothing is stored here, so no series outlives its table.

``Metrics`` registers the collectors; prometheus_client calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reconciler.engine.loop_status import LoopStatus
from reconciler.metrics import labels
from reconciler.metrics.families import PREFIX, STATE_FAMILIES, Family
from reconciler.metrics.table_series import gauge_of
from reconciler.model.plan import Action, StepStatus
from reconciler.model.report import PassReport, TableReport

Sample = tuple[str, tuple[str, ...], float]
"""Family name without prefix, label values behind the environment, value."""
TableSample = tuple[tuple[str, ...], float]
"""Values of further labels of one family, value."""
OfTable = Callable[[TableReport], Iterator[TableSample]]
"""The samples of a table in one family."""


class LoopCollector(Collector):
    """Gauges of the whole loop, read from its status at each scrape."""

    def __init__(self, loop_status: LoopStatus) -> None:
        self._loop_status = loop_status

    def describe(self) -> Iterable[Metric]:
        """The families without samples, so that a name cannot be registered twice."""
        return _empty(of_tables=False).values()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every family with the samples it has at this moment; one without is still named, with its help."""
        families, environment = _empty(of_tables=False), self._loop_status.environment
        report = self._loop_status.report
        for name, values, number in chain(
            _of_board(self._loop_status), _of_report(report) if report is not None else ()
        ):
            families[name].add_metric((environment, *values), number)
        return families.values()


class TableCollector(Collector):
    """Gauges of each table, from the last report."""

    def __init__(self, loop_status: LoopStatus, detail: labels.TableDetail = "full") -> None:
        self._loop_status = loop_status
        self._detail = detail

    def describe(self) -> Iterable[Metric]:
        """The families without samples, so that a name cannot be registered twice."""
        return _empty(of_tables=True).values()

    def collect(self) -> Iterable[Metric]:
        """Every family with the samples it has at this moment; one without is still named, with its help."""
        report = self._loop_status.report
        tables = tuple(filter(in_scope, report.tables)) if report is not None and self._detail != "none" else ()
        for each in _families(of_tables=True):
            name = each.name.removeprefix(PREFIX)
            of_table = STATUS_OF_TABLE.get(name) or (DETAILS_OF_TABLE[name] if self._detail == "full" else _no_details)
            yield gauge_of(each, self._loop_status.environment, partial(_of_tables, tables, of_table))


def in_scope(table: TableReport) -> bool:
    """Whether a table has series: it is declared, or created by us and not yet deleted."""
    if table.declaration is not None:
        return True
    deleted = any(step.action is Action.DELETE and step.status is StepStatus.DONE for step in table.steps)
    return table.ownership == "created" and not deleted


def _families(*, of_tables: bool) -> Iterator[Family]:
    return (each for each in STATE_FAMILIES if ("table" in each.labels) is of_tables)


def _empty(*, of_tables: bool) -> dict[str, GaugeMetricFamily]:
    return {
        each.name.removeprefix(PREFIX): GaugeMetricFamily(each.name, each.help, labels=each.labels)
        for each in _families(of_tables=of_tables)
    }


def _of_tables(tables: Iterable[TableReport], of_table: OfTable) -> Iterator[TableSample]:
    for table in tables:
        for values, number in of_table(table):
            yield (table.name, *values), number


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


def _no_details(_: TableReport) -> Iterator[TableSample]:
    return iter(())


def _statuses(table: TableReport) -> Iterator[TableSample]:
    for status in labels.STATUSES:
        yield (status,), table.status.value == status


def _drift_start(table: TableReport) -> Iterator[TableSample]:
    if table.drift_since is not None:
        yield (), table.drift_since.timestamp()


def _blocked(table: TableReport) -> Iterator[TableSample]:
    reasons = {step.reason.value for step in table.steps if step.status is StepStatus.BLOCKED and step.reason}
    for reason in sorted(reasons):
        yield (reason,), 1


def _info(table: TableReport) -> Iterator[TableSample]:
    yield (table.declaration or "", table.billing_mode or ""), 1


def _drift(table: TableReport) -> Iterator[TableSample]:
    for facet in table.facets:
        yield (facet,), facet in table.drifted


def _unsupported(table: TableReport) -> Iterator[TableSample]:
    facets = {step.facet for step in table.steps if step.status is StepStatus.UNSUPPORTED}
    for facet in sorted(facets.intersection(table.facets)):
        yield (facet,), 1


def _not_before(table: TableReport) -> Iterator[TableSample]:
    waits = [step.not_before for step in table.steps if step.status is StepStatus.DEFERRED and step.not_before]
    if waits:
        yield (), min(waits).timestamp()


def _items(table: TableReport) -> Iterator[TableSample]:
    if table.item_count is not None:
        yield (), table.item_count


def _size(table: TableReport) -> Iterator[TableSample]:
    if table.size_bytes is not None:
        yield (), table.size_bytes


def _replacement_phase(table: TableReport) -> Iterator[TableSample]:
    work = table.generation or table.replacement
    if work is not None:
        yield (work.phase.value,), 1


def _replacement_info(table: TableReport) -> Iterator[TableSample]:
    if table.generation is not None:
        yield (table.generation.engine,), 1
    elif table.replacement is not None:
        # Under its own name, this process copies the items itself.
        yield ("scan",), 1


def _replacement_copied(table: TableReport) -> Iterator[TableSample]:
    work = table.generation or table.replacement
    if work is not None:
        yield (), work.copied


def _replacement_lag(table: TableReport) -> Iterator[TableSample]:
    if table.generation is not None and table.generation.lag is not None:
        yield (), table.generation.lag


STATUS_OF_TABLE: dict[str, OfTable] = {
    "table_status": _statuses,
    "table_drift_start_timestamp_seconds": _drift_start,
    "table_blocked": _blocked,
}
"""By family, what a table shows unless no table has series of its own."""
DETAILS_OF_TABLE: dict[str, OfTable] = {
    "table_info": _info,
    "table_drift": _drift,
    "table_unsupported": _unsupported,
    "table_not_before_timestamp_seconds": _not_before,
    "table_items": _items,
    "table_size_bytes": _size,
    "table_replacement_phase": _replacement_phase,
    "table_replacement_info": _replacement_info,
    "table_replacement_copied_items": _replacement_copied,
    "table_replacement_lag_seconds": _replacement_lag,
}
"""By family, what a table shows where all details are wanted."""


def _time(name: str, values: tuple[str, ...], moment: datetime | None) -> Iterator[Sample]:
    if moment is not None:
        yield name, values, moment.timestamp()
