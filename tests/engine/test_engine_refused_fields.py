"""A field that the endpoint refuses as unknown goes quiet, and comes back by itself once the endpoint takes it."""

from __future__ import annotations

from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.model.errors import Unsupported
from reconciler.model.identity import Flavor
from reconciler.model.plan import StepStatus
from reconciler.model.report import PassReport, Verdict
from reconciler.model.table import Ttl

DESIRED = declaration(ttl=Ttl(True, "gone"), deletion_protection=True)
HOUR, MINUTE = 3600, 60


class Lacking:
    """The endpoint's answer to one operation, for as long as it does not have it; counts how often it was asked."""

    def __init__(self, operation: str) -> None:
        self.operation, self.lacks, self.asked = operation, True, 0

    def __call__(self, operation: str, params: Any) -> None:
        if operation == self.operation and params.get("TableName") == "users":
            self.asked += 1
            if self.lacks:
                raise Unsupported(operation, "UnknownOperationException", "no such operation")


def environment(flavor: Flavor) -> tuple[Sim, Lacking]:
    sim = simulate(flavor=flavor)
    lacking = Lacking("UpdateTimeToLive")
    sim.dynamodb.faults = lacking
    sim.declare(DESIRED)
    sim.once()
    return sim, lacking


def restarted(sim: Sim) -> None:
    """A new process: what it knows is what was written down."""
    sim.reconciler.state.attempts.clear()


def ttl_of(sim: Sim) -> str:
    return str(sim.dynamodb.tables["users"].ttl["TimeToLiveStatus"])


def reported(report: PassReport) -> list[str | None]:
    return [
        step.message for step in report.tables[0].steps if step.status in (StepStatus.UNSUPPORTED, StepStatus.BLOCKED)
    ]


@pytest.mark.parametrize("again", [False, True], ids=["the same process", "a new process each time"])
@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL, Flavor.OTHER], ids=lambda flavor: flavor.value)
def test_a_field_refused_once_is_back_within_an_hour_of_the_endpoint_taking_it(flavor: Flavor, again: bool) -> None:
    sim, lacking = environment(flavor)
    lacking.lacks = False
    for _ in range(62):
        sim.clock.seconds += MINUTE
        if again:
            restarted(sim)
        report = sim.run()
    assert ttl_of(sim) == "ENABLED"
    assert report.verdict is Verdict.IN_SYNC
    assert reported(report) == []


@pytest.mark.parametrize("again", [False, True], ids=["the same process", "a new process each time"])
@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL], ids=lambda flavor: flavor.value)
def test_an_emulator_that_truly_lacks_it_is_asked_once_an_hour_and_is_in_sync(flavor: Flavor, again: bool) -> None:
    sim, lacking = environment(flavor)
    assert lacking.asked == 1
    for _ in range(3 * 60):
        sim.clock.seconds += MINUTE
        if again:
            restarted(sim)
        report = sim.run()
        assert report.verdict is Verdict.IN_SYNC
        assert report.summary()["unsupported"] == 1
    assert lacking.asked == 4
    assert ttl_of(sim) == "DISABLED"
    assert sim.dynamodb.mutating == ["CreateTable"]


def test_it_says_that_the_field_was_refused_and_when_it_is_tried_again() -> None:
    sim, _ = environment(Flavor.MOTO)
    began = sim.clock.now()
    (messages,) = reported(sim.run())
    assert messages is not None
    assert "was refused outright" in messages
    assert (began.replace(hour=began.hour + 1)).isoformat(timespec="minutes")[:13] in messages


def test_another_value_of_a_refused_field_is_tried_at_once() -> None:
    sim, lacking = environment(Flavor.MOTO)
    lacking.lacks = False
    sim.declare(declaration(ttl=Ttl(True, "ends"), deletion_protection=True))
    sim.once()
    assert ttl_of(sim) == "ENABLED"


def test_a_field_that_is_accepted_without_effect_after_a_refusal_is_written_twice_more() -> None:
    sim, lacking = environment(Flavor.MOTO)
    lacking.lacks = False
    sim.dynamodb.sticky = {"TimeToLiveSpecification"}
    sim.clock.seconds += HOUR
    for _ in range(4):
        sim.clock.seconds += MINUTE
        report = sim.run()
    assert sim.dynamodb.mutating.count("UpdateTimeToLive") == 2
    (messages,) = reported(report)
    assert messages is not None
    assert "was written 2 times" in messages
