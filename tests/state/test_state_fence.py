"""Records have the token of the lease they were written under; an older token overwrites and drops nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.connected import connected
from support.endpoints import Live
from support.fakes import FakeClock, Quiet
from support.proxy import RecordingProxy

from reconciler.aws.session import connect
from reconciler.model.errors import LeaseLost, RecordChanged
from reconciler.model.identity import Identity
from reconciler.model.records import (
    Attempts,
    Checkpoint,
    IndexRebuild,
    InventoryEntry,
    ItemMigration,
    Phase,
    QuotaUsage,
    Replacement,
    SeedPart,
    SeedRecord,
    Suspension,
)
from reconciler.state.state_table import StateTable

NAME = "reconciler_state"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
IDENTITY = Identity("id-1", "arn:aws:dynamodb:us-east-1:1:table/users", "2026-01-01T00:00:00+00:00")
ENTRY = InventoryEntry("users", "users", "created", "n", IDENTITY, changed_at=NOW)
Make = Callable[..., StateTable]
Write = Callable[[StateTable, str], None]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def make(endpoint: Live, clock: FakeClock) -> Make:
    def build(holder: str, scope: str = "default/default") -> StateTable:
        client = connected(endpoint.url).state_client()
        return StateTable(client, NAME, scope, holder=holder, clock=clock)

    build("set-up").ensure()
    return build


def taken_over(make: Make, clock: FakeClock) -> tuple[StateTable, StateTable]:
    """One led, stood still for longer than its lease, and another leads."""
    old, new = make("old"), make("new")
    old.load()
    assert old.acquire_lease() is not None
    new.load()
    assert new.acquire_lease() is None
    clock.advance(31)
    lease = new.acquire_lease()
    assert lease is not None
    assert lease.token == 2
    return old, new


def _seed(store: StateTable, by: str) -> None:
    store.put_seed(SeedRecord("users", "done", by, "users.json", IDENTITY, 1, NOW))


def _seed_part(store: StateTable, by: str) -> None:
    store.put_seed_part(SeedPart("users#00001", replace(IDENTITY, table_id=by)))


def _attempts(store: StateTable, by: str) -> None:
    store.put_attempts(Attempts("users", IDENTITY, {"ttl": 2}, {"ttl": by}))


def _marks(store: StateTable, by: str) -> None:
    store.put_quota_usage(QuotaUsage("users", replace(IDENTITY, table_id=by), {"ttl": (NOW,)}))


def _rebuild(store: StateTable, by: str) -> None:
    store.put_rebuild(IndexRebuild("users", IDENTITY, "by_mail", by, NOW, 60))


def _replacement(store: StateTable, by: str) -> None:
    store.put_replacement(Replacement("users", Phase.COPYING, IDENTITY, by, ("id HASH S",), NOW))


def _checkpoint(store: StateTable, by: str) -> None:
    store.put_checkpoint(Checkpoint("users#0001_a#00000", IDENTITY, by))


def _migration(store: StateTable, by: str) -> None:
    store.put_migration(ItemMigration("0001_a", "users", IDENTITY, "abc", "up", 1, by, NOW))


def _entry(store: StateTable, by: str) -> None:
    """As read right before; one that may not be read any more is written as if it had been."""
    standing = store.load().inventory.get("users")
    store.put_entry(replace(ENTRY, nonce=by, revision=standing.revision if standing else 0))


def _no_entry(store: StateTable, _: str) -> None:
    store.drop_entry(replace(ENTRY, nonce="new", revision=1))


PUTS: dict[str, Write] = {
    "table#users": _entry,
    "seed#users": _seed,
    "seedpart#users#00001": _seed_part,
    "attempts#users": _attempts,
    "marks#users": _marks,
    "rebuild#users": _rebuild,
    "replacement#users": _replacement,
    "checkpoint#users#0001_a#00000": _checkpoint,
    "migration#0001_a": _migration,
}
DROPS: dict[str, Write] = {
    "table#users": _no_entry,
    "seedpart#users#00001": lambda store, _: store.drop_seed_part("users#00001"),
    "attempts#users": lambda store, _: store.put_attempts(Attempts("users", IDENTITY)),
    "marks#users": lambda store, _: store.put_quota_usage(QuotaUsage("users", IDENTITY)),
    "rebuild#users": lambda store, _: store.drop_rebuild("users"),
    "replacement#users": lambda store, _: store.drop_replacement("users"),
    "checkpoint#users#0001_a#00000": lambda store, _: store.drop_checkpoint("users#0001_a#00000"),
    "migration#0001_a": lambda store, _: store.drop_migration("0001_a"),
}


def record(endpoint: Live, name: str) -> dict[str, Any]:
    """The record as an independent client reads it."""
    key = {"scope": {"S": "default/default"}, "record": {"S": name}}
    item: dict[str, Any] = endpoint.client.get_item(TableName=NAME, Key=key, ConsistentRead=True).get("Item", {})
    return item


@pytest.mark.parametrize("name", PUTS)
def test_a_former_leader_overwrites_nothing_that_its_successor_wrote(
    endpoint: Live, make: Make, clock: FakeClock, name: str
) -> None:
    old, new = taken_over(make, clock)
    PUTS[name](new, "new")
    standing = record(endpoint, name)
    assert standing["fence"] == {"N": "2"}
    with pytest.raises(LeaseLost):
        PUTS[name](old, "old")
    assert record(endpoint, name) == standing


@pytest.mark.parametrize("name", DROPS)
def test_a_former_leader_drops_nothing_that_its_successor_wrote(
    endpoint: Live, make: Make, clock: FakeClock, name: str
) -> None:
    old, new = taken_over(make, clock)
    PUTS[name](new, "new")
    with pytest.raises(LeaseLost):
        DROPS[name](old, "old")
    assert record(endpoint, name)["fence"] == {"N": "2"}
    DROPS[name](new, "new")
    assert record(endpoint, name) == {}


@pytest.mark.parametrize("name", PUTS)
def test_a_leader_overwrites_its_own_records_and_those_of_former_leaders(
    endpoint: Live, make: Make, clock: FakeClock, name: str
) -> None:
    old = make("old")
    old.acquire_lease()
    PUTS[name](old, "old")
    new = make("new")
    new.acquire_lease()
    clock.advance(31)
    new.acquire_lease()
    for by in ("new", "newer"):
        PUTS[name](new, by)
    assert record(endpoint, name)["fence"] == {"N": "2"}
    assert "newer" in str(record(endpoint, name))


CHANGED = {
    "it came true": ENTRY,
    "the same intent, tried again": replace(ENTRY, ownership="intent", identity=None, changed_at=NOW.replace(hour=13)),
    "another intent of that table": replace(ENTRY, ownership="intent", nonce="m", identity=None),
    "it was released by hand": replace(ENTRY, ownership="released"),
}


@pytest.mark.parametrize("anew", CHANGED.values(), ids=CHANGED)
def test_an_entry_rewritten_by_a_former_leader_is_not_dropped(
    endpoint: Live, make: Make, clock: FakeClock, anew: InventoryEntry
) -> None:
    intent = replace(ENTRY, ownership="intent", identity=None)
    first = make("first")
    first.acquire_lease()
    intent = first.put_entry(intent)
    second = make("second")
    second.acquire_lease()
    clock.advance(31)
    read = second.load().inventory["users"]
    assert second.acquire_lease() is not None
    assert read == intent
    anew = first.put_entry(replace(anew, revision=intent.revision))
    standing = record(endpoint, "table#users")
    with pytest.raises(RecordChanged):
        second.drop_entry(read)
    assert record(endpoint, "table#users") == standing
    assert second.holds_lease(), "it leads as before"
    second.drop_entry(anew)
    assert record(endpoint, "table#users") == {}
    second.drop_entry(anew)


def test_a_leader_that_was_refused_once_stops_leading(make: Make, clock: FakeClock) -> None:
    old, new = make("old"), make("new")
    old.acquire_lease()
    new.acquire_lease()
    clock.advance(31)
    new.acquire_lease()
    new.put_entry(ENTRY)
    with pytest.raises(LeaseLost):
        old.put_entry(ENTRY)
    assert not old.lease_lasts()
    assert not old.keep_lease()
    assert not old.holds_lease()
    assert new.holds_lease()


def test_a_record_that_a_successor_dropped_before_it_was_read_back_is_a_lost_lease(
    make: Make, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make("old"), make("new")
    old.acquire_lease()
    assert new.acquire_lease() is None
    stored = old._stored

    def paused(name: str) -> Any:
        clock.advance(31)
        new.acquire_lease()
        new.drop_entry(new.load().inventory["users"])
        return stored(name)

    monkeypatch.setattr(old, "_stored", paused)
    with pytest.raises(LeaseLost):
        old.put_entry(ENTRY)
    assert not old.lease_lasts()
    assert new.holds_lease()


def test_a_process_that_never_led_writes_under_the_token_it_read(make: Make, clock: FakeClock) -> None:
    old, new = taken_over(make, clock)
    late, early = make("released by hand"), make("read too early")
    early.load()
    new.put_entry(ENTRY)
    late.put_entry(replace(late.load().inventory["users"], ownership="released"))
    assert old.load().inventory["users"].ownership == "released"
    clock.advance(31)
    third = make("third")
    third.acquire_lease()
    clock.advance(31)
    assert third.acquire_lease() is not None
    third.put_entry(replace(ENTRY, revision=2))
    with pytest.raises(LeaseLost):
        early.put_entry(replace(ENTRY, ownership="released"))
    assert old.load().inventory["users"].ownership == "created"


def test_a_record_without_a_fencing_token_is_overwritten_with_one(endpoint: Live, make: Make) -> None:
    store = make("one")
    store.acquire_lease()
    store.put_entry(ENTRY)
    item = record(endpoint, "table#users")
    del item["fence"], item["revision"]
    endpoint.client.put_item(TableName=NAME, Item=item)
    assert make("two").load().inventory["users"] == ENTRY
    store.put_entry(replace(ENTRY, nonce="m"))
    assert record(endpoint, "table#users")["fence"] == {"N": "1"}


def test_a_lease_that_was_deleted_by_hand_gives_no_token_below_those_on_the_records(
    endpoint: Live, make: Make, clock: FakeClock
) -> None:
    _, new = taken_over(make, clock)
    new.put_entry(ENTRY)
    endpoint.client.delete_item(TableName=NAME, Key={"scope": {"S": "default/default"}, "record": {"S": "lease"}})
    third = make("third")
    third.load()
    lease = third.acquire_lease()
    assert lease is not None
    assert lease.token == 3
    third.put_entry(replace(ENTRY, nonce="m", revision=1))
    assert make("fourth").load().inventory["users"].nonce == "m"


def test_a_suspension_has_no_fence_and_each_scope_fences_its_own_records(make: Make, clock: FakeClock) -> None:
    old, new = taken_over(make, clock)
    new.put_suspension(Suspension("new", NOW))
    old.put_suspension(Suspension("old", NOW))
    assert new.load().suspension == Suspension("old", NOW)
    new.put_entry(ENTRY)
    make("prod", "default/prod").put_entry(ENTRY)
    assert make("prod", "default/prod").load().inventory["users"] == ENTRY


def test_an_entry_is_written_as_it_was_read_and_read_back(endpoint: Live, make: Make, clock: FakeClock) -> None:
    with RecordingProxy(endpoint.url) as proxy:
        store = StateTable(
            connect(proxy.url, None, 2, Quiet()).state_client(), NAME, "default/default", holder="one", clock=clock
        )
        store.load()
        store.acquire_lease()
        proxy.clear()
        store.drop_entry(store.put_entry(store.put_entry(ENTRY)))
        operations = [request.operation for request in proxy.requests]
        assert operations == ["PutItem", "GetItem", "PutItem", "GetItem", "DeleteItem"]
        conditions = [
            request.body["ConditionExpression"] for request in proxy.requests if "ConditionExpression" in request.body
        ]
    fenced = "(attribute_not_exists(#fence) OR #fence <= :fence) AND (attribute_not_exists(#record) OR ({}))"
    standing = "#ownership = :ownership AND #nonce = :nonce AND #changed_at = :changed_at AND #revision = :revision"
    as_read = ("attribute_not_exists(#revision)", "#revision = :revision", standing)
    assert conditions == [fenced.format(condition) for condition in as_read]


def test_state_read_before_the_lease_is_current_only_without_another_leader_in_between(
    make: Make, clock: FakeClock
) -> None:
    one, two = make("one"), make("two")
    first = one.load()
    assert not one.is_current(first), "it does not lead"
    one.acquire_lease()
    assert one.is_current(first)
    early = two.load()
    one.put_entry(ENTRY)
    one.release_lease()
    two.acquire_lease()
    assert not two.is_current(early), "its holder went on writing after that"
    assert two.is_current(two.load())
    two.release_lease()
    again = one.load()
    one.acquire_lease()
    assert one.is_current(again), "given back before it was read"
    clock.advance(31)
    later = one.load()
    one.acquire_lease()
    assert one.is_current(later), "our own of before, which nobody took"


def test_state_read_while_another_leader_was_paused_is_read_again(make: Make, clock: FakeClock) -> None:
    make("old").acquire_lease()
    new = make("new")
    new.acquire_lease()
    clock.advance(31)
    snapshot = new.load()
    assert new.acquire_lease() is not None
    assert not new.is_current(snapshot)
    assert new.is_current(new.load())
