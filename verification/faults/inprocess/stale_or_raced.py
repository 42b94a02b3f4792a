"""One case of the campaign ``stale-raced``: run it, let the product come back, judge what was sent, and see it rest."""

from __future__ import annotations

from collections import Counter
from functools import cache

from faults.inprocess import invariants
from faults.inprocess.account import Stage
from faults.inprocess.baseline import baseline, changes
from faults.inprocess.raced import Overtaken, Raced, raced_plans
from faults.inprocess.scenarios import SCENARIOS
from faults.inprocess.stale import FromThePast, Stale, stale_plans

RUNS = 6
PAUSE = 61.0


@cache
def plans() -> tuple[Stale | Raced, ...]:
    """Every case, numbered by its place."""
    return tuple(plan for scenario in SCENARIOS for kind in (stale_plans, raced_plans) for plan in kind(scenario))


def run(plan: Stale | Raced) -> Counter[str]:
    """The case; ``AssertionError`` says what went wrong."""
    known = baseline(plan.scenario)
    stage = known.stage.copy()
    meddle = FromThePast(plan, stage.wire) if isinstance(plan, Stale) else Overtaken(plan, stage.wire)
    stage.wire.whole = lambda: len(stage.wire.sent) == plan.call.number
    try:
        ended = plan.scenario.act(stage)
        assert meddle.hit, "the call was never made"
        invariants.told(ended)
        if isinstance(plan, Stale):
            invariants.sent(stage, known, indexes=False)
        runs = _rested(plan, stage)
        if isinstance(plan, Stale):
            invariants.sent(stage, known, indexes=False)
    except Exception as wrong:
        log = "\n".join(f"  {sending} {sending.refused or ''}" for sending in stage.wire.sent)
        raise AssertionError(f"{plan}: {type(wrong).__name__}: {wrong}\n{log}") from wrong
    what = "answers from the past" if isinstance(plan, Stale) else "calls overtaken by somebody else"
    return Counter({what: 1, f"ended {ended.exit}": 1, f"{runs} more runs": 1})


def _rested(plan: Stale | Raced, stage: Stage) -> int:
    """Runs until one changes nothing; what it says of what is left must be said."""
    for runs in range(1, RUNS + 1):
        first = len(stage.wire.sent)
        stage.later(PAUSE)
        ended = plan.scenario.repeat(stage)
        invariants.told(ended)
        if not any(changes(sending) and sending.applied for sending in stage.wire.sent[first:]):
            return runs
        until = ended.report.next_not_before if ended.report else None
        stage.later(max(0.0, (until - stage.clock.now()).total_seconds() if until else 0.0))
    raise AssertionError(f"no rest after {RUNS} runs: {invariants.reasons(ended)}")
