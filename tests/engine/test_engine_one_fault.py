"""One answer that is wrong, lost or refused, and what must not follow: found by the campaign ``single-faults``."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, simulate

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
    sim.dynamodb.journal.clear()
    return sim


def once(operation, error, about=None, *, times=1):
    """The first call, or the first ``times`` calls, of this operation (about this table) fail so."""
    left = [error] * times

    def fault(called, params):
        if called == operation and left and about in (None, params.get("TableName")):
            raise left.pop()(operation, "Code", "as planned")

    return fault


def reasons(report):
    return [step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED]


def test_a_destroy_that_waited_for_its_deletes_leaves_nothing_pending():
    sim = stands("users", "orders", delay=5.0)
    report = sim.reconciler.destroy()
    assert sim.dynamodb.tables == {}
    assert {step.status for table in report.tables for step in table.steps} == {StepStatus.DONE}
    assert exits.act(report) == 0


def test_an_entry_that_could_not_be_dropped_is_reported_and_dropped_in_the_next_pass(monkeypatch):
    sim = stands("users", "orders")
    sim.dynamodb.do("DeleteTable", {"TableName": "orders"})
    sim.declare(declaration("users"))
    drop, reported = sim.store.drop_entry, []

    def refuse(entry):
        monkeypatch.setattr(sim.store, "drop_entry", drop)
        reported.append(entry.name)
        raise Ambiguous("DeleteItem", "InternalServerError", "no")

    monkeypatch.setattr(sim.store, "drop_entry", refuse)
    report = sim.run()
    assert reported == ["orders"]
    assert report.verdict is Verdict.ERROR
    assert "InternalServerError" in {table.name: table for table in report.tables}["orders"].error
    assert sim.run().verdict is Verdict.IN_SYNC
    assert set(sim.store.snapshot.inventory) == {"users"}


@pytest.mark.parametrize(("operation", "error"), [("DescribeTable", Malformed), ("DescribeTable", Busy)])
def test_the_cap_on_deletes_covers_all_passes_of_a_run_and_unobserved_tables(operation, error):
    sim = stands("audit", "orders", "users", max_deletes=1)
    sim.declare(declaration("users"))
    sim.dynamodb.faults = once(operation, error, "orders")
    report = sim.once()
    assert sim.dynamodb.mutating == []
    assert set(sim.dynamodb.tables) == {"audit", "orders", "users"}
    assert report.verdict is not Verdict.IN_SYNC


@pytest.mark.parametrize("error", [Malformed, Denied])
def test_nothing_is_destroyed_after_such_an_answer_for_another_table(error):
    sim = stands("audit", "users")
    sim.declare(declaration("audit", deletion_protection=True))
    sim.dynamodb.faults = once("UpdateTable", error)
    report = sim.run()
    assert sim.dynamodb.mutating == []
    assert Reason.INVALID_ANSWER in reasons(report)
    assert "users" in sim.dynamodb.tables
    sim.run()
    assert sim.dynamodb.mutating == ["UpdateTable", "DeleteTable"]


def test_refused_credentials_end_a_pass_and_a_missing_permission_to_list_does_not():
    sim = stands("orders", "users")
    sim.declare(declaration("users"))
    sim.dynamodb.faults = once("ListTables", Denied)
    report = sim.run()
    assert report.error == "ListTables: Code: as planned"
    assert sim.dynamodb.mutating == []
    sim.dynamodb.faults = once("ListTables", Forbidden)
    assert sim.run().warnings
    assert sim.dynamodb.mutating == ["DeleteTable"]


@pytest.mark.parametrize("flavor", list(Flavor))
def test_an_owned_table_reported_missing_once_stays_owned(flavor):
    sim = stands("users", flavor=flavor)
    # A table that was unchanged so far is read a second time, before anything follows from a failure.
    sim.dynamodb.faults = once("DescribeTable", NotFound, "users", times=2)
    sim.once()
    assert sim.dynamodb.mutating == ["CreateTable"]
    assert sim.dynamodb.refused == ["CreateTable: ResourceInUseException: table users exists"]
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.store.snapshot.inventory["users"].ownership == "created"


def test_a_table_recreated_by_others_is_not_owned():
    sim = stands("users", flavor=Flavor.AWS)
    sim.dynamodb.do("DeleteTable", {"TableName": "users"})

    def overtaken(called, params):
        if called == "CreateTable" and "users" not in sim.dynamodb.tables:
            sim.dynamodb.make(**{key: value for key, value in params.items() if key != "Tags"})

    sim.dynamodb.faults = overtaken
    sim.once()
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"


def test_an_undeclared_table_reported_missing_once_keeps_its_record():
    sim = stands("orders", "users")
    sim.declare(declaration("users"))
    sim.dynamodb.faults = once("DescribeTable", NotFound, "orders")
    assert sim.once().verdict is Verdict.IN_SYNC
    assert set(sim.dynamodb.tables) == {"users"}
    assert sim.dynamodb.mutating == ["DeleteTable"]


def test_a_run_that_cannot_be_recorded_is_a_warning(monkeypatch):
    sim = stands("orders")

    def refuse(report, found):
        raise Ambiguous("PutItem", "InternalServerError", "no")

    monkeypatch.setattr(sim.store, "add_history", refuse)
    sim.declare(declaration("orders"), declaration("users"))
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC
    assert report.warnings == ("this run is not in the history: PutItem: InternalServerError: no",)


def test_an_unreadable_suspension_is_not_reported_as_absent(monkeypatch):
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
    sim.dynamodb.after = lost("UpdateTable", Ambiguous)
    reported = sim.reconciler.rebuild_index("users", "by_mail", None, timedelta(0))
    assert reported.finished
    names = [one["IndexName"] for one in sim.dynamodb.tables["users"].description["GlobalSecondaryIndexes"]]
    assert names == ["by_mail-v2"]


@pytest.mark.parametrize("error", [Ambiguous, Busy])
def test_a_restore_that_was_applied_and_lost_is_waited_for(error: type[ApiError]):
    sim = stands("users")
    sim.dynamodb.has_backups = True
    sim.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": "kept"})
    sim.dynamodb.after = lost("RestoreTableFromBackup", error)
    reported = sim.reconciler.restore("users", "users_again", backup="kept", at=None)
    assert reported.finished
    assert sim.dynamodb.mutating == ["RestoreTableFromBackup"]


def test_a_restore_to_a_name_taken_in_the_meantime_is_refused():
    sim = stands("users")
    sim.dynamodb.has_backups = True
    sim.dynamodb.do("CreateBackup", {"TableName": "users", "BackupName": "kept"})

    def overtaken(called, params):
        if called == "RestoreTableFromBackup":
            key = [{"AttributeName": "pk", "KeyType": "HASH"}]
            types = [{"AttributeName": "pk", "AttributeType": "S"}]
            sim.dynamodb.make(TableName="users_again", KeySchema=key, AttributeDefinitions=types)

    sim.dynamodb.faults = overtaken
    with pytest.raises(Busy):
        sim.reconciler.restore("users", "users_again", backup="kept", at=None)


def test_a_table_recreated_during_an_index_rebuild_is_not_touched():
    index = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("ALL"))
    sim = simulate(flavor=Flavor.AWS, **NOW)
    sim.declare(declaration("users", global_indexes=(index,)))
    sim.once()
    sim.clock.seconds += 60
    sim.declare(declaration("users"))
    sim.dynamodb.journal.clear()
    looks = []

    def overtaken(called, params):
        looks.extend([called] if (called, params.get("TableName")) == ("DescribeTable", "users") else [])
        if len(looks) == 2 and looks.append("made anew") is None:
            key = [{"AttributeName": "pk", "KeyType": "HASH"}]
            types = [{"AttributeName": "pk", "AttributeType": "S"}]
            del sim.dynamodb.tables["users"]
            sim.dynamodb.make(TableName="users", KeySchema=key, AttributeDefinitions=types)

    sim.dynamodb.faults = overtaken
    with pytest.raises(UsageError, match="recreated in the meantime"):
        sim.reconciler.rebuild_index("users", "by_mail", None, timedelta(0))
    assert sim.dynamodb.mutating == []


def test_only_an_endpoint_without_backups_spares_the_backup_before_a_delete():
    sim = stands("orders", "users")
    sim.dynamodb.has_backups = True
    sim.dynamodb.tables["orders"].items["a"] = {"pk": {"S": "a"}}
    sim.declare(declaration("users"))
    looks = []

    def fault(called, params):
        looks.extend([called] if (called, params.get("TableName")) == ("DescribeTable", "orders") else [])
        if called == "DescribeTable" and len(looks) == 2 and looks.append("refused") is None:
            raise Unsupported(called, "UnknownOperationException", "as planned")

    sim.dynamodb.faults = fault
    assert sim.run().verdict is Verdict.ERROR
    assert "DeleteTable" not in sim.dynamodb.mutating
