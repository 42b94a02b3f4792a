"""Import sees tables that come and go: named they stop it, with --all the rest is had; and it asks before it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from simulation.refusal import missing
from simulation.simulated_engine import MemoryStore, Sim, declaration, simulate

from reconciler.engine.import_tables import ImportCandidates, Skipped
from reconciler.model.desired import DesiredState
from reconciler.model.errors import StateError, UsageError
from reconciler.model.identity import Flavor, Identity
from reconciler.model.records import InventoryEntry, Phase, Replacement

HASH = [{"AttributeName": "pk", "KeyType": "HASH"}]
S = [{"AttributeName": "pk", "AttributeType": "S"}]
NOTHING = DesiredState((), digest="")


def with_three_tables() -> Sim:
    sim = simulate()
    for name in ("carts", "orders", "users"):
        sim.dynamodb.make(TableName=name, KeySchema=HASH, AttributeDefinitions=S)
    return sim


def in_status(status: str) -> Callable[[Sim], None]:
    def change(sim: Sim) -> None:
        sim.dynamodb.tables["orders"].description["TableStatus"] = status

    return change


def listed_and_gone(sim: Sim) -> None:
    del sim.dynamodb.tables["orders"]
    sim.dynamodb.ghosts["orders"] = float("inf")


def unknown_beside(status: str) -> Callable[[Sim], None]:
    """Described still or already, and not found by DescribeTimeToLive."""

    def change(sim: Sim) -> None:
        def not_found(operation: str, params: Mapping[str, Any]) -> None:
            if operation == "DescribeTimeToLive" and params["TableName"] == "orders":
                raise missing(operation, "no table orders")

        in_status(status)(sim)
        sim.dynamodb.faults = not_found

    return change


def gone_between_two_reads(sim: Sim) -> None:
    def delete(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "DescribeTimeToLive" and params["TableName"] == "orders":
            sim.dynamodb.tables.pop("orders", None)

    sim.dynamodb.faults = delete


GONE = "there is no table orders at http://localhost:8000"
TROUBLE: dict[str, tuple[Callable[[Sim], None], str, bool]] = {
    "CREATING": (in_status("CREATING"), "orders is CREATING; import it when it is ACTIVE", True),
    "DELETING": (in_status("DELETING"), "orders is DELETING: there will be nothing to import", False),
    "ARCHIVED": (in_status("ARCHIVED"), "orders is ARCHIVED; import it when it is ACTIVE", True),
    "listed and gone": (listed_and_gone, GONE, False),
    "gone between two reads": (gone_between_two_reads, GONE, False),
    "CREATING, its side unknown": (
        unknown_beside("CREATING"),
        "orders is CREATING; import it when it is ACTIVE",
        True,
    ),
    "ACTIVE, its side unknown": (
        unknown_beside("ACTIVE"),
        "orders changed while it was read; import it again",
        True,
    ),
}


def look(sim: Sim, *names: str, base_of: Callable[[str], str] = str) -> ImportCandidates:
    return sim.reconciler.find_imports(names, NOTHING, base_of)


@pytest.mark.parametrize(("trouble", "sentence", "later"), TROUBLE.values(), ids=list(TROUBLE))
def test_import_all_skips_it_and_imports_the_rest(trouble: Callable[[Sim], None], sentence: str, later: bool) -> None:
    sim = with_three_tables()
    trouble(sim)
    found = look(sim)
    assert sorted(found.tables) == ["carts", "users"]
    assert found.skipped == (Skipped("orders", sentence, later),)


@pytest.mark.parametrize(("trouble", "sentence", "later"), TROUBLE.values(), ids=list(TROUBLE))
def test_named_it_stops_the_import(trouble: Callable[[Sim], None], sentence: str, later: bool) -> None:
    sim = with_three_tables()
    trouble(sim)
    with pytest.raises(UsageError) as refused:
        look(sim, "users", "orders")
    assert str(refused.value) == f"{sentence}. Nothing was written"


def test_a_table_of_another_environment_is_skipped_and_naming_it_stops_the_import() -> None:
    def base_of(name: str) -> str:
        if name == "orders":
            raise UsageError("orders is no table of environment 'prod'")
        return name.upper()

    sim = with_three_tables()
    in_status("CREATING")(sim)
    found = look(sim, base_of=base_of)
    assert sorted(found.tables) == ["CARTS", "USERS"]
    assert found.skipped == (Skipped("orders", "orders is no table of environment 'prod'"),)
    with pytest.raises(UsageError, match="orders is no table of environment"):
        look(sim, "orders", base_of=base_of)


def test_a_table_that_another_stack_is_creating_is_not_waited_for() -> None:
    sim = with_three_tables()
    in_status("CREATING")(sim)
    peer = MemoryStore(sim.clock)
    peer.put_entry(InventoryEntry("orders", "orders", "intent", nonce="n"))
    sim.store.peers["shop/default"] = peer
    (passed,) = look(sim).skipped
    assert (passed.name, passed.retry_later) == ("orders", False)
    assert "is in the inventory of stack shop, environment default" in passed.message


class Folder:
    """What is on disk, and how often the state had been asked and changed when it came there."""

    def __init__(self, sim: Sim) -> None:
        self.sim, self.files = sim, 0
        self.taken_back = False

    @contextmanager
    def stored(self) -> Iterator[str]:
        assert self.sim.store.written == 0
        self.files = 1
        try:
            yield "paths"
        except BaseException:
            self.files, self.taken_back = 0, True
            raise


def another_account(sim: Sim) -> None:
    actual = sim.store.snapshot.actual_fingerprint
    assert actual is not None
    sim.store.snapshot = replace(sim.store.snapshot, actual_fingerprint=replace(actual, account="999988887777"))


def another_state_table(sim: Sim) -> None:
    actual = sim.store.snapshot.actual_fingerprint
    assert actual is not None
    restored = replace(actual, state_table=Identity("restored", "arn:state", "2026-01-01"))
    sim.store.snapshot = replace(sim.store.snapshot, actual_fingerprint=restored)


def not_allowed(sim: Sim) -> None:
    sim.reconciler.allowed_accounts = frozenset({"444455556666"})


@pytest.mark.parametrize("elsewhere", [another_account, another_state_table, not_allowed], ids=lambda w: w.__name__)
def test_where_writing_is_refused_no_file_was_ever_there(elsewhere: Callable[[Sim], None]) -> None:
    sim = with_three_tables()
    elsewhere(sim)
    folder = Folder(sim)
    with pytest.raises(StateError, match="nothing is written"):
        sim.reconciler.adopt(look(sim).tables, folder.stored())
    assert (folder.files, folder.taken_back, sim.store.written) == (0, False, 0)


def test_a_refused_record_removes_the_written_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: InventoryEntry) -> None:
        raise StateError("PutItem was refused")

    sim = with_three_tables()
    folder = Folder(sim)
    monkeypatch.setattr(sim.store, "put_entry", refused)
    with pytest.raises(StateError, match="PutItem was refused"):
        sim.reconciler.adopt(look(sim).tables, folder.stored())
    assert (folder.files, folder.taken_back) == (0, True)


def test_the_state_is_read_once_to_remember(monkeypatch: pytest.MonkeyPatch) -> None:
    sim, asked = with_three_tables(), []
    found, load = look(sim), sim.store.load
    monkeypatch.setattr(sim.store, "ensure", lambda: (asked.append("ensure"), load())[1])
    monkeypatch.setattr(sim.store, "load", lambda: (asked.append("load"), load())[1])
    assert sim.reconciler.adopt(found.tables, Folder(sim).stored()) == "paths"
    assert asked == ["ensure"]
    assert sorted(sim.store.snapshot.inventory) == ["carts", "orders", "users"]
    assert {entry.ownership for entry in sim.store.snapshot.inventory.values()} == {"adopted"}


@pytest.mark.parametrize("flavor", [Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL])
def test_a_created_and_released_table_is_only_adopted_when_imported_again(flavor: Flavor) -> None:
    sim = simulate(flavor=flavor)
    sim.declare(declaration("users"), declaration("orders"))
    sim.run()
    sim.clock.seconds += 61
    sim.reconciler.release(("users",))
    assert sim.reconciler.readopt(("users",)) == ("users",)
    for _ in range(3):
        sim.run()
        sim.clock.seconds += 61
    assert sim.store.snapshot.inventory["users"].ownership == "adopted"
    sim.declare(declaration("orders"))
    for _ in range(3):
        sim.run()
        sim.clock.seconds += 3600
    assert "users" in sim.dynamodb.tables


RECORDED = "orders.replacing.0123456789abcdef is a table of the replacement of orders, which is not finished"
BY_NAME = "orders.replacing.0123456789abcdef has the name of a copy that a replacement makes; "


@pytest.mark.parametrize("recorded", [True, False])
def test_the_copy_of_a_replacement_is_not_imported_with_all_others(recorded: bool) -> None:
    sim, copy = with_three_tables(), "orders.replacing.0123456789abcdef"
    sim.dynamodb.make(TableName=copy, KeySchema=HASH, AttributeDefinitions=S)
    if recorded:
        identity = Identity("id", "arn:orders", None)
        replacement = Replacement(
            "orders", Phase.RETURNING, identity, copy, ("pk HASH S",), sim.clock.now(), aside_identity=identity
        )
        sim.store.put_replacement(replacement)
    found = look(sim)
    assert set(found.tables) == {"carts", "orders", "users"}
    (skipped,) = found.skipped
    assert skipped.message.startswith(RECORDED if recorded else BY_NAME)
    if recorded:
        with pytest.raises(UsageError, match="which is not finished"):
            look(sim, copy)
    else:
        assert set(look(sim, copy).tables) == {copy}
