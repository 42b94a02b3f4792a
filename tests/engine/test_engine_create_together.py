"""Many new tables at once: their records are written together, and each intent is stored before its create."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.engine.create_together import GROUP
from reconciler.model.desired import Lifecycle, Origin
from reconciler.model.errors import Ambiguous, ApiError, LeaseLost, Malformed, Rejected, Unsupported
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason
from reconciler.model.records import InventoryEntry
from reconciler.model.report import TableStatus
from reconciler.planning.create import create_call

FLAVORS = list(Flavor)
MANY = 2 * GROUP + 3


class Stopped(BaseException):
    """The process is told to stop."""


def _sim(flavor: Flavor, count: int = MANY, **options: Any) -> Sim:
    sim = simulate(flavor=flavor, **options)
    sim.declare(*(declaration(f"t{number:03}") for number in range(count)))
    return sim


def _ownerships(sim: Sim) -> set[str]:
    return {entry.ownership for entry in sim.store.snapshot.inventory.values()}


def _writes(sim: Sim) -> list[tuple[str, ...]]:
    """The names that each ``put_entries`` is asked to write, as they come."""
    groups: list[tuple[str, ...]] = []
    write = sim.store.put_entries

    def noted(entries: Sequence[InventoryEntry]) -> tuple[InventoryEntry, ...]:
        groups.append(tuple(f"{entry.ownership} {entry.name}" for entry in entries))
        return write(entries)

    sim.store.put_entries = noted  # type: ignore[method-assign]
    return groups


def _failing(sim: Sim, error: ApiError, *, applied: bool) -> None:
    """Each ``put_entries`` fails, after or without its effect."""
    write = sim.store.put_entries

    def failed(entries: Sequence[InventoryEntry]) -> tuple[InventoryEntry, ...]:
        if applied:
            write(entries)
        raise error

    sim.store.put_entries = failed  # type: ignore[method-assign]
    single = sim.store.put_entry

    def accepting(entry: InventoryEntry) -> InventoryEntry:
        """As the state table, which accepts that its own write is there already."""
        standing = sim.store.snapshot.inventory.get(entry.name)
        if standing == entry and standing.revision == entry.revision + 1:
            return standing
        return single(entry)

    sim.store.put_entry = accepting  # type: ignore[method-assign]


@pytest.mark.parametrize("flavor", FLAVORS)
def test_the_intent_of_each_table_is_stored_before_its_create(flavor: Flavor) -> None:
    sim = _sim(flavor)
    groups = _writes(sim)
    nonces: dict[str, str] = {}

    def create(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable":
            standing = sim.store.snapshot.inventory[params["TableName"]]
            assert standing.ownership == "intent"
            nonces[standing.name] = standing.nonce
            tags = [tag["Value"] for tag in params.get("Tags", ())]
            assert tags == ([f"default/default/{standing.nonce}"] if flavor.has_tags else [])

    sim.dynamodb.faults = create
    sim.once()
    assert len(nonces) == MANY
    assert len(set(nonces.values())) == MANY
    assert {name: entry.nonce for name, entry in sim.store.snapshot.inventory.items()} == nonces
    assert _ownerships(sim) == {"created"}
    assert len(groups) == 4, "three groups, and the records of the last one"
    assert max(len(group) for group in groups) <= 2 * GROUP


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize(
    "error",
    [
        Ambiguous("TransactWriteItems", "ReadTimeoutError", "no response"),
        Unsupported("TransactWriteItems", "UnknownOperationException", "no transactions"),
        Rejected("TransactWriteItems", "ValidationException", "refused"),
        Malformed("BatchGetItem", "NotJson", "garbled"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_where_they_cannot_be_written_together_each_is_written_by_itself(
    flavor: Flavor, error: ApiError, applied: bool
) -> None:
    sim = _sim(flavor)
    _failing(sim, error, applied=applied)
    report = sim.once()
    assert {table.status for table in report.tables} == {TableStatus.IN_SYNC}
    assert _ownerships(sim) == {"created"}
    creates = [call for call in sim.dynamodb.journal if call.operation == "CreateTable"]
    assert len(creates) == MANY
    before = sim.store.written
    sim.once()
    assert sim.store.written == before


def test_tables_that_were_created_are_recorded_even_if_the_process_is_told_to_stop() -> None:
    sim = _sim(Flavor.DYNAMODB_LOCAL)
    created: list[str] = []

    def stop(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable":
            if len(created) == GROUP + 4:
                raise Stopped
            created.append(params["TableName"])

    sim.dynamodb.faults = stop
    with pytest.raises(Stopped):
        sim.run()
    inventory = sim.store.snapshot.inventory
    assert {name for name, entry in inventory.items() if entry.ownership == "created"} == set(created)
    sim.dynamodb.faults = None
    sim.once()
    assert _ownerships(sim) == {"created"}


def test_a_refused_create_of_a_group_withdraws_its_own_intent_and_no_other() -> None:
    sim = _sim(Flavor.DYNAMODB_LOCAL, 3)

    def fault(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable" and params["TableName"] == "t001":
            sim.dynamodb.faults = None
            call = create_call(declaration("t001").spec, None)
            sim.dynamodb.do(call.operation, dict(call.params))
            sim.dynamodb.tables["t001"].items["theirs"] = item("theirs")

    sim.dynamodb.faults = fault
    sim.run()
    inventory = sim.store.snapshot.inventory
    assert {name: entry.ownership for name, entry in inventory.items()} == {"t000": "created", "t002": "created"}
    sim.once()
    assert sim.store.snapshot.inventory["t001"].ownership == "adopted"
    assert "theirs" in sim.dynamodb.tables["t001"].items


def test_a_table_that_must_not_exist_yet_has_no_early_intent() -> None:
    sim = simulate(flavor=Flavor.MOTO)
    strict = declaration("strict", lifecycle=Lifecycle(on_existing="fail"))
    sim.declare(declaration("a"), declaration("b"), strict)
    groups = _writes(sim)
    sim.once()
    assert not any("strict" in name for group in groups for name in group)
    assert sim.store.snapshot.inventory["strict"].ownership == "created"


def test_a_former_leader_creates_nothing_of_a_group() -> None:
    sim = _sim(Flavor.MOTO, 5)
    sim.store.lost = True
    sim.run()
    assert sim.dynamodb.tables == {}
    assert _ownerships(sim) <= {"intent"}


def test_a_leader_that_is_overtaken_within_a_group_creates_no_further_table() -> None:
    sim = _sim(Flavor.MOTO, 6)

    def overtaken(operation: str, params: Mapping[str, Any]) -> None:
        if operation == "CreateTable" and len(sim.dynamodb.tables) == 2:
            sim.store.lost = True

    sim.dynamodb.after = overtaken
    report = sim.run()
    assert len(sim.dynamodb.tables) == 2
    assert [table.steps[0].reason for table in report.tables].count(Reason.LEASE) == 4


def test_a_record_that_cannot_be_written_after_a_create_leaves_its_intent() -> None:
    sim = _sim(Flavor.MOTO, 3)
    write, single = sim.store.put_entries, sim.store.put_entry

    def intents_only(entries: Sequence[InventoryEntry]) -> tuple[InventoryEntry, ...]:
        return write(entries) if all(entry.ownership == "intent" for entry in entries) else ()

    def overtaken(entry: InventoryEntry) -> InventoryEntry:
        if entry.ownership == "created" and entry.name == "t001":
            raise LeaseLost("PutItem", "LeaseLost", "another reconciler wrote this record")
        return single(entry)

    sim.store.put_entries, sim.store.put_entry = intents_only, overtaken  # type: ignore[method-assign]
    report = sim.run()
    inventory = sim.store.snapshot.inventory
    assert {name: entry.ownership for name, entry in inventory.items()} == {
        "t000": "created",
        "t001": "intent",
        "t002": "created",
    }
    assert report.leader is False
    sim.store.put_entry = single  # type: ignore[method-assign]
    sim.once()
    assert _ownerships(sim) == {"created"}, "its tag proves that the table is ours"


@pytest.mark.parametrize("damaged", [True, False])
def test_an_invalid_response_about_the_records_forbids_deletes_in_the_pass(damaged: bool) -> None:
    sim = simulate(flavor=Flavor.MOTO, data_loss="allow")
    sim.declare(declaration("old"), declaration("kept"))
    sim.once()
    sim.clock.seconds += 61
    # In a file that was there before: with a new one, `old` may be renamed, and its removal is recorded first.
    sim.declare(*(replace(declaration(name), origin=Origin("kept.yaml", 1)) for name in ("kept", "a", "b")))
    if damaged:
        _failing(sim, Malformed("BatchGetItem", "NotJson", "garbled"), applied=True)
    report = sim.run()
    assert {"a", "b"} <= sim.dynamodb.tables.keys()
    assert (sim.dynamodb.tables["old"].status == "ACTIVE") is damaged
    held = [step.reason for table in report.tables if table.name == "old" for step in table.steps]
    assert (Reason.INVALID_ANSWER in held) is damaged


@pytest.mark.parametrize("flavor", FLAVORS)
def test_only_an_emulator_is_not_asked_for_tables_that_its_list_does_not_show(flavor: Flavor) -> None:
    sim = _sim(flavor, 3)
    sim.run()
    described = {params["TableName"] for operation, params in sim.dynamodb.reads if operation == "DescribeTable"}
    assert described == (set() if flavor.emulator else {"t000", "t001", "t002"})
    assert sim.dynamodb.tables.keys() == {"t000", "t001", "t002"}


def test_a_preview_reads_each_table_whatever_is_listed() -> None:
    sim = _sim(Flavor.MOTO, 3)
    sim.reconciler.preview()
    described = {params["TableName"] for operation, params in sim.dynamodb.reads if operation == "DescribeTable"}
    assert described == {"t000", "t001", "t002"}


def test_a_table_with_a_record_is_read_although_it_is_not_listed() -> None:
    sim = _sim(Flavor.MOTO, 4)
    sim.once()
    sim.store.snapshot = replace(
        sim.store.snapshot, inventory={n: e for n, e in sim.store.snapshot.inventory.items() if n in ("t000", "t001")}
    )
    sim.dynamodb.list_tables = lambda: ()  # type: ignore[method-assign]
    sim.dynamodb.reads.clear()
    sim.run()
    described = {params["TableName"] for operation, params in sim.dynamodb.reads if operation == "DescribeTable"}
    assert {"t000", "t001"} <= described
    asked = {call.params["TableName"] for call, _ in sim.dynamodb.refusals if call.operation == "CreateTable"}
    assert asked == {"t002", "t003"}, "only those without a record"


def test_a_table_that_the_list_does_not_show_is_adopted_with_its_items() -> None:
    sim = _sim(Flavor.DYNAMODB_LOCAL, 3)
    call = create_call(declaration("t001").spec, None)
    sim.dynamodb.do(call.operation, dict(call.params))
    sim.dynamodb.tables["t001"].items["theirs"] = item("theirs")
    sim.dynamodb.list_tables = lambda: ()  # type: ignore[method-assign]
    report = sim.once()
    assert {table.status for table in report.tables} == {TableStatus.IN_SYNC}
    assert sim.store.snapshot.inventory["t001"].ownership == "adopted"
    assert sim.dynamodb.tables["t001"].items.keys() == {"theirs"}
