"""Invariants of every request that is sent, whatever went wrong, and what the report of a failed run must contain."""

from __future__ import annotations

from collections import Counter

from faults.inprocess.account import Ended, SimulatedAccount
from faults.inprocess.baseline import Baseline, changes
from faults.inprocess.clients import SECRET
from faults.inprocess.request_shape import asked, shape
from faults.inprocess.transport import SentRequest

from reconciler.model.plan import StepStatus
from reconciler.model.report import TableStatus

CALM = (TableStatus.IN_SYNC, TableStatus.UNMANAGED)
UNHAPPY = (StepStatus.FAILED, StepStatus.BLOCKED, StepStatus.DEFERRED)
REFUSED, INVALID = "Denied", "Malformed"


def sent(account: SimulatedAccount, known: Baseline, *, indexes: bool = True) -> None:
    """The invariants over everything that was sent so far.

    Without ``indexes`` an index may be rebuilt once more, because a stale answer may show its old state.
    """
    _only_wanted(account, known)
    _destroyed_once(account, known, indexes=indexes)
    _looked_again(account)
    _nothing_after(account)


def _only_wanted(account: SimulatedAccount, known: Baseline) -> None:
    """No change is asked for that a run without faults would not ask for (I1, I5, I7)."""
    changing = [s for s in account.transport.sent if changes(s) and not _harmless(s)]
    odd = [each for s in changing for each in asked(s) if each not in known.requests]
    assert not odd, f"never asked for without a fault: {odd}"


def _harmless(sent_request: SentRequest) -> bool:
    """A refused create of an existing table that was reported missing; repeated tags or a repeated backup."""
    again = sent_request.operation == "CreateTable" and sent_request.refused == "ResourceInUseException"
    return again or sent_request.operation in ("TagResource", "CreateBackup")


def _destroyed_once(account: SimulatedAccount, known: Baseline, *, indexes: bool) -> None:
    """Nothing is destroyed that a run without faults leaves, and nothing twice (I1, I4)."""
    done = Counter(shape(s) for s in account.transport.sent if s.destroys and s.applied and (indexes or not _index(s)))
    more = {request: count for request, count in done.items() if count > known.destroyed[request]}
    assert not more, f"destroyed more often than without a fault: {more}"


def _index(sent_request: SentRequest) -> bool:
    return sent_request.operation == "UpdateTable" and "ReplicaUpdates" not in sent_request.params


def _looked_again(account: SimulatedAccount) -> None:
    """Between two sendings of what destroys, the table is described again (I4)."""
    last: dict[str, int] = {}
    for sent_request in account.transport.sent:
        if sent_request.operation == "DescribeTable":
            last.pop(sent_request.table, None)
        if sent_request.destroys:
            assert sent_request.attempt == 1, f"{sent_request}: the SDK sent it again"
            assert sent_request.table not in last, (
                f"{sent_request}: sent again after #{last[sent_request.table]} without a look"
            )
            last[sent_request.table] = sent_request.number


def _nothing_after(account: SimulatedAccount) -> None:
    """After an invalid answer or refused credentials nothing is destroyed in that pass (I3)."""
    for reported in account.reported:
        for number, operation, result in reported.failures:
            if result not in (INVALID, REFUSED):
                continue
            ends = [start for start in reported.passes if start >= number]
            until = min(ends, default=len(account.transport.sent))
            after = [s for s in account.transport.sent[number:until] if s.destroys and s.by == reported.by]
            assert not after, f"{after[0]} came after {operation} was answered {result} in the same pass"


def reported(ended: Ended) -> None:
    """A failed run reports why, and it never shows a secret (I12)."""
    messages = reasons(ended)
    assert ended.exit == 0 or messages, f"it ended with {ended.exit} and did not say why"
    assert SECRET not in messages, "it tells a secret"


def reasons(ended: Ended) -> str:
    """Every reason of a report for remaining differences."""
    report = ended.report
    if report is None:
        return ended.messages
    steps = [step.message or "" for table in report.tables for step in table.steps if step.status in UNHAPPY]
    tables = [f"{table.name} is {table.status}: {table.error or ''}" for table in report.tables if table.error]
    waiting = [f"{table.name} is {table.status}" for table in report.tables if table.status not in CALM]
    held = f"{report.lease_holder} holds the lease" if report.lease_holder else ""
    suspended = "suspended" if report.suspended else ""
    return "; ".join(
        filter(None, [ended.messages, report.error or "", held, suspended, *tables, *steps, *waiting, *report.warnings])
    )
