"""The verb restore: which backup is meant, what is refused before the first call, and that it never overwrites."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.model.errors import StateError, UsageError
from reconciler.model.records import Lease


def kept(*, delay=0.0, mode="enforce", timeout=300):
    """``users`` holds an item and has two backups."""
    sim = simulate(timeout=timeout)
    sim.dynamodb.has_backups = True
    sim.declare(declaration("users"))
    sim.once()
    sim.dynamodb.tables["users"].items["a"] = item("a")
    sim.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": "monday"})
    sim.clock.seconds += 3600
    sim.dynamodb.tables["users"].items["b"] = item("b")
    sim.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": "tuesday"})
    sim.clock.seconds += 60
    sim.dynamodb.journal.clear()
    sim.dynamodb.delay = delay
    sim.reconciler.options = replace(sim.reconciler.options, mode=mode)
    return sim


def restore(sim, to="users-2", *, backup=None, at=None, table="users"):
    return sim.reconciler.restore(table, to, backup=backup, at=at)


@pytest.mark.parametrize(("desired", "items"), [("monday", {"a"}), ("tuesday", {"a", "b"}), ("latest", {"a", "b"})])
def test_a_backup_is_named_or_the_latest(desired, items):
    sim = kept()
    reported = restore(sim, backup=desired)
    assert reported.finished
    assert set(sim.dynamodb.tables["users-2"].items) == items
    assert sim.dynamodb.mutating == ["RestoreTableFromBackup"]


def test_it_waits_until_the_table_is_active():
    reported = restore(kept(delay=30.0), backup="latest")
    assert (reported.finished, reported.data["status"]) == (True, "ACTIVE")


def test_a_restore_that_takes_longer_is_waited_for_by_the_same_command_again():
    sim = kept(delay=600.0, timeout=30)
    first = restore(sim, backup="latest")
    assert not first.finished
    sim.clock.seconds += 555
    assert restore(sim, backup="latest").finished
    assert sim.dynamodb.mutating == ["RestoreTableFromBackup"]


def test_a_deleted_table_can_be_restored_under_its_own_name():
    sim = kept()
    del sim.dynamodb.tables["users"]
    assert restore(sim, "users", backup="latest").finished
    report = sim.once()
    assert report.tables[0].ownership == "adopted"
    assert "CreateTable" not in sim.dynamodb.mutating


def test_a_time_is_restored_where_recovery_is_enabled():
    sim = kept()
    recovery = {"PointInTimeRecoveryEnabled": True}
    sim.dynamodb.do("UpdateContinuousBackups", {"TableName": "users", "PointInTimeRecoverySpecification": recovery})
    assert restore(sim, at="latest").finished
    now = sim.clock.now().isoformat()
    assert restore(sim, "users-3", at=now).finished
    assert sim.dynamodb.mutating == ["RestoreTableToPointInTime"] * 2


REFUSED = {
    "neither backup nor time": ({}, "one of the two"),
    "both": ({"backup": "monday", "at": "latest"}, "one of the two"),
    "a backup that is not there": ({"backup": "sunday"}, "its backups are: monday, tuesday"),
    "a table that is there": ({"backup": "monday", "to": "users"}, "exists already"),
    "a time without recovery": ({"at": "latest"}, "not enabled"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_before_the_first_call(case):
    arguments, messages = REFUSED[case]
    sim = kept()
    with pytest.raises(UsageError, match=messages):
        restore(sim, **arguments)
    assert sim.dynamodb.mutating == []


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_time_outside_of_the_window_is_refused_with_the_window(hours):
    sim = kept()
    recovery = {"PointInTimeRecoveryEnabled": True}
    first = sim.clock.now().isoformat(timespec="seconds")
    sim.dynamodb.do("UpdateContinuousBackups", {"TableName": "users", "PointInTimeRecoverySpecification": recovery})
    sim.clock.seconds += 7200
    last = sim.clock.now().isoformat(timespec="seconds")
    asked = (sim.clock.now() + timedelta(hours=hours)).isoformat(timespec="seconds")
    with pytest.raises(UsageError) as refused:
        restore(sim, at=asked)
    assert str(refused.value) == f"users can be restored to times from {first} to {last}, not to {asked}"
    assert sim.dynamodb.mutating == []


def test_an_unknown_backup_is_reported_by_name():
    sim = kept()
    with pytest.raises(UsageError, match="there is no backup arn:aws:dynamodb:none"):
        restore(sim, backup="arn:aws:dynamodb:none")


def test_it_reports_its_progress():
    messages = []
    sim = kept(delay=30.0)
    sim.reconciler.restore("users", "users-2", backup="latest", at=None, tell=messages.append)
    assert messages[0].startswith("users-2: begun, from arn:")
    assert messages[1:] == ["users-2: CREATING", "users-2: ACTIVE"]


def test_a_time_that_is_none_is_refused():
    sim = kept()
    recovery = {"PointInTimeRecoveryEnabled": True}
    sim.dynamodb.do("UpdateContinuousBackups", {"TableName": "users", "PointInTimeRecoverySpecification": recovery})
    with pytest.raises(UsageError, match="is no time"):
        restore(sim, at="yesterday")


def test_two_backups_of_one_name_must_be_distinguished_by_arn():
    sim = kept()
    sim.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": "monday"})
    with pytest.raises(UsageError, match="say which: arn:"):
        restore(sim, backup="monday")
    first = next(iter(sim.dynamodb.backups))
    assert restore(sim, backup=first).finished


def test_an_observing_reconciler_and_one_without_the_lease_restore_nothing():
    sim = kept(mode="observe")
    with pytest.raises(UsageError, match="observe"):
        restore(sim, backup="monday")
    sim = kept()
    sim.store.rival = Lease("somebody", 1, sim.clock.now() + timedelta(hours=1))
    with pytest.raises(StateError, match="somebody"):
        restore(sim, backup="monday")
    assert sim.dynamodb.mutating == []
