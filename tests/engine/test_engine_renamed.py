"""Two mistakes that read as a removal: a table_name that changes, with its file or in it, and a project of that name.

DynamoDB cannot rename a table, and two folders of one name derive one stack: what holds items stays until consent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.desired import Declaration, Origin
from reconciler.model.errors import Denied, ReconcilerError
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.report import PassReport
from reconciler.model.table import KeyElement
from reconciler.planning.digest import approval

SEED = (item("1"), item("2"))
EMULATORS = [Flavor.DYNAMODB_LOCAL, Flavor.MOTO]


def of(file: str, *names: str, seed: bool = False) -> tuple[Declaration, ...]:
    """The declarations of one file."""
    made = [declaration(name, seed=SEED if seed else ()) for name in names]
    return tuple(replace(each, origin=Origin(file, line + 1)) for line, each in enumerate(made))


def keyed(declarations: tuple[Declaration, ...]) -> tuple[Declaration, ...]:
    """The same tables with another type of the key."""
    key = (KeyElement("pk", "HASH", "N"),)
    return tuple(replace(each, spec=replace(each.spec, keys=key)) for each in declarations)


OTHER = of("other.yaml", "other")
GONE = "i.yaml is gone, and bills is new, as after a rename"


@dataclass(frozen=True)
class Case:
    """What is declared first, and then; ``items`` are put into ``invoices`` in between."""

    first: tuple[Declaration, ...]
    then: tuple[Declaration, ...]
    items: tuple[str, ...] = ("mine",)
    messages: str = "declares bills instead"


KEPT = {
    "the one table of its file": Case(of("i.yaml", "invoices"), of("i.yaml", "bills")),
    "one of two of its file": Case(of("i.yaml", "invoices", "carts"), of("i.yaml", "bills", "carts")),
    "it is the last of its file": Case(of("i.yaml", "carts", "invoices"), of("i.yaml", "carts", "bills")),
    "its seed is declared for the new name": Case(
        of("i.yaml", "invoices", seed=True), of("i.yaml", "bills", seed=True)
    ),
    "two tables in its place": Case(
        of("i.yaml", "invoices"), of("i.yaml", "bills", "accounts"), messages="declares accounts, bills instead"
    ),
    "another table moves into its file as well": Case(
        of("i.yaml", "invoices") + of("c.yaml", "carts"), of("i.yaml", "carts", "bills")
    ),
    "a class file": Case(of("tables.py", "invoices"), of("tables.py", "bills")),
    "a file with dots in its name": Case(of("i.prod.yaml", "invoices"), of("i.prod.yaml", "bills")),
    "the name changes by its letters' case": Case(
        of("i.yaml", "invoices"), of("i.yaml", "Invoices"), messages="declares Invoices instead"
    ),
    "a thousand items": Case(
        of("i.yaml", "invoices"), of("i.yaml", "bills"), tuple(f"n{number}" for number in range(1000))
    ),
    "its file is renamed as well": Case(of("i.yaml", "invoices"), of("b.yaml", "bills"), messages=GONE),
    "a class file is renamed as well": Case(
        of("i.py", "invoices"), of("b.py", "bills"), messages=GONE.replace("i.yaml", "i.py")
    ),
    "its file is moved to another folder": Case(of("i.yaml", "invoices"), of("old/i.yaml", "bills"), messages=GONE),
    "its file is renamed with all of its tables": Case(
        of("i.yaml", "invoices", "carts"), of("b.yaml", "bills", "carts"), messages=GONE
    ),
    "its file is renamed and there are two new ones": Case(
        of("i.yaml", "invoices"),
        of("b.yaml", "bills") + of("a.yaml", "accounts"),
        messages="i.yaml is gone, and accounts, bills are new, as after a rename",
    ),
    "its file is renamed and another new table has another key": Case(
        of("i.yaml", "invoices"), of("b.yaml", "bills") + keyed(of("a.yaml", "accounts")), messages=GONE
    ),
    "its file is renamed and an old file gets a table": Case(
        of("i.yaml", "invoices") + of("c.yaml", "carts"),
        of("b.yaml", "bills") + of("c.yaml", "carts", "x"),
        messages=GONE,
    ),
}
GOES = {
    "empty": Case(of("i.yaml", "invoices"), of("i.yaml", "bills"), ()),
    "only its seed": Case(of("i.yaml", "invoices", seed=True), of("i.yaml", "bills", seed=True), ()),
    "its file is gone": Case(of("i.yaml", "invoices"), ()),
    "its file is gone and a new one has a table with another key": Case(
        of("i.yaml", "invoices"), keyed(of("b.yaml", "bills"))
    ),
    "its file is gone and a file of before has a new table": Case(
        of("i.yaml", "invoices") + of("c.yaml", "carts"), of("c.yaml", "carts", "bills")
    ),
    "its file is gone, empty, and a new one has a table": Case(of("i.yaml", "invoices"), of("b.yaml", "bills"), ()),
    "its file declares no new table": Case(of("i.yaml", "invoices", "carts"), of("i.yaml", "carts")),
    "a table of before moved into its file": Case(
        of("i.yaml", "invoices") + of("c.yaml", "carts"), of("i.yaml", "carts")
    ),
}


def staged(case: Case, flavor: Flavor = Flavor.DYNAMODB_LOCAL) -> Sim:
    sim = simulate(flavor=flavor, one_shot=True, prune_grace=timedelta(0))
    sim.declare(*case.first, *OTHER)
    sim.once()
    for name in case.items:
        sim.dynamodb.tables["invoices"].items[name] = item(name)
    sim.clock.seconds += 60
    sim.dynamodb.journal.clear()
    sim.declare(*case.then, *OTHER)
    return sim


def refused(report: PassReport) -> Step:
    (step,) = [step for table in report.tables for step in table.steps if step.action is Action.DELETE]
    return step


def _kept(sim: Sim, case: Case) -> bool:
    held = set(sim.dynamodb.tables["invoices"].items) >= set(case.items)
    return held and "DeleteTable" not in sim.dynamodb.mutating


@pytest.mark.parametrize("flavor", EMULATORS, ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("name", KEPT)
def test_a_table_with_items_stays_and_the_new_one_is_made(name: str, flavor: Flavor) -> None:
    case = KEPT[name]
    sim = staged(case, flavor)
    for _ in range(3):
        step = refused(sim.once())
        assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.DATA_LOSS)
        assert f"{case.messages}; DynamoDB cannot rename a table" in (step.message or "")
        assert (step.allow_with or "").startswith("renamed_from: invoices in the declaration that is to get its items")
        assert "`reconciler up invoices`" in (step.allow_with or "")
        assert _kept(sim, case)
        sim.clock.seconds += 3600
    assert all(each.spec.name in sim.dynamodb.tables for each in case.then)


@pytest.mark.parametrize("flavor", EMULATORS, ids=lambda flavor: flavor.value)
@pytest.mark.parametrize("name", KEPT)
def test_the_plan_creates_the_new_tables_and_a_run_of_it_does_so(name: str, flavor: Flavor) -> None:
    sim = staged(KEPT[name], flavor)
    plan = sim.reconciler.preview()
    creates = {table.name: step for table in plan.tables for step in table.steps if step.action is Action.CREATE}
    new = {each.spec.name for each in KEPT[name].then} - sim.dynamodb.tables.keys()
    assert {name: step.status for name, step in creates.items()} == dict.fromkeys(new, StepStatus.READY)
    assert plan.summary()["create"] == len(new)
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    assert not report.plan_changed
    assert new <= sim.dynamodb.tables.keys()
    assert _kept(sim, KEPT[name])


def test_one_pass_records_the_removal_and_the_next_one_creates() -> None:
    sim = staged(KEPT["two tables in its place"])
    sim.run()
    assert sim.dynamodb.mutating == []
    assert sim.store.snapshot.inventory["invoices"].forgotten_since is not None
    sim.run()
    assert sim.dynamodb.mutating == ["CreateTable", "CreateTable"]


@pytest.mark.parametrize("name", GOES)
def test_a_removal_that_is_not_a_rename_is_pruned_as_before(name: str) -> None:
    sim = staged(GOES[name])
    assert sim.once().verdict.value == "in_sync"
    assert sim.dynamodb.mutating.count("DeleteTable") == 1
    assert "invoices" not in sim.dynamodb.tables


@pytest.mark.parametrize("case", ["the one table of its file", "its file is renamed as well"])
@pytest.mark.parametrize("named", [True, False], ids=["invoices", "all"])
def test_a_confirmation_deletes_it(named: bool, case: str) -> None:
    sim = staged(KEPT[case])
    sim.once()
    names = ("invoices",) if named else ()
    plan = sim.reconciler.preview(names, confirming=True)
    assert plan.summary()["delete"] == 1
    report = sim.reconciler.converge("up", names, approved=approval(plan, only_this=True))
    assert report.verdict.value == "in_sync"
    assert "invoices" not in sim.dynamodb.tables
    assert sim.once().verdict.value == "in_sync"


def _restored(sim: Sim) -> None:
    sim.declare(*KEPT["the one table of its file"].first, *OTHER)


def _released(sim: Sim) -> None:
    sim.reconciler.release(("invoices",))


def _emptied(sim: Sim) -> None:
    sim.dynamodb.tables["invoices"].items.clear()


ENDS: dict[str, Callable[[Sim], None]] = {"restored": _restored, "released": _released, "emptied": _emptied}


@pytest.mark.parametrize("case", ["the one table of its file", "its file is renamed as well"])
@pytest.mark.parametrize("end", ENDS)
def test_it_converges_when_it_is(end: str, case: str) -> None:
    sim = staged(KEPT[case])
    sim.once()
    ENDS[end](sim)
    assert sim.once().verdict.value == "in_sync"
    assert ("invoices" in sim.dynamodb.tables) is (end != "emptied")
    assert sim.once().wrote is False


def test_a_table_that_was_restored_and_removed_without_another_in_its_place_is_pruned() -> None:
    sim = staged(KEPT["one of two of its file"])
    sim.once()
    sim.declare(*of("i.yaml", "invoices", "bills", "carts"), *OTHER)
    assert sim.once().verdict.value == "in_sync"
    sim.declare(*of("i.yaml", "bills", "carts"), *OTHER)
    assert sim.once().verdict.value == "in_sync"
    assert "invoices" not in sim.dynamodb.tables


def test_it_stays_when_the_declaration_of_the_replacing_table_is_removed() -> None:
    case = KEPT["one of two of its file"]
    sim = staged(case)
    sim.once()
    sim.declare(*of("i.yaml", "carts"), *OTHER)
    for _ in range(2):
        assert sim.once().verdict.value == "drifted"
        sim.clock.seconds += 60
    assert "bills" not in sim.dynamodb.tables
    assert "mine" in sim.dynamodb.tables["invoices"].items


FOCUS = {
    "a pass over all": (),
    "a pass over the new table alone": ("bills",),
    "a pass over a table that moved with it": ("carts",),
    "a pass over another table": ("other",),
}


@pytest.mark.parametrize("focus", FOCUS.values(), ids=FOCUS)
@pytest.mark.parametrize("name", ["one of two of its file", "its file is renamed with all of its tables"])
def test_a_pass_that_ends_anywhere_leaves_a_record_that_keeps_it(name: str, focus: tuple[str, ...]) -> None:
    """Killed before any call: what the next process finds must still look like a rename."""
    case = KEPT[name]
    for at in range(1, 60):
        sim, calls = staged(case), 0

        def stopped(*_: object, at: int = at) -> None:
            nonlocal calls
            calls += 1
            if calls >= at:
                raise KeyboardInterrupt

        put = sim.store.put_entry

        def written(entry: object, put: Callable[..., object] = put, stopped: Callable[..., None] = stopped) -> object:
            stopped()
            return put(entry)

        sim.dynamodb.faults = sim.items.faults = stopped
        sim.store.put_entry = written  # type: ignore[method-assign,assignment]
        with suppress(KeyboardInterrupt, ReconcilerError):
            sim.reconciler.converge("once", focus)
        sim.dynamodb.faults = sim.items.faults = None
        sim.store.put_entry = put  # type: ignore[method-assign]
        ended = calls < at
        assert _kept(sim, case), f"stopped before call {at}"
        sim.clock.seconds += 60
        for _ in range(2):
            sim.once()
            assert _kept(sim, case), f"stopped before call {at}"
        if ended:
            return
    raise AssertionError("it never came to its end")


RENAMED_FILE = "its file is renamed as well"


@pytest.mark.parametrize("focus", FOCUS.values(), ids=FOCUS)
def test_a_table_that_could_not_be_read_when_its_file_was_gone_is_kept(focus: tuple[str, ...]) -> None:
    """Nothing tells its key then, and by the next pass the new file is one that is known."""
    case = KEPT["its file is renamed with all of its tables"]
    sim = staged(case)

    def unread(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DescribeTable" and params.get("TableName") == "invoices":
            raise Denied("DescribeTable", "AccessDeniedException", "not permitted")

    sim.dynamodb.faults = unread
    sim.reconciler.converge("once", focus)
    sim.dynamodb.faults = None
    for _ in range(2):
        sim.clock.seconds += 60
        sim.once()
        assert _kept(sim, case)


def test_a_new_file_that_comes_while_the_deletion_is_pending_counts() -> None:
    """The files of a rename need not change at one moment: a volume is synchronised, or an editor saves twice."""
    case = KEPT[RENAMED_FILE]
    sim = staged(case)
    sim.reconciler.options = replace(sim.reconciler.options, one_shot=False, prune_grace=timedelta(minutes=5))
    sim.declare(*OTHER)
    sim.run()
    sim.declare(*case.then, *OTHER)
    for _ in range(20):
        sim.clock.seconds += 60
        sim.run()
    assert _kept(sim, case)
    assert "bills" in sim.dynamodb.tables


def test_a_new_table_from_before_the_removal_is_no_rename() -> None:
    sim = staged(Case(of("i.yaml", "invoices"), of("i.yaml", "invoices") + of("b.yaml", "bills")))
    sim.once()
    sim.declare(*of("b.yaml", "bills"), *OTHER)
    assert sim.once().verdict.value == "in_sync"
    assert "invoices" not in sim.dynamodb.tables


def test_a_renamed_table_that_was_kept_is_deleted_where_losing_items_is_allowed() -> None:
    sim = staged(KEPT[RENAMED_FILE])
    sim.once()
    sim.reconciler.options = replace(sim.reconciler.options, data_loss="allow")
    assert sim.once().verdict.value == "in_sync"
    assert "invoices" not in sim.dynamodb.tables


@pytest.mark.parametrize("name", ["the one table of its file", RENAMED_FILE])
def test_the_daemon_keeps_it_as_well(name: str) -> None:
    case = KEPT[name]
    sim = staged(case)
    sim.reconciler.options = replace(sim.reconciler.options, one_shot=False, prune_grace=timedelta(minutes=5))
    for _ in range(20):
        sim.run()
        sim.clock.seconds += 60
    assert _kept(sim, case)
    assert "bills" in sim.dynamodb.tables


def two_projects(items: tuple[str, ...], *, other: str | None = "/y/backend", flavor: Flavor = Flavor.MOTO) -> Sim:
    """``/x/backend`` declared two tables; the declarations of another folder share one of them."""
    sim = simulate(flavor=flavor, one_shot=True, prune_grace=timedelta(0), project="/x/backend", stack="backend")
    sim.declare(*of("i.yaml", "invoices"), *of("u.yaml", "users"))
    sim.once()
    for name in items:
        sim.dynamodb.tables["invoices"].items[name] = item(name)
    sim.clock.seconds += 60
    sim.dynamodb.journal.clear()
    sim.reconciler.options = replace(sim.reconciler.options, project=other)
    sim.declare(*of("u.yaml", "users", "posts"))
    return sim


@pytest.mark.parametrize("data_loss", ["emulator", "allow"])
def test_a_project_of_the_same_name_prunes_no_table_with_items_of_the_other(data_loss: str) -> None:
    sim = two_projects(("mine",))
    sim.reconciler.options = replace(sim.reconciler.options, data_loss=data_loss)
    for _ in range(3):
        step = refused(sim.once())
        assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.FOREIGN_DECLARATIONS)
        assert "/x/backend" in (step.message or "")
        assert "/y/backend" in (step.message or "")
        for way in ("`reconciler up invoices` and confirm", "RECONCILER_STACK=backend"):
            assert way in (step.allow_with or "")
        sim.clock.seconds += 3600
    assert "mine" in sim.dynamodb.tables["invoices"].items
    assert "posts" in sim.dynamodb.tables, "all else converges"
    report = sim.reconciler.destroy()
    assert "mine" in sim.dynamodb.tables["invoices"].items
    assert [step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED] == [
        Reason.FOREIGN_DECLARATIONS
    ]


@pytest.mark.parametrize(
    "situation", ["empty", "the stack is named", "confirmed", "destroyed by name", "destroyed after its question"]
)
def test_it_is_pruned_when(situation: str) -> None:
    sim = two_projects(() if situation == "empty" else ("mine",), other=None if "named" in situation else "/y/backend")
    match situation:
        case "confirmed":
            plan = sim.reconciler.preview(("invoices",), confirming=True)
            sim.reconciler.converge("up", ("invoices",), approved=approval(plan, only_this=True))
        case "destroyed by name":
            sim.reconciler.destroy(("invoices",))
        case "destroyed after its question":
            sim.reconciler.destroy(confirmed=True)
        case _:
            sim.once()
    assert "invoices" not in sim.dynamodb.tables


def test_a_project_that_moved_converges_and_its_tables_follow_it() -> None:
    sim = two_projects(("mine",))
    sim.declare(*of("i.yaml", "invoices"), *of("u.yaml", "users"))
    assert sim.once().verdict.value == "in_sync"
    assert {entry.project for entry in sim.store.snapshot.inventory.values()} == {"/y/backend"}
    written = sim.store.written
    assert sim.once().verdict.value == "in_sync"
    assert sim.store.written == written
    sim.declare(*of("u.yaml", "users"))
    assert sim.once().verdict.value == "in_sync"
    assert "invoices" not in sim.dynamodb.tables, "declared here first, and removed here"


def test_a_record_of_an_older_release_gets_its_project_once_declared() -> None:
    sim = two_projects((), other=None)
    sim.store.snapshot = replace(
        sim.store.snapshot,
        inventory={name: replace(e, project=None) for name, e in sim.store.snapshot.inventory.items()},
    )
    sim.reconciler.options = replace(sim.reconciler.options, project="/y/backend")
    assert sim.once().verdict.value == "in_sync"
    assert "invoices" not in sim.dynamodb.tables
    assert sim.store.snapshot.inventory["users"].project == "/y/backend"
