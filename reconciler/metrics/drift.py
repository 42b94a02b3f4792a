"""Which facets have newly left their declaration: the memory between two reports behind ``drift_detected_total``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.plan import Action, Fate
from reconciler.model.report import PassReport, TableReport


class DriftMemory:
    """What was in drift at the end of the last report in which each table was seen.

    A drift that a pass repairs before its report is found in that pass's changes; one that stays is counted
    once. A table that a failed pass could not look at keeps what is remembered of it.
    """

    def __init__(self) -> None:
        self._drifted: dict[str, frozenset[str]] = {}

    def take(self, report: PassReport) -> Iterator[tuple[str, str]]:
        """Table and facet of every drift that ``report`` saw for the first time."""
        seen = {table.name: table for table in report.tables if table.declaration is not None}
        if report.error is None and not report.problems:
            self._drifted = {name: facets for name, facets in self._drifted.items() if name in seen}
        for name, table in seen.items():
            if not table.facets:
                continue
            before = self._drifted.get(name, frozenset())
            self._drifted[name] = frozenset(table.drifted) & frozenset(table.facets)
            for facet in table.facets:
                if facet in _met(table) and facet not in before:
                    yield name, facet


def _met(table: TableReport) -> frozenset[str]:
    """The facets that differed at any time in the pass, those that the endpoint cannot hold left out."""
    if any(step.action is Action.CREATE for step in table.steps):
        return frozenset(table.facets)
    hopeless = {(c.facet, c.path) for step in table.steps if step.fate is Fate.UNSUPPORTED for c in step.changes}
    repaired = {c.facet for step in table.steps if step.fate is Fate.DONE for c in step.changes}
    standing = {c.facet for c in table.changes if (c.facet, c.path) not in hopeless}
    return frozenset(table.drifted) | repaired | standing
