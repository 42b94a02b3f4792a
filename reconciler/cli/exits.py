"""Exit codes of reports. Pure; every command with a report ends with one of these functions."""

from __future__ import annotations

from reconciler.cli.codes import DRIFT, ERROR, OK, TABLE
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, Verdict

__all__ = ["TABLE", "act", "converge", "preview", "reasons_for_drift"]


def preview(report: PassReport, *, expect_no_changes: bool) -> int:
    """``preview``: 0 unless it failed. With --expect-no-changes a difference or a pending seed is 2.

    So is an unfinished migration of items: some items are as before it and some as after it.
    """
    if report.verdict is Verdict.ERROR:
        return ERROR
    unfinished = any(table.migrations for table in report.tables)
    return DRIFT if expect_no_changes and (unfinished or report.verdict is Verdict.DRIFTED) else OK


def converge(report: PassReport) -> int:
    """``--once`` and ``up``: remaining drift is 2, whether blocked, deferred, suspended or only observed.

    An unfinished migration of items is named and is no drift: these commands run none, so they have done their part.
    """
    if report.verdict is Verdict.ERROR:
        return ERROR
    if report.verdict is Verdict.IN_SYNC:
        return OK
    return ERROR if any(table.has(StepStatus.FAILED) for table in report.tables) else DRIFT


def act(report: PassReport) -> int:
    """``destroy``, ``seed`` and ``clear``: judged by their own steps, because they may leave drift on purpose."""
    if report.verdict is Verdict.ERROR or any(table.has(StepStatus.FAILED) for table in report.tables):
        return ERROR
    return DRIFT if any(table.has(StepStatus.BLOCKED, StepStatus.DEFERRED) for table in report.tables) else OK


_SUSPENDED = "The stack is suspended, so nothing was written. `reconciler resume` lifts it."
_SUSPENDED_DECISION = (
    "The stack is suspended, so no table was changed. What was decided is recorded, and the next run after"
    " `reconciler resume` carries it out."
)


def reasons_for_drift(report: PassReport) -> tuple[str, ...]:
    """Why a converging run ended with drift, one sentence per reason, each with the command or setting that helps."""
    if report.verdict is not Verdict.DRIFTED:
        return ()
    sentences = []
    if report.suspended:
        sentences.append(_SUSPENDED_DECISION if report.trigger == "replace" else _SUSPENDED)
    if report.observe_only:
        sentences.append("The mode is observe, so nothing was written. RECONCILER_MODE=enforce lets it write.")
    if report.lease_holder and not report.leader:
        sentences.append(
            f"Another reconciler holds the lease: {report.lease_holder}. Stop it or wait; `reconciler status` shows it."
        )
    if report.next_not_before is not None:
        sentences.append("Some steps wait for a later time; run it again then, or leave it to the daemon.")
    return tuple(sentences)
