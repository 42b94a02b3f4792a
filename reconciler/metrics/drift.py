"""Which facets have newly left their declaration: the memory between two reports behind ``drift_detected_total``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.plan import Action
from reconciler.model.report import PassReport, TableReport, TableStatus


class DriftCache:
    """What was in drift in the last report in which each table was seen.

    A drift is counted in the first report that shows it, not again while it stays. A table that a failed pass could
    not look at keeps what is remembered of it. A declared table that has to be created differs in every facet.
    """

    def __init__(self) -> None:
        self._drifted: dict[str, frozenset[str]] = {}

    def take(self, report: PassReport) -> Iterator[tuple[str, str]]:
        """Table and facet of every drift that ``report`` is the first to show."""
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
