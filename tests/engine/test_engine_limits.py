"""What one pass may begin, and what may not happen without leave off emulators."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.engine.pass_guards import IN_FLIGHT_LIMIT
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import PassReport, Verdict
from reconciler.model.table import GlobalIndex, KeyElement, Projection, Stream

BY_EMAIL = GlobalIndex("by_email", (KeyElement("email", "HASH", "S"),), Projection("ALL"))
WITH_INDEX = declaration(global_indexes=(BY_EMAIL,), stream=Stream(True, "KEYS_ONLY"))
INTERRUPTING = {
    "an index that is not wanted any more": declaration(global_indexes=()),
    "an index with another projection": declaration(
        global_indexes=(replace(BY_EMAIL, projection=Projection("KEYS_ONLY")),)
    ),
    "a stream with another view": declaration(global_indexes=(BY_EMAIL,), stream=Stream(True, "NEW_IMAGE")),
}


def blocked(report: PassReport) -> set[Reason | None]:
    return {step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED}


def settled(flavor: Flavor, **options: str) -> Sim:
    """One table as declared, with an index and a stream; its journal is empty."""
    sim = simulate(flavor=flavor, **options)
    sim.declare(WITH_INDEX)
    assert sim.once().verdict is Verdict.IN_SYNC
    sim.clock.seconds += 3600
    sim.dynamodb.journal.clear()
    return sim


def test_no_more_tables_are_in_flight_than_every_account_may_have() -> None:
    sim = simulate(delay=600)
    sim.declare(*(declaration(f"table{number:03}") for number in range(IN_FLIGHT_LIMIT + 10)))
    report = sim.run()
    assert sim.dynamodb.mutating == ["CreateTable"] * IN_FLIGHT_LIMIT
    assert report.summary()["deferred"] == 10
    sim.run()
    assert len(sim.dynamodb.mutating) == IN_FLIGHT_LIMIT, "those under way count"


@pytest.mark.parametrize("case", INTERRUPTING)
def test_outside_emulators_readers_are_not_interrupted_without_permission(case: str) -> None:
    sim = settled(Flavor.AWS)
    sim.declare(INTERRUPTING[case])
    assert blocked(sim.once()) == {Reason.DISRUPTION}
    assert sim.dynamodb.journal == []


@pytest.mark.parametrize("case", INTERRUPTING)
def test_readers_are_interrupted_with_permission_and_on_an_emulator(case: str) -> None:
    for sim in (settled(Flavor.AWS, disruption="allow"), settled(Flavor.MOTO)):
        sim.declare(INTERRUPTING[case])
        assert sim.once().verdict is Verdict.IN_SYNC
        assert set(sim.dynamodb.mutating) == {"UpdateTable"}


def test_destroy_leaves_what_was_adopted_in_the_inventory() -> None:
    sim = simulate()
    sim.dynamodb.make(
        TableName="theirs",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    sim.declare(declaration("users"), declaration("theirs"))
    sim.once()
    report = sim.reconciler.destroy()
    assert set(sim.dynamodb.tables) == {"theirs"}
    assert sim.store.snapshot.inventory["theirs"].ownership == "adopted"
    assert report.warnings == (f"theirs stays: it existed before this stack managed it, and {ONLY_OURS}",)


def test_a_destroy_that_may_not_write_suspends_nothing_and_does_not_say_so() -> None:
    sim = simulate()
    sim.declare(declaration("users"))
    sim.once()
    observing = replace(sim.reconciler, options=replace(sim.reconciler.options, mode="observe"))
    assert not observing.destroy().suspended
    assert sim.store.snapshot.suspension is None
    assert set(sim.dynamodb.tables) == {"users"}


ONLY_OURS = "destroy deletes only tables that this stack created"
STAYING: dict[str, tuple[tuple[str, ...], str]] = {
    "a named one": (("theirs",), f"theirs stays: it existed before this stack managed it, and {ONLY_OURS}"),
    "a named one that was released": (("freed",), f"freed stays: it was released, and {ONLY_OURS}"),
    "a named one without a record": (("new",), f"new stays: it has no record in this stack, and {ONLY_OURS}"),
    "two for one reason": (
        ("theirs", "others"),
        f"2 tables stay, because they existed before this stack managed them and {ONLY_OURS}: others, theirs",
    ),
    "one of ours": (("users",), ""),
}


@pytest.mark.parametrize("case", STAYING)
def test_a_destroy_says_which_of_the_named_tables_stay_and_why(case: str) -> None:
    sim = simulate()
    for name in ("theirs", "others"):
        sim.dynamodb.make(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
    sim.declare(*(declaration(name) for name in ("users", "theirs", "others", "freed")))
    sim.once()
    sim.reconciler.release(("freed",))
    sim.declare(*(declaration(name) for name in ("users", "theirs", "others", "freed", "new")))
    names, sentence = STAYING[case]
    before = set(sim.dynamodb.tables)
    report = sim.reconciler.destroy(names)
    assert report.warnings == ((sentence,) if sentence else ())
    assert before - set(sim.dynamodb.tables) == ({"users"} if case == "one of ours" else set())
