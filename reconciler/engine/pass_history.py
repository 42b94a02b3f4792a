"""Adds passes to the history. Called by the facade, and at the end of the daemon.

An idle pass leaves no entry. The page draws the statuses over time from the entries, so one is also written where
another set of tables is in sync, and the last pass of a daemon is recorded when it ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from reconciler.engine.context import EngineContext
from reconciler.engine.state import EngineState
from reconciler.model.errors import ApiError, StateError
from reconciler.model.observation import Observation
from reconciler.model.report import PassReport

Report = TypeVar("Report", bound=PassReport)


def with_history(ports: EngineContext, state: EngineState, report: Report, *, whole: bool) -> Report:
    """Add the report to the history if it wrote anything or found something else than the pass before.

    ``whole`` tells that the pass was over all tables. A failure to write becomes a warning.
    """
    verdict = report.verdict.value
    changed, state.last_verdict = verdict != state.last_verdict, verdict
    if report.error or report.observe_only or report.lease_holder:
        state.unseen_since, state.unrecorded = state.unseen_since or report.finished, None
        return report
    found = Observation.of(report) if whole else None
    if found is not None:
        changed |= found != state.last_found
        state.last_found = found
    if not (report.wrote or changed):
        state.unrecorded = report if whole else state.unrecorded
        return report
    try:
        ports.store.add_history(report, found and found.after_gap(state.unseen_since))
    except (ApiError, StateError) as error:
        state.last_verdict = state.last_found = None
        state.unseen_since, state.unrecorded = state.unseen_since or report.finished, None
        return replace(report, warnings=(*report.warnings, f"this run is not in the history: {error}"))
    if found is not None:
        state.unseen_since = state.unrecorded = None
    return report


def keep_last_pass(ports: EngineContext, state: EngineState) -> None:
    """Add the last pass over all tables if it is not in the history: until then, this process has observed them.

    Raises ``ApiError`` and ``StateError``.
    """
    last, state.unrecorded = state.unrecorded, None
    if last is not None:
        ports.store.add_history(last, Observation.of(last).after_gap(state.unseen_since))
