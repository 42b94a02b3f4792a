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
from reconciler.model.plan import Action
from reconciler.model.report import PassReport, TableReport, TableStatus

PASS_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds: a pass that finds nothing takes a fraction of one, one that waits for tables takes minutes."""
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds; the last ones are SDK retries with their back-off."""


class Events:
    """The families that count events. Series that are known in advance start at 0."""

    def __init__(self, registry: CollectorRegistry, of_tables: CollectorRegistry, environment: str) -> None:
        self._registry = registry
        self._environment = environment
        self._known: set[tuple[str, tuple[str, ...]]] = set()
        self._lock = threading.Lock()
        self.changes = 0
        """Grows with every change of a series in ``of_tables``, right after it."""
        self.build_info = Gauge(*_head("build_info"), registry=registry)
        self._drift_detected = Counter(*_head("drift_detected_total"), registry=of_tables)
        self._actions = Counter(*_head("actions_total"), registry=of_tables)
        self._seed_items = Counter(*_head("seed_items_total"), registry=of_tables)
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
        if (table, facets) in self._known:
            return
        for action, result in product(labels.ACTIONS, labels.ACTION_RESULTS):
            self._actions.labels(self._environment, table, action, result)
        for result in labels.SEED_RESULTS:
            self._seed_items.labels(self._environment, table, result)
        for facet in facets:
            self._drift_detected.labels(self._environment, table, facet)
        self._known.add((table, facets))
        self._changed()

    def drifted(self, table: str, facet: str) -> None:
        """Count a facet that drifted."""
        self._drift_detected.labels(self._environment, table, facet).inc()
        self._changed()

    def step_ended(self, table: str, action: str, result: str) -> None:
        """A step was carried out or failed."""
        self._actions.labels(self._environment, table, action, result).inc()
        self._changed()

    def seeded(self, table: str, result: str, items: int) -> None:
        """Count items that were written, present, removed, kept, or failed."""
        if items:
            self._seed_items.labels(self._environment, table, result).inc(items)
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
