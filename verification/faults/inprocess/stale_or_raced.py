"""One case of the campaign ``stale-raced``: run it, let the product recover, check every request."""

from __future__ import annotations

from collections import Counter
from functools import cache

from faults.inprocess import invariants
from faults.inprocess.account import SimulatedAccount
from faults.inprocess.baseline import baseline, changes
from faults.inprocess.raced import Overtaken, Raced, raced_plans
from faults.inprocess.scenarios import SCENARIOS
from faults.inprocess.stale import Stale, StaleReads, stale_plans

RUNS = 6
PAUSE = 61.0


@cache
def plans() -> tuple[Stale | Raced, ...]:
    """Every case, numbered by its place."""
    return tuple(plan for scenario in SCENARIOS for kind in (stale_plans, raced_plans) for plan in kind(scenario))


def run(plan: Stale | Raced) -> Counter[str]:
    """Runs the case. ``AssertionError`` names the violation."""
    known = baseline(plan.scenario)
    account = known.account.copy()
    intercept = StaleReads(plan, account.transport) if isinstance(plan, Stale) else Overtaken(plan, account.transport)
    account.transport.whole = lambda: len(account.transport.sent) == plan.call.number
    try:
        ended = plan.scenario.act(account)
        assert intercept.hit, "the call was never made"
        invariants.reported(ended)
        if isinstance(plan, Stale):
            invariants.sent(account, known, indexes=False)
        runs = _rested(plan, account)
        if isinstance(plan, Stale):
            invariants.sent(account, known, indexes=False)
    except Exception as wrong:
        log = "\n".join(f"  {request} {request.refused or ''}" for request in account.transport.sent)
        raise AssertionError(f"{plan}: {type(wrong).__name__}: {wrong}\n{log}") from wrong
    what = "answers from the past" if isinstance(plan, Stale) else "calls overtaken by somebody else"
    return Counter({what: 1, f"ended {ended.exit}": 1, f"{runs} more runs": 1})


def _rested(plan: Stale | Raced, account: SimulatedAccount) -> int:
    """Runs until one changes nothing. Its report must name everything that is left."""
    for runs in range(1, RUNS + 1):
        first = len(account.transport.sent)
        account.later(PAUSE)
        ended = plan.scenario.repeat(account)
        invariants.reported(ended)
        if not any(changes(request) and request.applied for request in account.transport.sent[first:]):
            return runs
        until = ended.report.next_not_before if ended.report else None
        account.later(max(0.0, (until - account.clock.now()).total_seconds() if until else 0.0))
    raise AssertionError(f"no rest after {RUNS} runs: {invariants.reasons(ended)}")
