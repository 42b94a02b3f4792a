"""Every hard spec change takes exactly the calls it should, in order, on a model that keeps the service's rules."""

from __future__ import annotations

import pytest
from support.call_summary import summary
from support.declared_state import violations
from support.setting_changes import SETTINGS
from support.side_feature_changes import ASIDE
from support.spec_changes import SPEC_CHANGES, SpecChange
from support.specs import declaration
from support.table_loop import asked, build, run, seen
from support.vector_changes import VECTORS

from reconciler.model.change import Hazard
from reconciler.planning.planner import plan

CASES = (*SPEC_CHANGES, *SETTINGS, *ASIDE, *VECTORS)
by_name = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
lag = pytest.mark.parametrize("lag", [False, True], ids=["at once", "after a while"])


@by_name
@lag
def test_the_calls_of_a_spec_change_are_as_expected(case: SpecChange, lag: bool) -> None:
    model = build(case.before, lag=lag)
    outcome = run(model, declaration(case.after))
    assert tuple(summary(call) for call in outcome.calls) == case.calls
    assert outcome.left == ()
    assert violations(asked(model, case.after), case.after) == []


@by_name
def test_the_worst_hazard_of_a_spec_change_is_as_expected(case: SpecChange) -> None:
    steps = plan(declaration(case.after), seen(build(case.before), case.after))
    hazards = {change.hazard for step in steps for change in step.changes}
    worst = next((h for h in (Hazard.REPLACEMENT, Hazard.DISRUPTION) if h in hazards), Hazard.NONE)
    assert worst is case.hazard
    assert all(change.unsafe for step in steps for change in step.changes if change.hazard is not Hazard.NONE)


def test_the_names_of_the_spec_changes_are_distinct_and_many() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 60
