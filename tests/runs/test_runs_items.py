"""A run with ``items``: the pass, then the pending migrations of items; nothing of them without that word."""

from __future__ import annotations

import pytest
from mover.migrations import Bench, migration, numbered
from simulation.simulated_engine import declaration

from reconciler.model.errors import ApiError, DeclarationError, Problem, StateError
from reconciler.model.records import Lease
from reconciler.runs import Job, Verb
from reconciler.runs.migration_runs import recorded_migrations
from reconciler.runs.verbs import carry_out


def run(bench, *files, items=True):
    return carry_out(Job(Verb.RUN, items=items), bench.sim.reconciler, lambda _: bench.commands(*files))


def test_a_run_without_items_changes_no_item():
    bench = Bench(*numbered(2))
    outcome = run(bench, items=False)
    assert outcome.items is None
    assert "status" not in bench.item("u0001")


def test_a_run_with_items_applies_what_is_pending_after_its_pass():
    bench = Bench(*numbered(2))
    outcome = run(bench)
    assert outcome.items is not None
    assert outcome.items.whole
    assert [result.record.name for result in outcome.items.results] == ["0001_add_status"]
    assert bench.item("u0001")["status"] == {"S": "active"}
    assert run(bench).items.results == ()


def test_one_that_fails_is_not_whole():
    bench = Bench(*numbered(2))
    outcome = run(bench, migration(up=lambda item: None))
    assert not outcome.items.whole
    assert outcome.items.error is None


def test_files_in_a_wrong_order_are_an_error_beside_the_report_of_the_pass():
    bench = Bench(*numbered(2))
    outcome = run(bench, migration("0001_a"), migration("0003_b"))
    assert outcome.report is not None
    assert "0002 is missing" in outcome.items.error
    assert not outcome.items.whole
    assert "status" not in bench.item("u0001")


def test_files_that_cannot_be_loaded_keep_the_pass_from_running():
    bench = Bench(*numbered(2))

    def broken(_):
        raise DeclarationError((Problem("m.py", 1, None, "is broken", "Mend it"),))

    before = len(bench.sim.telemetry.reports)
    with pytest.raises(DeclarationError):
        carry_out(Job(Verb.RUN, items=True), bench.sim.reconciler, broken)
    assert len(bench.sim.telemetry.reports) == before


def test_a_pass_that_cannot_write_runs_no_migration():
    bench = Bench(*numbered(2))
    bench.sim.source.broken = True
    outcome = run(bench)
    assert outcome.items.error == "No migration of items was run, because the pass could not write."
    assert "status" not in bench.item("u0001")


def test_without_the_lease_nothing_is_migrated():
    bench = Bench(*numbered(2))
    bench.sim.store.rival = Lease("other", 9, bench.sim.clock.now(), name="host:1")
    outcome = run(bench)
    assert "another reconciler holds the lease" in outcome.items.error
    assert "status" not in bench.item("u0001")


def history_of(bench):
    return [(each.trigger, each.error) for each in bench.sim.store.runs if each.trigger == "migrate"]


def test_a_migration_that_is_refused_is_a_failed_run_and_those_before_it_are_kept():
    bench = Bench(*numbered(2))
    bench.sim.declare(declaration("users"), declaration("later"))
    commands = bench.commands(migration("0001_a"), migration("0002_b", table="later"))
    with pytest.raises(StateError), recorded_migrations(bench.sim.reconciler, commands, print):
        commands.up()
    assert history_of(bench) == [
        ("migrate", "0002_b is not finished on later: table later does not exist. Run `reconciler up` first.")
    ]
    assert bench.sim.store.runs[-1].wrote


@pytest.mark.parametrize("raised", [ApiError("DeleteItem", "InternalServerError", "try again"), ValueError("a bug")])
def test_an_error_after_the_last_item_is_a_failed_run(raised):
    bench = Bench(*numbered(2))
    bench.commands(migration(down=lambda item: {"status": None})).up()
    commands = bench.commands(migration(down=lambda item: {"status": None}))

    def drop_migration(_):
        raise raised

    bench.sim.store.drop_migration = drop_migration
    with pytest.raises(type(raised)), recorded_migrations(bench.sim.reconciler, commands, print):
        commands.down()
    (entry,) = history_of(bench)
    why = raised if isinstance(raised, ApiError) else "ValueError"
    assert entry[1] == f"0001_add_status is not finished on users: {why}"
    assert bench.sim.store.runs[-1].wrote
