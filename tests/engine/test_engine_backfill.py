"""An index with a backfill counts as ready only when it is ACTIVE and its migration is applied to this very table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, simulate

from reconciler.model.identity import Identity
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import ItemMigration
from reconciler.model.report import TableStatus, Verdict
from reconciler.model.table import GlobalIndex, KeyElement, Projection

NAME = "0007_add_status"
INDEX = GlobalIndex("by_status", (KeyElement("status", "HASH", "S"),), Projection("ALL"), backfill=NAME)


def sim_with(index=INDEX):
    sim = simulate()
    sim.declare(declaration("users", global_indexes=(index,)))
    sim.once()
    return sim


def apply_migration(sim, **members):
    identity = sim.store.snapshot.inventory["users"].identity
    now = sim.clock.now()
    record = ItemMigration(NAME, "users", identity, "checksum", "up", 1, "me", now, now)
    sim.store.put_migration(replace(record, **members))


def waiting(report):
    (table,) = (table for table in report.tables if table.name == "users")
    return [(step.status, step.reason, step.message, step.allow_with) for step in table.steps]


def blocked(message):
    return [(StepStatus.BLOCKED, Reason.BACKFILL, message, "reconciler migrate up")]


def test_until_the_migration_is_applied_the_index_is_not_ready():
    sim = sim_with()
    report = sim.reconciler.preview()
    assert waiting(report) == blocked("index by_status is ACTIVE; its backfill 0007_add_status is pending")
    assert report.tables[0].status is TableStatus.BLOCKED
    assert sim.once().verdict is Verdict.DRIFTED


def test_after_it_is_applied_the_table_is_in_sync_and_stays_so():
    sim = sim_with()
    apply_migration(sim)
    assert waiting(sim.once()) == []
    assert sim.once().verdict is Verdict.IN_SYNC
    sim.dynamodb.journal.clear()
    assert sim.run().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == []


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"finished": None}, "started"),
        ({"direction": "down"}, "being undone"),
        ({"identity": Identity("another", "arn", "2020")}, "pending"),
    ],
)
def test_another_record_is_not_enough(members, said):
    sim = sim_with()
    apply_migration(sim, **members)
    message = f"index by_status is ACTIVE; its backfill 0007_add_status is {said}"
    assert waiting(sim.reconciler.preview()) == blocked(message)


def test_undoing_the_migration_shows_in_the_next_pass():
    sim = sim_with()
    apply_migration(sim)
    sim.run()
    sim.store.drop_migration(NAME)
    assert waiting(sim.run()) == blocked("index by_status is ACTIVE; its backfill 0007_add_status is pending")


def test_while_the_index_is_built_both_states_are_shown():
    sim = simulate(delay=60.0)
    sim.declare(declaration("users"))
    sim.once()
    sim.clock.seconds += 120
    sim.run()
    sim.declare(declaration("users", global_indexes=(INDEX,)))
    planned = waiting(sim.reconciler.preview())
    assert planned[1:] == blocked("index by_status is not created yet; its backfill 0007_add_status is pending")
    assert planned[0][0] is StepStatus.READY
    sim.run()
    messages = [message for _, reason, message, _ in waiting(sim.reconciler.preview()) if reason is Reason.BACKFILL]
    assert len(messages) == 1
    assert messages[0].startswith("index by_status is CREATING")
    assert messages[0].endswith("its backfill 0007_add_status is pending")


def test_an_index_without_a_backfill_is_ready_at_once():
    assert waiting(sim_with(replace(INDEX, backfill=None)).once()) == []


def test_a_backfill_alone_is_no_difference_of_the_index():
    sim = sim_with(replace(INDEX, backfill=None))
    sim.declare(declaration("users", global_indexes=(INDEX,)))
    report = sim.reconciler.preview()
    assert report.tables[0].changes == ()
    assert [step.reason for step in report.tables[0].steps] == [Reason.BACKFILL]


def test_a_rebuilt_index_replaces_the_old_one_only_after_its_backfill():
    old = GlobalIndex("by_kind", (KeyElement("kind", "HASH", "S"),), Projection("ALL"))
    sim = simulate()
    sim.declare(declaration("users", global_indexes=(old,)))
    sim.once()
    sim.declare(declaration("users", global_indexes=(INDEX,)))
    waits = sim.reconciler.rebuild_index("users", "by_kind", "by_status", timedelta(0))
    assert not waits.finished
    (message,) = waits.messages
    assert message == (
        "Index by_status is ACTIVE; its backfill 0007_add_status is pending. Run `reconciler migrate up`, then run "
        "this again. by_kind is not deleted before that."
    )
    apply_migration(sim)
    assert sim.reconciler.rebuild_index("users", "by_kind", "by_status", timedelta(0)).finished
    described = sim.dynamodb.tables["users"].description["GlobalSecondaryIndexes"]
    assert [index["IndexName"] for index in described] == ["by_status"]
