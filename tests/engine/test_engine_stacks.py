"""Stacks and environments at one endpoint: none ever touches what is another's, with one state table or several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from simulation.stacks import beside

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.desired import Lifecycle
from reconciler.model.errors import StateError
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.records import Claim, InventoryEntry
from reconciler.model.report import PassReport, TableStatus, Verdict
from reconciler.model.table import GlobalIndex, KeyElement, Projection

SEED = (item("1"), item("2"))
PLAIN: dict[str, Any] = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
OWN = Lifecycle(on_existing="own")
ANYTHING_GOES = {"data_loss": "allow", "disruption": "allow", "max_deletes": 100}


class Case(NamedTuple):
    """Where two reconcilers meet. ``told`` says whether one can know of the other."""

    flavor: Flavor
    one_state: bool
    second: dict[str, Any]
    reported: bool = True


OTHER_STACK, OTHER_ENVIRONMENT = {"stack": "shop"}, {"environment": "prod"}
CASES = {
    "tags, one state table, another stack": Case(Flavor.AWS, True, OTHER_STACK),
    "tags, one state table, another environment": Case(Flavor.AWS, True, OTHER_ENVIRONMENT),
    "tags, two state tables, another stack": Case(Flavor.AWS, False, OTHER_STACK),
    "tags, two state tables, another environment": Case(Flavor.AWS, False, OTHER_ENVIRONMENT),
    "an emulator with tags, one state table": Case(Flavor.MOTO, True, OTHER_STACK),
    "an emulator with tags, two state tables": Case(Flavor.MOTO, False, OTHER_ENVIRONMENT),
    "no tags, one state table, another stack": Case(Flavor.DYNAMODB_LOCAL, True, OTHER_STACK),
    "no tags, one state table, another environment": Case(Flavor.DYNAMODB_LOCAL, True, OTHER_ENVIRONMENT),
    "both differ, one state table": Case(Flavor.AWS, True, {**OTHER_STACK, **OTHER_ENVIRONMENT}),
}


def environment(case: Case) -> tuple[Sim, Sim]:
    """The first one created and seeded ``users`` some time ago; the second one has done nothing yet."""
    first = simulate(flavor=case.flavor, **ANYTHING_GOES)
    first.declare(declaration("users", seed=SEED))
    first.once()
    first.clock.seconds += 3600
    second = beside(first, one_state=case.one_state, **ANYTHING_GOES, **case.second)
    first.dynamodb.journal.clear()
    return first, second


def reasons(report: PassReport) -> set[Reason | None]:
    return {step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED}


def step_of(report: PassReport) -> Any:
    (step,) = (step for table in report.tables for step in table.steps)
    return step


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_declaration_of_a_foreign_table_is_blocked_and_writes_nothing(case: Case) -> None:
    first, second = environment(case)
    items = dict(first.dynamodb.tables["users"].items)
    second.declare(declaration("users", seed=(item("9"),), deletion_protection=True, tags=(("team", "b"),)))
    for _ in range(3):
        report = second.once()
        assert reasons(report) == {Reason.OTHER_STACK}
        assert report.verdict is Verdict.DRIFTED
        assert [table.status for table in report.tables] == [TableStatus.BLOCKED]
    assert first.dynamodb.journal == []
    assert first.dynamodb.tables["users"].items == items
    assert (second.store.snapshot.inventory, second.store.written) == ({}, 0)
    assert first.once().verdict is Verdict.IN_SYNC, "its owner is not disturbed"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_refusal_names_the_other_scope_and_what_would_allow_it(case: Case) -> None:
    first, second = environment(case)
    second.declare(declaration("users"))
    step = step_of(second.once())
    assert "stack default, environment default" in step.message
    allow = "RECONCILER_STACK=default reconciler release users" if case.one_state else "lifecycle.on_existing: own"
    assert step.allow_with == allow
    assert first.dynamodb.journal == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_neither_pruning_nor_destroy_deletes_a_foreign_table(case: Case) -> None:
    first, second = environment(case)
    second.declare(declaration("users"), declaration("orders"))
    second.once()
    second.declare(declaration("orders"))
    second.once()
    second.reconciler.destroy()
    assert set(first.dynamodb.tables) == {"users"}
    assert [call.params["TableName"] for call in first.dynamodb.journal if call.operation == "DeleteTable"] == [
        "orders"
    ]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_prunes_only_its_own(case: Case) -> None:
    first, second = environment(case)
    first.declare(declaration("users"), declaration("a_mine"))
    second.declare(declaration("orders"), declaration("b_mine"))
    first.once()
    second.once()
    first.clock.seconds += 3600
    first.declare(declaration("users"))
    second.declare(declaration("orders"))
    first.once()
    assert set(first.dynamodb.tables) == {"users", "orders", "b_mine"}
    second.once()
    assert set(first.dynamodb.tables) == {"users", "orders"}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("verb", ["seed", "clear"])
def test_no_item_is_written_or_removed_in_a_foreign_table(case: Case, verb: str) -> None:
    first, second = environment(case)
    before = dict(first.dynamodb.tables["users"].items)
    second.declare(declaration("users", seed=(*SEED, item("9"))))
    (table,) = getattr(second.reconciler, verb)().tables
    assert table.status is TableStatus.ERROR
    assert table.steps[0].reason is Reason.OTHER_STACK
    assert first.dynamodb.tables["users"].items == before


def test_an_index_of_a_foreign_table_is_not_rebuilt() -> None:
    first = simulate(flavor=Flavor.AWS)
    index = GlobalIndex("by_mail", (KeyElement("mail", "HASH", "S"),), Projection("ALL"))
    first.declare(declaration("users", global_indexes=(index,)))
    first.once()
    second = beside(first, one_state=True, stack="shop")
    second.declare(declaration("users", global_indexes=(index,)))
    first.dynamodb.journal.clear()
    with pytest.raises(StateError, match="stack default, environment default"):
        second.reconciler.rebuild_index("users", "by_mail", None, None)
    assert first.dynamodb.journal == []


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL])
def test_a_released_table_may_be_adopted_by_another_stack_for_good(flavor: Flavor) -> None:
    first, second = environment(Case(flavor, True, OTHER_STACK))
    first.reconciler.release(("users",))
    second.declare(declaration("users", deletion_protection=True))
    assert second.once().verdict is Verdict.IN_SYNC
    assert second.store.snapshot.inventory["users"].ownership == "adopted"
    assert first.dynamodb.tables["users"].description["DeletionProtectionEnabled"] is True
    first.declare(declaration("orders"))
    for sim in (first, second, first, second):
        assert sim.once().verdict is Verdict.IN_SYNC
    first.declare(declaration("users"), declaration("orders"))
    assert reasons(first.once()) == {Reason.OTHER_STACK}
    second.declare(declaration("users", deletion_protection=False))
    assert second.once().verdict is Verdict.IN_SYNC, "the tag of its creator does not stop whom it was left to"


def test_a_released_table_that_its_stack_declares_again_later_is_adopted_by_it() -> None:
    first, _ = environment(CASES["tags, one state table, another stack"])
    first.reconciler.release(("users",))
    assert [table.status for table in first.once().tables] == [TableStatus.RELEASED]
    first.declare(declaration("orders"))
    report = first.once()
    assert report.unmanaged == 1
    assert [table.name for table in report.managed] == ["orders"]
    written = first.store.written
    first.once()
    assert first.store.written == written, "quiet"
    first.declare(declaration("users", seed=SEED), declaration("orders"))
    assert first.once().verdict is Verdict.IN_SYNC
    assert first.store.snapshot.inventory["users"].ownership == "adopted"


def test_a_release_in_another_state_table_is_invisible_and_only_own_takes_over() -> None:
    first, second = environment(CASES["tags, two state tables, another stack"])
    first.reconciler.release(("users",))
    second.declare(declaration("users"))
    assert reasons(second.once()) == {Reason.OTHER_STACK}
    second.declare(declaration("users", lifecycle=OWN))
    assert second.once().verdict is Verdict.IN_SYNC


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.one_state])
def test_own_takes_a_table_over_and_its_former_owner_neither_writes_nor_deletes_it(name: str) -> None:
    first, second = environment(CASES[name])
    second.declare(declaration("users", deletion_protection=False, lifecycle=OWN))
    report = second.once()
    assert report.verdict is Verdict.IN_SYNC
    assert second.store.snapshot.inventory["users"].ownership == "created"
    assert first.dynamodb.tables["users"].tags[OWNER_TAG].startswith(second.reconciler.options.scope + "/")
    first.dynamodb.journal.clear()
    assert second.once().verdict is Verdict.IN_SYNC
    first.declare(declaration("users", keys=(KeyElement("id", "HASH", "S"),)))
    assert reasons(first.once()) == {Reason.OTHER_STACK}
    first.store.overwrite(second.store.snapshot.inventory["users"])
    first.declare(declaration("orders"))
    first.once()
    first.reconciler.destroy()
    assert "users" in first.dynamodb.tables
    assert "users" not in first.store.snapshot.inventory


def test_a_takeover_without_effect_is_not_repeated_for_ever() -> None:
    first, second = environment(CASES["tags, two state tables, another stack"])
    first.dynamodb.sticky = {"Tags"}
    second.declare(declaration("users", lifecycle=OWN))
    for _ in range(4):
        second.clock.seconds += 60
        report = second.run()
    assert first.dynamodb.mutating == ["TagResource"]
    assert reasons(report) == {Reason.CONTESTED}


def test_own_is_refused_while_another_stack_has_the_table_in_the_same_state_table() -> None:
    first, second = environment(CASES["tags, one state table, another stack"])
    second.declare(declaration("users", lifecycle=OWN))
    step = step_of(second.once())
    assert (step.reason, step.allow_with) == (
        Reason.OTHER_STACK,
        "RECONCILER_STACK=default reconciler release users",
    )
    first.reconciler.release(("users",))
    assert second.once().verdict is Verdict.IN_SYNC
    assert second.store.snapshot.inventory["users"].ownership == "created"


def test_a_takeover_right_before_the_call_stops_the_delete() -> None:
    first, _ = environment(CASES["tags, two state tables, another stack"])
    first.declare(declaration("users", keys=(KeyElement("id", "HASH", "S"),)))
    asked = []

    def take(operation: str, params: Any) -> None:
        asked.append(operation)
        if asked.count("ListTagsOfResource") == 2:
            first.dynamodb.tables["users"].tags[OWNER_TAG] = "shop/default/taken-over"

    first.dynamodb.faults = take
    assert reasons(first.run()) == {Reason.OTHER_STACK}
    assert "DeleteTable" not in first.dynamodb.mutating
    assert "users" in first.dynamodb.tables


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.DYNAMODB_LOCAL])
def test_a_table_that_another_stack_adopted_is_its_own_as_well(flavor: Flavor) -> None:
    first = simulate(flavor=flavor)
    first.dynamodb.make(**PLAIN)
    second = beside(first, one_state=True, stack="shop")
    second.declare(declaration("users"))
    assert second.once().verdict is Verdict.IN_SYNC
    first.declare(declaration("users", deletion_protection=True))
    assert reasons(first.once()) == {Reason.OTHER_STACK}
    assert first.dynamodb.mutating == []


def test_what_two_adopted_at_the_same_moment_one_of_them_keeps() -> None:
    first = simulate(flavor=Flavor.AWS)
    first.dynamodb.make(**PLAIN)
    second = beside(first, one_state=True, stack="shop")
    for sim in (first, second):
        sim.declare(declaration("users"))
    peers, second.store.peers = second.store.peers, {}
    first.once()
    second.once()
    second.store.peers = peers
    verdicts = [[sim.once().verdict for sim in (first, second)] for _ in range(3)]
    assert verdicts == [[Verdict.IN_SYNC, Verdict.DRIFTED]] * 3
    assert second.store.snapshot.inventory == {}


def claimed(second: Sim, ownership: Any, identity: Any) -> None:
    """The first scope has such a record of ``users``."""
    second.store.peers["default/default"].overwrite(InventoryEntry("users", "users", ownership, "n", identity=identity))


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.DYNAMODB_LOCAL])
@pytest.mark.parametrize("ownership", ["intent", "created", "adopted"])
def test_a_missing_table_is_not_created_while_it_is_in_the_inventory_of_another_stack(
    flavor: Flavor, ownership: str
) -> None:
    first, second = environment(Case(flavor, True, OTHER_STACK))
    entry = first.store.snapshot.inventory["users"]
    del first.dynamodb.tables["users"]
    claimed(second, ownership, None if ownership == "intent" else entry.identity)
    second.declare(declaration("users"))
    assert reasons(second.once()) == {Reason.OTHER_STACK}
    assert first.dynamodb.journal == []
    first.store.drop_entry(entry)
    assert second.once().verdict is Verdict.IN_SYNC


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.DYNAMODB_LOCAL])
def test_a_record_of_a_recreated_table_proves_no_ownership(flavor: Flavor) -> None:
    first, second = environment(Case(flavor, True, OTHER_STACK))
    del first.dynamodb.tables["users"]
    first.clock.seconds += 5
    first.dynamodb.make(**PLAIN)
    second.declare(declaration("users"))
    assert second.once().verdict is Verdict.IN_SYNC
    assert second.store.snapshot.inventory["users"].ownership == "adopted"
    assert reasons(first.once()) == {Reason.OTHER_STACK}


def test_without_tags_and_with_two_state_tables_nothing_is_ever_deleted() -> None:
    first, second = environment(Case(Flavor.DYNAMODB_LOCAL, False, OTHER_STACK, reported=False))
    second.declare(declaration("users"), declaration("orders"))
    assert second.once().verdict is Verdict.IN_SYNC
    assert second.store.snapshot.inventory["users"].ownership == "adopted"
    second.declare(declaration("orders"))
    second.once()
    second.reconciler.destroy()
    assert set(first.dynamodb.tables) == {"users"}


def test_of_two_creates_at_the_same_moment_one_wins_and_the_other_is_blocked() -> None:
    for flavor in (Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL):
        first = simulate(flavor=flavor)
        second = beside(first, one_state=True, stack="shop")
        for sim in (first, second):
            sim.declare(declaration("users", deletion_protection=sim is first))

        def race(operation: str, params: Any, first: Sim = first, second: Sim = second) -> None:
            if operation == "CreateTable" and "users" not in first.dynamodb.tables:
                first.dynamodb.faults = None
                second.run()

        first.dynamodb.faults = race
        peers, second.store.peers = second.store.peers, {}
        first.run()
        second.store.peers = peers
        for _ in range(3):
            first.clock.seconds += 60
            outcomes = {sim.reconciler.options.stack: sim.once() for sim in (first, second)}
        assert outcomes["shop"].verdict is Verdict.IN_SYNC, flavor
        assert reasons(outcomes["default"]) == {Reason.OTHER_STACK}
        assert second.store.snapshot.inventory["users"].ownership == "created"
        assert "users" not in first.store.snapshot.inventory
        assert first.dynamodb.tables["users"].description.get("DeletionProtectionEnabled") is False


def test_a_table_whose_tags_are_not_there_yet_is_not_judged_before_it_is_active() -> None:
    first = simulate(flavor=Flavor.AWS, delay=20)
    second = beside(first, one_state=False, stack="shop")
    first.declare(declaration("users"))
    first.run()
    table = first.dynamodb.tables["users"]
    tags, table.tags = table.tags, {}
    second.declare(declaration("users"))
    assert [table.status for table in second.run().tables] == [TableStatus.PENDING]
    assert second.store.snapshot.inventory == {}
    table.tags = tags
    first.clock.seconds += 30
    assert reasons(second.run()) == {Reason.OTHER_STACK}


def test_an_unreadable_record_of_another_scope_reserves_its_name() -> None:
    first = simulate()
    first.dynamodb.make(**PLAIN)
    first.dynamodb.journal.clear()
    snapshot = replace(first.store.snapshot, foreign_claims={"users": (Claim("shop/default", "intent", None),)})
    first.store.load = first.store.ensure = lambda: snapshot  # type: ignore[method-assign]
    first.declare(declaration("users", deletion_protection=True))
    assert reasons(first.once()) == {Reason.OTHER_STACK}
    assert first.dynamodb.journal == []


def test_no_stack_declares_a_table_that_holds_records() -> None:
    sim = simulate(state_table="records")
    keys = [("scope", "HASH"), ("record", "RANGE")]
    sim.dynamodb.make(
        TableName="their_records",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
    )
    sim.dynamodb.journal.clear()
    sim.declare(declaration("records"), declaration("their_records", seed=(item("1"),), lifecycle=OWN))
    report = sim.once()
    assert [table.status for table in report.tables] == [TableStatus.BLOCKED] * 2
    assert reasons(report) == {Reason.OTHER_STACK}
    assert (sim.dynamodb.journal, sim.store.snapshot.inventory) == ([], {})
