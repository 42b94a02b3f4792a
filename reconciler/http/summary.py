"""The state of the loop in one word and one sentence, for the banner of the page and the JSON message."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from reconciler.engine.loop_status import LoopStatus
from reconciler.model.report import NOT_DRIFTED, PassReport, TableReport, TableStatus, Verdict
from reconciler.presentation.render import UNFINISHED

DIFFERING = {
    each: each.value for each in (TableStatus.DRIFTED, TableStatus.MISSING, TableStatus.PENDING, TableStatus.BLOCKED)
}
SEED_LEFT = "with a seed that is not written"
"""What the banner says of tables that differ, in this order."""


class HealthState(StrEnum):
    """The state that the banner shows; also its CSS class."""

    STARTING = "starting"
    DOWN = "down"
    ERROR = "error"
    DRIFTED = "drifted"
    IN_SYNC = "in-sync"


def health_state(loop_status: LoopStatus) -> HealthState:
    """Never ``in sync`` unless the last pass said so and the endpoint still answers (I11)."""
    if loop_status.report is None:
        return HealthState.STARTING
    if not loop_status.endpoint_up:
        return HealthState.DOWN
    match loop_status.report.verdict:
        case Verdict.IN_SYNC:
            # Some items are as before a migration and some as after it.
            return HealthState.DRIFTED if loop_status.begun_migrations else HealthState.IN_SYNC
        case Verdict.DRIFTED:
            return HealthState.DRIFTED
        case Verdict.ERROR:
            return HealthState.ERROR


def sentence(loop_status: LoopStatus) -> str:
    """The banner's text."""
    report = loop_status.report
    if report is None:
        return f"Starting: {loop_status.not_ready_reason}"
    match health_state(loop_status):
        case HealthState.DOWN:
            return f"Endpoint down: {report.error or 'it does not answer'}"
        case HealthState.ERROR:
            return _error(report)
        case HealthState.DRIFTED:
            unfinished = loop_status.begun_migrations
            if report.verdict is Verdict.IN_SYNC:
                return f"{UNFINISHED.capitalize()}; {_as_declared(report)}"
            return f"{_differing(report)}{f', {UNFINISHED}' if unfinished else ''}"
        case _:
            return f"In sync: {_as_declared(report)}"


def shown_report(loop_status: LoopStatus) -> tuple[PassReport | None, bool]:
    """The report whose tables the pages show, and whether it is an earlier one.

    A pass that could not look at the tables, because the endpoint is down or refuses, says nothing about them. The last
    one that could is more use to a reader, as long as the page says how old it is.
    """
    report, observed = loop_status.report, loop_status.observed
    stale = report is not None and report.error is not None and observed is not None
    return (observed, True) if stale else (report, False)


def leader(loop_status: LoopStatus) -> str:
    """The process that may write, as of the last pass or as read since."""
    report, present = loop_status.report, loop_status.present
    if present is not None:
        if present.held:
            return "this process" if present.leads else f"another process: {present.holder}"
        return "nobody holds the lease" + (f"; {present.holder} held it last" if present.holder else "")
    if report is None or report.leader is None:
        return "unknown"
    if report.lease_free:
        return "nobody holds the lease" + (f"; {report.last_holder} held it last" if report.last_holder else "")
    if report.leader:
        return "this process"
    return f"another process: {report.held_by}" if report.held_by else "another process"


def write_block(loop_status: LoopStatus) -> tuple[str, str] | None:
    """Why nothing is written although steps may be ready, and the command or setting that changes that."""
    report = loop_status.report
    if report is not None and report.problems:
        return "nothing is written while the desired state has errors", "reconciler validate"
    if report is not None and report.observe_only:
        return "RECONCILER_MODE=observe writes nothing", "RECONCILER_MODE=enforce"
    if loop_status.suspended:
        return "the environment is suspended", "reconciler resume"
    return None


def differs(table: TableReport) -> bool:
    """Whether a table differs from its declaration."""
    return table.status not in NOT_DRIFTED or table.seed_pending


def visible_tables(report: PassReport | None) -> tuple[TableReport, ...]:
    """The tables of a page: declared or in the inventory. Unmanaged tables are only counted."""
    tables = report.tables if report else ()
    return tuple(table for table in tables if table.declaration is not None or table.ownership is not None)


def _as_declared(report: PassReport) -> str:
    summary = report.summary()
    released = f", {summary['released']} released" if summary["released"] else ""
    return f"{_tables(summary['declared'] - summary['released'])} as declared{released}"


def _differing(report: PassReport) -> str:
    """``2 tables drifted, 1 table blocked``, by the status that the page counts above its list."""
    found = Counter(DIFFERING.get(table.status, SEED_LEFT) for table in report.tables if differs(table))
    return ", ".join(f"{_tables(found[word])} {word}" for word in (*DIFFERING.values(), SEED_LEFT) if found[word])


def _error(report: PassReport) -> str:
    if report.problems:
        return (
            f"The desired state has {len(report.problems)} error{'s'[: len(report.problems) > 1]}; nothing is written"
        )
    if report.error:
        return f"Error: {report.error}"
    failed = [table for table in report.tables if table.status is TableStatus.ERROR]
    others = sum(differs(table) for table in report.tables) - len(failed)
    return f"{_tables(len(failed))} failed{f', {others} drifted' if others else ''}"


def _tables(count: int) -> str:
    return f"{count} table{'' if count == 1 else 's'}"
