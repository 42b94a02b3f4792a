"""Replacing a table with its items in the hard cases: others interfere, people decide, and declarations change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from mover.generations import bench
from simulation.simulated_engine import Sim, declaration, item, simulate
from support.specs import keys

from reconciler.cli.commands.status import _lines
from reconciler.engine.reconciler import Reconciler
from reconciler.engine.work_meter import WorkMeter
from reconciler.model.desired import Lifecycle
from reconciler.model.errors import StateError, UsageError
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, Step, StepStatus
from reconciler.model.records import Lease, Phase, Replacement
from reconciler.model.report import PassReport, TableStatus
from reconciler.mover.generation_command import NextGeneration
from reconciler.mover.replace_command import ReplaceTable
from reconciler.planning.copy_names import MARK
from reconciler.presentation.render import render
from reconciler.runs.record import Record, State
from reconciler.runs.run_titles import run_title

BEFORE, AFTER = keys("pk S"), keys("pk S", "sk S")
ITEMS = [item(f"p{number}", sk=str(number)) for number in range(7)]


def staged(*, lifecycle: Lifecycle | None = None, seed: tuple[Any, ...] = (), **options: Any) -> Sim:
    """A table of ours with seven items, whose declaration has another key by now."""
    given = {"one_shot": True, "prune_grace": timedelta(0), **options}
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL, **given)
    sim.declare(declaration("users", keys=BEFORE, seed=seed, lifecycle=lifecycle))
    sim.once()
    for one in ITEMS:
        put(sim, "users", one)
    sim.dynamodb.journal.clear()
    sim.declare(declaration("users", keys=AFTER, seed=seed, lifecycle=lifecycle))
    return sim


def put(sim: Sim, table: str, one: Any) -> None:
    """Somebody else puts an item."""
    live = sim.dynamodb.tables[table]
    live.items[repr([one[element["AttributeName"]] for element in live.description["KeySchema"]])] = dict(one)


def held(sim: Sim, table: str = "users") -> list[str]:
    """The items of a table, in an order of their own."""
    return sorted(repr(sorted(one.items())) for one in sim.dynamodb.tables[table].items.values())


def shown(items: list[Any]) -> list[str]:
    return sorted(repr(sorted(one.items())) for one in items)


def copy_of(sim: Sim) -> str:
    """The name of the copy aside."""
    return next(name for name in sim.dynamodb.tables if MARK in name)


def record(sim: Sim) -> Replacement:
    return sim.store.snapshot.replacements["users"]


def a_view(report: PassReport) -> dict[str, Any]:
    """What `status` shows besides the report: nothing."""
    names = ("suspension", "lease", "next_run", "problem")
    return {**dict.fromkeys(names), "report": report, "unfinished": (), "pending_migrations": (), "runs": ()}


def step_of(report: PassReport) -> Step:
    """The one step about the replacement."""
    return next(s for table in report.tables for s in table.steps if s.action is Action.REPLACE)


def at(sim: Sim, phase: Phase, then: Callable[[], None]) -> None:
    """Do something once, when the record first says this phase."""
    store = sim.store.put_replacement
    done: list[bool] = []

    def noticed(found: Replacement) -> None:
        store(found)
        if found.phase is phase and not done:
            done.append(True)
            then()

    sim.store.put_replacement = noticed  # type: ignore[method-assign]


class Dies(BaseException):
    """The process is killed."""


def killed_at(sim: Sim, phase: Phase) -> None:
    """A run that dies when the record says this phase."""

    def die() -> None:
        raise Dies

    at(sim, phase, die)
    with pytest.raises(Dies):
        sim.once()


def test_an_item_that_is_written_while_the_table_is_copied_is_kept() -> None:
    sim, late = staged(), item("late", sk="9")
    at(sim, Phase.COMPARING, lambda: put(sim, "users", late))
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown([*ITEMS, late])


def test_an_item_that_is_removed_while_the_table_is_copied_does_not_come_back() -> None:
    sim = staged()
    at(sim, Phase.COMPARING, sim.dynamodb.tables["users"].items.clear)
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == []


def test_a_table_that_others_keep_writing_to_is_not_deleted() -> None:
    sim = staged()
    number = 0

    def writes(operation: str, _: Any) -> None:
        nonlocal number
        if operation == "Scan":
            number += 1
            put(sim, "users", item(f"w{number}", sk="1"))

    sim.items.faults = writes
    step = step_of(sim.run())
    assert (step.status, step.reason) == (StepStatus.DEFERRED, Reason.REPLACING)
    assert "others write to users" in (step.message or "")
    assert [call.params["TableName"] for call in sim.dynamodb.journal if call.operation == "DeleteTable"] == []
    sim.items.faults = None
    assert sim.once().verdict.value == "in_sync"
    assert len(held(sim)) == len(ITEMS) + number


def test_an_item_without_the_new_key_that_arrives_late_stops_it_before_the_table_is_deleted() -> None:
    sim = staged()
    at(sim, Phase.COMPARING, lambda: put(sim, "users", item("odd")))
    step = step_of(sim.once())
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
    assert "an item without sk, which is in the new key, was written: pk=odd" in (step.message or "")
    assert held(sim) == shown([*ITEMS, item("odd")])


def test_a_copy_that_others_delete_is_made_again_while_the_table_is_there() -> None:
    sim = staged()
    at(sim, Phase.COMPARING, lambda: sim.dynamodb.tables.pop(copy_of(sim)) and None)
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


def test_a_copy_that_others_delete_after_the_table_is_reported_and_nothing_goes_on() -> None:
    sim = staged()
    at(sim, Phase.CREATING, lambda: sim.dynamodb.tables.pop(copy_of(sim)) and None)
    step = step_of(sim.once())
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
    assert "somebody deleted users.replacing." in (step.message or "")


def test_a_table_that_others_create_with_another_key_is_not_touched() -> None:
    sim = staged()
    other = {
        "TableName": "users",
        "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "x", "AttributeType": "S"}],
    }
    at(sim, Phase.CREATING, lambda: sim.dynamodb.make(**other) and None)
    step = step_of(sim.once())
    assert step.status is StepStatus.BLOCKED
    assert "somebody created users with another key" in (step.message or "")
    assert held(sim, copy_of(sim)) == shown(ITEMS), "the copy still has every item"
    del sim.dynamodb.tables["users"]
    ReplaceTable(sim.reconciler, "users").resume()
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


def test_a_new_item_of_others_wins_over_the_one_that_is_returned() -> None:
    sim, newer = staged(), item("p3", sk="3", name="newer")
    at(sim, Phase.RETURNING, lambda: put(sim, "users", newer))
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown([*(one for one in ITEMS if one["pk"]["S"] != "p3"), newer])
    assert record(sim).others == 1


@pytest.mark.parametrize("decision", ["resume", "finish"])
def test_an_item_that_is_missing_again_after_it_was_returned_is_left_to_a_person(decision: str) -> None:
    sim = staged()
    at(sim, Phase.VERIFYING, lambda: sim.dynamodb.tables["users"].items.popitem() and None)
    step = step_of(sim.once())
    assert step.status is StepStatus.BLOCKED
    assert "1 item of users is missing again (for example pk=" in (step.message or "")
    assert held(sim, copy_of(sim)) == shown(ITEMS), "the copy stays"
    getattr(ReplaceTable(sim.reconciler, "users"), decision)()
    assert sim.once().verdict.value == "in_sync"
    assert len(held(sim)) == len(ITEMS) - (decision == "finish")
    assert list(sim.dynamodb.tables) == ["users"]


BEFORE_THE_DELETION = [Phase.COPYING, Phase.COMPARING]


@pytest.mark.parametrize("phase", BEFORE_THE_DELETION)
def test_a_declaration_that_fits_again_cancels_it(phase: Phase) -> None:
    sim = staged()
    killed_at(sim, phase)
    sim.declare(declaration("users", keys=BEFORE))
    plan = render(sim.reconciler.preview())[-1][1]
    assert plan == "Plan: 0 to create, 0 to update, 0 to replace, 0 to delete, 0 to seed; 1 replacement to cancel."
    report = sim.once()
    assert report.verdict.value == "in_sync"
    done = "Done: 0 created, 0 updated, 0 replaced, 0 deleted, 0 seeded; 1 replacement cancelled."
    assert render(report, applied=True)[-1][1] == done
    now = sim.clock.now()
    run = Record("r", "pass", "once", State.RUNNING, now).done(report, now)
    assert run_title(run) == "Cancelled the replacement of users"
    assert (held(sim), list(sim.dynamodb.tables)) == (shown(ITEMS), ["users"])
    assert sim.store.snapshot.replacements == {}


@pytest.mark.parametrize("phase", BEFORE_THE_DELETION)
def test_another_key_that_is_declared_meanwhile_makes_another_copy(phase: Phase) -> None:
    sim = staged()
    killed_at(sim, phase)
    sim.declare(declaration("users", keys=keys("sk S")))
    assert sim.once().verdict.value == "in_sync"
    assert (held(sim), list(sim.dynamodb.tables)) == (shown(ITEMS), ["users"])


@pytest.mark.parametrize("phase", BEFORE_THE_DELETION)
def test_a_person_cancels_it_before_the_table_is_deleted(phase: Phase) -> None:
    sim = staged()
    killed_at(sim, phase)
    command = ReplaceTable(sim.reconciler, "users")
    assert "the table is unchanged" in command.cancel()
    sim.declare(declaration("users", keys=BEFORE))
    assert sim.once().verdict.value == "in_sync"
    assert (held(sim), list(sim.dynamodb.tables)) == (shown(ITEMS), ["users"])


@pytest.mark.parametrize("phase", [Phase.COPYING, Phase.COMPARING, Phase.CANCELLING])
@pytest.mark.parametrize("again", [False, True], ids=["deleted", "deleted and created again"])
def test_the_copy_of_a_table_that_somebody_deleted_stays(phase: Phase, again: bool) -> None:
    sim = staged()
    killed_at(sim, Phase.COMPARING)
    sim.store.put_replacement(replace(record(sim), phase=phase))
    command, copy = ReplaceTable(sim.reconciler, "users"), copy_of(sim)
    copied = held(sim, copy)
    del sim.dynamodb.tables["users"]
    if again:
        schema = [{"AttributeName": "pk", "KeyType": "HASH"}]
        types = [{"AttributeName": "pk", "AttributeType": "S"}]
        sim.dynamodb.make(TableName="users", KeySchema=schema, AttributeDefinitions=types)
    for _ in range(2):
        step = step_of(sim.once())
        assert (step.status, step.allow_with) == (StepStatus.BLOCKED, "`reconciler replace users --keep`")
    with pytest.raises(UsageError, match=r"is not removed: `reconciler replace users --keep`"):
        command.cancel()
    assert held(sim, copy) == copied
    command.keep()
    report = sim.once()
    assert (held(sim, copy), sim.store.snapshot.replacements) == (copied, {})
    assert f"{copy} stays and is not managed" in str(report)
    assert sim.once().verdict.value == ("drifted" if again else "in_sync")
    assert held(sim, copy) == copied


AFTER_THE_DELETION = [Phase.CREATING, Phase.RETURNING, Phase.VERIFYING]


@pytest.mark.parametrize("phase", [Phase.DELETING, *AFTER_THE_DELETION])
def test_it_cannot_be_cancelled_or_released_once_the_table_may_be_deleted(phase: Phase) -> None:
    sim = staged()
    killed_at(sim, phase)
    said = str(sim.reconciler.preview())
    assert "goes on with it" in said
    assert "--cancel" not in said
    with pytest.raises(UsageError, match="goes on"):
        ReplaceTable(sim.reconciler, "users").cancel()
    with pytest.raises(StateError, match="has its items"):
        sim.reconciler.release(("users",))
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


@pytest.mark.parametrize("phase", AFTER_THE_DELETION)
def test_a_copy_that_others_delete_is_gone_and_a_person_goes_on_with_what_the_table_has(phase: Phase) -> None:
    sim = staged()
    killed_at(sim, phase)
    del sim.dynamodb.tables[copy_of(sim)]
    returned = held(sim) if "users" in sim.dynamodb.tables else []
    step = step_of(sim.once())
    assert (step.status, step.allow_with) == (StepStatus.BLOCKED, "`reconciler replace users --finish`")
    command = ReplaceTable(sim.reconciler, "users")
    for refused in (command.cancel, command.keep):
        with pytest.raises(UsageError, match=r"`reconciler replace users --finish` goes on"):
            refused()
    command.finish()
    report = sim.once()
    assert (report.verdict.value, held(sim)) == ("in_sync", returned)
    assert "goes on with the items that it has" in str(report)
    assert not sim.reconciler.ports.store.load().replacements["users"].under_way


def test_a_preview_says_that_another_declared_key_holds_it_and_the_same_key_lets_a_pass_go_on() -> None:
    sim = staged()
    wanted = sim.source.declarations
    killed_at(sim, Phase.CREATING)
    sim.declare(declaration("users", keys=keys("pk S", "other S")))
    for report in (sim.reconciler.preview(), sim.once(), sim.once()):
        step = step_of(report)
        assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
        assert "another one is declared" in (step.message or "")
        assert step.allow_with == "the key pk HASH S, sk RANGE S in its declaration"
        assert "users" not in sim.dynamodb.tables
    sim.declare(*wanted)
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


def test_a_preview_shows_that_an_interrupted_seeding_goes_on_after_the_replacement() -> None:
    seed = tuple(item(f"s{number}", sk=str(number)) for number in range(5))
    sim = simulate(flavor=Flavor.DYNAMODB_LOCAL, one_shot=True, prune_grace=timedelta(0))
    sim.declare(declaration("users", keys=BEFORE, seed=seed))
    sim.once()
    sim.store.put_seed(replace(sim.store.snapshot.seeds["users"], state="started"))
    items = sim.dynamodb.tables["users"].items
    items.pop(next(iter(items)))
    sim.declare(declaration("users", keys=AFTER, seed=seed))
    (table,) = sim.reconciler.preview().tables
    assert [(step.action, step.status) for step in table.steps] == [
        (Action.REPLACE, StepStatus.READY),
        (Action.SEED, StepStatus.DEFERRED),
    ]
    (table,) = sim.once().tables
    assert [(step.action, step.status) for step in table.steps] == [
        (Action.REPLACE, StepStatus.DONE),
        (Action.SEED, StepStatus.DONE),
    ]
    assert held(sim) == shown(list(seed))


def test_a_table_that_another_process_replaced_meanwhile_is_reported_in_sync_and_nothing_else() -> None:
    sim = staged()
    holder = sim.store.acquire_lease
    calls: list[int] = []

    def busy() -> Any:
        """Another process holds the lease until it has replaced the table."""
        calls.append(1)
        if len(calls) == 1:
            return None
        if len(calls) == 2:
            sim.store.acquire_lease = holder  # type: ignore[method-assign]
            other = Reconciler(sim.reconciler.ports, sim.reconciler.options, sim.reconciler.timeout)
            assert other.converge("up").verdict.value == "in_sync"
        return holder()

    sim.store.acquire_lease = busy  # type: ignore[method-assign]
    (table,) = sim.once().tables
    assert (table.status, table.steps, table.changes) == (TableStatus.IN_SYNC, (), ())
    assert held(sim) == shown(ITEMS)


def test_a_copy_that_was_kept_at_the_end_can_be_declared() -> None:
    sim = staged()
    work = ReplaceTable(sim.reconciler, "users")
    work.begin(work.prepare("fail", ""), keep=True)
    assert sim.once().verdict.value == "in_sync"
    copy = copy_of(sim)
    sim.declare(declaration("users", keys=AFTER), declaration(copy, keys=AFTER))
    assert sim.once().verdict.value == "in_sync"
    assert held(sim, copy) == shown(ITEMS)


@pytest.mark.parametrize("phase", [Phase.COMPARING, Phase.RETURNING, Phase.VERIFYING, Phase.CLEANING])
@pytest.mark.parametrize("protected", [False, True], ids=["not protected", "protected"])
def test_a_preview_of_an_undeclared_table_shows_the_deletion_that_follows(phase: Phase, protected: bool) -> None:
    sim = staged()
    sim.declare(declaration("users", keys=BEFORE), declaration("others"))
    sim.once()
    sim.declare(declaration("users", keys=AFTER), declaration("others"))
    killed_at(sim, phase)
    entry = sim.store.snapshot.inventory["users"]
    sim.store.overwrite(replace(entry, lifecycle=Lifecycle(protect=protected, allow_data_loss=True)))
    sim.declare(declaration("others"))
    (table,) = (each for each in sim.reconciler.preview().tables if each.name == "users")
    assert [step.action for step in table.steps] == [Action.REPLACE, Action.DELETE]
    after = table.steps[1]
    assert (after.status, after.reason) == (
        (StepStatus.BLOCKED, Reason.PROTECTED) if protected else (StepStatus.DEFERRED, Reason.REPLACING)
    )
    sim.once()
    assert ("users" in sim.dynamodb.tables) is protected
    if protected:
        assert held(sim) == shown(ITEMS)


def test_a_table_that_is_created_after_its_copy_was_lost_is_seeded() -> None:
    seed = item("s", sk="s")
    sim = staged(seed=(seed,))
    killed_at(sim, Phase.CREATING)
    del sim.dynamodb.tables[copy_of(sim)]
    sim.once()
    ReplaceTable(sim.reconciler, "users").finish()
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown([seed])


@pytest.mark.parametrize("ownership", ["created", "intent", "adopted", None])
@pytest.mark.parametrize("phase", [Phase.COMPARING, *AFTER_THE_DELETION])
def test_while_a_copy_has_the_items_no_record_makes_the_table_forgotten(phase: Phase, ownership: str | None) -> None:
    sim = staged()
    sim.declare(declaration("users", keys=AFTER), declaration("others"))
    killed_at(sim, phase)
    copy, inventory = copy_of(sim), dict(sim.store.snapshot.inventory)
    sim.dynamodb.tables.pop("users", None)
    entry = inventory.pop("users")
    if ownership is not None:
        inventory["users"] = replace(
            entry, ownership=ownership, identity=None if ownership == "intent" else entry.identity
        )
    sim.store.snapshot = replace(sim.store.snapshot, inventory=inventory)
    sim.declare(declaration("others"))
    if phase is Phase.CREATING:
        assert step_of(sim.reconciler.preview()).status is StepStatus.BLOCKED
    for _ in range(3):
        report = sim.once()
        step = step_of(report)
        assert (step.status, step.reason, report.verdict.value) == (StepStatus.BLOCKED, Reason.REPLACING, "drifted")
        assert copy in (step.message or "")


@pytest.mark.parametrize("phase", AFTER_THE_DELETION)
def test_a_declaration_that_is_removed_after_the_deletion_loses_nothing(phase: Phase) -> None:
    sim = staged(prune="never")
    sim.declare(declaration("users", keys=AFTER), declaration("others"))
    killed_at(sim, phase)
    sim.declare(declaration("others"))
    sim.once()
    where = "users" if phase is not Phase.CREATING else copy_of(sim)
    assert held(sim, where) == shown(ITEMS)
    sim.declare(declaration("users", keys=AFTER), declaration("others"))
    if phase is Phase.CREATING:
        ReplaceTable(sim.reconciler, "users").resume()
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


@pytest.mark.parametrize("phase", [Phase.COPYING, Phase.COMPARING, *AFTER_THE_DELETION])
def test_a_paused_one_waits_and_goes_on(phase: Phase) -> None:
    sim = staged()
    killed_at(sim, phase)
    command = ReplaceTable(sim.reconciler, "users")
    command.pause()
    before = len(sim.dynamodb.journal)
    step = step_of(sim.once())
    assert (step.status, step.allow_with) == (StepStatus.BLOCKED, "`reconciler replace users --resume`")
    assert len(sim.dynamodb.journal) == before
    command.resume()
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


@pytest.mark.parametrize("begun_by", ["a pass", "a person"])
def test_an_interrupted_one_says_how_far_it_is_and_what_a_person_may_do(begun_by: str) -> None:
    sim = staged()
    killed_at(sim, Phase.COPYING)
    sim.store.put_replacement(replace(record(sim), copied=5700, items=20_000, asked=begun_by == "a person"))
    # As `status` and the page see it: with the grace period of a daemon.
    daemon = replace(sim.reconciler.options, one_shot=False, prune_grace=timedelta(minutes=5), trusts_records=True)
    report = replace(sim.reconciler, options=daemon).preview()
    message = step_of(report).message or ""
    assert "copying, 5,700 of 20,000 items" in message
    assert "`reconciler replace users` goes on with it, `--cancel` gives it up" in message
    assert ("a daemon goes on after the grace period" in message) is (begun_by == "a pass")
    lines = "\n".join(text for _, text in _lines(a_view(report), report, every=False))
    assert "copying, 5,700 of 20,000 items" in lines
    assert "To stop it, run `reconciler replace users --cancel`." in lines
    assert "reconciler release" not in lines
    assert sim.reconciler.converge("replace", ("users",)).verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


def test_a_paused_one_says_so_in_the_grace_period_too() -> None:
    sim = staged()
    killed_at(sim, Phase.COPYING)
    sim.store.put_replacement(replace(record(sim), paused=True))
    daemon = replace(sim.reconciler.options, one_shot=False, prune_grace=timedelta(minutes=5), trusts_records=True)
    step = step_of(replace(sim.reconciler, options=daemon).preview())
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)
    assert step.allow_with == "`reconciler replace users --resume`"


@pytest.mark.parametrize("phase", list(Phase)[:7])
def test_a_lease_that_is_lost_ends_it_and_the_next_run_goes_on(phase: Phase) -> None:
    sim = staged()

    def lose() -> None:
        sim.store.lost = True

    at(sim, phase, lose)
    first = sim.run()
    assert first.verdict.value != "in_sync"
    sim.store.lost = False
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS)


def test_another_holder_of_the_lease_is_waited_for() -> None:
    sim = staged()
    sim.store.rival = Lease("rival", 2, sim.clock.now())
    sim.run()
    assert sim.dynamodb.mutating == []


def test_neither_a_seed_nor_a_change_meets_a_half_filled_table() -> None:
    sim = staged(seed=(item("s", sk="s"),))
    killed_at(sim, Phase.RETURNING)
    assert [one.action for one in sim.reconciler.preview().tables[0].steps] == [Action.REPLACE]
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown([item("s", sk="s"), *ITEMS])
    seed = sim.store.snapshot.seeds["users"]
    assert (seed.state, seed.identity) == ("done", record(sim).target), "the record goes with the items"


@pytest.mark.parametrize("phase", AFTER_THE_DELETION)
@pytest.mark.parametrize("verb", ["seed", "clear"])
def test_no_command_writes_or_removes_items_while_a_part_of_them_is_in_the_copy(phase: Phase, verb: str) -> None:
    """A seed item that users have changed would count as written by others, and would replace what they wrote."""
    sim = staged(seed=(item("p1", sk="1"), item("new", sk="n")))
    put(sim, "users", item("p1", sk="1", theirs="x"))
    kept = [one for one in ITEMS if one != item("p1", sk="1")] + [item("p1", sk="1", theirs="x"), item("new", sk="n")]
    killed_at(sim, phase)
    report = getattr(sim.reconciler, verb)(("users",))
    assert [step.reason for table in report.tables for step in table.steps] == [Reason.REPLACING]
    assert "Finish that first: `reconciler replace users`" in (report.tables[0].error or "")
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(kept)


@pytest.mark.parametrize(
    ("phase", "lost"),
    [
        *((phase, False) for phase in (*BEFORE_THE_DELETION, Phase.DELETING, *AFTER_THE_DELETION)),
        pytest.param(Phase.CREATING, True, id="nothing is recorded of the table"),
    ],
)
def test_a_table_that_is_renamed_meanwhile_gets_its_items_back_and_then_its_new_name(
    phase: Phase, lost: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what was returned so far would move alone, and the copy with all items would be nobody's table."""
    sim = bench(monkeypatch, flavor=Flavor.DYNAMODB_LOCAL).sim
    killed_at(sim, phase)
    if lost:
        sim.store.snapshot = replace(sim.store.snapshot, inventory={})
    sim.declare(replace(declaration("people", keys=AFTER), renamed_from="users"))
    for _ in range(3):
        sim.once()
    assert sim.reconciler.preview().verdict.value == "in_sync"
    assert set(sim.dynamodb.tables) == {"people"}
    assert held(sim, "people") == shown(ITEMS)


@pytest.mark.parametrize("phase", [Phase.COPYING, Phase.RETURNING])
def test_a_paused_one_is_not_renamed_and_its_commands_speak_of_it(
    phase: Phase, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = bench(monkeypatch, flavor=Flavor.DYNAMODB_LOCAL).sim
    killed_at(sim, phase)
    ReplaceTable(sim.reconciler, "users").pause()
    sim.declare(replace(declaration("people", keys=AFTER), renamed_from="users"))
    step = step_of(sim.once())
    assert (step.status, step.allow_with) == (StepStatus.BLOCKED, "`reconciler replace users --resume`")
    assert not NextGeneration(sim.reconciler, "people").applies(asked=False)
    ReplaceTable(sim.reconciler, "people").resume()
    for _ in range(3):
        sim.once()
    assert held(sim, "people") == shown(ITEMS)


def test_the_copy_is_nobodys_table() -> None:
    sim = staged()
    killed_at(sim, Phase.RETURNING)
    name = copy_of(sim)
    report = sim.reconciler.preview()
    assert [table.name for table in report.tables if table.status is TableStatus.UNMANAGED] == []
    sim.declare(declaration("users", keys=AFTER), declaration(name, keys=AFTER))
    (step,) = next(table for table in sim.reconciler.preview().tables if table.name == name).steps
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.REPLACING)


def test_the_cap_counts_it_as_a_deletion() -> None:
    sim = staged(max_deletes=0)
    step = step_of(sim.once())
    assert (step.status, step.reason) == (StepStatus.BLOCKED, Reason.MAX_DELETES)
    assert (held(sim), list(sim.dynamodb.tables)) == (shown(ITEMS), ["users"])


@pytest.mark.parametrize("why", ["protected", "adopted", "observed"])
def test_the_gate_holds_for_it(why: str) -> None:
    lifecycle = {"protected": Lifecycle(protect=True), "observed": Lifecycle(on_existing="observe")}.get(why)
    sim = staged(lifecycle=lifecycle)
    if why == "adopted":
        entry = sim.store.snapshot.inventory["users"]
        sim.store.overwrite(replace(entry, ownership="adopted", nonce=""))
    step = step_of(sim.once())
    assert step.status is StepStatus.BLOCKED
    assert sim.dynamodb.mutating == []
    with pytest.raises(UsageError, match="cannot be replaced"):
        ReplaceTable(sim.reconciler, "users").prepare("fail", "")


def test_items_that_arrive_in_an_empty_table_right_before_its_deletion_are_kept() -> None:
    sim = staged()
    sim.dynamodb.tables["users"].items.clear()
    scans = 0

    def arrives(operation: str, _: Any) -> None:
        nonlocal scans
        if operation == "Scan":
            scans += 1
            if scans == 2:
                put(sim, "users", ITEMS[0])

    sim.items.faults = arrives
    assert sim.once().verdict.value == "in_sync"
    assert held(sim) == shown(ITEMS[:1])


def test_outside_an_emulator_another_table_is_built_beside_it() -> None:
    sim = staged()
    assert not NextGeneration(sim.reconciler, "users").applies(asked=False)
    ports = sim.reconciler.ports
    sim.reconciler.ports = replace(ports, endpoint=replace(ports.endpoint, flavor=Flavor.AWS))
    assert NextGeneration(sim.reconciler, "users").applies(asked=False)


def test_each_part_of_a_replacement_reports_how_far_it_is() -> None:
    sim = staged()
    assert sim.once().verdict.value == "in_sync"
    ended = [(each.what, each.done, each.total) for each in sim.telemetry.work if each.ended]
    assert ended == [
        ("copying", 7, 7),
        ("comparing with the copy", 14, 14),
        ("returning items", 7, 7),
        ("comparing with the copy", 14, 14),
    ]
    assert {each.table for each in sim.telemetry.work} == {"users"}


def test_progress_is_reported_once_a_second_and_at_the_end() -> None:
    sim = simulate()
    progress = WorkMeter(sim.reconciler.ports, "users")
    with progress.of("copying", 100):
        for _ in range(40):
            sim.clock.seconds += 0.25
            progress.advance(2)
    assert [each.done for each in sim.telemetry.work] == [*range(8, 81, 8), 80]
    assert [each.ended for each in sim.telemetry.work] == [False] * 10 + [True]
    assert sim.telemetry.work[0].seconds_left == 11.5


def test_a_part_that_fails_ends_its_progress() -> None:
    sim = simulate()
    progress = WorkMeter(sim.reconciler.ports, "users")
    with pytest.raises(Dies), progress.of("copying", 0):
        raise Dies
    assert [(each.ended, each.total) for each in sim.telemetry.work] == [(True, None)]


def test_destroy_counts_a_table_as_deleted_whose_replacement_it_finished_first() -> None:
    sim = staged()
    killed_at(sim, Phase.RETURNING)
    report = sim.reconciler.destroy()
    assert "users" not in sim.dynamodb.tables
    assert "0 replaced, 1 deleted" in "\n".join(text for _, text in render(report, applied=True))
