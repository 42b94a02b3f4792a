"""Records that were written under the stack ``default`` move to the project's own stack once, table by table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.connected import connected
from support.endpoints import Live
from support.fakes import FakeClock

from reconciler.model.errors import Ambiguous, DeclarationError, StateError
from reconciler.model.identity import Identity
from reconciler.model.records import Attempts, InventoryEntry, SeedPart, SeedRecord, Suspension
from reconciler.state.former_stack import FormerStack
from reconciler.state.state_table import StateTable

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAME, OLD, NEW = "reconciler_state", "default/default", "shop/default"
OWN = ("created", "adopted", "released", "intent", "state_lost")


class Cut:
    """A client that fails at the n-th mutating call: before it is sent, or after it was applied."""

    def __init__(self, client: Any, at: int, *, applied: bool) -> None:
        self.client, self.at, self.applied, self.writes = client, at, applied, 0

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation.startswith(("Get", "Query", "Scan", "Describe")):
            return self.client.call(operation, params)  # type: ignore[no-any-return]
        self.writes += 1
        if self.writes > self.at or (self.writes == self.at and not self.applied):
            raise Ambiguous(operation, "killed", "killed")
        answer: dict[str, Any] = self.client.call(operation, params)
        if self.writes == self.at:
            raise Ambiguous(operation, "killed", "killed")
        return answer


class StackFixture:
    """One state table and stores over it."""

    def __init__(self, live: Live) -> None:
        self.live, self.clock = live, FakeClock(NOW)
        self.client = connected(live.url).state_client()

    def store(
        self, scope: str, *declared: str, client: Any = None, holder: str = "h", former: bool = True
    ) -> StateTable:
        there = FormerStack(OLD, lambda: frozenset(declared)) if former and scope != OLD else None
        return StateTable(client or self.client, NAME, scope, holder=holder, clock=self.clock, former=there)

    def records(self) -> set[tuple[str, str]]:
        items = self.live.client.scan(TableName=NAME, ConsistentRead=True)["Items"]
        return {
            (item["scope"]["S"], item["record"]["S"])
            for item in items
            if item["record"]["S"] not in ("lease", "fingerprint")
        }

    def fill(self, **tables: str) -> StateTable:
        """Tables of ``default`` with ownership, each with a seed record too."""
        old = self.store(OLD, holder="old")
        old.ensure()
        assert old.acquire_lease()
        for name, ownership in tables.items():
            identity = Identity(None, f"arn:table/{name}", "2026-01-01T00:00:00+00:00")
            old.put_entry(InventoryEntry(name, name, ownership, f"nonce-{name}", identity))  # type: ignore[arg-type]
            old.put_seed_part(SeedPart(f"{name}#00001", identity))
            old.put_seed(SeedRecord(name, "done", "d", f"seeds/{name}.json", identity, count=2))
        return old


@pytest.fixture
def stacks(endpoint: Live) -> StackFixture:
    return StackFixture(endpoint)


def of(scope: str, *names: str) -> set[tuple[str, str]]:
    kinds = ("table#{}", "seed#{}", "seedpart#{}#00001")
    return {(scope, kind.format(name)) for name in names for kind in kinds}


@pytest.mark.parametrize("ownership", OWN)
def test_a_declared_table_moves_with_all_its_records(stacks: StackFixture, ownership: str) -> None:
    stacks.fill(users=ownership).release_lease()
    before = stacks.store(OLD).load()
    snapshot = stacks.store(NEW, "users").ensure()
    expected = replace(before.inventory["users"], tagged_as=OLD)
    assert (snapshot.inventory, snapshot.seeds) == ({"users": expected}, before.seeds)
    assert (snapshot.foreign_claims, snapshot.recorded_fingerprint) == ({}, snapshot.actual_fingerprint)
    assert stacks.records() == of(NEW, "users")
    assert f"The state of users was transferred from {OLD}" in snapshot.notices[0]


def test_what_is_not_declared_here_stays(stacks: StackFixture) -> None:
    stacks.fill(users="created", orders="created", nobodys="created").release_lease()
    stacks.store(NEW, "users", "unknown").ensure()
    assert stacks.records() == of(NEW, "users") | of(OLD, "orders", "nobodys")
    snapshot = stacks.store(NEW, "users").load()
    assert set(snapshot.inventory) == {"users"}
    assert set(snapshot.foreign_claims) == {"orders", "nobodys"}


def test_two_projects_get_what_each_declares_and_the_first_what_both_do(stacks: StackFixture) -> None:
    stacks.fill(users="created", orders="created", both="created").release_lease()
    stacks.store("a/default", "users", "both").ensure()
    stacks.store("b/default", "orders", "both").ensure()
    assert stacks.records() == of("a/default", "users", "both") | of("b/default", "orders")


def test_it_happens_once(stacks: StackFixture) -> None:
    stacks.fill(users="created").release_lease()
    stacks.store(NEW, "users").ensure()
    stacks.fill(later="created").release_lease()
    assert stacks.store(NEW, "users", "later").ensure().notices == ()
    assert stacks.records() == of(NEW, "users") | of(OLD, "later")


def test_an_explicitly_named_stack_takes_over_nothing(stacks: StackFixture) -> None:
    stacks.fill(users="created").release_lease()
    stacks.store(NEW, "users", former=False).ensure()
    assert stacks.records() == of(OLD, "users")


def test_a_stack_with_its_own_records_takes_over_nothing(stacks: StackFixture) -> None:
    stacks.store(NEW, former=False).ensure()
    stacks.fill(users="created").release_lease()
    stacks.store(NEW, "users").ensure()
    assert stacks.records() == of(OLD, "users")


def test_a_preview_shows_it_and_writes_nothing(stacks: StackFixture) -> None:
    stacks.fill(users="created", orders="created").release_lease()
    before = stacks.live.client.scan(TableName=NAME)["Items"]
    snapshot = stacks.store(NEW, "users").load()
    assert (set(snapshot.inventory), set(snapshot.foreign_claims)) == ({"users"}, {"orders"})
    assert "will be transferred" in snapshot.notices[0]
    assert stacks.live.client.scan(TableName=NAME)["Items"] == before


def test_a_suspension_is_copied_to_the_new_stack(stacks: StackFixture) -> None:
    old = stacks.fill(users="created")
    old.put_suspension(Suspension("destroy", NOW))
    old.release_lease()
    assert stacks.store(NEW, "users").load().suspension == Suspension("destroy", NOW)
    assert stacks.store(NEW, "users").ensure().suspension == Suspension("destroy", NOW)
    assert (OLD, "suspension") in stacks.records()
    assert stacks.store("other/default", "mine").ensure().suspension is None, "it does not concern other projects"


def test_the_lease_of_a_living_leader_of_default_is_not_taken(stacks: StackFixture) -> None:
    old = stacks.fill(users="created")
    advance = stacks.clock.advance

    def beat(seconds: float) -> None:
        advance(seconds)
        assert old.holds_lease()

    stacks.clock.advance = beat  # type: ignore[method-assign]
    store = stacks.store(NEW, "users", holder="new")
    with pytest.raises(StateError, match=r"users .* old holds the lease of default/default"):
        store.ensure()
    assert stacks.records() == of(OLD, "users")
    assert stacks.store(NEW, "users").load().recorded_fingerprint is None, "it is tried again"


def test_the_lease_of_a_dead_leader_of_default_expires_and_is_taken(stacks: StackFixture) -> None:
    stacks.fill(users="created")
    stacks.store(NEW, "users", holder="new").ensure()
    assert stacks.records() == of(NEW, "users")
    assert stacks.clock.now() - NOW >= timedelta(seconds=30)


def test_broken_declarations_decide_nothing(stacks: StackFixture) -> None:
    stacks.fill(users="created").release_lease()

    def broken() -> frozenset[str]:
        raise DeclarationError(())

    StateTable(stacks.client, NAME, NEW, holder="h", clock=stacks.clock, former=FormerStack(OLD, broken)).load()
    assert stacks.records() == of(OLD, "users")


def test_another_endpoint_is_refused(stacks: StackFixture) -> None:
    stacks.fill(users="created").release_lease()
    stacks.live.client.update_item(
        TableName=NAME,
        Key={"scope": {"S": OLD}, "record": {"S": "fingerprint"}},
        UpdateExpression="SET account = :other",
        ExpressionAttributeValues={":other": {"S": "999988887777"}},
    )
    with pytest.raises(StateError, match="cannot be transferred"):
        stacks.store(NEW, "users").ensure()
    assert stacks.records() == of(OLD, "users")


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 12))
def test_killed_at_any_call_it_is_finished_by_the_next_process(stacks: StackFixture, at: int, applied: bool) -> None:
    old = stacks.fill(users="created", orders="created", nobodys="created")
    old.put_attempts(Attempts("users", None, {"ttl": 1}, {"ttl": "1"}))
    old.put_suspension(Suspension("me", NOW))
    old.release_lease()
    declared = ("users", "orders")
    with suppress(Ambiguous, StateError):
        stacks.store(NEW, *declared, client=Cut(stacks.client, at, applied=applied), holder="killed").ensure()
    owners: dict[str, set[str]] = {}
    for scope, record in stacks.records():
        if "#" in record and not record.startswith("seedpart#"):
            owners.setdefault(record.partition("#")[2], set()).add(scope)
    assert all(len(scopes) == 1 for scopes in owners.values()), "a table is never in two stacks"
    snapshot = stacks.store(NEW, *declared, holder="next").ensure()
    assert set(snapshot.inventory) == set(declared)
    assert snapshot.suspension == Suspension("me", NOW)
    kinds = of(NEW, *declared) | {(NEW, "attempts#users"), (NEW, "suspension")} | of(OLD, "nobodys")
    assert stacks.records() == kinds | {(OLD, "suspension")}


def test_a_record_that_changes_in_the_meantime_is_not_transferred(stacks: StackFixture) -> None:
    old = stacks.fill(users="created")
    old.release_lease()

    class Rival:
        def call(self, operation: str, params: Mapping[str, Any]) -> Any:
            if operation == "TransactWriteItems":
                rival = stacks.store(OLD, holder="rival")
                rival.load()
                rival.put_entry(replace(old.load().inventory["users"], ownership="released"))
            return stacks.client.call(operation, params)

    with pytest.raises(StateError, match="changed during their transfer"):
        stacks.store(NEW, "users", client=Rival()).ensure()
    copied = {(NEW, "seedpart#users#00001")}
    assert stacks.records() - copied == of(OLD, "users"), "a copied part alone says nothing"
