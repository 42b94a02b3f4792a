"""The state table is lost while a table is replaced: its items may be in another table that nothing tells of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from mover.generations import Bench, bench
from mover.test_mover_replacement import AFTER, ITEMS, copy_of, held, killed_at, shown, staged
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.engine.reconciler import Reconciler
from reconciler.facets.tags import OWNER_TAG
from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Busy
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, Step, StepStatus
from reconciler.model.records import Phase, StateSnapshot
from reconciler.model.report import PassReport, TableStatus, Verdict

SEED = (item("seeded", sk="s"),)
OWN = Lifecycle(on_existing="own")


def lost(sim: Sim) -> None:
    """Somebody deleted the state table, and another process goes on."""
    sim.store.snapshot = StateSnapshot(fresh=True)
    old = sim.reconciler
    sim.reconciler = Reconciler(old.ports, old.options, old.timeout)
    sim.clock.seconds += 3600


def blocked(report: PassReport, name: str = "users") -> Step:
    """The only step of the table, which is blocked."""
    (table,) = (each for each in report.tables if each.name == name)
    assert table.status is TableStatus.BLOCKED
    (step,) = table.steps
    assert step.status is StepStatus.BLOCKED
    assert step.reason is Reason.REPLACING
    return step


def replaced(phase: Phase) -> tuple[Sim, str]:
    """A process died in this phase of a replacement under its own name; then the records were lost."""
    sim = staged(seed=SEED)
    killed_at(sim, phase)
    lost(sim)
    return sim, copy_of(sim)


@pytest.mark.parametrize("phase", [Phase.COMPARING, Phase.CREATING, Phase.RETURNING, Phase.VERIFYING, Phase.CLEANING])
def test_the_table_is_neither_created_nor_adopted_nor_seeded(phase: Phase) -> None:
    sim, copy = replaced(phase)
    before = {name: held(sim, name) for name in sim.dynamodb.tables}
    for report in (sim.reconciler.preview(), sim.once(), sim.once()):
        step = blocked(report)
        assert copy in (step.message or "")
        assert copy in (step.allow_with or "")
        assert report.verdict is not Verdict.IN_SYNC
    assert {name: held(sim, name) for name in sim.dynamodb.tables} == before
    assert "users" not in sim.store.snapshot.inventory


def test_of_a_table_that_is_gone_the_advice_brings_the_items_back(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = bench(monkeypatch, flavor=Flavor.DYNAMODB_LOCAL).sim
    killed_at(sim, Phase.CREATING)
    lost(sim)
    copy = copy_of(sim)
    advice = blocked(sim.once()).allow_with or ""
    assert f"{copy} declared in its place with lifecycle.on_existing: own" in advice
    sim.declare(declaration(copy, keys=AFTER, lifecycle=OWN))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert f"users again with renamed_from: {copy}" in advice
    sim.declare(replace(declaration("users", keys=AFTER, seed=SEED), renamed_from=copy))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert held(sim) == shown(ITEMS)
    assert copy not in sim.dynamodb.tables


def test_of_a_table_that_has_all_items_the_advice_is_to_delete_the_copy() -> None:
    sim, copy = replaced(Phase.CLEANING)
    assert (blocked(sim.once()).allow_with or "").startswith(f"delete {copy}, if users has all items")
    del sim.dynamodb.tables[copy]
    assert sim.once().verdict is Verdict.IN_SYNC
    assert held(sim) == shown([*ITEMS, *SEED])


def test_a_table_that_could_not_be_read_in_the_first_round_of_a_run_is_held_in_the_next() -> None:
    sim, _ = replaced(Phase.RETURNING)
    half = held(sim)
    sim.declare(declaration("users", keys=AFTER, seed=SEED), declaration("orders"))

    def busy(operation: str, params: Any) -> None:
        first_round = "orders" not in sim.dynamodb.tables
        if first_round and operation == "DescribeTable" and params["TableName"] == "users":
            raise Busy(operation, "ThrottlingException", "later")

    sim.dynamodb.faults = busy
    report = sim.once()
    blocked(report)
    assert held(sim) == half
    assert "users" not in sim.store.snapshot.inventory
    assert "orders" in sim.store.snapshot.inventory


@pytest.mark.parametrize("former", ["users", "user"])
def test_a_table_whose_former_one_has_such_a_copy_is_not_created_empty(former: str) -> None:
    sim, copy = replaced(Phase.CREATING)
    sim.declare(replace(declaration("people", keys=AFTER, seed=SEED), renamed_from=former))
    report = sim.once()
    if former == "user":
        assert report.verdict is Verdict.IN_SYNC
    else:
        step = blocked(report, "people")
        assert f"{copy} has items and the name of a copy of users" in (step.message or "")
        assert "people is not created" in (step.message or "")
        assert f"then people again with renamed_from: {copy}" in (step.allow_with or "")
        assert "people" not in sim.dynamodb.tables


def test_a_copy_that_is_declared_itself_holds_nothing_back() -> None:
    sim, copy = replaced(Phase.CREATING)
    sim.declare(declaration("users", keys=AFTER, seed=SEED), declaration(copy, keys=AFTER))
    sim.once()
    assert held(sim) == shown([*SEED])


@pytest.mark.parametrize("kept", ["of another table", "empty", "of a table that is only observed", "of a known table"])
def test_other_tables_with_such_a_name_hold_nothing_back(kept: str) -> None:
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL, one_shot=True)
    observed = Lifecycle(on_existing="observe" if kept == "of a table that is only observed" else "adopt")
    name = f"{'user' if kept == 'of another table' else 'users'}.replacing.0123456789abcdef"
    if kept == "of a known table":
        sim.declare(declaration("users"))
        sim.once()
    _make(sim, "users" if kept == "of a table that is only observed" else name)
    _make(sim, name)
    if kept != "empty":
        sim.dynamodb.tables[name].items["x"] = item("x")
    sim.declare(declaration("users", lifecycle=observed))
    assert sim.once().verdict is Verdict.IN_SYNC


def _make(sim: Sim, name: str) -> None:
    if name not in sim.dynamodb.tables:
        sim.dynamodb.make(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.DYNAMODB_LOCAL])
@pytest.mark.parametrize("ended", [False, True], ids=["in the hold", "ended"])
def test_a_table_whose_place_another_one_took_is_not_created_again(
    monkeypatch: pytest.MonkeyPatch, flavor: Flavor, ended: bool
) -> None:
    made = _switched(bench(monkeypatch, flavor=flavor, hold=timedelta(hours=1)))
    if ended:
        made.work.finish()
        made.run()
    assert ("users" in made.tables) is not ended
    before = {name: made.held(name) for name in made.tables}
    lost(made.sim)
    step = blocked(made.sim.once())
    assert "users-g2" in (step.message or "")
    assert {name: made.held(name) for name in made.tables} == before


def _switched(made: Bench) -> Bench:
    made.begin()
    made.switch()
    return made


@pytest.mark.parametrize("tagged", [False, True])
def test_where_tables_have_tags_the_name_alone_does_not_make_a_next_generation(tagged: bool) -> None:
    sim = simulate(flavor=Flavor.AWS, one_shot=True)
    _make(sim, "users-g2")
    sim.dynamodb.tables["users-g2"].items["x"] = item("x")
    if tagged:
        sim.dynamodb.tables["users-g2"].tags[OWNER_TAG] = "default/default/n"
    sim.declare(declaration("users"))
    report = sim.once()
    if tagged:
        blocked(report)
    assert ("users" in sim.dynamodb.tables) is not tagged


def test_the_name_of_a_long_table_is_known_by_its_beginning() -> None:
    from reconciler.planning.copy_names import copy_name, made_for

    long, token = "u" * 255, "0123456789abcdef"
    name = copy_name(long, token)
    assert len(name) == 255
    assert made_for([long, "users"], [name, "users-g12", "users-gx", "users.replacing."]) == {
        long: (name,),
        "users": ("users-g12",),
    }


def test_a_table_of_another_stack_is_reported_as_that() -> None:
    sim = simulate(flavor=Flavor.AWS, one_shot=True)
    for name in ("users", "users.replacing.0123456789abcdef"):
        _make(sim, name)
        sim.dynamodb.tables[name].items["x"] = item("x")
        sim.dynamodb.tables[name].tags[OWNER_TAG] = "shop/default/n"
    sim.declare(declaration("users"))
    (step,) = sim.once().tables[0].steps
    assert step.reason is Reason.OTHER_STACK
