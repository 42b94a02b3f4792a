"""The state table deleted, restored, rolled back or shared, with every owner tag, identity and endpoint."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate
from simulation.stacks import beside

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.identity import Flavor
from reconciler.model.plan import StepStatus
from reconciler.model.records import InventoryEntry
from reconciler.model.report import Verdict

SEED = (item("1"), item("2"))
MINE = {"mine": item("mine", note="written by people")}
FLAVORS = (Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL)
ENDPOINTS: dict[str, tuple[str, str, str]] = {
    # what became of the records, identity of the table, owner tag: what follows on AWS, moto, DynamoDB Local
    "deleted, same table, our tag": ("state_lost", "adopted", "-"),
    "deleted, same table, other tag": ("other_stack", "other_stack", "-"),
    "deleted, same table, no tag": ("adopted", "adopted", "adopted"),
    "deleted, new table, our tag": ("state_lost", "adopted", "-"),
    "deleted, new table, other tag": ("other_stack", "other_stack", "-"),
    "deleted, new table, no tag": ("adopted", "adopted", "adopted"),
    "made anew by another process, same table, our tag": ("state_lost", "state_lost", "-"),
    "made anew by another process, same table, other tag": ("other_stack", "other_stack", "-"),
    "made anew by another process, same table, no tag": ("adopted", "adopted", "adopted"),
    "made anew by another process, new table, our tag": ("state_lost", "state_lost", "-"),
    "made anew by another process, new table, other tag": ("other_stack", "other_stack", "-"),
    "made anew by another process, new table, no tag": ("adopted", "adopted", "adopted"),
    "restored elsewhere, same table, our tag": ("refused", "refused", "-"),
    "restored elsewhere, same table, other tag": ("refused", "refused", "-"),
    "restored elsewhere, same table, no tag": ("refused", "refused", "refused"),
    "restored elsewhere, new table, our tag": ("refused", "refused", "-"),
    "restored elsewhere, new table, other tag": ("refused", "refused", "-"),
    "restored elsewhere, new table, no tag": ("refused", "refused", "refused"),
    "rolled back, same table, our tag": ("ours", "ours", "-"),
    "rolled back, same table, other tag": ("other_stack", "other_stack", "-"),
    "rolled back, same table, no tag": ("untagged", "untagged", "ours"),
    "rolled back, new table, our tag": ("state_lost", "state_lost", "-"),
    "rolled back, new table, other tag": ("other_stack", "other_stack", "-"),
    "rolled back, new table, no tag": ("adopted", "adopted", "adopted"),
    "another's alone, same table, our tag": ("other_stack", "other_stack", "-"),
    "another's alone, same table, other tag": ("other_stack", "other_stack", "-"),
    "another's alone, same table, no tag": ("other_stack", "other_stack", "other_stack"),
    "another's alone, new table, our tag": ("state_lost", "state_lost", "-"),
    "another's alone, new table, other tag": ("other_stack", "other_stack", "-"),
    "another's alone, new table, no tag": ("adopted", "adopted", "adopted"),
}


class Case(NamedTuple):
    """What became of records, table and tag, where, and what follows for a declared table."""

    records: str
    table: str
    tag: str
    flavor: Flavor
    expected: str


CASES = [
    pytest.param(Case(*name.split(", "), flavor, expected[position]), id=f"{name} ({flavor.value})")
    for name, expected in ENDPOINTS.items()
    for position, flavor in enumerate(FLAVORS)
    if expected[position] != "-"
]


def lost(case: Case) -> Sim:
    """``users`` and ``keep`` were created and seeded by us; then the records, the table and its tag became so."""
    sim = simulate(
        flavor=case.flavor,
        data_loss="allow",
        disruption="allow",
        max_deletes=100,
        one_shot=True,
        prune_grace=timedelta(0),
    )
    sim.declare(declaration("users", seed=SEED), declaration("keep"))
    sim.once()
    before = sim.store.snapshot
    sim.clock.seconds += 3600
    if case.table == "new table":
        del sim.dynamodb.tables["users"]
        sim.dynamodb.make(
            TableName="users",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
    tags = {"our tag": "default/default/older", "other tag": "shop/default/n"}
    live = sim.dynamodb.tables["users"]
    live.tags.pop(OWNER_TAG, None)
    if case.tag in tags:
        live.tags[OWNER_TAG] = tags[case.tag]
    _records(sim, case.records, before)
    sim.clock.seconds += 3600
    sim.dynamodb.journal.clear()
    return sim


def _records(sim: Sim, records: str, before: Any) -> None:
    none = replace(before, inventory={}, seeds={}, fresh=records == "deleted")
    if records == "rolled back":
        sim.store.snapshot = before
    elif records == "restored elsewhere":
        actual = replace(
            before.actual_fingerprint, state_table=replace(before.actual_fingerprint.state_table, table_id="2")
        )
        sim.store.snapshot = replace(before, actual_fingerprint=actual)
    else:
        sim.store.snapshot = none
    if records == "another's alone":
        other = beside(sim, one_state=True, stack="shop")
        other.store.put_entry(InventoryEntry("users", "users", "created", "n", before.inventory["users"].identity))


def reasons(report: Any) -> set[str]:
    steps = (step for table in report.tables if table.name == "users" for step in table.steps)
    return {step.reason.value for step in steps if step.status is StepStatus.BLOCKED}


@pytest.mark.parametrize("content", ["empty", "with items"])
@pytest.mark.parametrize("case", CASES)
def test_a_declared_table_is_neither_deleted_nor_overwritten_by_its_seed_and_the_reason_is_reported(
    case: Case, content: str
) -> None:
    sim, expected = lost(case), case.expected
    live = sim.dynamodb.tables["users"]
    live.items = dict(MINE) if content == "with items" else {}
    sim.declare(declaration("users", seed=SEED, ttl=None, deletion_protection=True), declaration("keep"))
    report = sim.once()
    assert "DeleteTable" not in sim.dynamodb.mutating
    assert sim.dynamodb.tables["users"] is live
    if content == "with items":
        assert live.items == MINE
    elif expected in ("state_lost", "other_stack", "refused"):
        assert live.items == {}
    if expected == "refused":
        assert report.verdict is Verdict.ERROR
        assert "fingerprint" in (report.error or "")
        assert sim.dynamodb.journal == []
    elif expected == "other_stack":
        assert reasons(report) == {"other_stack"}
        assert "users" not in [call.params.get("TableName") for call in sim.dynamodb.journal]
        assert "users" not in sim.store.snapshot.inventory
    else:
        assert reasons(report) == ({"state_lost"} if expected == "state_lost" else set())
        assert live.description["DeletionProtectionEnabled"] is True, "managed in place"
        recorded = sim.store.snapshot.inventory["users"].ownership
        assert recorded == ("created" if expected in ("ours", "untagged") else expected)
    quiet(sim)


@pytest.mark.parametrize("case", CASES)
def test_an_undeclared_table_is_deleted_only_if_proven_owned(case: Case) -> None:
    sim = lost(case)
    sim.dynamodb.tables["users"].items = dict(MINE)
    sim.declare(declaration("keep"))
    sim.once()
    sim.reconciler.destroy(("keep",))
    sim.reconciler.resume()
    proven = case.expected == "ours"
    assert ("users" in sim.dynamodb.tables) is not proven
    if not proven:
        assert sim.dynamodb.tables["users"].items == MINE


def quiet(sim: Sim) -> None:
    """Three more passes change nothing and write nothing down."""
    sim.dynamodb.journal.clear()
    written, puts = sim.store.written, sim.items.puts
    for _ in range(3):
        sim.clock.seconds += 60
        sim.run()
    assert (sim.dynamodb.journal, sim.store.written, sim.items.puts) == ([], written, puts)
