"""A write that others undo is contested, one without effect is unsupported, and a busy refusal is temporary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.cli import exits
from reconciler.model.errors import Busy
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.report import PassReport, Verdict
from reconciler.model.table import Billing, Stream, Throughput, Ttl
from reconciler.planning.availability import propagate_blocked

EMULATORS = (Flavor.MOTO, Flavor.DYNAMODB_LOCAL)
DESIRED_STATES: Mapping[str, dict[str, Any]] = {
    "protection": {"deletion_protection": True},
    "stream": {"stream": Stream(True, "KEYS_ONLY")},
    "provisioned": {"billing": Billing("PROVISIONED", Throughput(5, 5))},
}
UNDO: Mapping[str, dict[str, Any]] = {
    "protection": {"DeletionProtectionEnabled": False},
    "stream": {"StreamSpecification": {"StreamEnabled": False}},
    "provisioned": {"BillingMode": "PAY_PER_REQUEST"},
}


def standing(flavor: Flavor) -> Sim:
    sim = simulate(flavor=flavor)
    sim.declare(declaration())
    sim.once()
    sim.clock.seconds += 7200
    return sim


@pytest.mark.parametrize("flavor", EMULATORS, ids=str)
@pytest.mark.parametrize("desired", DESIRED_STATES)
def test_a_conflict_with_another_tool_is_contested_and_drift_on_an_emulator(desired: str, flavor: Flavor) -> None:
    sim = standing(flavor)
    sim.declare(declaration(**DESIRED_STATES[desired]))
    for _ in range(3):
        report = sim.run()
        if _differs(report):
            sim.dynamodb.do("UpdateTable", {"TableName": "users", **UNDO[desired]})
    (step,) = (step for step in report.tables[0].steps if step.status is StepStatus.BLOCKED)
    assert step.reason is Reason.CONTESTED
    assert "took effect, and somebody else changed it" in (step.message or "")
    assert report.verdict is Verdict.DRIFTED
    assert exits.converge(report) == 2


def _differs(report: PassReport) -> bool:
    return any(step.status is StepStatus.DONE for step in report.tables[0].steps)


@pytest.mark.parametrize("flavor", EMULATORS, ids=str)
def test_after_the_conflict_the_field_is_written_again_within_an_hour(flavor: Flavor) -> None:
    sim = standing(flavor)
    sim.declare(declaration(deletion_protection=True))
    for _ in range(3):
        report = sim.run()
        if _differs(report):
            sim.dynamodb.do("UpdateTable", {"TableName": "users", "DeletionProtectionEnabled": False})
    assert report.verdict is Verdict.DRIFTED
    sim.clock.seconds += 3601
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.tables["users"].description["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("flavor", EMULATORS, ids=str)
@pytest.mark.parametrize("member", ["DeletionProtectionEnabled", "StreamSpecification"])
def test_a_field_missing_from_its_read_back_is_unsupported(member: str, flavor: Flavor) -> None:
    sim = standing(flavor)
    sim.dynamodb.sticky = {member}
    sim.declare(declaration(deletion_protection=True, stream=Stream(True, "KEYS_ONLY")))
    report = sim.once()
    (step,) = (step for step in report.tables[0].steps if step.status is StepStatus.UNSUPPORTED)
    assert step.reason is Reason.UNSUPPORTED
    assert report.verdict is Verdict.IN_SYNC


def busy(operation: str, tried: list[str]) -> Callable[[str, Mapping[str, Any]], None]:
    def refuse(called: str, _: Mapping[str, Any]) -> None:
        if called == operation:
            tried.append(called)
            raise Busy(called, "ResourceInUseException", "the table is in use")

    return refuse


REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "a stream": ({"stream": Stream(True, "KEYS_ONLY")}, "UpdateTable"),
    "protection": ({"deletion_protection": True}, "UpdateTable"),
    "provisioned": ({"billing": Billing("PROVISIONED", Throughput(5, 5))}, "UpdateTable"),
    "time to live": ({"ttl": Ttl(True, "gone")}, "UpdateTimeToLive"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("flavor", EMULATORS, ids=str)
def test_a_busy_refusal_of_an_active_table_is_unsupported_on_an_emulator_after_five_tries(
    name: str, flavor: Flavor
) -> None:
    members, operation = REFUSED[name]
    sim = standing(flavor)
    tried: list[str] = []
    sim.dynamodb.faults = busy(operation, tried)
    sim.declare(declaration(**members))
    began = sim.clock.seconds
    report = sim.once()
    assert sim.clock.seconds - began < 60, "long before the deadline"
    (step,) = report.tables[0].steps
    assert step.status is StepStatus.UNSUPPORTED
    assert "refused as busy although the table is ACTIVE" in (step.message or "")
    assert len(tried) == 5
    sim.dynamodb.faults = None
    sim.clock.seconds += 3601
    sim.once()
    assert [step for table in sim.once().tables for step in table.steps] == [], "tried again after an hour"


@pytest.mark.parametrize("name", REFUSED)
def test_elsewhere_such_a_refusal_is_believed_for_ten_minutes_and_then_contested(name: str) -> None:
    members, operation = REFUSED[name]
    sim = standing(Flavor.AWS)
    sim.dynamodb.faults = busy(operation, [])
    sim.declare(declaration(**members))
    for _ in range(8):
        report = sim.run()
    (step,) = report.tables[0].steps
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.BUSY)
    sim.clock.seconds += 601
    for _ in range(2):
        report = sim.run()
    (step,) = report.tables[0].steps
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.CONTESTED)
    assert exits.converge(report) == 2


AFTER = Step(Action.UPDATE, "auto_scaling").deferred(Reason.AFTER, "waits until the table is provisioned")
LACKING = Step(Action.UPDATE, "billing").unsupported("the endpoint cannot hold billing")
STOPPED = Step(Action.UPDATE, "billing").blocked(Reason.CONTESTED, "contested", "a new declared value")
READY = Step(Action.UPDATE, "tags")


@pytest.mark.parametrize(
    ("steps", "step_status"),
    [
        ((LACKING, AFTER), StepStatus.UNSUPPORTED),
        ((AFTER, LACKING), StepStatus.UNSUPPORTED),
        ((STOPPED, AFTER), StepStatus.BLOCKED),
        ((STOPPED, LACKING, AFTER), StepStatus.BLOCKED),
        ((READY, LACKING, AFTER), StepStatus.DEFERRED),
        ((AFTER,), StepStatus.DEFERRED),
    ],
    ids=["unsupported", "in another order", "blocked", "both", "something goes on", "nothing else"],
)
def test_a_dependent_step_shares_the_status_of_its_blocked_step(
    steps: tuple[Step, ...], step_status: StepStatus
) -> None:
    (waiting,) = (step for step in propagate_blocked(steps) if step.facet == "auto_scaling")
    assert waiting.status is step_status
