"""References: the order of seeding and clearing, and orphans in live tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.specs import gsi, keys

from reconciler.engine.check_references import CheckedReference
from reconciler.model.desired import Declaration, Reference
from reconciler.model.errors import Denied, UsageError
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, StepStatus
from reconciler.model.report import PassReport, TableStatus, Verdict


def table(name: str, *refers: str, **spec: Any) -> Declaration:
    references = tuple(Reference(each, f"{each}_id") for each in refers)
    return replace(declaration(name, seed=(item(f"{name}-1"),), **spec), references=references)


CHAIN = (table("a_lines", "m_orders"), table("m_orders", "z_users"), table("z_users"))


def seeded(sim: Sim) -> list[str]:
    """The tables in the order in which their seeding ended."""
    return [name for name, step in sim.telemetry.steps if step.action in (Action.SEED, Action.CLEAR)]


def seeds_of(report: PassReport) -> dict[str, StepStatus]:
    return {each.name: step.status for each in report.tables for step in each.steps if step.action is Action.SEED}


@pytest.mark.parametrize("flavor", [Flavor.MOTO, Flavor.AWS], ids=lambda flavor: flavor.value)
def test_a_table_is_seeded_after_those_that_it_refers_to(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor, delay=2.0, one_shot=True)
    sim.declare(*CHAIN)
    assert sim.once().verdict is Verdict.IN_SYNC
    assert seeded(sim) == ["z_users", "m_orders", "a_lines"]


def test_a_table_waits_for_one_that_is_still_being_created() -> None:
    sim = simulate(one_shot=True)
    sim.declare(CHAIN[1])
    sim.reconciler.converge("once")
    sim.reconciler.clear()
    sim.dynamodb.delay = 10.0
    sim.declare(*CHAIN)
    sim.store.snapshot = replace(sim.store.snapshot, seeds={})
    sim.telemetry.steps.clear()
    sim.run()
    report = sim.run()
    assert seeds_of(report) == dict.fromkeys(("a_lines", "m_orders", "z_users"), StepStatus.DEFERRED)
    messages = {each.name: each.steps[-1].message for each in report.tables}
    assert messages["m_orders"] == "waits until z_users, to which it refers, is seeded"
    sim.once()
    assert seeded(sim) == ["z_users", "m_orders", "a_lines"]


def test_a_table_does_not_wait_for_one_that_failed() -> None:
    sim = simulate(one_shot=True, timeout=5)
    sim.declare(*CHAIN)

    def refuse(operation: str, params: Any) -> None:
        if "z_users" in str(params):
            raise Denied(operation, "AccessDeniedException", "not allowed")

    sim.items.faults = refuse
    report = sim.once()
    statuses = {each.name: each.status for each in report.tables}
    assert statuses["z_users"] is TableStatus.ERROR
    assert (statuses["m_orders"], statuses["a_lines"]) == (TableStatus.IN_SYNC, TableStatus.IN_SYNC)


def test_a_table_does_not_wait_for_one_that_is_blocked() -> None:
    sim = simulate(one_shot=True, timeout=5)
    sim.declare(CHAIN[1], CHAIN[2])
    sim.once()
    sim.reconciler.clear()
    sim.store.snapshot = replace(sim.store.snapshot, seeds={})
    sim.dynamodb.tables["z_users"].description["TableStatus"] = "INACCESSIBLE_ENCRYPTION_CREDENTIALS"
    sim.telemetry.steps.clear()
    sim.once()
    assert seeded(sim) == ["m_orders"]


def test_a_cycle_is_seeded_in_the_same_order_each_time() -> None:
    for declared in ((table("a", "b"), table("b", "a")), (table("b", "a"), table("a", "b"))):
        sim = simulate(one_shot=True)
        sim.declare(*declared)
        assert sim.once().verdict is Verdict.IN_SYNC
        assert seeded(sim) == ["b", "a"]


def test_the_commands_seed_parents_first_and_clear_them_last() -> None:
    sim = simulate(one_shot=True)
    sim.declare(*CHAIN)
    sim.once()
    sim.telemetry.steps.clear()
    sim.reconciler.clear()
    assert seeded(sim) == ["a_lines", "m_orders", "z_users"]
    sim.telemetry.steps.clear()
    sim.reconciler.seed(("a_lines", "z_users"))
    assert seeded(sim) == ["z_users", "a_lines"]


# check-references

USERS = declaration("users", global_indexes=(gsi("by_mail", "mail S"),))
TASKS = replace(declaration("tasks"), references=(Reference("users", "owner"), Reference("users", "mail", "mail")))


def filled(flavor: Flavor = Flavor.MOTO, **tasks: Mapping[str, Any]) -> Sim:
    """Users u1 and u2, of whom u1 has a mail, and these tasks."""
    sim = simulate(flavor=flavor, one_shot=True)
    sim.declare(TASKS, USERS)
    sim.once()
    for user in (item("u1", mail="a@b"), item("u2")):
        sim.items.put_if_absent("users", user, ("pk",))
    for name, attributes in tasks.items():
        sim.items.put_if_absent("tasks", {"pk": {"S": name}, **attributes}, ("pk",))
    sim.dynamodb.journal.clear()
    return sim


def counts(checked: tuple[CheckedReference, ...]) -> list[tuple[str, int, int, int]]:
    return [(each.link.attribute, each.items, each.values, each.orphans) for each in checked]


def test_orphans_are_counted_and_shown() -> None:
    sim = filled(
        t1={"owner": {"S": "u1"}, "mail": {"S": "a@b"}},
        t2={"owner": {"S": "u9"}},
        t3={"owner": {"L": [{"S": "u2"}, {"S": "u8"}]}, "mail": {"S": "z"}},
        t4={"owner": {"N": "1"}},
        t5={},
    )
    checked = sim.reconciler.check_references()
    assert counts(checked) == [("owner", 5, 5, 3), ("mail", 5, 2, 1)]
    assert [(each.item["pk"], each.value) for each in checked[0].examples] == [
        ({"S": "t2"}, {"S": "u9"}),
        ({"S": "t3"}, {"S": "u8"}),
        ({"S": "t4"}, {"N": "1"}),
    ]
    assert sim.dynamodb.mutating == []


def test_a_value_is_looked_up_once() -> None:
    sim = filled(**{f"t{number}": {"owner": {"S": f"u{number % 2}"}} for number in range(250)})
    asked: list[int] = []

    def note(operation: str, params: Any) -> None:
        if operation == "BatchGetItem":
            asked.append(len(params))

    sim.items.faults = note
    checked = sim.reconciler.check_references(("tasks",))
    assert asked == [2]
    assert (checked[0].orphans, len(checked[0].examples)) == (125, 5)


def test_a_sample_reads_no_more_items() -> None:
    sim = filled(**{f"t{number}": {"owner": {"S": "gone"}} for number in range(20)})
    assert counts(sim.reconciler.check_references((), 7))[0] == ("owner", 7, 7, 7)


@pytest.mark.parametrize(("flavor", "seconds"), [(Flavor.MOTO, 0.0), (Flavor.AWS, 0.3)])
def test_pages_come_with_a_pause_except_on_an_emulator(flavor: Flavor, seconds: float) -> None:
    sim = filled(flavor, **{f"t{number}": {"owner": {"S": "u1"}} for number in range(250)})
    before = sim.clock.seconds
    sim.reconciler.check_references()
    assert sim.clock.seconds - before == pytest.approx(seconds)


def test_a_table_with_a_sort_key_is_asked_by_its_partition_key() -> None:
    sim = simulate(one_shot=True)
    users = declaration("users", keys=keys("pk S", "sk S"))
    sim.declare(replace(declaration("tasks"), references=(Reference("users", "owner"),)), users)
    sim.once()
    sim.items.put_if_absent("users", item("u1", sk="1"), ("pk", "sk"))
    for name, owner in (("t1", "u1"), ("t2", "u2")):
        sim.items.put_if_absent("tasks", item(name, owner=owner), ("pk",))
    assert counts(sim.reconciler.check_references()) == [("owner", 2, 2, 1)]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("users",), "users declares no reference with an attribute, so there is nothing to check"),
        (("gone",), "no table 'gone' is declared; declared are: tasks, users"),
    ],
)
def test_a_named_table_must_have_references(names: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        filled().reconciler.check_references(names)


def test_a_missing_table_is_an_error() -> None:
    sim = filled()
    del sim.dynamodb.tables["users"]
    with pytest.raises(UsageError, match="table users does not exist; `reconciler up users` creates it"):
        sim.reconciler.check_references()


def test_without_references_nothing_is_read() -> None:
    sim = simulate(one_shot=True)
    sim.declare(USERS)
    sim.once()
    sim.dynamodb.reads.clear()
    assert sim.reconciler.check_references() == ()
    assert sim.dynamodb.reads == []
