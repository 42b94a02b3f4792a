"""The verb restore: which backup is meant, what is refused before the first call, and that it never overwrites."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.world import declaration, item, simulate

from reconciler.model.errors import StateError, UsageError
from reconciler.model.records import Lease


def kept(*, delay=0.0, mode="enforce", timeout=300):
    """``users`` holds an item and has two backups."""
    sim = simulate(timeout=timeout)
    sim.plane.has_backups = True
    sim.declare(declaration("users"))
    sim.once()
    sim.plane.tables["users"].items["a"] = item("a")
    sim.plane.do("CreateBackup", {"TableName": "users", "BackupName": "monday"})
    sim.clock.seconds += 3600
    sim.plane.tables["users"].items["b"] = item("b")
    sim.plane.do("CreateBackup", {"TableName": "users", "BackupName": "tuesday"})
    sim.clock.seconds += 60
    sim.plane.journal.clear()
    sim.plane.delay = delay
    sim.reconciler.options = replace(sim.reconciler.options, mode=mode)
    return sim


def restore(sim, to="users-2", *, backup=None, at=None, table="users"):
    return sim.reconciler.restore(table, to, backup=backup, at=at)


@pytest.mark.parametrize(("wish", "items"), [("monday", {"a"}), ("tuesday", {"a", "b"}), ("latest", {"a", "b"})])
def test_a_backup_is_named_or_the_latest(wish, items):
    sim = kept()
    told = restore(sim, backup=wish)
    assert told.finished
    assert set(sim.plane.tables["users-2"].items) == items
    assert sim.plane.mutating == ["RestoreTableFromBackup"]


def test_it_waits_until_the_table_is_active():
    told = restore(kept(delay=30.0), backup="latest")
    assert (told.finished, told.data["status"]) == (True, "ACTIVE")


def test_a_restore_that_takes_longer_is_waited_for_by_the_same_command_again():
    sim = kept(delay=600.0, timeout=30)
    first = restore(sim, backup="latest")
    assert not first.finished
    sim.clock.seconds += 555
    assert restore(sim, backup="latest").finished
    assert sim.plane.mutating == ["RestoreTableFromBackup"]


def test_a_table_that_is_gone_can_be_restored_under_its_own_name():
    sim = kept()
    del sim.plane.tables["users"]
    assert restore(sim, "users", backup="latest").finished
    report = sim.once()
    assert report.tables[0].ownership == "adopted"
    assert "CreateTable" not in sim.plane.mutating


def test_a_time_is_restored_where_recovery_is_enabled():
    sim = kept()
    recovery = {"PointInTimeRecoveryEnabled": True}
    sim.plane.do("UpdateContinuousBackups", {"TableName": "users", "PointInTimeRecoverySpecification": recovery})
    assert restore(sim, at="latest").finished
    now = sim.clock.now().isoformat()
    assert restore(sim, "users-3", at=now).finished
    assert sim.plane.mutating == ["RestoreTableToPointInTime"] * 2


REFUSED = {
    "neither backup nor time": ({}, "exactly one of --from BACKUP and --at TIME"),
    "both": ({"backup": "monday", "at": "latest"}, "exactly one of --from BACKUP and --at TIME"),
    "a backup that is not there": ({"backup": "sunday"}, "its backups are: monday, tuesday"),
    "a table that is there": ({"backup": "monday", "to": "users"}, "already exists"),
    "a time without recovery": ({"at": "latest"}, "not enabled"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_before_the_first_call(case):
    arguments, said = REFUSED[case]
    sim = kept()
    with pytest.raises(UsageError, match=said):
        restore(sim, **arguments)
    assert sim.plane.mutating == []


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_time_outside_of_the_window_is_refused_with_the_window(hours):
    sim = kept()
    recovery = {"PointInTimeRecoveryEnabled": True}
    first = sim.clock.now().isoformat(timespec="seconds")
    sim.plane.do("UpdateContinuousBackups", {"TableName": "users", "PointInTimeRecoverySpecification": recovery})
    sim.clock.seconds += 7200
    last = sim.clock.now().isoformat(timespec="seconds")
    asked = (sim.clock.now() + timedelta(hours=hours)).isoformat(timespec="seconds")
    with pytest.raises(UsageError) as refused:
        restore(sim, at=asked)
    assert str(refused.value) == f"users can be restored to times from {first} to {last}, not to {asked}"
    assert sim.plane.mutating == []


def test_a_backup_that_nobody_has_is_named():
    sim = kept()
    with pytest.raises(UsageError, match="there is no backup arn:aws:dynamodb:none"):
        restore(sim, backup="arn:aws:dynamodb:none")


def test_it_tells_how_it_goes():
    said = []
    sim = kept(delay=30.0)
    sim.reconciler.restore("users", "users-2", backup="latest", at=None, on_progress=said.append)
    assert said[0].startswith("users-2: restore started from arn:")
    assert said[1:] == ["users-2: CREATING", "users-2: ACTIVE"]


def test_a_time_that_is_none_is_refused():
    sim = kept()
    recovery = {"PointInTimeRecoveryEnabled": True}
    sim.plane.do("UpdateContinuousBackups", {"TableName": "users", "PointInTimeRecoverySpecification": recovery})
    with pytest.raises(UsageError, match="invalid time"):
        restore(sim, at="yesterday")


def test_two_backups_of_one_name_must_be_told_apart_by_arn():
    sim = kept()
    sim.plane.do("CreateBackup", {"TableName": "users", "BackupName": "monday"})
    with pytest.raises(UsageError, match="say which: arn:"):
        restore(sim, backup="monday")
    first = next(iter(sim.plane.backups))
    assert restore(sim, backup=first).finished


def test_an_observing_reconciler_and_one_without_the_lease_restore_nothing():
    sim = kept(mode="observe")
    with pytest.raises(UsageError, match="observe"):
        restore(sim, backup="monday")
    sim = kept()
    sim.store.rival = Lease("somebody", 1, sim.clock.now() + timedelta(hours=1))
    with pytest.raises(StateError, match="somebody"):
        restore(sim, backup="monday")
    assert sim.plane.mutating == []
