"""A converging run reports once for what and until when it waits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, simulate
from support.sample_reports import report, table

from reconciler.engine.commands import CommandContext
from reconciler.engine.converge import ConvergeLoop
from reconciler.engine.reconcile_pass import PassRequest
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import Lease
from reconciler.model.report import PassReport, TableStatus

DELETE = Step(Action.DELETE, "table")
UPDATE = Step(Action.UPDATE, "ttl")


def waiting(sim: Sim, step: Step, rounds: int) -> tuple[list[str], datetime]:
    """What is said by a run whose one step waits for this many rounds."""
    messages: list[str] = []
    left = [rounds]

    def one_pass(_: PassRequest) -> PassReport:
        left[0] -= 1
        if left[0] < 0:
            return report(table("orders"))
        return report(table("orders", TableStatus.PENDING, steps=(step,)))

    deadline = sim.clock.now() + timedelta(minutes=30)
    ConvergeLoop(sim.reconciler.ports, one_pass, deadline, messages.append).run(PassRequest("once"))
    return messages, deadline


@pytest.mark.parametrize("seconds", [4, 60, 600])
def test_a_run_that_waits_for_a_grace_says_until_when(seconds: int) -> None:
    sim = simulate()
    until = sim.clock.now() + timedelta(seconds=seconds)
    step = DELETE.deferred(Reason.PRUNE_GRACE, "the grace period runs", until)
    messages, _ = waiting(sim, step, 3)
    assert len(messages) == 1
    assert (
        f"delete of orders waits until {until.isoformat().replace('+00:00', 'Z')} (the grace period runs)"
        in messages[0]
    )


def test_a_run_that_waits_for_a_busy_table_says_when_it_ends_at_the_latest() -> None:
    sim = simulate()
    messages, deadline = waiting(sim, UPDATE.deferred(Reason.BUSY, "the table is UPDATING"), 40)
    (sentence,) = messages
    assert sentence.startswith("update of orders waits (the table is UPDATING); this run ends at ")
    assert deadline.isoformat().replace("+00:00", "Z") in sentence


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_a_run_that_hardly_waits_reports_nothing(rounds: int) -> None:
    messages, _ = waiting(simulate(), UPDATE.deferred(Reason.BUSY, "the table is UPDATING"), rounds)
    assert messages == []


def test_a_run_that_waits_for_the_lease_names_its_holder() -> None:
    sim = simulate()
    sim.declare(declaration("users"))
    sim.store.rival = Lease("pod-7", 3, sim.clock.now() + timedelta(minutes=5))
    messages: list[str] = []
    sim.reconciler.converge("once", on_wait=messages.append)
    left = [int(found[1]) for each in messages if (found := re.search(r"held by pod-7, (\d+) s left", each))]
    assert len(left) > 5, messages
    assert sorted(left, reverse=True) == left, "the time that is left falls"
    assert left[0] > left[-1]


def test_a_rebuild_that_waits_says_for_what_and_only_once() -> None:
    sim = simulate()
    messages: list[str] = []
    command = CommandContext(
        sim.reconciler.ports,
        sim.reconciler.options,
        frozenset(),
        sim.clock.now() + timedelta(minutes=30, microseconds=123456),
        messages.append,
    )
    pause: float | None = 0.0
    for _ in range(12):
        assert pause is not None
        pause = command.pause(pause, why="an index of users is being built or deleted")
    assert len(messages) == 1
    assert messages[0].startswith("Waiting: an index of users is being built or deleted; this command ends at ")
    assert re.search(r"T\d\d:\d\d:\d\dZ at the latest\.$", messages[0])


def test_a_rebuild_that_hardly_waits_says_nothing() -> None:
    sim = simulate()
    messages: list[str] = []
    until = sim.clock.now() + timedelta(minutes=30)
    command = CommandContext(sim.reconciler.ports, sim.reconciler.options, frozenset(), until, messages.append)
    command.pause(0.0, why="an index of users is being built or deleted")
    assert messages == []
