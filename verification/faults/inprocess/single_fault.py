"""One fault at one call of one scenario: run it, let the product recover, and check every request that was sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from faults.inprocess import invariants
from faults.inprocess.account import TIMEOUT, Ended, SimulatedAccount
from faults.inprocess.baseline import Baseline, Plan, baseline, changes
from faults.inprocess.end_state import differences, end_state, mismatched_entries
from faults.inprocess.fault_kinds import RETRIED
from faults.inprocess.replies import Reply
from faults.inprocess.scenario import Scenario
from faults.inprocess.transport import SentRequest, Serve
from simulation.clock import VirtualClock

from reconciler.state.lease import TERM

RECOVERIES = 3
PAUSE = 61.0
HELD = "holds the lease"
LEFT_BEHIND = TERM.total_seconds() + 1
"""Seconds that a process watches a lease which its holder neither renews nor gives back."""
RECORD = " / record "
LONGEST = TIMEOUT.total_seconds() + 300
"""Seconds that a run may take: its deadline, and what a call may take that began before it."""


class FaultInjector:
    """The ``intercept`` hook of a transport that injects the fault at one call."""

    def __init__(self, plan: Plan, clock: VirtualClock) -> None:
        self.plan, self.clock, self.hit = plan, clock, 0

    def __call__(self, request: SentRequest, serve: Serve) -> Reply:
        point, kind = self.plan.call.number, self.plan.kind
        again = kind.through and self.hit and request.attempt > 1 and request.number == point + self.hit
        if request.number != point and not again:
            return serve()
        self.hit += 1
        return kind.strike(request, serve, self.clock)

    def whole(self, sent: int) -> bool:
        return sent == self.plan.call.number


def run(plan: Plan) -> Counter[str]:
    """Runs the case. ``AssertionError`` names the violation; any other exception is a crash of the product."""
    known = baseline(plan.scenario)
    account = known.account.copy()
    striker = FaultInjector(plan, account.clock)
    account.transport.intercept, account.transport.whole = striker, lambda: striker.whole(len(account.transport.sent))
    began = account.clock.seconds
    try:
        ended = plan.scenario.act(account)
    except Exception as crash:
        raise AssertionError(f"{plan}: {type(crash).__name__}: {crash}") from crash
    assert striker.hit, f"{plan}: the call was never made"
    took = account.clock.seconds - began
    account.transport.intercept, account.transport.whole = (lambda _, serve: serve()), lambda: False
    try:
        invariants.sent(account, known)
        invariants.reported(ended)
        assert took <= LONGEST, f"it took {took:.0f} s"
        at_once = _arrived(plan, account, known, ended)
        if hidden_by_retry(plan):
            assert ended.exit == known.act.exit, "the SDK sends such a request again, so it must end as without a fault"
            assert at_once, "the SDK sends such a request again, so it must lead where it leads without a fault"
        runs = 0 if at_once else recovered(plan.scenario, account, known, partial(_apart_from_counts, plan))
        invariants.sent(account, known)
        _quiet(plan, account)
    except AssertionError as wrong:
        log = "\n".join(f"  {request} {request.refused or ''}" for request in account.transport.sent)
        raise AssertionError(f"{plan}: ended {ended.exit} {invariants.reasons(ended)}\n{wrong}\n{log}") from None
    return Counter({"cases": 1, f"ended {ended.exit}": 1, f"{runs} more runs": 1, "calls": len(account.transport.sent)})


def hidden_by_retry(plan: Plan) -> bool:
    """Whether the SDK makes good for it by itself: it retries everything but what removes and the question of who."""
    kind, call = plan.kind, plan.call
    once = call.destroys or call.operation == "DeleteItem" or call.operation.startswith("sts:")
    return kind.family in RETRIED and not kind.through and not once


def _arrived(plan: Plan, account: SimulatedAccount, known: Baseline, ended: Ended) -> bool:
    """Whether the run reached the same end as without a fault; a report of success must be true."""
    left = apart_from_adopted(plan.scenario, plan.call, differences(end_state(account.dynamodb), known.states[0]))
    if ended.exit == known.act.exit and ended.exit == 0:
        unreported = (RECORD,) if _unreported(plan, ended) else ()
        unreported += (f" / table {plan.call.table} / items ",) if _no_item(plan) else ()
        wrong = [one for one in left if not one.startswith(unreported)]
        assert not wrong, f"it says that all is well, but {wrong}"
    return not left


def _apart_from_counts(plan: Plan, left: list[str]) -> list[str]:
    """What is left to do; that a write was made twice because a list was short stays counted until the next write."""
    left = apart_from_adopted(plan.scenario, plan.call, left)
    return [one for one in left if not (plan.kind.family == "short" and "attempts#" in one)]


def apart_from_adopted(scenario: Scenario, call: SentRequest, left: list[str]) -> list[str]:
    """What is left; without tags a table is adopted where the answer to its CreateTable was lost or is not recorded."""
    if scenario.flavor.has_tags:
        return left
    members = call.params.get("Item") or call.params.get("Key") or {}
    record = f"table#{call.table}" if call.operation == "CreateTable" else members.get("record", {}).get("S", "")
    adopted = f'{record} / ownership / S: "adopted" instead of "created"'
    return [one for one in left if not (record.startswith("table#") and one.endswith(adopted))]


def _unreported(plan: Plan, ended: Ended) -> bool:
    """Whether the answer looks like a valid one (no such item, a short list), or the report names another leader."""
    if plan.kind.family == "short" or (ended.report is not None and ended.report.lease_holder):
        return True
    return _no_item(plan)


def _no_item(plan: Plan) -> bool:
    """Whether the faulty answer itself hides an item (GetItem)."""
    return plan.call.operation == "GetItem" and plan.kind.family == "shape"


def recovered(
    scenario: Scenario,
    account: SimulatedAccount,
    known: Baseline,
    apart: Callable[[list[str]], list[str]] = lambda left: left,
) -> int:
    """How many more runs it takes to one of the ends without a fault; ``apart`` leaves out differences that may be."""
    left: list[str] = []
    for runs in range(1, RECOVERIES + 1):
        ended = scenario.repeat(account)
        invariants.reported(ended)
        seen = end_state(account.dynamodb)
        options = [apart(differences(seen, state)) for state in known.states]
        if not all(options) and ended.exit in (known.act.exit, known.again.exit):
            assert not mismatched_entries(account.dynamodb), mismatched_entries(account.dynamodb)
            return runs
        left = [f"exit {ended.exit}, {invariants.reasons(ended)}", *options[0]]
        account.later(pause(account, ended))
    raise AssertionError(f"after {RECOVERIES} more runs: {left}")


def pause(account: SimulatedAccount, ended: Ended) -> float:
    """Seconds to the next run: a minute, or the wait that the report names.

    A lease whose taking was applied and lost is nobody's: a new process watches it for a term.
    """
    held = bool(ended.report and ended.report.lease_holder) or HELD in ended.messages
    if held:
        return LEFT_BEHIND
    until = ended.report.next_not_before if ended.report else None
    return max(PAUSE, (until - account.clock.now()).total_seconds() + 1 if until else 0.0)


def _quiet(plan: Plan, account: SimulatedAccount) -> None:
    """Then nothing is changed any more."""
    first = len(account.transport.sent)
    before = end_state(account.dynamodb)
    plan.scenario.repeat(account)
    written = [str(request) for request in account.transport.sent[first:] if changes(request) and request.applied]
    assert not written, f"not quiet: {written}"
    assert not differences(end_state(account.dynamodb), before), "not at rest"
