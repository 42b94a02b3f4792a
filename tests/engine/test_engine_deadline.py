"""A run starts nothing after its deadline, reports what it did not reach, and shows released tables as released."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.cli import exits
from reconciler.engine.loop_status import LoopStatus
from reconciler.model.errors import ApiError, Forbidden, StateError, Throttled, Unreachable, UsageError
from reconciler.model.identity import Flavor
from reconciler.model.plan import StepStatus
from reconciler.model.report import TableStatus, Verdict
from reconciler.presentation.render import render

NAMES = [f"t{number}" for number in range(6)]


@pytest.mark.parametrize("operation", ["DescribeTable", "CreateTable"])
@pytest.mark.parametrize("hang", [4.0, 11.0, 60.0])
def test_no_table_is_started_after_the_deadline(operation: str, hang: float) -> None:
    sim = simulate(timeout=10)
    sim.declare(*(declaration(name) for name in NAMES))

    def slow(called: str, _: Mapping[str, Any]) -> None:
        if called == operation:
            sim.clock.seconds += hang

    sim.dynamodb.faults = slow
    began = sim.clock.seconds
    report = sim.once()
    assert sim.clock.seconds - began <= 10 + hang, "at most one call outlives the deadline"
    assert exits.converge(report) == 2
    assert {table.name for table in report.tables} == set(NAMES)
    messages = {step.message for table in report.tables for step in table.steps if step.status is StepStatus.DEFERRED}
    assert "not reached before the deadline" in messages
    sim.dynamodb.faults = None
    assert sim.once().verdict is Verdict.IN_SYNC


def test_a_run_that_is_to_stop_while_it_waits_is_recorded_as_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = simulate()
    sim.declare(declaration("users"))

    def busy(called: str, _: Mapping[str, Any]) -> None:
        if called == "DescribeTable":
            raise Throttled(called, "ThrottlingException", "later")

    sim.dynamodb.faults = busy
    monkeypatch.setattr(type(sim.clock), "sleep", lambda _clock, _seconds: False)
    assert (sim.once().interrupted, sim.store.runs[-1].interrupted) == (True, True)
    monkeypatch.undo()
    sim.dynamodb.faults = None
    assert (sim.once().interrupted, sim.store.runs[-1].interrupted) == (False, False)


def test_an_undeclared_table_is_not_deleted_after_the_deadline() -> None:
    sim = simulate(timeout=10)
    sim.declare(declaration("users"), declaration("carts"))
    sim.once()
    sim.declare(declaration("users"))

    def slow(called: str, params: Mapping[str, Any]) -> None:
        if called == "DescribeTable" and params["TableName"] == "users":
            sim.clock.seconds += 11

    sim.dynamodb.faults = slow
    sim.once()
    assert "carts" in sim.dynamodb.tables


def released(flavor: Flavor = Flavor.DYNAMODB_LOCAL):
    sim = simulate(flavor=flavor)
    sim.declare(declaration("users"), declaration("carts"))
    sim.once()
    sim.clock.seconds += 3600
    sim.reconciler.release(("users",))
    return sim


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL], ids=str)
def test_a_released_table_is_shown_as_released_and_live(flavor: Flavor) -> None:
    sim = released(flavor)
    report = sim.once()
    users = next(table for table in report.tables if table.name == "users")
    assert (users.status, users.live_status, users.steps) == (TableStatus.RELEASED, "ACTIVE", ())
    summary = report.summary()
    assert (summary["declared"], summary["in_sync"], summary["released"]) == (2, 1, 1)
    assert (report.verdict, exits.converge(report)) == (Verdict.IN_SYNC, 0)
    lines = [text for _, text in render(report, applied=True)]
    assert lines[-1] == "In sync: 1 table as declared; 1 released."
    assert any("released: not managed; `reconciler import users` manages it again" in line for line in lines)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Forbidden("DescribeTable", "AccessDeniedException", "no"), TableStatus.RELEASED),
        (Unreachable("DescribeTable", "Timeout", "no answer"), TableStatus.RELEASED),
    ],
    ids=["denied", "no answer"],
)
def test_a_released_table_that_cannot_be_read_is_not_an_error_and_not_absent(
    error: ApiError, status: TableStatus
) -> None:
    sim = released()

    def refuse(called: str, params: Mapping[str, Any]) -> None:
        if called == "DescribeTable" and params["TableName"] == "users":
            raise error

    sim.dynamodb.faults = refuse
    users = next(table for table in sim.run().tables if table.name == "users")
    assert (users.status, users.live_status) == (status, "UNKNOWN")


def test_a_released_table_does_not_keep_a_daemon_from_being_ready() -> None:
    sim = released()
    loop_status = LoopStatus("default")
    loop_status.finish(sim.run())
    assert loop_status.ready


def test_a_mistyped_name_releases_nothing_and_is_an_error_even_next_to_a_valid_one() -> None:
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    with pytest.raises(StateError, match=r"userz: not in the inventory of this stack") as refused:
        sim.reconciler.release(("userz", "orders"))
    assert "orders: released" in str(refused.value)
    kinds = {name: entry.ownership for name, entry in sim.store.snapshot.inventory.items()}
    assert kinds == {"users": "created", "orders": "released"}


def test_import_manages_a_released_table_again_as_adopted() -> None:
    sim = released()
    found = sim.reconciler.find_imports(("users",), sim.source.load(), lambda name: name)
    assert (dict(found.tables), found.released) == ({}, ("users",))
    assert sim.reconciler.readopt(found.released) == ("users",)
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"
    sim.declare(declaration("users", deletion_protection=True), declaration("carts"))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.tables["users"].description["DeletionProtectionEnabled"] is True
    sim.declare(declaration("carts"))
    sim.once()
    assert "users" in sim.dynamodb.tables, "what was taken back is adopted, and never pruned"


def test_import_of_a_declared_table_that_was_not_released_is_refused_as_before() -> None:
    sim = released()
    sim.declare(declaration("users"), declaration("carts", deletion_protection=True))
    with pytest.raises(UsageError, match="carts is declared already"):
        sim.reconciler.find_imports(("carts",), sim.source.load(), lambda name: name)


def test_a_released_table_that_no_longer_exists_cannot_be_reclaimed() -> None:
    sim = released()
    del sim.dynamodb.tables["users"]
    with pytest.raises(UsageError, match="there is no table users"):
        sim.reconciler.find_imports(("users",), sim.source.load(), lambda name: name)


def test_the_first_pass_says_what_it_does() -> None:
    sim = simulate()
    texts: list[str] = []
    sim.telemetry.planned = lambda _, words, creating: texts.append(words)
    sim.declare(*(declaration(name) for name in NAMES))
    sim.once()
    assert texts[0] == "creating 6 tables"
    loop_status = LoopStatus("default", endpoint_up=True)
    loop_status.start("p1")
    assert loop_status.not_ready_reason == "the first pass is checking the tables"
    loop_status.planned(texts[0])
    assert loop_status.not_ready_reason == "the first pass is creating 6 tables"


def restorable():
    sim = simulate()
    sim.dynamodb.has_backups = True
    sim.declare(declaration("users"))
    sim.once()
    sim.dynamodb.tables["users"].items["a"] = item("a")
    for name in ("monday", "tuesday"):
        sim.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": name})
        sim.clock.seconds += 3600
    return sim


def restore(sim: Any, backup: str) -> Any:
    return sim.reconciler.restore("users", "users-2", backup=backup, at=None)


@pytest.mark.parametrize("backup", ["monday", "tuesday", "latest"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_finished_restore_can_be_repeated_without_effect(backup: str, times: int) -> None:
    sim = restorable()
    first = restore(sim, backup)
    sim.dynamodb.journal.clear()
    for _ in range(times):
        sim.clock.seconds += 600
        again = restore(sim, backup)
        assert (again.finished, again.messages) == (True, first.messages)
    assert sim.dynamodb.mutating == []


def test_a_table_restored_from_another_backup_is_refused_with_its_origin() -> None:
    sim = restorable()
    restore(sim, "monday")
    with pytest.raises(UsageError, match=r"already exists, restored from arn:.*; a restore creates a new table"):
        restore(sim, "tuesday")


def test_a_table_that_was_not_restored_never_counts_as_a_restore() -> None:
    sim = restorable()
    sim.dynamodb.do("CreateTable", {**sim.dynamodb.journal[0].params, "TableName": "users-2"})
    sim.clock.seconds += 60
    with pytest.raises(UsageError, match="already exists; a restore"):
        restore(sim, "monday")
