"""Nothing is pruned for declarations that name none of the existing tables of this stack: they are likely another's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.desired import Declaration
from reconciler.model.errors import Denied, Malformed, Throttled, Unreachable
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.planning.digest import approval

FLAVORS = [Flavor.DYNAMODB_LOCAL, Flavor.MOTO, Flavor.AWS]
SEED = (item("1"), item("2"))
A = tuple(declaration(name) for name in ("orders", "carts", "users"))
B = (declaration("invoices"), declaration("payments"))


def _nothing(sim: Sim) -> None:
    """Nobody did anything."""


def _filled(*names: str) -> Callable[[Sim], None]:
    def fill(sim: Sim) -> None:
        for name in names:
            sim.dynamodb.tables[name].items["theirs"] = item("theirs")

    return fill


def _dropped(*names: str) -> Callable[[Sim], None]:
    def drop(sim: Sim) -> None:
        _filled(*(name for name in sim.dynamodb.tables if name not in names))(sim)
        for name in names:
            del sim.dynamodb.tables[name]

    return drop


def _remade(name: str) -> Callable[[Sim], None]:
    def remake(sim: Sim) -> None:
        _dropped(name)(sim)
        sim.dynamodb.make(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )

    return remake


@dataclass(frozen=True)
class Case:
    """What is declared first, what others do, what is declared then, and which tables must be there in the end."""

    first: tuple[Declaration, ...]
    then: tuple[Declaration, ...]
    kept: set[str]
    hand: Callable[[Sim], None] = _nothing
    made: set[str] = field(default_factory=set)


GUARDED = {
    "one table with items, another project": Case(A[:1], B, {"orders"}, _filled("orders"), {"invoices", "payments"}),
    "one table with items, another single table": Case(A[:1], B[:1], {"orders"}, _filled("orders"), {"invoices"}),
    "one table with items, renamed": Case(
        A[:1], (declaration("orders-v2"),), {"orders"}, _filled("orders"), {"orders-v2"}
    ),
    "one table with its seed and an item more": Case(
        (declaration("orders", seed=SEED),), B, {"orders"}, _filled("orders"), {"invoices", "payments"}
    ),
    "two empty tables, another project": Case(A[:2], B, {"orders", "carts"}, made={"invoices", "payments"}),
    "three tables, one with items": Case(
        A, B, {"orders", "carts", "users"}, _filled("users"), {"invoices", "payments"}
    ),
    "the only table that is still declared was dropped by others": Case(
        A, A[2:], {"orders", "carts"}, _dropped("users")
    ),
    "the only table that is still declared was made anew by others": Case(
        A, A[2:], {"orders", "carts", "users"}, _remade("users")
    ),
}
PRUNED = {
    "a declared table of ours exists": Case(A, A[:1], {"orders"}, _filled("carts", "users")),
    "one empty table, another project": Case(A[:1], B, {"invoices", "payments"}),
    "one table with its seed alone": Case((declaration("orders", seed=SEED),), B, {"invoices", "payments"}),
    "one empty table, renamed": Case(A[:1], (declaration("orders-v2"),), {"orders-v2"}),
}


def staged(case: Case, flavor: Flavor) -> Sim:
    """What was declared first, made and touched by others; the other declarations are in place."""
    sim = simulate(flavor=flavor, data_loss="allow", prune_grace=timedelta(0))
    sim.declare(*case.first)
    _settle(sim)
    case.hand(sim)
    sim.clock.seconds += 60
    sim.declare(*case.then)
    sim.dynamodb.journal.clear()
    return sim


def _settle(sim: Sim, passes: int = 5) -> None:
    for _ in range(passes):
        sim.run()
        sim.clock.seconds += 1


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("name", GUARDED)
def test_tables_of_another_project_stay(name: str, flavor: Flavor) -> None:
    case = GUARDED[name]
    sim = staged(case, flavor)
    first = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    blocked = {name for name, reasons in first.items() if reasons == [Reason.FOREIGN_DECLARATIONS]}
    assert blocked == case.kept - {declaration.spec.name for declaration in case.then}
    if "dropped" not in name and "anew" not in name:
        _settle(sim)
        assert set(sim.dynamodb.tables) == case.kept | case.made, "what is declared is made beside them"
    assert "DeleteTable" not in sim.dynamodb.mutating[:1]
    assert case.kept <= set(sim.dynamodb.tables)


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("name", PRUNED)
def test_clearly_removed_tables_are_deleted(name: str, flavor: Flavor) -> None:
    case = PRUNED[name]
    sim = staged(case, flavor)
    _settle(sim)
    assert set(sim.dynamodb.tables) == case.kept


@pytest.mark.parametrize("name", [each for each in GUARDED if "declared was" not in each])
def test_up_deletes_them_after_its_question(name: str) -> None:
    case = GUARDED[name]
    sim = staged(case, Flavor.DYNAMODB_LOCAL)
    sim.reconciler.options = replace(sim.reconciler.options, one_shot=True)
    plan = sim.reconciler.preview(confirming=True)
    assert plan.summary()["delete"] == len(case.kept)
    assert sim.reconciler.converge("up", approved=approval(plan, only_this=True)).verdict.value == "in_sync"
    assert set(sim.dynamodb.tables) == case.made


def test_the_message_names_the_stack_and_the_ways_out() -> None:
    sim = staged(GUARDED["one table with items, another project"], Flavor.DYNAMODB_LOCAL)
    (step,) = [step for table in sim.run().tables for step in table.steps if step.status is StepStatus.BLOCKED]
    assert "stack default" in (step.message or "")
    for way in ("`reconciler up orders` and confirm", "RECONCILER_STACK=NAME"):
        assert way in (step.allow_with or "")


UNREAD = {
    "throttled": (Throttled("DescribeTable", "ThrottlingException", "slow"), Reason.BUSY),
    "out of reach": (Unreachable("DescribeTable", "timeout", "no answer"), Reason.BUSY),
    "denied": (Denied("DescribeTable", "AccessDenied", "no"), Reason.INVALID_ANSWER),
    "garbled": (Malformed("DescribeTable", "Table", "cut off"), Reason.INVALID_ANSWER),
}


@pytest.mark.parametrize("why", UNREAD)
def test_a_declared_table_that_could_not_be_read_proves_nothing_and_ends_no_wait(why: str) -> None:
    error, reason = UNREAD[why]
    sim = staged(Case(A, A[:1], {"orders"}), Flavor.MOTO)
    asked: list[str] = []

    def fault(operation: str, params: object) -> None:
        if operation == "DescribeTable" and isinstance(params, dict) and params["TableName"] == "orders":
            asked.append(operation)
            if len(asked) == 1:
                raise error

    sim.dynamodb.faults = fault
    reported = {table.name: [step.reason for step in table.steps] for table in sim.run().tables}
    assert reported["carts"] == reported["users"] == [reason]
    assert set(sim.dynamodb.tables) == {"orders", "carts", "users"}
    sim.dynamodb.faults = None
    _settle(sim)
    assert set(sim.dynamodb.tables) == {"orders"}


@pytest.mark.parametrize("flavor", FLAVORS)
def test_one_of_two_empty_tables_stays_when_others_delete_the_other(flavor: Flavor) -> None:
    sim = staged(GUARDED["two empty tables, another project"], flavor)
    sim.run()
    del sim.dynamodb.tables["carts"]
    for _ in range(10):
        sim.run()
        sim.clock.seconds += 60
    assert set(sim.dynamodb.tables) == {"orders", "invoices", "payments"}
