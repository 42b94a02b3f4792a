"""Records that are written together, seen from outside by a boto3 client of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.connected import connected
from support.endpoints import Live
from support.fakes import FakeClock

from reconciler.model.errors import Ambiguous, ConditionFailed, LeaseLost, RecordChanged
from reconciler.model.records import InventoryEntry
from reconciler.state.state_table import StateTable

NAME = "reconciler_state"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Make = Callable[..., StateTable]
Answer = dict[str, Any]
Send = Callable[[str, Mapping[str, Any]], Answer]


class Client:
    """The client of the state table; ``instead`` may answer in its place, and ``sent`` has the operations."""

    def __init__(self, client: Any, instead: Callable[[Send, str, Mapping[str, Any]], Answer] | None) -> None:
        self._client, self._instead = client, instead
        self.sent: list[str] = []

    def call(self, operation: str, params: Mapping[str, Any]) -> Answer:
        self.sent.append(operation)
        if self._instead is not None:
            return self._instead(self._client.call, operation, params)
        answer: Answer = self._client.call(operation, params)
        return answer


@pytest.fixture
def make(endpoint: Live) -> Make:
    clock = FakeClock(NOW)

    def build(holder: str, instead: Callable[[Send, str, Mapping[str, Any]], Answer] | None = None) -> StateTable:
        client = Client(connected(endpoint.url).state_client(), instead)
        return StateTable(client, NAME, "default/default", holder=holder, clock=clock)

    build("set-up").ensure()
    return build


def entries(count: int) -> list[InventoryEntry]:
    return [InventoryEntry(f"t{number:03}", f"t{number:03}", "intent", f"nonce-{number}") for number in range(count)]


def stored(endpoint: Live) -> dict[str, tuple[str, str]]:
    """Nonce and revision of each inventory record, as an independent client sees them."""
    found = endpoint.client.scan(TableName=NAME, ConsistentRead=True)["Items"]
    records = {item["record"]["S"]: item for item in found if item["record"]["S"].startswith("table#")}
    return {name.removeprefix("table#"): (one["nonce"]["S"], one["revision"]["N"]) for name, one in records.items()}


def test_many_records_are_written_in_two_requests_for_a_hundred(endpoint: Live, make: Make) -> None:
    store = make("one")
    store.acquire_lease()
    store._client.sent.clear()  # type: ignore[attr-defined]
    wanted = entries(101)
    written = store.put_entries(wanted)
    assert store._client.sent == ["TransactWriteItems", "BatchGetItem"] * 2  # type: ignore[attr-defined]
    assert [entry.name for entry in written] == [entry.name for entry in wanted]
    assert stored(endpoint) == {entry.name: (entry.nonce, "1") for entry in wanted}
    assert make("two").load().inventory == {entry.name: entry for entry in written}


def test_records_are_replaced_together_only_at_the_revision_that_was_read(endpoint: Live, make: Make) -> None:
    store, other = make("one"), make("other")
    store.acquire_lease()
    first, second = store.put_entries(entries(2))
    other.put_entry(replace(other.load().inventory[second.name], nonce="changed"))
    with pytest.raises(ConditionFailed):
        store.put_entries([replace(first, nonce="a"), replace(second, nonce="b")])
    assert stored(endpoint) == {first.name: ("nonce-0", "1"), second.name: ("changed", "2")}
    assert store.put_entry(replace(first, nonce="a")).revision == 2
    with pytest.raises(RecordChanged):
        store.put_entry(replace(second, nonce="b"))


def test_a_record_that_is_there_already_is_not_replaced(endpoint: Live, make: Make) -> None:
    store, other = make("one"), make("other")
    store.acquire_lease()
    other.put_entry(replace(entries(1)[0], nonce="theirs"))
    with pytest.raises(ConditionFailed):
        store.put_entries(entries(2))
    assert stored(endpoint) == {"t000": ("theirs", "1")}


def test_a_former_holder_writes_none_of_its_records(endpoint: Live, make: Make) -> None:
    former, later = make("former"), make("later")
    former.acquire_lease()
    written = former.put_entries(entries(2))
    later.revoke_lease()
    later.acquire_lease()
    taken = later.put_entries([replace(entry, nonce="later") for entry in written])
    with pytest.raises(ConditionFailed):
        # With the right revision, so that the fencing token alone refuses it.
        former.put_entries([replace(entry, nonce="former") for entry in taken])
    assert {nonce for nonce, _ in stored(endpoint).values()} == {"later"}
    with pytest.raises(LeaseLost):
        former.put_entry(replace(taken[0], nonce="former"))


def test_a_transaction_that_was_confirmed_and_not_applied_proves_nothing(endpoint: Live, make: Make) -> None:
    def swallowed(send: Send, operation: str, params: Mapping[str, Any]) -> Answer:
        return {} if operation == "TransactWriteItems" else send(operation, params)

    store = make("one", swallowed)
    store.acquire_lease()
    assert store.put_entries(entries(3)) == ()
    assert stored(endpoint) == {}


def test_another_item_than_the_one_that_was_written_proves_nothing(make: Make) -> None:
    def damaged(send: Send, operation: str, params: Mapping[str, Any]) -> Answer:
        answer = send(operation, params)
        if operation == "BatchGetItem":
            answer["Responses"][NAME][0]["nonce"] = {"S": "of somebody else"}
            damaged_names.append(answer["Responses"][NAME][0]["name"]["S"])
        return answer

    damaged_names: list[str] = []
    store = make("one", damaged)
    store.acquire_lease()
    written = {entry.name for entry in store.put_entries(entries(3))}
    assert written == {"t000", "t001", "t002"} - set(damaged_names)


def test_records_that_were_not_read_back_are_not_proven(endpoint: Live, make: Make) -> None:
    def unprocessed(send: Send, operation: str, params: Mapping[str, Any]) -> Answer:
        if operation != "BatchGetItem":
            return send(operation, params)
        keys = params["RequestItems"][NAME]["Keys"]
        answer = send(operation, {"RequestItems": {NAME: {**params["RequestItems"][NAME], "Keys": keys[:1]}}})
        return {**answer, "UnprocessedKeys": {NAME: {"Keys": keys[1:]}}}

    store = make("one", unprocessed)
    store.acquire_lease()
    wanted = entries(3)
    assert [entry.name for entry in store.put_entries(wanted)] == ["t000"]
    assert store.put_entry(wanted[1]).revision == 1, "its own write is accepted when it is written again"
    assert stored(endpoint)["t001"] == ("nonce-1", "1")


def test_a_record_is_written_again_after_a_lost_response_of_its_transaction(endpoint: Live, make: Make) -> None:
    def lost(send: Send, operation: str, params: Mapping[str, Any]) -> Answer:
        answer = send(operation, params)
        if operation == "TransactWriteItems":
            raise Ambiguous(operation, "ReadTimeoutError", "no response")
        return answer

    store = make("one", lost)
    store.acquire_lease()
    wanted = entries(2)
    with pytest.raises(Ambiguous):
        store.put_entries(wanted)
    assert [store.put_entry(entry).revision for entry in wanted] == [1, 1]
    assert stored(endpoint) == {"t000": ("nonce-0", "1"), "t001": ("nonce-1", "1")}
