"""Which table a declared name means, and which tables no pass may take for its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from simulation.simulated_engine import declaration

from reconciler.model.desired import DeclarationFile, DesiredState
from reconciler.model.identity import Identity
from reconciler.model.records import Generation, GenerationPhase, InventoryEntry, StateSnapshot
from reconciler.model.table import Stream
from reconciler.planning.generations import awaiting_moves, resolved, taken_names, with_both, without_others

P = GenerationPhase
BEFORE = (P.CREATE, P.CAPTURE, P.COPY, P.REPLAY, P.VERIFY, P.READY, P.FENCE, P.RETURN, P.CANCEL, P.CANCELLED)
AFTER = (P.SWITCH, P.HOLD, P.REVERT, P.FINISH, P.FINISHED)
DESIRED = DesiredState(
    (declaration("orders", stream=Stream(True, "KEYS_ONLY")), declaration("users")),
    "d",
    files={"orders.yaml": DeclarationFile(("orders",)), "users.yaml": DeclarationFile(("users",))},
)


def generations(phase: GenerationPhase) -> dict[str, Generation]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    identity = Identity(None, "arn:old", "2026")
    return {"orders": Generation("orders", phase, 2, "orders", "orders-g2", identity, (), moment)}


@pytest.mark.parametrize("phase", AFTER)
def test_after_the_switch_the_declared_name_means_the_new_table(phase: GenerationPhase) -> None:
    found = resolved(DESIRED, generations(phase))
    assert [each.spec.name for each in found.declarations] == ["orders-g2", "users"]
    assert found.files["orders.yaml"].tables == ("orders-g2",)
    assert found.as_read is DESIRED
    for name in ("orders", "orders-g2"):
        named = found.named(name)
        assert named is not None
        assert named.declared_name == "orders"


@pytest.mark.parametrize("phase", BEFORE)
def test_before_it_and_after_the_way_back_it_means_the_old_one(phase: GenerationPhase) -> None:
    assert [each.spec.name for each in resolved(DESIRED, generations(phase)).declarations] == ["orders", "users"]


def test_without_a_generation_the_declarations_are_the_same_object() -> None:
    assert resolved(DESIRED, {}) is DESIRED
    assert resolved(DESIRED, generations(P.CANCELLED)) is DESIRED


@pytest.mark.parametrize("phase", list(P))
def test_the_stream_is_unmanaged_while_changes_are_read_from_it(phase: GenerationPhase) -> None:
    found = resolved(DESIRED, generations(phase)).named("orders")
    assert found is not None
    assert (found.spec.stream is None) is (phase not in (P.FINISHED, P.CANCELLED))


def test_resolving_again_begins_with_what_was_read() -> None:
    once = resolved(DESIRED, generations(P.HOLD))
    assert resolved(once, generations(P.CANCELLED)) is DESIRED


def test_the_other_table_is_set_aside_as_long_as_the_work_lasts() -> None:
    inventory = {name: InventoryEntry(name, "orders", "created", "n") for name in ("orders", "orders-g2", "users")}
    for phase in P:
        snapshot = StateSnapshot(inventory=inventory, generations=generations(phase))
        aside = without_others(snapshot).set_aside.keys()
        under_way = phase not in (P.FINISHED, P.CANCELLED)
        assert aside == ({"orders" if phase in AFTER else "orders-g2"} if under_way else set())
        assert without_others(snapshot).inventory.keys() == inventory.keys() - aside


def test_a_focus_names_both_tables_during_the_work_and_the_new_one_after_it() -> None:
    assert with_both(frozenset({"orders"}), generations(P.HOLD)) == {"orders", "orders-g2"}
    assert with_both(frozenset({"orders-g2"}), generations(P.COPY)) == {"orders", "orders-g2"}
    assert with_both(frozenset({"orders"}), generations(P.FINISHED)) == {"orders-g2"}
    assert with_both(frozenset({"users"}), generations(P.HOLD)) == {"users"}
    assert with_both(None, generations(P.HOLD)) is None


def test_a_declaration_of_the_other_table_is_reported_with_its_place() -> None:
    declared = replace(DESIRED, declarations=(*DESIRED.declarations, declaration("orders-g2")))
    (sentence,) = taken_names(declared, generations(P.HOLD))
    assert sentence.startswith("orders-g2.yaml:1 declares orders-g2, which is a table of the replacement of orders")
    assert taken_names(DESIRED, generations(P.HOLD)) == ()


# A renamed table

RENAMED = DesiredState(
    (replace(declaration("purchases"), renamed_from="orders"),),
    "d",
    files={"shop.yaml": DeclarationFile(("purchases",))},
)
OURS = InventoryEntry("orders", "orders", "created", "n", Identity(None, "arn:old", "2026"))


def snapshot(*entries: InventoryEntry, **generations: Generation) -> StateSnapshot:
    return StateSnapshot(inventory={each.name: each for each in entries}, generations=generations)


def test_a_declared_name_means_the_former_table_until_its_items_have_moved() -> None:
    renames = awaiting_moves(RENAMED, snapshot(OURS))
    assert renames == {"purchases": "orders"}
    found = resolved(RENAMED, {}, renames)
    (named,) = found.declarations
    assert (named.spec.name, named.declared_name, named.awaits_move) == ("orders", "purchases", True)
    assert found.files["shop.yaml"].tables == ("orders",)
    assert with_both(frozenset({"purchases"}), {}, renames) == {"orders", "purchases"}


def test_a_former_name_that_means_a_later_generation() -> None:
    entry = replace(OURS, name="orders-g2")
    known = snapshot(entry, **generations(P.FINISHED))
    assert awaiting_moves(RENAMED, known) == {"purchases": "orders-g2"}
    assert awaiting_moves(RENAMED, snapshot(entry, **generations(P.HOLD))) == {}


@pytest.mark.parametrize(
    "known",
    [
        snapshot(),
        snapshot(replace(OURS, ownership="released")),
        snapshot(OURS, replace(OURS, name="purchases")),
        snapshot(
            OURS,
            replace(OURS, name="purchases", ownership="adopted"),
            purchases=replace(generations(P.FINISHED)["orders"], name="purchases", new="purchases"),
        ),
    ],
    ids=["no former table", "a released one", "both are ours", "moved already"],
)
def test_nothing_waits_to_be_moved(known: StateSnapshot) -> None:
    assert awaiting_moves(RENAMED, known) == {}


def test_a_record_of_work_that_has_ended_hides_no_rename_once_its_table_is_gone() -> None:
    earlier = replace(generations(P.FINISHED)["orders"], name="purchases", old="purchases", new="purchases-g2")
    assert awaiting_moves(RENAMED, snapshot(OURS, purchases=earlier)) == {"purchases": "orders"}
    there = replace(OURS, name="purchases-g2")
    assert awaiting_moves(RENAMED, snapshot(OURS, there, purchases=earlier)) == {}
    adopted = replace(there, ownership="adopted")
    assert awaiting_moves(RENAMED, snapshot(OURS, adopted, purchases=earlier)) == {}


def test_a_cancelled_move_whose_record_was_left_is_awaited_again() -> None:
    left = replace(generations(P.CANCELLED)["orders"], name="purchases", new="purchases")
    renames = awaiting_moves(RENAMED, snapshot(OURS, purchases=left))
    assert renames == {"purchases": "orders"}
    (named,) = resolved(RENAMED, {"purchases": left}, renames).declarations
    assert (named.spec.name, named.awaits_move) == ("orders", True)


@pytest.mark.parametrize("phase", [each for each in P if each not in (P.FINISHED, P.CANCELLED)])
def test_a_move_that_is_under_way_is_not_begun_again(phase: GenerationPhase) -> None:
    moving = replace(generations(phase)["orders"], name="purchases", new="purchases")
    assert awaiting_moves(RENAMED, snapshot(OURS, purchases=moving)) == {}


@pytest.mark.parametrize(("phase", "means"), [(P.READY, "orders"), (P.HOLD, "purchases"), (P.FINISHED, "purchases")])
def test_during_and_after_the_move_the_record_tells_the_table(phase: GenerationPhase, means: str) -> None:
    record = replace(generations(phase)["orders"], name="purchases", new="purchases")
    (named,) = resolved(RENAMED, {"purchases": record}).declarations
    assert (named.spec.name, named.awaits_move) == (means, False)
