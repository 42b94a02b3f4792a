"""The counters and histograms, built from the table of families, and which drift is new since the last report.

``Metrics`` owns one set of both and feeds it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from reconciler.metrics import labels
from reconciler.metrics.families import Family, family
from reconciler.metrics.table_series import Labels, TableCounter
from reconciler.model.plan import Action
from reconciler.model.report import PassReport, TableReport, TableStatus

PASS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds: a pass that finds nothing takes a fraction of one, one that waits for tables takes minutes."""
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds; the last ones are SDK retries with their back-off."""

ACTIONS: tuple[Labels, ...] = tuple(product(labels.ACTIONS, labels.ACTION_RESULTS))
SEED_RESULTS: tuple[Labels, ...] = tuple((result,) for result in labels.SEED_RESULTS)


class Events:
    """The families that count events. Series that are known in advance start at 0."""

    def __init__(self, registry: CollectorRegistry, of_tables: CollectorRegistry, environment: str) -> None:
        self._registry = registry
        self._environment = environment
        self._lock = threading.Lock()
        self.changes = 0
        """Grows with every change of a series in ``of_tables``, right after it."""
        self.build_info = Gauge(*_head("build_info"), registry=registry)
        self._drift_detected = self._table_counter("drift_detected_total", of_tables)
        self._actions = self._table_counter("actions_total", of_tables)
        self._seed_items = self._table_counter("seed_items_total", of_tables)
        self._facets: dict[tuple[str, ...], tuple[Labels, ...]] = {}
        """The series of each combination of facets, which many tables share."""
        self.passes = self._counter("passes_total")
        self.passes_skipped = self._counter("passes_skipped_total")
        self.pass_duration = self._histogram("pass_duration_seconds", PASS_BUCKETS)
        self.aws_requests = self._counter("aws_requests_total")
        self.aws_retries = self._counter("aws_retries_total")
        self.aws_duration = self._histogram("aws_request_duration_seconds", REQUEST_BUCKETS)
        self.http_requests = self._counter("http_requests_total")
        self.http_duration = self._histogram("http_request_duration_seconds", REQUEST_BUCKETS)
        self._start_at_zero()

    def initialize_table(self, table: str, facets: tuple[str, ...]) -> None:
        """Start every series of a declared table at 0; idempotent."""
        of_facets = self._facets.setdefault(facets, tuple((facet,) for facet in facets))
        new = (
            self._actions.start(table, ACTIONS),
            self._seed_items.start(table, SEED_RESULTS),
            self._drift_detected.start(table, of_facets),
        )
        if any(new):
            self._changed()

    def drifted(self, table: str, facet: str) -> None:
        """Count a facet that drifted."""
        self._drift_detected.add(table, (facet,))
        self._changed()

    def step_ended(self, table: str, action: str, result: str) -> None:
        """A step was carried out or failed."""
        self._actions.add(table, (action, result))
        self._changed()

    def seeded(self, table: str, result: str, items: int) -> None:
        """Count items that were written, present, removed, kept, or failed."""
        if items:
            self._seed_items.add(table, (result,), items)
            self._changed()

    def _changed(self) -> None:
        with self._lock:
            self.changes += 1

    def _start_at_zero(self) -> None:
        for trigger, result in product(labels.TRIGGERS, labels.PASS_RESULTS):
            self.passes.labels(self._environment, trigger, result)
        for reason in labels.SKIP_REASONS:
            self.passes_skipped.labels(self._environment, reason)
        self.pass_duration.labels(self._environment)
        for kind in labels.REQUEST_TYPES:
            self.aws_duration.labels(kind)

    def _table_counter(self, name: str, registry: CollectorRegistry) -> TableCounter:
        counter = TableCounter(family(name), self._environment)
        registry.register(counter)
        return counter

    def _counter(self, name: str) -> Counter:
        return Counter(*_head(name), registry=self._registry)

    def _histogram(self, name: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(*_head(name), registry=self._registry, buckets=buckets)


def _head(name: str) -> tuple[str, str, tuple[str, ...]]:
    row: Family = family(name)
    return row.name, row.help, row.labels


class DriftCache:
    """The drift of each table in the last report that contains it.

    A drift is counted in the first report that shows it, not again while it lasts. A table that a failed pass could not
    read keeps its entry. A declared table that has to be created differs in every facet.
    """

    def __init__(self) -> None:
        self._drifted: dict[str, frozenset[str]] = {}

    def newly_drifted(self, report: PassReport) -> Iterator[tuple[str, str]]:
        """Table and facet of each drift that no earlier report showed."""
        seen = {table.name: table for table in report.tables if table.declaration is not None}
        if report.error is None and not report.problems:
            self._drifted = {name: facets for name, facets in self._drifted.items() if name in seen}
        for name, table in seen.items():
            if table.status is TableStatus.ERROR and not table.drifted:
                continue
            before = self._drifted.get(name, frozenset())
            self._drifted[name] = _drifted(table)
            for facet in table.facets:
                if facet in self._drifted[name] and facet not in before:
                    yield name, facet


def _drifted(table: TableReport) -> frozenset[str]:
    if any(step.action is Action.CREATE for step in table.steps):
        return frozenset(table.facets)
    return frozenset(table.drifted)
