"""From any table to any declaration: the planned calls lead there, none is refused, and then there are none."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.declared_state import violations
from support.request_rules import complaints
from support.specs import ON_DEMAND, declaration
from support.strategies import table_specs
from support.table_loop import build, lacking, run, seen
from support.table_model import TableModel

from reconciler.model.change import Hazard
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.table import TableSpec
from reconciler.planning.create import as_created, create_call, without_unsupported
from reconciler.planning.diff import diff
from reconciler.planning.features import missing_after_replacement
from reconciler.planning.planner import plan

many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
some = settings(many, max_examples=100)


@many
@given(before=table_specs(whole=True), after=table_specs(), lag=st.booleans(), has_tags=st.booleans())
def test_any_table_becomes_any_declaration(before: TableSpec, after: TableSpec, lag: bool, has_tags: bool) -> None:
    assume(not before.deletion_protection or after.deletion_protection is False)
    after = replace(after, local_indexes=after.local_indexes or (), vector_indexes=after.vector_indexes or ())
    if after.vector_indexes:
        after = replace(after, billing=ON_DEMAND, global_indexes=after.global_indexes or ())
    model = build(before, lag=lag, has_tags=has_tags)
    outcome = run(model, declaration(after))
    assert all(step.status is StepStatus.UNSUPPORTED for step in outcome.left)
    assert {step.facet for step in outcome.left} <= (set() if has_tags else {"tags"})
    responses = model.responses()
    assert responses is not None
    assert violations(responses, after) == []
    assert [complaints(call) for call in outcome.calls if complaints(call)] == []


@many
@given(before=table_specs(whole=True), after=table_specs())
def test_without_replacement_everything_else_is_done_and_nothing_is_lost(before: TableSpec, after: TableSpec) -> None:
    model = build(before)
    made = model.made
    outcome = run(model, declaration(after), replace=False)
    assert model.made == made
    assert all(_needs_replacement(step) for step in outcome.left)
    if not outcome.left:
        responses = model.responses()
        assert responses is not None
        assert violations(responses, after) == []


def _needs_replacement(step: Step) -> bool:
    """A replacement itself, or an index that only another table could have."""
    return step.destructive or (step.status is StepStatus.BLOCKED and step.reason is Reason.REJECTED)


@some
@given(table_specs(), st.booleans())
def test_a_created_table_needs_at_most_the_calls_that_were_previewed(spec: TableSpec, has_tags: bool) -> None:
    previewed = [
        s.call for s in plan(declaration(spec), None, lacks=lacking(has_tags=has_tags)) if s.status is StepStatus.READY
    ]
    model = TableModel(has_tags=has_tags)
    outcome = run(model, declaration(spec))
    assert outcome.calls == previewed
    responses = model.responses()
    assert responses is not None
    assert violations(responses, spec) == []


@some
@given(table_specs(), st.booleans())
def test_a_table_just_created_equals_its_request(spec: TableSpec, has_tags: bool) -> None:
    model = TableModel(has_tags=has_tags)
    possible = without_unsupported(spec, lacking(has_tags=has_tags))
    model.send(create_call(possible, "stack/dev/nonce" if has_tags else None))
    asked, observed = seen(model, possible), seen(model)
    assert asked is not None
    assert observed is not None
    assert diff(as_created(possible), asked.spec) == ()
    assert observed.owner_tag == ("stack/dev/nonce" if has_tags else None)


@some
@given(table_specs(whole=True))
def test_a_table_observed_and_declared_as_it_is_needs_nothing(spec: TableSpec) -> None:
    observed = seen(build(spec))
    assert observed is not None
    assert diff(observed.spec, observed.spec) == ()
    assert plan(declaration(observed.spec), observed) == ()


@some
@given(table_specs(whole=True), table_specs())
def test_each_call_of_a_plan_has_one_step_and_each_change_one_place(before: TableSpec, after: TableSpec) -> None:
    observed = seen(build(before))
    assert observed is not None
    steps = plan(declaration(after), observed)
    changes = [change for step in steps for change in step.changes]
    replaces = any(step.action is Action.REPLACE for step in steps)
    lost = tuple(missing_after_replacement(after, observed.spec)) if replaces else ()
    assert sorted(changes, key=repr) == sorted((*diff(after, observed.spec), *lost), key=repr)
    assert len({repr(change) for change in changes}) == len(changes)
    calls = [step.call for step in steps if step.status is StepStatus.READY]
    assert all(call not in calls[:position] for position, call in enumerate(calls))
    assert all(call is None or complaints(call) == "" for call in calls)
    assert all((change.unsafe is None) == (change.hazard is Hazard.NONE) for change in changes)
