"""A command while another process holds the lease: a dead holder expires, a living one is reported."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler import logs
from reconciler.engine.loop_status import LoopStatus
from reconciler.model.errors import StateError
from reconciler.model.plan import Approval
from reconciler.model.records import Lease
from reconciler.model.report import Verdict
from reconciler.telemetry import CompositeTelemetry

VERBS: dict[str, Callable[[Sim], object]] = {
    "seed": lambda sim: sim.reconciler.seed(),
    "clear": lambda sim: sim.reconciler.clear(),
}


def held(sim: Sim, *, until: float | None = None, beats: bool = False) -> None:
    """Somebody else has the lease: up to that second of the clock or for ever, and renews it at every look or never."""
    sim.store.rival = Lease("somebody", 7, sim.clock.now() + timedelta(hours=1), beat=1)
    take, look = sim.store.acquire_lease, sim.store.current_lease

    def acquire() -> Lease | None:
        if until is not None and sim.clock.seconds >= until:
            sim.store.rival = None
        return take()

    def current() -> Lease | None:
        if beats and sim.store.rival is not None:
            sim.store.rival = replace(sim.store.rival, beat=sim.store.rival.beat + 1)
        return look()

    sim.store.acquire_lease = acquire  # type: ignore[method-assign]
    sim.store.current_lease = current  # type: ignore[method-assign]


def seeded() -> Sim:
    sim = simulate()
    sim.declare(declaration(seed=(item("1"), item("2"))))
    sim.once()
    sim.dynamodb.journal.clear()
    return sim


@pytest.mark.parametrize("verb", VERBS)
def test_the_lease_of_a_dead_holder_is_taken_after_its_term(verb: str) -> None:
    sim = seeded()
    began = sim.clock.seconds
    held(sim, until=began + 30)
    VERBS[verb](sim)
    assert 30 <= sim.clock.seconds - began <= 32


@pytest.mark.parametrize("verb", VERBS)
def test_a_living_lease_holder_is_reported_at_its_first_renewal(verb: str) -> None:
    sim = seeded()
    began, stored = sim.clock.seconds, sim.items.puts
    held(sim, beats=True)
    with pytest.raises(StateError, match="holds the lease: somebody, which has just renewed it and so is at work"):
        VERBS[verb](sim)
    assert sim.clock.seconds - began <= 2
    assert (sim.dynamodb.journal, sim.items.puts) == ([], stored)


@pytest.mark.parametrize("verb", VERBS)
def test_a_lease_holder_that_never_expires_is_reported_after_forty_seconds(verb: str) -> None:
    sim = seeded()
    began = sim.clock.seconds
    held(sim)
    with pytest.raises(StateError, match="another reconciler holds the lease: somebody"):
        VERBS[verb](sim)
    assert 40 <= sim.clock.seconds - began <= 41
    assert sim.dynamodb.journal == []


def intended() -> Sim:
    """All is as declared, but whoever made the table died before it wrote down that it is ours."""
    sim = seeded()
    sim.store.put_entry(replace(sim.store.snapshot.inventory["users"], ownership="intent", identity=None))
    return sim


def test_a_run_with_only_a_record_to_write_waits_for_a_dead_lease_holder() -> None:
    sim = intended()
    began = sim.clock.seconds
    held(sim, until=began + 30)
    assert sim.once().verdict is Verdict.IN_SYNC
    assert 30 <= sim.clock.seconds - began <= 32
    assert sim.store.snapshot.inventory["users"].ownership == "created"


def test_a_run_with_only_a_record_to_write_leaves_it_to_a_living_lease_holder() -> None:
    sim = intended()
    began = sim.clock.seconds
    held(sim, beats=True)
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.clock.seconds - began <= 2
    assert sim.store.snapshot.inventory["users"].ownership == "intent"


def test_a_run_never_waits_for_the_lease_beyond_its_deadline() -> None:
    sim = intended()
    sim.reconciler.timeout = timedelta(seconds=10)
    began = sim.clock.seconds
    held(sim)
    sim.once()
    assert sim.clock.seconds - began <= 11


def waiting() -> Sim:
    """A change is to be made."""
    sim = seeded()
    sim.declare(declaration(seed=(item("1"), item("2"))), declaration("orders"))
    return sim


WAITING: dict[str, Callable[[Sim], object]] = {
    **VERBS,
    "once": lambda sim: sim.once(),
    "up": lambda sim: sim.reconciler.converge("up", approved=Approval(everything=True)),
    "destroy": lambda sim: sim.reconciler.destroy(),
}


@pytest.mark.parametrize("verb", WAITING)
@pytest.mark.parametrize("given", [True, False], ids=["given", "never given"])
def test_a_wait_is_reported_with_holder_and_duration(verb: str, given: bool) -> None:
    sim = waiting()
    held(sim, until=sim.clock.seconds + 30 if given else None)
    with contextlib.suppress(StateError):
        WAITING[verb](sim)
    assert {holder for holder, _ in sim.telemetry.waits} == {"somebody"}
    seconds = [seconds for _, seconds in sim.telemetry.waits]
    assert 30 < seconds[0] <= 3600
    # What shows the progress of a run repeats its sentence; other commands say every ten seconds how long they wait.
    tens = [round(earlier - later) for earlier, later in pairwise(seconds)]
    assert tens == ([] if verb not in VERBS else [10, 10] if given else [10, 10, 10])


def test_nothing_is_reported_without_a_wait() -> None:
    sim = waiting()
    sim.once()
    sim.reconciler.seed()
    assert sim.telemetry.waits == []


def test_the_sentence_of_the_log_names_the_holder_and_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("console", "warning")
    CompositeTelemetry(LoopStatus("default", 60.0), None, shows_report=True).waiting("host-7:42", 29.6)
    assert "it is held by host-7:42; 30 s left to wait" in capsys.readouterr().err


def test_a_command_without_the_lease_reports_what_to_do() -> None:
    sim = seeded()
    held(sim)
    with pytest.raises(StateError, match=r"somebody \(waited 40 s\)\. Stop it, or try again when it has finished"):
        sim.reconciler.seed()


def test_a_report_says_that_nobody_holds_the_lease_and_who_held_it_last():
    sim = simulate()
    sim.declare(declaration())
    sim.run()
    sim.run()
    quiet = sim.run()
    assert (quiet.leader, quiet.lease_free, quiet.last_holder) == (True, True, None)
    now = sim.clock.now()
    later, before = now + timedelta(minutes=1), now - timedelta(minutes=1)
    leases = {
        Lease("other", 7, before, released=True, name="host:7"): (True, True, "host:7"),
        Lease("me", 7, before, name="here:1"): (True, True, "here:1"),
        Lease("me", 7, later, name="here:1"): (True, False, None),
        Lease("other", 7, later, name="host:7"): (False, False, None),
    }
    for lease, expected in leases.items():
        sim.store.snapshot = replace(sim.store.snapshot, lease=lease)
        report = sim.run()
        assert (report.leader, report.lease_free, report.last_holder) == expected
