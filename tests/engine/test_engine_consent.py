"""A change alone never replaces a table: items other than its seed are lost only with consent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.specs import keys, lsi

from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.report import PassReport
from reconciler.planning.digest import approval, plan_digest

SEED = (item("1", name="Ada"), item("2", name="Grace"))
SORTED_SEED = (item("1", sk="a"), item("2", sk="b"))
EMULATORS = [Flavor.DYNAMODB_LOCAL, Flavor.MOTO, Flavor.LOCALSTACK]
Hand = Callable[[Sim], None]


def _put(*names: str) -> Hand:
    def put(sim: Sim) -> None:
        for name in names:
            sim.dynamodb.tables["users"].items[name] = item(name)

    return put


def _changed(sim: Sim) -> None:
    first = next(iter(sim.dynamodb.tables["users"].items))
    sim.dynamodb.tables["users"].items[first] = item("1", name="somebody else")


def _fewer(sim: Sim) -> None:
    del sim.dynamodb.tables["users"].items[next(iter(sim.dynamodb.tables["users"].items))]


def _emptied(sim: Sim) -> None:
    sim.dynamodb.tables["users"].items.clear()


def _untouched(sim: Sim) -> None:
    """Nobody did anything."""


def _with_sort_key(sim: Sim) -> None:
    for number in range(230):
        sim.dynamodb.tables["users"].items[repr(number)] = item(f"n{number}", sk=str(number), at="now")


@dataclass(frozen=True)
class Case:
    """A table as it was declared first, what others did to it, and how it is declared now."""

    hand: Hand
    now: dict[str, Any] = field(default_factory=lambda: {"keys": keys("pk N")})
    first: dict[str, Any] = field(default_factory=dict)
    seed: tuple[Any, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    options: dict[str, Any] = field(default_factory=dict)


LOST = {
    "another type of the key": Case(_put("theirs")),
    "another name of the key": Case(_put("theirs"), {"keys": keys("id S")}),
    "a sort key is added": Case(_put("theirs"), {"keys": keys("pk S", "sk S")}),
    "a local index is added": Case(
        _put("theirs"),
        {"keys": keys("pk S", "sk S"), "local_indexes": (lsi("by_at", "at S"),)},
        {"keys": keys("pk S", "sk S")},
    ),
    "an item beside the seed": Case(_put("theirs"), seed=SEED),
    "an item of the seed was changed": Case(_changed, seed=SEED),
    "an item of the seed was removed, so another seed may be meant": Case(_fewer, seed=SEED),
    "thousands of items": Case(_put(*(f"n{number}" for number in range(3000)))),
    "the daemon's grace does not stand for consent": Case(_put("theirs"), options={"prune_grace": timedelta(0)}),
    "DATA_LOSS=emulator, said explicitly": Case(_put("theirs"), options={"data_loss": "emulator"}),
}
KEPT = {
    "the sort key goes": Case(_put("theirs"), {"keys": keys("pk S")}, {"keys": keys("pk S", "sk S")}),
    "a sort key is added that all items have": Case(_with_sort_key, {"keys": keys("pk S", "sk S")}),
    "an attribute becomes the key": Case(_with_sort_key, {"keys": keys("sk S")}),
    "a local index is added": Case(
        _with_sort_key,
        {"keys": keys("pk S", "sk S"), "local_indexes": (lsi("by_at", "at S"),)},
        {"keys": keys("pk S", "sk S")},
    ),
    "an item beside the seed": Case(_with_sort_key, {"keys": keys("sk S", "pk S")}, seed=SORTED_SEED),
}
"""The declared table can hold every item."""
FREE = {
    "an empty table": Case(_untouched),
    "only its seed": Case(_untouched, seed=SEED),
    "a seed that was emptied": Case(_emptied, seed=SEED),
    "the declaration allows it": Case(_put("theirs"), lifecycle=Lifecycle(allow_data_loss=True)),
    "DATA_LOSS allows it": Case(_put("theirs"), options={"data_loss": "allow"}),
}


def staged(case: Case, flavor: Flavor) -> Sim:
    """The table as it was made, touched by others, and declared otherwise."""
    sim = simulate(flavor=flavor, **{"one_shot": True, "prune_grace": timedelta(0), **case.options})
    sim.declare(_declared(case, case.first))
    sim.once()
    case.hand(sim)
    sim.dynamodb.journal.clear()
    sim.clock.seconds += 60
    sim.declare(_declared(case, case.now))
    return sim


def _declared(case: Case, spec: dict[str, Any]) -> Declaration:
    seed = case.seed if spec is not case.now else ()
    return declaration("users", seed=seed, lifecycle=case.lifecycle, **spec)


def blocked(report: PassReport) -> list[Step]:
    return [step for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED]


@pytest.mark.parametrize("flavor", EMULATORS)
@pytest.mark.parametrize("name", LOST)
def test_items_are_not_lost_to_a_replacement_without_consent(name: str, flavor: Flavor) -> None:
    sim = staged(LOST[name], flavor)
    before = dict(sim.dynamodb.tables["users"].items)
    for report in (sim.once(), sim.run("api")):
        (step,) = [step for step in blocked(report) if step.action is Action.REPLACE]
        assert step.reason is Reason.DATA_LOSS
        for way in ("`reconciler up users`", "lifecycle.allow_data_loss: true", "RECONCILER_DATA_LOSS=allow"):
            assert way in (step.allow_with or "")
    assert sim.dynamodb.tables["users"].items == before
    assert "DeleteTable" not in sim.dynamodb.mutating


def _items(sim: Sim, table: str = "users") -> list[str]:
    return sorted(repr(sorted(found.items())) for found in sim.dynamodb.tables[table].items.values())


RUNS: dict[str, Callable[[Sim], PassReport]] = {
    "once": Sim.once,
    "up": lambda sim: sim.reconciler.converge("up", approved=approval(sim.reconciler.preview(), only_this=True)),
    "up --yes": lambda sim: sim.reconciler.converge("up", approved=approval(sim.reconciler.preview(), only_this=False)),
}


@pytest.mark.parametrize("flavor", EMULATORS)
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", KEPT)
def test_items_that_fit_are_kept(name: str, run: str, flavor: Flavor) -> None:
    sim = staged(KEPT[name], flavor)
    before = _items(sim)
    report = RUNS[run](sim)
    assert report.verdict.value == "in_sync"
    assert _items(sim) == before
    assert list(sim.dynamodb.tables) == ["users"], "the copy is gone"
    assert sim.dynamodb.mutating[:4] == ["CreateTable", "DeleteTable", "CreateTable", "DeleteTable"]
    assert report.summary()["replace"] == 1


@pytest.mark.parametrize("name", KEPT)
def test_the_daemon_waits_its_grace_before_it_replaces_a_table_with_items(name: str) -> None:
    sim = staged(replace(KEPT[name], options={"one_shot": False, "prune_grace": timedelta(minutes=5)}), Flavor.MOTO)
    before = _items(sim)
    (step,) = [step for table in sim.run().tables for step in table.steps if step.action is Action.REPLACE]
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.PRUNE_GRACE)
    assert "DeleteTable" not in sim.dynamodb.mutating
    sim.clock.seconds += 301
    while sim.run().tables[0].has(StepStatus.DONE, StepStatus.DEFERRED):
        sim.clock.seconds += 1
    assert _items(sim) == before
    assert sim.run().verdict.value == "in_sync"


def test_data_loss_never_leaves_the_replacement_to_a_person() -> None:
    sim = staged(replace(KEPT["the sort key goes"], options={"data_loss": "never"}), Flavor.MOTO)
    (step,) = [step for step in blocked(sim.once()) if step.action is Action.REPLACE]
    assert step.reason is Reason.DATA_LOSS
    assert (step.allow_with or "").startswith("`reconciler replace users`, which keeps its items if every item fits")
    assert sim.dynamodb.mutating == []


@pytest.mark.parametrize("name", LOST)
def test_up_replaces_once_the_plan_was_confirmed(name: str) -> None:
    sim = staged(LOST[name], Flavor.DYNAMODB_LOCAL)
    plan = sim.reconciler.preview(confirming=True)
    assert plan.summary()["replace"] == 1, "the plan shows what a confirmation would do"
    assert "DeleteTable" not in sim.dynamodb.mutating, "and does nothing"
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    assert report.verdict.value == "in_sync"
    assert sim.dynamodb.mutating[:2] == ["DeleteTable", "CreateTable"]


@pytest.mark.parametrize("flavor", EMULATORS)
@pytest.mark.parametrize("name", FREE)
def test_what_loses_nothing_or_was_agreed_to_is_replaced(name: str, flavor: Flavor) -> None:
    sim = staged(FREE[name], flavor)
    report = sim.once()
    assert report.verdict.value == "in_sync"
    assert sim.dynamodb.mutating[:2] == ["DeleteTable", "CreateTable"]
    summary = report.summary()
    counts = {name: summary[name] for name in ("create", "update", "replace", "delete")}
    assert counts == {"create": 0, "update": 0, "replace": 1, "delete": 0}, "a replaced table counts once"


@pytest.mark.parametrize("options", [{}, {"data_loss": "never"}], ids=["default", "never"])
def test_outside_emulators_a_confirmation_does_not_allow_data_loss(options: dict[str, Any]) -> None:
    sim = staged(Case(_put("theirs"), options=options), Flavor.AWS)
    plan = sim.reconciler.preview(confirming=True)
    (step,) = [step for step in blocked(plan) if step.action is Action.REPLACE]
    assert (step.reason, "reconciler up" in (step.allow_with or "")) == (Reason.DATA_LOSS, False)
    sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    assert "theirs" in sim.dynamodb.tables["users"].items


def _another_item(sim: Sim) -> None:
    sim.dynamodb.tables["users"].items["late"] = item("late")


def _another_table(sim: Sim) -> None:
    sim.declare(declaration("users"), declaration("carts"))


def _undeclared(sim: Sim) -> None:
    sim.declare(declaration("carts"))


def _rekeyed(sim: Sim) -> None:
    sim.declare(declaration("users", keys=keys("pk N")), declaration("orders"), declaration("carts"))


def _rekeyed_otherwise(sim: Sim) -> None:
    sim.declare(declaration("users"), declaration("orders", keys=keys("pk N")), declaration("carts"))


def _grown(sim: Sim) -> None:
    sim.declare(declaration("users"), declaration("orders"), declaration("carts", deletion_protection=True))


def _gone(sim: Sim) -> None:
    del sim.dynamodb.tables["orders"]


def _made_by_others(sim: Sim) -> None:
    sim.dynamodb.make(
        TableName="carts",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )


MEANWHILE = {
    "two of the tables are declared no more": _undeclared,
    "one of the tables is declared no more": _another_table,
    "a table needs another key": _rekeyed,
    "another table needs another key": _rekeyed_otherwise,
    "the new table has one more field": _grown,
    "an existing table is gone": _gone,
    "the new table was made by somebody else": _made_by_others,
}


def _confirming() -> tuple[Sim, PassReport]:
    """A plan to create ``carts`` beside two tables with items, as it was shown."""
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL, one_shot=True, prune_grace=timedelta(0))
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    for name in ("users", "orders"):
        sim.dynamodb.tables[name].items["theirs"] = item("theirs")
    sim.clock.seconds += 60
    sim.dynamodb.journal.clear()
    sim.declare(declaration("users"), declaration("orders"), declaration("carts"))
    plan = sim.reconciler.preview(confirming=True)
    assert (plan.summary()["create"], plan.summary()["delete"]) == (1, 0)
    return sim, plan


@pytest.mark.parametrize("name", MEANWHILE)
def test_up_applies_only_the_plan_that_was_shown(name: str) -> None:
    sim, plan = _confirming()
    MEANWHILE[name](sim)
    sim.dynamodb.journal.clear()
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    assert report.plan_changed
    assert sim.dynamodb.mutating == []


@pytest.mark.parametrize("name", MEANWHILE)
def test_up_with_yes_destroys_nothing_that_was_not_shown(name: str) -> None:
    sim, plan = _confirming()
    MEANWHILE[name](sim)
    sim.dynamodb.journal.clear()
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=False))
    assert not report.plan_changed
    assert "DeleteTable" not in sim.dynamodb.mutating
    kept = {"users", "orders"} - ({"orders"} if name == "an existing table is gone" else set())
    assert all("theirs" in sim.dynamodb.tables[each].items for each in kept)


def test_a_plan_that_changes_while_another_reconciler_leads_is_not_begun_afterwards() -> None:
    sim, plan = _confirming()
    store, looked = sim.store, []

    def outdated(snapshot: Any) -> bool:
        looked.append(snapshot)
        _grown(sim)
        return len(looked) > 1

    store.is_current = outdated  # type: ignore[method-assign]
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    assert report.plan_changed
    assert sim.dynamodb.mutating == []


def test_a_later_pass_destroys_nothing_that_was_not_confirmed() -> None:
    sim, plan = _confirming()
    made = sim.dynamodb.faults

    def meanwhile(operation: str, params: Any) -> None:
        if operation == "CreateTable":
            sim.declare(declaration("users", keys=keys("pk N")), declaration("carts"))

    sim.dynamodb.faults = meanwhile
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    sim.dynamodb.faults = made
    assert "DeleteTable" not in sim.dynamodb.mutating
    again = sim.reconciler.converge("up", approved=replace(approval(plan, only_this=False)))
    reasons = {step.reason for step in blocked(again)}
    assert reasons == {Reason.NOT_APPROVED}, report
    assert {"users", "orders", "carts"} == set(sim.dynamodb.tables)


def test_an_item_that_arrives_after_the_question_is_part_of_what_was_confirmed_for_the_table() -> None:
    sim = staged(Case(_put("theirs")), Flavor.DYNAMODB_LOCAL)
    plan = sim.reconciler.preview(confirming=True)
    _another_item(sim)
    assert sim.reconciler.converge("up", approved=approval(plan, only_this=True)).summary()["replace"] == 1


HARMLESS = {
    "an empty table is replaced": (Case(_untouched), {}),
    "a table with its seed alone is replaced": (Case(_untouched, seed=SEED), {}),
    "a table whose seed was emptied is replaced": (Case(_emptied, seed=SEED), {}),
    "an empty table is pruned": (Case(_untouched), {"pruned": True}),
    "a table with its seed alone is pruned": (Case(_untouched, seed=SEED), {"pruned": True}),
}


def _shown_as_harmless(name: str, *, confirming: bool) -> tuple[Sim, PassReport]:
    """A destructive step that loses nothing but a seed, as the plan shows it, beside a table that stays."""
    case, how = HARMLESS[name]
    sim = staged(case, Flavor.DYNAMODB_LOCAL)
    beside = declaration("beside")
    sim.declare(*sim.source.declarations, beside)
    sim.reconciler.converge("once", ("beside",))
    sim.clock.seconds += 60
    sim.declare(*([] if how else sim.source.declarations), *([beside] if how else []))
    sim.dynamodb.journal.clear()
    plan = sim.reconciler.preview(confirming=confirming)
    assert plan.summary()["delete" if how else "replace"] == 1, plan
    return sim, plan


def _lost(sim: Sim) -> bool:
    return "DeleteTable" in sim.dynamodb.mutating or "theirs" not in sim.dynamodb.tables["users"].items


@pytest.mark.parametrize("only_this", [True, False], ids=["asked", "yes"])
@pytest.mark.parametrize("name", HARMLESS)
def test_without_any_other_item_what_was_shown_is_executed(name: str, only_this: bool) -> None:
    sim, plan = _shown_as_harmless(name, confirming=only_this)
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=only_this))
    assert (report.verdict.value, report.plan_changed) == ("in_sync", False)
    assert "DeleteTable" in sim.dynamodb.mutating


@pytest.mark.parametrize("name", HARMLESS)
def test_an_item_that_arrives_before_the_answer_is_shown_and_asked_about_again(name: str) -> None:
    sim, plan = _shown_as_harmless(name, confirming=True)
    _put("theirs")(sim)
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    assert report.plan_changed
    assert not _lost(sim)
    again = sim.reconciler.preview(confirming=True)
    assert sim.reconciler.converge("up", approved=approval(again, only_this=True)).verdict.value == "in_sync"
    assert "DeleteTable" in sim.dynamodb.mutating, "the second plan shows the loss, and is confirmed"


@pytest.mark.parametrize("confirming", [True, False], ids=["the table was named", "no table was named"])
@pytest.mark.parametrize("name", HARMLESS)
def test_with_yes_an_item_that_arrives_after_the_plan_keeps_its_table(name: str, confirming: bool) -> None:
    sim, plan = _shown_as_harmless(name, confirming=confirming)
    _put("theirs")(sim)
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=False))
    assert not _lost(sim)
    assert report.verdict.value == "drifted"
    assert {step.reason for step in blocked(report)} <= {Reason.NOT_APPROVED, Reason.DATA_LOSS}


@pytest.mark.parametrize("only_this", [True, False], ids=["asked", "yes"])
@pytest.mark.parametrize("name", HARMLESS)
def test_an_item_that_arrives_before_the_last_scan_keeps_its_table(name: str, only_this: bool) -> None:
    at = tried = 0
    while tried == at:
        at, tried = at + 1, 0
        sim, plan = _shown_as_harmless(name, confirming=only_this)

        def scanned(operation: str, _: Any, sim: Sim = sim, at: int = at) -> None:
            nonlocal tried
            if operation == "Scan" and "users" in sim.dynamodb.tables and tried < at:
                tried += 1
                if tried == at:
                    _put("theirs")(sim)

        sim.items.faults = scanned
        report = sim.reconciler.converge("up", approved=approval(plan, only_this=only_this))
        if tried == at and "users" in sim.dynamodb.tables and not _rekeyed_already(sim):
            assert not _lost(sim), f"before scan {at}"
            assert report.plan_changed or {step.reason for step in blocked(report)} == {Reason.NOT_APPROVED}
    assert at > 2, "it is looked at when it is planned and right before the call"


def _rekeyed_already(sim: Sim) -> bool:
    """Whether the item came into the new table."""
    return (
        sim.dynamodb.mutating[:2] == ["DeleteTable", "CreateTable"] and "theirs" in sim.dynamodb.tables["users"].items
    )


@pytest.mark.parametrize("name", LOST)
def test_yes_without_the_table_name_is_not_consent_to_lose_its_items(name: str) -> None:
    sim = staged(LOST[name], Flavor.DYNAMODB_LOCAL)
    before = dict(sim.dynamodb.tables["users"].items)
    plan = sim.reconciler.preview(confirming=False)
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=False))
    (step,) = [step for step in blocked(report) if step.action is Action.REPLACE]
    assert (step.reason, "`reconciler up users`" in (step.allow_with or "")) == (Reason.DATA_LOSS, True)
    assert (sim.dynamodb.tables["users"].items, "DeleteTable" in sim.dynamodb.mutating) == (before, False)
    named = sim.reconciler.preview(("users",), confirming=True)
    report = sim.reconciler.converge("up", ("users",), approved=approval(named, only_this=False))
    assert (report.verdict.value, sim.dynamodb.mutating[:2]) == ("in_sync", ["DeleteTable", "CreateTable"])


def test_a_step_shown_as_blocked_is_not_executed_when_it_becomes_safe() -> None:
    sim = staged(LOST["another name of the key"], Flavor.DYNAMODB_LOCAL)
    plan = sim.reconciler.preview(confirming=False)
    _emptied(sim)
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=False))
    assert {step.reason for step in blocked(report)} == {Reason.NOT_APPROVED}
    assert "DeleteTable" not in sim.dynamodb.mutating


def test_the_plan_digest_differs_for_a_table_with_items() -> None:
    sim, plan = _shown_as_harmless("an empty table is pruned", confirming=False)
    _put("theirs")(sim)
    again = sim.reconciler.preview()
    assert again.summary()["delete"] == 1, "on an emulator it may go"
    assert plan_digest(again.tables) != plan_digest(plan.tables)
