"""Backups through whole passes: on schedule, pruned, and one before anything that destroys items."""

from __future__ import annotations

from datetime import timedelta

from simulation.simulated_engine import declaration, item, simulate

from reconciler.model.backups import Backups
from reconciler.model.errors import Forbidden
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import Verdict

HOURLY = Backups("0 * * * *", 2)


def with_backups(flavor=Flavor.MOTO, **options):
    sim = simulate(flavor=flavor, **options)
    sim.dynamodb.has_backups = True
    return sim


def doomed(flavor=Flavor.MOTO, **options):
    """``orders`` was made by us, holds an item, and is declared no more."""
    sim = with_backups(flavor, prune_grace=timedelta(0), **options)
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.dynamodb.tables["orders"].items["mine"] = item("mine")
    sim.dynamodb.journal.clear()
    sim.declare(declaration("users"))
    return sim


def test_a_backup_is_taken_each_hour_and_two_are_kept():
    sim = with_backups()
    sim.clock.seconds = 60
    sim.declare(declaration(backups=HOURLY))
    sim.once()
    for _ in range(10):
        sim.clock.seconds += 1800
        assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating.count("CreateBackup") == 5
    assert len(sim.dynamodb.backups) == 2


def test_between_two_due_times_nothing_is_written():
    sim = with_backups()
    sim.declare(declaration(backups=HOURLY))
    sim.once()
    sim.clock.seconds += 3601
    sim.once()
    sim.dynamodb.journal.clear()
    assert [sim.run().verdict for _ in range(5)] == [Verdict.IN_SYNC] * 5
    assert sim.dynamodb.mutating == []


def test_an_endpoint_without_backups_reports_it_and_is_in_sync():
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL)
    sim.declare(declaration(backups=HOURLY))
    sim.once()
    sim.clock.seconds += 3601
    assert sim.once().verdict is Verdict.IN_SYNC
    assert "CreateBackup" not in sim.dynamodb.mutating


def test_a_backup_comes_before_a_delete():
    sim = doomed()
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == ["CreateBackup", "DeleteTable"]
    ((kept),) = sim.dynamodb.backups.values()
    assert kept["summary"]["BackupName"].startswith("orders-before-delete-")
    assert kept["table"].items == {"mine": item("mine")}


def test_the_delete_waits_until_the_backup_is_whole():
    sim = doomed(delay=5.0)
    report = sim.run()
    (step,) = [s for t in report.tables for s in t.steps if s.status is StepStatus.DEFERRED]
    assert (step.message or "").startswith("waiting for backup")
    assert "(CREATING)" in (step.message or "")
    assert "orders" in sim.dynamodb.tables
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == ["CreateBackup", "DeleteTable"]


def test_an_empty_table_needs_no_backup():
    sim = doomed()
    sim.dynamodb.tables["orders"].items.clear()
    sim.once()
    assert sim.dynamodb.mutating == ["DeleteTable"]


def test_where_backups_are_denied_nothing_is_deleted():
    sim = doomed()

    def deny(operation, params):
        if operation == "CreateBackup":
            raise Forbidden(operation, "AccessDeniedException", "no")

    sim.dynamodb.faults = deny
    report = sim.once()
    blocked = [s for t in report.tables for s in t.steps if s.status is StepStatus.BLOCKED]
    assert [step.reason for step in blocked] == [Reason.BACKUP]
    assert "dynamodb:CreateBackup" in (blocked[0].allow_with or "")
    assert "orders" in sim.dynamodb.tables


def test_an_old_backup_does_not_count_for_the_current_items():
    sim = doomed(delay=5.0)
    sim.run()
    sim.clock.seconds += 2 * 3600
    sim.once()
    assert sim.dynamodb.mutating == ["CreateBackup", "CreateBackup", "DeleteTable"]


def test_backups_before_a_delete_are_never_pruned_by_a_schedule():
    sim = doomed()
    sim.once()
    sim.declare(declaration("users"), declaration("orders", backups=Backups("0 * * * *", 1)))
    sim.once()
    for _ in range(4):
        sim.clock.seconds += 3600
        sim.once()
    names = [kept["summary"]["BackupName"] for kept in sim.dynamodb.backups.values()]
    assert sum("before-delete" in name for name in names) == 1
    assert len(names) == 2


def test_a_destroy_in_a_stack_that_is_suspended_waits_for_its_backup_too():
    sim = doomed(Flavor.AWS, data_loss="allow")
    sim.reconciler.suspend("somebody")
    sim.dynamodb.delay = 1.0
    sim.reconciler.destroy()
    assert "orders" not in sim.dynamodb.tables
    assert sim.dynamodb.mutating.count("CreateBackup") == 1
