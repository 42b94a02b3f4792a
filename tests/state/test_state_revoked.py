"""Commands while another process leads, and records that somebody restored or a newer version wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.connected import connected
from support.endpoints import Live
from support.fakes import FakeClock

from reconciler.model.errors import LeaseLost, RecordChanged, StateError
from reconciler.model.identity import Identity
from reconciler.model.records import InventoryEntry, Suspension
from reconciler.model.report import PassReport
from reconciler.state.state_table import StateTable

NAME = "reconciler_state"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
IDENTITY = Identity("id-1", "arn:aws:dynamodb:us-east-1:1:table/users", "2026-01-01T00:00:00+00:00")
ENTRY = InventoryEntry("users", "users", "created", "n", IDENTITY, changed_at=NOW)
RUN = PassReport("pass-1", "schedule", "default", NOW, NOW, None, stack="default")
Make = Callable[[str], StateTable]


@pytest.fixture
def make(endpoint: Live) -> Make:
    clock = FakeClock(NOW)

    def build(holder: str) -> StateTable:
        client = connected(endpoint.url).state_client()
        return StateTable(client, NAME, "default/default", holder=holder, holder_name=f"{holder}:7", clock=clock)

    build("set-up").ensure()
    return build


def raw(endpoint: Live, record: str) -> dict[str, Any]:
    key = {"scope": {"S": "default/default"}, "record": {"S": record}}
    item: dict[str, Any] = endpoint.client.get_item(TableName=NAME, Key=key, ConsistentRead=True)["Item"]
    return item


def test_a_revoked_leader_renews_no_lease_and_writes_no_record(make: Make) -> None:
    leader, verb = make("leader"), make("verb")
    leader.acquire_lease()
    entry = leader.put_entry(ENTRY)
    revoked = verb.revoke_lease()
    assert revoked is not None
    assert revoked.shown == "leader:7"
    released = verb.put_entry(replace(verb.load().inventory["users"], ownership="released"))
    assert not leader.holds_lease()
    with pytest.raises(LeaseLost):
        leader.put_entry(replace(entry, ending_at=NOW))
    assert verb.load().inventory == {"users": released}
    assert leader.acquire_lease() is not None, "it is free again at once"


def test_a_revoked_leader_learns_of_it_before_a_create(make: Make) -> None:
    leader, verb = make("leader"), make("verb")
    leader.acquire_lease()
    assert leader.confirm_lease()
    assert verb.revoke_lease() is not None
    assert not leader.confirm_lease()


def test_a_lease_that_nobody_else_holds_is_not_revoked(make: Make) -> None:
    one = make("one")
    assert one.revoke_lease() is None
    one.acquire_lease()
    assert one.revoke_lease() is None
    assert one.holds_lease()


@pytest.mark.parametrize("before", ["never held", "held and released by another", "held and released by itself"])
@pytest.mark.parametrize("action", ["suspend", "release"])
def test_a_pass_without_the_lease_reads_again_after_a_command(make: Make, action: str, before: str) -> None:
    one, verb = make("pass"), make("verb")
    former = one if before.endswith("itself") else make("former")
    if before != "never held":
        former.acquire_lease()
        former.put_entry(ENTRY)
        former.release_lease()
    snapshot = one.load()
    verb.load()
    if action == "suspend":
        verb.put_suspension(Suspension("somebody", NOW))
    assert verb.revoke_lease() is None, "nobody held it"
    if action == "release":
        verb.put_entry(replace(verb.load().inventory.get("users", ENTRY), ownership="released"))
    assert one.acquire_lease() is not None
    assert not one.is_current(snapshot)
    again = one.load()
    assert again.rolled_back is None
    assert one.is_current(again)


def test_a_record_is_written_only_under_the_revision_that_was_read(make: Make) -> None:
    one = make("one")
    one.acquire_lease()
    first = one.put_entry(ENTRY)
    second = one.put_entry(replace(first, nonce="m"))
    assert (first.revision, second.revision) == (1, 2)
    with pytest.raises(RecordChanged):
        one.put_entry(replace(first, nonce="x"))
    assert one.holds_lease()
    assert one.load().inventory["users"].nonce == "m"


def test_records_put_back_from_an_older_copy_are_named(endpoint: Live, make: Make) -> None:
    one = make("one")
    one.acquire_lease()
    one.put_entry(ENTRY)
    old = [raw(endpoint, name) for name in ("lease", "table#users")]
    two = make("two")
    two.revoke_lease()
    two.put_entry(replace(two.load().inventory["users"], ownership="released"))
    assert two.load().rolled_back is None
    endpoint.client.put_item(TableName=NAME, Item=old[0])
    assert "token 1, but 2 was issued before" in (make("anew").load().rolled_back or "")
    endpoint.client.put_item(TableName=NAME, Item=old[1])
    assert "restored from an older copy" in (two.load().rolled_back or "")


@pytest.mark.parametrize("loads", [True, False], ids=["after a load", "in the same pass"])
def test_a_former_leader_leaves_no_token_of_a_state_table_that_is_gone(endpoint: Live, make: Make, loads: bool) -> None:
    """An emulator in memory restarts beside two daemons: the one creates the state table anew, the other led before."""
    one, two = make("one"), make("two")
    one.load()
    one.acquire_lease()
    make("verb").revoke_lease()
    assert one.acquire_lease() is not None, "under the token 3"
    endpoint.client.update_table(TableName=NAME, DeletionProtectionEnabled=False)
    endpoint.client.delete_table(TableName=NAME)
    two.ensure()
    led = two.acquire_lease()
    assert led is not None
    assert led.token == 1
    two.put_entry(ENTRY)
    if loads:
        one.load()
    one.add_history(RUN)
    assert [store.load().rolled_back for store in (make("anew"), one, two)] == [None] * 3
    two.release_lease()
    again = one.acquire_lease()
    assert again is not None
    assert again.token == 2
    one.put_entry(replace(one.load().inventory["users"], nonce="later"))
    assert make("anew").load().inventory["users"].nonce == "later"


def test_members_of_a_newer_version_outlive_a_rewrite(endpoint: Live, make: Make) -> None:
    one = make("one")
    one.acquire_lease()
    one.put_entry(ENTRY)
    endpoint.client.put_item(TableName=NAME, Item={**raw(endpoint, "table#users"), "mood": {"M": {"a": {"N": "3"}}}})
    one.put_entry(replace(one.load().inventory["users"], nonce="m"))
    assert raw(endpoint, "table#users")["mood"] == {"M": {"a": {"N": "3"}}}


DAMAGED: dict[str, dict[str, Any]] = {
    "the year 9999": {"changed_at": {"S": "9999-12-31T23:59:59-12:00"}},
    "the year 1": {"changed_at": {"S": "0001-01-01T00:00:00+14:00"}},
    "a time that is a number": {"changed_at": {"N": "1"}},
    "a newer format": {"format_version": {"N": "2"}},
    "a format that is text": {"format_version": {"S": "1"}},
    "a negative revision": {"revision": {"N": "-1"}},
    "a huge revision": {"revision": {"N": "9" * 38}},
    "a fraction": {"revision": {"N": "1.5"}},
    "a fence that is text": {"fence": {"S": "7"}},
    "an ownership of the future": {"ownership": {"S": "rented"}},
    "a set": {"mood": {"SS": ["a"]}},
    "no identity but a text": {"identity": {"S": "id-1"}},
    "a list of times": {"ending_at": {"L": []}},
}


@pytest.mark.parametrize("members", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_record_is_reported_and_nothing_crashes(endpoint: Live, make: Make, members: dict[str, Any]) -> None:
    one = make("one")
    one.acquire_lease()
    one.put_entry(ENTRY)
    endpoint.client.put_item(TableName=NAME, Item={**raw(endpoint, "table#users"), **members})
    with pytest.raises(StateError, match="table#users of the state table"):
        make("two").load()


@pytest.mark.parametrize("members", [{}, {"started": {"N": "1"}}, {"summary": {"S": "x"}}, {"fence": {"S": "x"}}])
def test_a_run_that_cannot_be_read_stops_nothing(endpoint: Live, make: Make, members: dict[str, Any]) -> None:
    item = {"scope": {"S": "default/default"}, "record": {"S": "run#2026-01-01T00:00:00#p"}, **members}
    endpoint.client.put_item(TableName=NAME, Item=item)
    (run,) = make("one").history(5)
    assert run["verdict"] == "unreadable"
    assert make("two").load().usable
