"""Facet auto_scaling: what is read, what differs, which calls close it, and what has to be there first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.scaling import TARGETS, answered, scaled, target
from support.specs import ON_DEMAND, declaration, gsi, observed, provisioned, spec

from reconciler.aws.validator import OfflineValidator
from reconciler.facets.auto_scaling import AutoScalingFacet
from reconciler.facets.billing import BillingFacet
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling, ScheduledScaling
from reconciler.model.table import TableSpec
from reconciler.planning.availability import propagate_blocked
from reconciler.planning.observe import extra_reads, observe
from reconciler.planning.planner import plan

FIVE = provisioned(5, 5)
READ = AutoScaling(read=Scaling(True, 5, 100, 70.0))
NIGHT = ScheduledScaling("night", "cron(0 22 * * ? *)", 1, 5)


def table(scaling: AutoScaling | None, **fields: Any) -> TableSpec:
    return spec(billing=fields.pop("billing", FIVE), auto_scaling=scaling, **fields)


def steps(want: AutoScaling, have: AutoScaling | None, **fields: Any) -> tuple[Step, ...]:
    return plan(declaration(table(want, **fields)), observed(table(have, **fields)))


def calls(*arguments: Any, **fields: Any) -> list[str]:
    return [step.call.operation.partition(":")[2] for step in steps(*arguments, **fields) if step.call]


CASES = {
    "a capacity without a target gets target and policy": (
        READ,
        AutoScaling(),
        ["RegisterScalableTarget", "PutScalingPolicy"],
    ),
    "the same limits and target are no difference": (READ, READ, []),
    "a limit moves": (AutoScaling(read=Scaling(True, 5, 200, 70.0)), READ, ["RegisterScalableTarget"]),
    "the utilisation moves": (AutoScaling(read=Scaling(True, 5, 100, 50.0)), READ, ["PutScalingPolicy"]),
    "a cooldown is declared": (
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scale_in_cooldown=60)),
        READ,
        ["PutScalingPolicy"],
    ),
    "a cooldown that is not declared stays": (
        READ,
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scale_in_cooldown=60)),
        [],
    ),
    "read and write are two targets": (
        AutoScaling(read=READ.read, write=READ.read),
        AutoScaling(),
        ["RegisterScalableTarget", "RegisterScalableTarget", "PutScalingPolicy", "PutScalingPolicy"],
    ),
    "a target that is not declared stays": (READ, AutoScaling(read=READ.read, write=READ.read), []),
    "scaling is switched off": (AutoScaling(read=Scaling(False)), READ, ["DeregisterScalableTarget"]),
    "scaling that is off stays off": (AutoScaling(read=Scaling(False)), AutoScaling(), []),
    "a scheduled action comes": (
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scheduled=(NIGHT,))),
        READ,
        ["PutScheduledAction"],
    ),
    "a scheduled action changes": (
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scheduled=(NIGHT,))),
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scheduled=(replace(NIGHT, min=2),))),
        ["PutScheduledAction"],
    ),
    "an empty list takes the actions away": (
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scheduled=())),
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scheduled=(NIGHT,))),
        ["DeleteScheduledAction"],
    ),
    "actions that are not declared stay": (
        READ,
        AutoScaling(read=Scaling(True, 5, 100, 70.0, scheduled=(NIGHT,))),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_calls_are_as_expected(case: str) -> None:
    want, have, expected = CASES[case]
    assert calls(want, have) == expected
    assert [OfflineValidator().problem(step.call) for step in steps(want, have) if step.call] == [None] * len(expected)


def test_the_service_owned_name_of_a_policy_is_kept_when_it_changes() -> None:
    have = AutoScaling(read=Scaling(True, 5, 100, 70.0, scale_out_cooldown=30, policy="made-by-the-console"))
    (step,) = steps(AutoScaling(read=Scaling(True, 5, 100, 50.0)), have)
    assert step.call is not None
    assert step.call.params["PolicyName"] == "made-by-the-console"
    assert step.call.params["TargetTrackingScalingPolicyConfiguration"]["ScaleOutCooldown"] == 30


def test_an_index_is_addressed_by_its_own_resource_and_dimension() -> None:
    index = gsi("by.a", "a S", units=(5, 5))
    want = AutoScaling(indexes=(IndexScaling("by.a", write=Scaling(True, 1, 10, 70.0)),))
    first, _ = steps(want, AutoScaling(), global_indexes=[index])
    assert first.call is not None
    assert first.call.params["ResourceId"] == "table/subject/index/by.a"
    assert first.call.params["ScalableDimension"] == "dynamodb:index:WriteCapacityUnits"
    assert first.changes[0].path == "auto_scaling.indexes.by.a.write.enabled"


def test_a_target_waits_until_the_table_is_provisioned() -> None:
    live = observed(spec(billing=ON_DEMAND, auto_scaling=AutoScaling()))
    planned = plan(declaration(table(READ)), live)
    assert planned[0].call is not None
    assert planned[0].call.params["BillingMode"] == "PROVISIONED"
    assert {(step.status, step.reason) for step in planned[1:]} == {(StepStatus.DEFERRED, Reason.AFTER)}


def test_a_target_of_an_index_waits_until_the_index_is_built() -> None:
    index = gsi("by_a", "a S", units=(5, 5))
    want = AutoScaling(indexes=(IndexScaling("by_a", read=Scaling(True, 1, 10, 70.0)),))
    live = observed(table(AutoScaling(), global_indexes=[]))
    planned = plan(declaration(table(want, global_indexes=[index])), live)
    waiting = [step.message for step in planned if step.reason is Reason.AFTER]
    assert set(waiting) == {"waits until index by_a is built"}


def test_an_on_demand_table_cannot_be_scaled_and_the_plan_reports_it() -> None:
    planned = plan(declaration(spec(auto_scaling=READ)), observed(spec(auto_scaling=AutoScaling())))
    assert {(step.status, step.reason) for step in planned} == {(StepStatus.BLOCKED, Reason.REJECTED)}


def test_what_waits_for_a_blocked_step_is_blocked_itself() -> None:
    live = observed(spec(billing=ON_DEMAND, auto_scaling=AutoScaling()))
    planned = plan(declaration(table(READ)), live)
    refused = (planned[0].blocked(Reason.DISRUPTION, "no", "yes"), *planned[1:])
    assert {step.status for step in propagate_blocked(refused)} == {StepStatus.BLOCKED}
    assert propagate_blocked(planned) == planned


def test_a_create_without_throughput_starts_where_scaling_starts() -> None:
    want = table(
        AutoScaling(read=Scaling(True, 7, 50, 70.0), write=Scaling(True, 3, 50, 70.0)),
        billing=provisioned(1, 1).__class__("PROVISIONED"),
    )
    create = plan(declaration(want), None)[0]
    assert create.call is not None
    assert create.call.params["ProvisionedThroughput"] == {"ReadCapacityUnits": 7, "WriteCapacityUnits": 3}


@pytest.mark.parametrize("declared", [READ, None], ids=["declared", "not declared"])
def test_capacity_that_a_scalable_target_owns_is_not_drift_and_never_written(declared: AutoScaling | None) -> None:
    live = replace(observed(table(READ, billing=provisioned(50, 5))), scaled=("billing.throughput.read",))
    assert plan(declaration(table(declared)), live) == ()
    moved = plan(declaration(table(declared, billing=provisioned(5, 9))), live)
    (step,) = moved
    assert [change.path for change in step.changes] == ["billing.throughput.write"]
    assert step.call is not None
    assert step.call.params["ProvisionedThroughput"] == {"ReadCapacityUnits": 50, "WriteCapacityUnits": 9}


def test_scaled_capacity_of_one_index_is_not_touched_next_to_a_declared_one() -> None:
    wanted = [gsi("by_a", "a S", units=(5, 5)), gsi("by_b", "b S", units=(9, 9))]
    had = [gsi("by_a", "a S", units=(80, 5)), gsi("by_b", "b S", units=(5, 5))]
    live = replace(observed(table(None, global_indexes=had)), scaled=("global_indexes.by_a.throughput.read",))
    (step,) = plan(declaration(table(None, global_indexes=wanted)), live)
    assert step.call is not None
    updates = step.call.params["GlobalSecondaryIndexUpdates"]
    assert [update["Update"]["IndexName"] for update in updates] == ["by_b"]


def test_capacity_that_will_be_scaled_keeps_its_live_value() -> None:
    live = observed(table(AutoScaling(), billing=provisioned(50, 5)))
    planned = plan(declaration(table(READ)), live)
    assert {step.facet for step in planned} == {"auto_scaling"}


def test_targets_policies_and_actions_make_one_value() -> None:
    seen = observe(answered(*scaled("table/subject", "table", "Read", limits=(5, 100), actions=(NIGHT,))))
    assert seen.spec.auto_scaling == AutoScaling(read=Scaling(True, 5, 100, 70.0, None, None, False, (NIGHT,)))
    assert seen.scaled == ("billing.throughput.read",)


def test_a_policy_without_a_target_does_nothing_and_is_not_seen() -> None:
    _, policies, actions = scaled("table/subject", "table", "Read", limits=(5, 100))
    seen = observe(answered([], policies, actions))
    assert (seen.spec.auto_scaling, seen.scaled) == (AutoScaling(), ())


def test_targets_of_a_table_with_the_same_prefix_are_ignored() -> None:
    shapes = [
        target("table/subject-2", "table", "Read", 1, 2),
        target("table/subject/index/by_a", "index", "Write", 1, 2),
    ]
    assert observe(answered(shapes, [], [])).scaled == ("global_indexes.by_a.throughput.write",)


def test_who_owns_capacity_is_asked_only_where_capacity_is_declared() -> None:
    described = answered([], [], []).table
    asked = {ask.operation for ask in extra_reads(table(None), described)}
    assert asked == {TARGETS}
    assert not list(extra_reads(spec(billing=ON_DEMAND), described))
    assert not list(BillingFacet().extra_reads(None, described))
    details = list(AutoScalingFacet().extra_reads(table(READ), described))
    assert {ask.params["ResourceId"] for ask in details} == {"table/subject"}
