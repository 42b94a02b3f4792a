"""One answer that is wrong, lost or refused, and what may not follow: found by the campaign ``single-faults``."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simulation.world import declaration, simulate

from reconciler.cli import exits
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Busy,
    Denied,
    Forbidden,
    Malformed,
    NotFound,
    StateError,
    Unsupported,
    UsageError,
)
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import StateSnapshot, Suspension
from reconciler.model.report import Verdict
from reconciler.model.table import GlobalIndex, KeyElement, Projection

NOW = {"one_shot": True, "prune_grace": timedelta(0), "data_loss": "allow", "disruption": "allow"}


def stands(*names, flavor=Flavor.AWS, delay=0.0, **options):
    """These tables are ours and at rest."""
    sim = simulate(flavor=flavor, delay=delay, **{**NOW, **options})
    sim.declare(*(declaration(name) for name in names))
    assert sim.once().verdict is Verdict.IN_SYNC
    sim.clock.seconds += 3600
    sim.plane.journal.clear()
    return sim


def once(operation, error, about=None):
    """The first call of this operation (about this table) fails so."""
    left = [error]

    def fault(called, params):
        if called == operation and left and about in (None, params.get("TableName")):
            raise left.pop()(operation, "Code", "as planned")

    return fault


def reasons(report):
    return [step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED]


def test_a_destroy_that_had_to_wait_for_its_deletes_leaves_nothing_to_wait_for():
    sim = stands("users", "orders", delay=5.0)
    report = sim.reconciler.destroy()
    assert sim.plane.tables == {}
    assert {step.status for table in report.tables for step in table.steps} == {StepStatus.DONE}
    assert exits.act(report) == 0


def test_an_entry_that_could_not_be_dropped_is_told_and_dropped_in_the_next_round(monkeypatch):
    sim = stands("users", "orders")
    sim.plane.do("DeleteTable", {"TableName": "orders"})
    sim.declare(declaration("users"))
    drop, told = sim.store.drop_entry, []

    def refuse(entry):
        monkeypatch.setattr(sim.store, "drop_entry", drop)
        told.append(entry.name)
        raise Ambiguous("DeleteItem", "InternalServerError", "no")

    monkeypatch.setattr(sim.store, "drop_entry", refuse)
    report = sim.run()
    assert told == ["orders"]
    assert report.verdict is Verdict.ERROR
    assert "InternalServerError" in {table.name: table for table in report.tables}["orders"].error
    assert sim.run().verdict is Verdict.IN_SYNC
    assert set(sim.store.snapshot.inventory) == {"users"}


@pytest.mark.parametrize(("operation", "error"), [("DescribeTable", Malformed), ("DescribeTable", Busy)])
def test_the_cap_on_deletes_covers_all_rounds_of_a_run_and_tables_that_could_not_be_looked_at(operation, error):
    sim = stands("audit", "orders", "users", max_deletes=1)
    sim.declare(declaration("users"))
    sim.plane.faults = once(operation, error, "orders")
    report = sim.once()
    assert sim.plane.mutating == []
    assert set(sim.plane.tables) == {"audit", "orders", "users"}
    assert report.verdict is not Verdict.IN_SYNC


@pytest.mark.parametrize("error", [Malformed, Denied])
def test_nothing_is_destroyed_in_a_pass_after_a_call_for_another_table_was_answered_so(error):
    sim = stands("audit", "users")
    sim.declare(declaration("audit", deletion_protection=True))
    sim.plane.faults = once("UpdateTable", error)
    report = sim.run()
    assert sim.plane.mutating == []
    assert Reason.INVALID_ANSWER in reasons(report)
    assert "users" in sim.plane.tables
    sim.run()
    assert sim.plane.mutating == ["UpdateTable", "DeleteTable"]


def test_refused_credentials_end_a_pass_and_a_missing_permission_to_list_does_not():
    sim = stands("orders", "users")
    sim.declare(declaration("users"))
    sim.plane.faults = once("ListTables", Denied)
    report = sim.run()
    assert report.error == "ListTables: Code: as planned"
    assert sim.plane.mutating == []
    sim.plane.faults = once("ListTables", Forbidden)
    assert sim.run().warnings
    assert sim.plane.mutating == ["DeleteTable"]


@pytest.mark.parametrize("flavor", list(Flavor))
def test_a_table_of_ours_that_is_once_said_to_be_missing_stays_ours(flavor):
    sim = stands("users", flavor=flavor)
    sim.plane.faults = once("DescribeTable", NotFound, "users")
    sim.once()
    assert sim.plane.mutating == ["CreateTable"]
    assert sim.plane.refused == ["CreateTable: ResourceInUseException: table users exists"]
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.store.snapshot.inventory["users"].ownership == "created"


def test_a_table_that_was_made_again_by_others_after_we_had_lost_it_is_not_ours():
    sim = stands("users", flavor=Flavor.AWS)
    sim.plane.do("DeleteTable", {"TableName": "users"})

    def overtaken(called, params):
        if called == "CreateTable" and "users" not in sim.plane.tables:
            sim.plane.make(**{key: value for key, value in params.items() if key != "Tags"})

    sim.plane.faults = overtaken
    sim.once()
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"


def test_an_undeclared_table_that_is_once_said_to_be_missing_is_not_forgotten():
    sim = stands("orders", "users")
    sim.declare(declaration("users"))
    sim.plane.faults = once("DescribeTable", NotFound, "orders")
    assert sim.once().verdict is Verdict.IN_SYNC
    assert set(sim.plane.tables) == {"users"}
    assert sim.plane.mutating == ["DeleteTable"]


def test_a_run_that_cannot_be_recorded_is_a_warning(monkeypatch):
    sim = stands("orders")

    def refuse(report):
        raise Ambiguous("PutItem", "InternalServerError", "no")

    monkeypatch.setattr(sim.store, "add_history", refuse)
    sim.declare(declaration("orders"), declaration("users"))
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert report.warnings == ("this run is not in the history: PutItem: InternalServerError: no",)


def test_a_suspension_that_cannot_be_read_is_not_said_to_be_none(monkeypatch):
    sim = stands("users")
    sim.store.put_suspension(Suspension("a person", sim.clock.now()))
    unreadable = StateSnapshot(usable=False, problem="dynamodb:Query on table/reconciler_state was refused")
    with monkeypatch.context() as patch:
        patch.setattr(sim.store, "load", lambda: unreadable)
        with pytest.raises(StateError, match="was refused"):
            sim.reconciler.resume()
    assert sim.reconciler.resume() is True


def lost(operation, error):
    """The call is applied, and its answer is lost: the SDK sends it again and hears ``error``."""

    def after(called, params):
        if called == operation:
            raise error(operation, "Code", "as planned")

    return after


def test_an_index_whose_creation_was_applied_and_lost_is_waited_for():
    index = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("ALL"))
    sim = simulate(flavor=Flavor.AWS, **NOW)
    sim.declare(declaration("users", global_indexes=(index,)))
    sim.once()
    sim.declare(declaration("users"))
    sim.plane.after = lost("UpdateTable", Ambiguous)
    told = sim.reconciler.rebuild_index("users", "by_mail", None, timedelta(0))
    assert told.finished
    names = [one["IndexName"] for one in sim.plane.tables["users"].description["GlobalSecondaryIndexes"]]
    assert names == ["by_mail-v2"]


@pytest.mark.parametrize("error", [Ambiguous, Busy])
def test_a_restore_that_was_applied_and_lost_is_waited_for(error: type[ApiError]):
    sim = stands("users")
    sim.plane.has_backups = True
    sim.plane.do("CreateBackup", {"TableName": "users", "BackupName": "kept"})
    sim.plane.after = lost("RestoreTableFromBackup", error)
    told = sim.reconciler.restore("users", "users_again", backup="kept", at=None)
    assert told.finished
    assert sim.plane.mutating == ["RestoreTableFromBackup"]


def test_a_restore_whose_name_somebody_else_took_meanwhile_is_refused():
    sim = stands("users")
    sim.plane.has_backups = True
    sim.plane.do("CreateBackup", {"TableName": "users", "BackupName": "kept"})

    def overtaken(called, params):
        if called == "RestoreTableFromBackup":
            key = [{"AttributeName": "pk", "KeyType": "HASH"}]
            types = [{"AttributeName": "pk", "AttributeType": "S"}]
            sim.plane.make(TableName="users_again", KeySchema=key, AttributeDefinitions=types)

    sim.plane.faults = overtaken
    with pytest.raises(Busy):
        sim.reconciler.restore("users", "users_again", backup="kept", at=None)


def test_a_table_that_was_made_anew_while_its_index_was_being_rebuilt_is_left_alone():
    index = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("ALL"))
    sim = simulate(flavor=Flavor.AWS, **NOW)
    sim.declare(declaration("users", global_indexes=(index,)))
    sim.once()
    sim.clock.seconds += 60
    sim.declare(declaration("users"))
    sim.plane.journal.clear()
    looks = []

    def overtaken(called, params):
        looks.extend([called] if (called, params.get("TableName")) == ("DescribeTable", "users") else [])
        if len(looks) == 2 and looks.append("made anew") is None:
            key = [{"AttributeName": "pk", "KeyType": "HASH"}]
            types = [{"AttributeName": "pk", "AttributeType": "S"}]
            del sim.plane.tables["users"]
            sim.plane.make(TableName="users", KeySchema=key, AttributeDefinitions=types)

    sim.plane.faults = overtaken
    with pytest.raises(UsageError, match="recreated in the meantime"):
        sim.reconciler.rebuild_index("users", "by_mail", None, timedelta(0))
    assert sim.plane.mutating == []


def test_only_an_endpoint_without_backups_spares_the_backup_before_a_delete():
    sim = stands("orders", "users")
    sim.plane.has_backups = True
    sim.plane.tables["orders"].items["a"] = {"pk": {"S": "a"}}
    sim.declare(declaration("users"))
    looks = []

    def fault(called, params):
        looks.extend([called] if (called, params.get("TableName")) == ("DescribeTable", "orders") else [])
        if called == "DescribeTable" and len(looks) == 2 and looks.append("refused") is None:
            raise Unsupported(called, "UnknownOperationException", "as planned")

    sim.plane.faults = fault
    assert sim.run().verdict is Verdict.ERROR
    assert "DeleteTable" not in sim.plane.mutating
