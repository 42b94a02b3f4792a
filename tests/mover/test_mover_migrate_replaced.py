"""Migrations of a table that is replaced with its items: they stay applied, and none runs in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from mover.migrations import Bench, migration
from mover.test_mover_replacement import killed_at
from simulation.simulated_engine import declaration, item
from support.specs import keys

from reconciler.engine.unfinished_migrations import running_migrations
from reconciler.model.errors import StateError
from reconciler.model.identity import Flavor
from reconciler.model.records import ENDED, Checkpoint, Generation, GenerationPhase, Lease, Phase, Replacement
from reconciler.mover.migrate_commands import BETWEEN_TABLES
from reconciler.planning.observe import identity_of


def bench() -> Bench:
    made = Bench(
        *(item(f"p{number}", sk=str(number)) for number in range(5)),
        flavor=Flavor.DYNAMODB_LOCAL,
        one_shot=True,
        prune_grace=timedelta(0),
    )
    made.sim.dynamodb.journal.clear()
    return made


def live(made: Bench):
    return identity_of(made.sim.dynamodb.tables["users"].description)


def test_what_was_applied_stays_applied_after_a_replacement():
    made = bench()
    made.commands().up()
    before = live(made)
    made.sim.declare(declaration("users", keys=keys("pk S", "sk S")))
    made.sim.once()
    assert not live(made).same(before)
    assert all(one["status"] == {"S": "active"} for one in made.everything())
    (state,) = made.commands().status().states
    assert (state.status.value, state.void) == ("applied", False)
    assert made.commands().up() == ()


def half_done() -> Bench:
    """The lease was lost in the middle of the migration, and another key is declared."""
    made = bench()
    made.calls.after = lambda operation, params: (
        setattr(made.sim.store, "lost", True)
        if operation == "UpdateItem" and params["Key"]["pk"]["S"] == "p2"
        else None
    )
    assert not made.commands().up()[0].finished
    made.sim.store.lost, made.calls.after = False, None
    made.sim.declare(declaration("users", keys=keys("pk S", "sk S")))
    return made


def begun(made: Bench) -> bool:
    """Whether everybody knows of the migration that is not finished."""
    (state,) = made.commands().status().states
    gone = made.commands(migration("0002_other")).status().problems
    (table,) = made.sim.reconciler.preview().tables
    known = (state.status.value == "started", "is not finished" in str(gone), "is begun on users" in str(table))
    assert len(set(known)) == 1, known
    return all(known)


def test_what_was_half_done_begins_again_after_a_replacement():
    made = half_done()
    made.sim.once()
    assert begun(made)
    (ended,) = made.commands().up()
    assert (ended.finished, ended.began_again) == (True, "its table was replaced since it was begun")
    assert all(one["status"] == {"S": "active"} for one in made.everything())
    assert not begun(made)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in (Phase.CANCELLING, Phase.DONE)])
def test_what_was_half_done_is_known_at_each_moment_of_a_replacement(phase):
    made = half_done()
    killed_at(made.sim, phase)
    assert begun(made)
    made.sim.once()
    assert begun(made)
    assert made.commands().up()[0].finished


@pytest.mark.parametrize("phase", [Phase.RETURNING, Phase.VERIFYING])
@pytest.mark.parametrize("finished", [False, True])
def test_a_new_table_that_somebody_deletes_takes_no_record_with_it(phase, finished):
    made = half_done()
    if finished:
        made.commands().up()
    killed_at(made.sim, phase)
    del made.sim.dynamodb.tables["users"]
    made.sim.once()
    assert len(made.everything()) == 5
    (state,) = made.commands().status().states
    assert (state.status.value, state.void) == ("applied" if finished else "started", False)
    assert begun(made) is not finished


def test_what_was_half_done_is_run_by_nobody_after_a_replacement():
    """A daemon replaced the table, and keeps the lease."""
    made = half_done()
    made.sim.once()
    now = made.sim.clock.now()
    snapshot = replace(made.sim.store.load(), lease=Lease("them", 7, now + timedelta(seconds=30), name="host:1"))
    (record,) = snapshot.migrations.values()
    snapshot = replace(snapshot, migrations={record.name: replace(record, token=7)})
    assert running_migrations(snapshot, now) == {}
    read = Checkpoint("users#0001_add_status#00000", record.identity, "up", token=7)
    assert running_migrations(replace(snapshot, checkpoints={read.name: read}), now) == {record.name: "host:1"}


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.DONE])
def test_during_a_replacement_no_migration_runs(phase):
    made = bench()
    replacing = Replacement("users", phase, live(made), "users-aside", ("pk HASH S",), made.sim.clock.now())
    made.sim.store.snapshot = replace(made.sim.store.snapshot, replacements={"users": replacing})
    with pytest.raises(StateError, match="table users is being replaced, and a part of its items is in users-aside"):
        made.commands(migration(down=lambda item: {"status": None})).up()
    assert made.calls.count("UpdateItem") == 0


@pytest.mark.parametrize("phase", [Phase.DELETING, Phase.CREATING, Phase.RETURNING, Phase.VERIFYING])
def test_what_only_reads_counts_no_items_of_a_table_that_may_have_only_some(phase):
    made = half_done()
    killed_at(made.sim, phase)
    being = "table users is being replaced, and a part of its items is in users.replacing."
    with pytest.raises(StateError, match=being):
        made.commands().dry_run()
    with pytest.raises(StateError, match=being):
        made.commands().up()
    made.sim.once()
    (sample,) = made.commands().dry_run()
    assert (sample.total, sample.changes) == (5, 2)


@pytest.mark.parametrize("phase", [Phase.DELETING, Phase.CREATING, Phase.RETURNING, Phase.VERIFYING])
def test_verify_says_nothing_of_all_items_while_the_table_may_have_only_some(phase):
    made = bench()
    made.commands().up()
    made.sim.declare(declaration("users", keys=keys("pk S", "sk S")))
    killed_at(made.sim, phase)
    with pytest.raises(StateError, match=r"a part of its items is in users\.replacing\."):
        made.commands().verify()
    made.sim.once()
    ((_, (found,))) = made.commands().verify()
    assert (found.counts["scanned"], found.left) == (5, 0)


@pytest.mark.parametrize("phase", [phase for phase in GenerationPhase if phase not in ENDED])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_migration_waits_while_the_name_goes_from_one_table_to_another(phase, stopped):
    made = bench()
    work = Generation(
        "users",
        phase,
        2,
        "users",
        "users-g2",
        live(made),
        ("pk HASH S",),
        made.sim.clock.now(),
        problem="a sentence" if stopped else None,
    )
    if work.current != "users":
        # The name means the new table: this one stands for it.
        work = replace(work, old="users-g1", new="users", new_identity=live(made))
    made.sim.store.snapshot = replace(made.sim.store.snapshot, generations={"users": work})
    if phase in BETWEEN_TABLES:
        command = f"`reconciler replace users{' --resume' if stopped else ''}`"
        with pytest.raises(StateError, match=f"what is written now may be lost. Finish that first: {command}"):
            made.commands().up()
        assert made.calls.count("UpdateItem") == 0
    else:
        assert made.commands().up()[0].finished
        assert all(one["status"] == {"S": "active"} for one in made.everything())
