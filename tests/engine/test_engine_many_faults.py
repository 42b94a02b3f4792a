"""Regressions that the campaigns with many faults found, each as a scenario of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulation.refusal import throttled
from simulation.simulated_engine import declaration, simulate

from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Ambiguous, ApiError, Malformed, StateError
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableStatus, Verdict
from reconciler.model.table import ContributorInsights, GlobalIndex, IndexInsights, KeyElement, Projection

NUMBER = (KeyElement("pk", "HASH", "N"),)
KEY = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
RARE = "STANDARD_INFREQUENT_ACCESS"
BY_PK = GlobalIndex("by_pk", (KeyElement("pk", "HASH", "S"),), Projection("ALL"))


def statuses(report, table):
    return [(step.status, step.reason) for one in report.tables if one.name == table for step in one.steps]


@pytest.mark.parametrize("error", [throttled("PutItem"), StateError("the state table went away")])
@pytest.mark.parametrize("verb", ["run", "once"])
def test_a_run_that_cannot_be_recorded_is_still_reported_and_mentioned_next_time(verb: str, error: Exception):
    sim = simulate()
    sim.declare(declaration())
    kept = sim.store.add_history

    def refuse(report, found):
        raise error

    sim.store.add_history = refuse
    report = getattr(sim, verb)()
    assert set(sim.dynamodb.tables) == {"users"}
    assert report.warnings == (f"this run is not in the history: {error}",)
    sim.store.add_history = kept
    assert sim.run().verdict is Verdict.IN_SYNC
    assert len(sim.store.runs) == 1


def test_a_table_not_visible_yet_keeps_its_record_when_its_declaration_is_removed():
    sim = simulate(flavor=Flavor.AWS, stale=10, data_loss="allow")
    sim.declare(declaration("users"), declaration("orders"))
    sim.run()
    sim.declare(declaration("users"))
    report = sim.run()
    assert statuses(report, "orders") == [(StepStatus.DEFERRED, Reason.NOT_BEFORE)]
    assert sim.store.snapshot.inventory["orders"].ownership == "created"
    for _ in range(3):
        sim.clock.seconds += 31
        sim.run()
    assert set(sim.dynamodb.tables) == set(sim.store.snapshot.inventory) == {"users"}


def test_a_create_that_was_never_applied_is_dropped_once_it_would_be_visible():
    sim = simulate(flavor=Flavor.AWS)
    sim.declare(declaration("users"), declaration("orders"))

    def lose_orders(operation, params):
        if operation == "CreateTable" and params["TableName"] == "orders":
            raise Ambiguous(operation, "InternalServerError", "failed before anything was done")

    sim.dynamodb.faults = lose_orders
    sim.run()
    sim.dynamodb.faults = None
    sim.declare(declaration("users"))
    sim.run()
    assert sim.store.snapshot.inventory["orders"].ownership == "intent"
    sim.clock.seconds += 31
    assert sim.run().verdict is Verdict.IN_SYNC
    assert set(sim.store.snapshot.inventory) == {"users"}


@pytest.mark.parametrize(
    ("answer", "deleted"),
    [(Malformed("UpdateTable", "TableDescription", "missing"), False), (throttled("UpdateTable"), True)],
    ids=["invalid", "throttled"],
)
def test_an_invalid_answer_to_a_write_spares_the_tables_that_come_after_it(answer: ApiError, deleted: bool):
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()

    def garble(operation, params):
        if operation == "UpdateTable":
            raise answer

    sim.dynamodb.faults = garble
    sim.declare(declaration("users", deletion_protection=True))
    report = sim.run()
    assert ("DeleteTable" in sim.dynamodb.mutating) is deleted
    assert statuses(report, "orders") == [
        (StepStatus.DONE, None) if deleted else (StepStatus.BLOCKED, Reason.INVALID_ANSWER)
    ]
    sim.dynamodb.faults = None
    sim.once()
    assert set(sim.dynamodb.tables) == {"users"}


@pytest.mark.parametrize(
    ("answer", "deleted"),
    [(Malformed("DescribeTable", "Table", "missing"), False), (throttled("DescribeTable"), True)],
    ids=["invalid", "throttled"],
)
def test_an_invalid_answer_among_many_spares_every_table_though_the_second_answer_is_good(
    answer: ApiError, deleted: bool
):
    """The tables that are described together are read again one by one after a failure, and then all is well."""
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    many, failures = sim.reconciler.ports.many, [answer]

    class Once:
        def describe(self, names):
            if failures:
                yield names[0], failures.pop()
                return
            yield from many.describe(names)

    sim.reconciler.ports = replace(sim.reconciler.ports, many=Once())
    sim.declare(declaration("users"))
    report = sim.run()
    assert ("DeleteTable" in sim.dynamodb.mutating) is deleted
    assert statuses(report, "orders") == [
        (StepStatus.DONE, None) if deleted else (StepStatus.BLOCKED, Reason.INVALID_ANSWER)
    ]
    sim.once()
    assert set(sim.dynamodb.tables) == {"users"}


def test_an_invalid_answer_to_the_read_back_of_a_write_spares_the_tables_that_come_after_it():
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()

    sim.dynamodb.sticky = {"DeletionProtectionEnabled"}
    sim.declare(declaration("users", deletion_protection=True), declaration("orders"))
    sim.run()

    def garble(operation, params):
        written = sim.dynamodb.mutating.count("UpdateTable")
        if operation == "DescribeTable" and params["TableName"] == "users" and written == 2:
            raise Malformed(operation, "Table", "cut off")

    sim.declare(declaration("users", deletion_protection=True))
    sim.dynamodb.faults = garble
    report = sim.run()
    assert "DeleteTable" not in sim.dynamodb.mutating
    assert statuses(report, "orders") == [(StepStatus.BLOCKED, Reason.INVALID_ANSWER)]


def test_a_run_does_not_wait_for_what_follows_a_replacement_that_the_cap_forbids():
    sim = simulate(max_deletes=0)
    sim.declare(declaration(keys=NUMBER))
    sim.once()
    insights = ContributorInsights(indexes=(IndexInsights("by_pk", enabled=True),))
    sim.declare(declaration(global_indexes=(BY_PK,), contributor_insights=insights))
    began = sim.clock.seconds
    report = sim.once()
    assert [table.status for table in report.tables] == [TableStatus.BLOCKED]
    assert {step_status for step_status, _ in statuses(report, "users")} == {StepStatus.BLOCKED}
    assert sim.clock.seconds - began < 1


def test_a_slow_create_is_waited_for_from_its_end():
    sim = simulate(flavor=Flavor.AWS, stale=10)
    sim.declare(declaration("users"), declaration("orders"))

    def slow(operation, params):
        sim.clock.seconds += 40 if operation == "CreateTable" else 0

    sim.dynamodb.faults = slow
    sim.run()
    sim.dynamodb.faults = None
    sim.declare(declaration("users"))
    sim.run()
    assert sim.store.snapshot.inventory["orders"].ownership == "created"


def test_an_observed_table_is_not_replaced_even_if_owned():
    sim = simulate(data_loss="allow")
    sim.declare(declaration())
    sim.once()
    sim.dynamodb.journal.clear()
    sim.declare(declaration(keys=NUMBER, lifecycle=Lifecycle(on_existing="observe")))
    assert statuses(sim.once(), "users") == [(StepStatus.BLOCKED, Reason.ON_EXISTING)]
    assert sim.dynamodb.mutating == []


def test_a_table_class_that_others_switched_again_is_tried_daily_and_blocks_nothing_else():
    sim = simulate(flavor=Flavor.AWS)
    sim.dynamodb.make(TableName="users", **KEY)
    sim.dynamodb.do("UpdateTable", {"TableName": "users", "TableClass": RARE})
    sim.declare(declaration(table_class="STANDARD"))
    sim.once()
    sim.dynamodb.journal.clear()
    sim.declare(declaration(table_class=RARE, global_indexes=(BY_PK,)))
    for _ in range(4):
        sim.run()
        sim.clock.seconds += 61
    indexes = sim.dynamodb.tables["users"].description["GlobalSecondaryIndexes"]
    assert [index["IndexName"] for index in indexes] == ["by_pk"]
    assert [reason for step_status, reason in statuses(sim.run(), "users") if step_status is StepStatus.DEFERRED] == [
        Reason.NOT_BEFORE
    ]
    assert [call.operation for call, _ in sim.dynamodb.refusals] == ["UpdateTable"]
    sim.clock.seconds += 30 * 86_400
    assert sim.once().verdict is Verdict.IN_SYNC


@pytest.mark.parametrize("verb", ["run", "once"])
def test_tables_created_for_foreign_declarations_do_not_allow_pruning(verb: str):
    sim = simulate(data_loss="allow")
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.clock.seconds += 60
    sim.declare(declaration("theirs"))
    for _ in range(4):
        report = getattr(sim, verb)()
        sim.clock.seconds += 400
    assert set(sim.dynamodb.tables) == {"users", "orders", "theirs"}
    for name in ("users", "orders"):
        assert statuses(report, name) == [(StepStatus.BLOCKED, Reason.FOREIGN_DECLARATIONS)]
    sim.declare(declaration("theirs"), declaration("users"))
    sim.once()
    assert set(sim.dynamodb.tables) == {"users", "theirs"}


def test_a_table_declared_together_with_them_proves_the_declarations_familiar():
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"), declaration("carts"))
    sim.once()
    sim.declare(declaration("carts"))
    sim.once()
    assert set(sim.dynamodb.tables) == {"carts"}


def test_a_table_not_visible_yet_is_guarded_from_foreign_declarations():
    sim = simulate(flavor=Flavor.AWS, stale=10, data_loss="allow")
    sim.declare(declaration("users"))
    sim.once()
    sim.clock.seconds += 60
    sim.declare(declaration("users"), declaration("orders"))
    sim.run()
    sim.declare(declaration("theirs"))
    for _ in range(6):
        sim.run()
        sim.clock.seconds += 20
    assert set(sim.dynamodb.tables) == {"users", "orders", "theirs"}


@pytest.mark.parametrize("killed_at", ["put_entry of orders", "put_entry of users"])
def test_nothing_is_created_for_foreign_declarations_before_the_removed_ones_are_recorded(killed_at: str):
    sim = simulate(data_loss="allow")
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.clock.seconds += 60
    put, victim = sim.store.put_entry, killed_at.rsplit(" ", 1)[-1]

    def killed(entry):
        if entry.name == victim:
            raise KeyboardInterrupt
        put(entry)

    sim.store.put_entry = killed
    sim.declare(declaration("theirs"))
    with pytest.raises(KeyboardInterrupt):
        sim.run()
    assert set(sim.dynamodb.tables) == {"users", "orders"}
    sim.store.put_entry = put
    for _ in range(4):
        sim.clock.seconds += 60
        sim.run()
    assert set(sim.dynamodb.tables) == {"users", "orders", "theirs"}


def test_a_pass_in_which_other_tables_are_not_in_sync_is_recorded_though_the_verdict_is_the_same():
    sim = simulate(data_loss="never")
    sim.declare(declaration("users"), declaration("orders"))
    sim.run()
    for name in ("users", "orders"):
        sim.dynamodb.tables[name].items["1"] = {"pk": {"S": "1"}}
    sim.declare(declaration("users", keys=NUMBER), declaration("orders"))
    sim.run()
    sim.run()
    before = len(sim.store.runs)
    sim.run()
    assert len(sim.store.runs) == before
    sim.declare(declaration("users", keys=NUMBER), declaration("orders", keys=NUMBER))
    report = sim.run()
    assert not report.wrote
    assert len(sim.store.runs) == before + 1
    assert set(sim.store.found[-1].not_in_sync) == {"users", "orders"}


def test_the_last_pass_of_a_process_is_recorded_once_when_it_ends():
    sim = simulate()
    sim.declare(declaration())
    for _ in range(4):
        sim.clock.seconds += 60
        sim.run()
    before = list(sim.store.runs)
    sim.reconciler.keep_last_pass()
    sim.reconciler.keep_last_pass()
    assert len(sim.store.runs) == len(before) + 1
    assert sim.store.runs[-1].finished > before[-1].finished
