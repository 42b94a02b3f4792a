"""What the state table asks the service for: every write that matters under its condition, every read consistent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.fakes import FakeClock

from reconciler.model.errors import ConditionFailed, StateError
from reconciler.model.records import InventoryEntry, Lease
from reconciler.state.attribute_values import Unreadable, encode
from reconciler.state.client import query
from reconciler.state.fields import Fields
from reconciler.state.lease import LeaseRecord
from reconciler.state.record_types import ENTRIES, LEASES
from reconciler.state.schema import create_request, has_state_table_keys
from reconciler.state.snapshot import ReadRecords, snapshot_of
from reconciler.state.state_table import StateTable

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FREE = Lease("dead", 7, NOW - timedelta(hours=1), released=True)
REFUSED = ConditionFailed("PutItem", "ConditionalCheckFailedException", "no")
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
LIVE = {
    "TableName": "reconciler_state",
    "TableStatus": "ACTIVE",
    "TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/reconciler_state",
    "TableId": "1",
    "CreationDateTime": CREATED,
    **{key: create_request("reconciler_state").params[key] for key in ("KeySchema", "AttributeDefinitions")},
}


class Noted:
    """A client that notes every request; ``answers`` are by operation, one after another, the last for ever.

    What was put is got from then on.
    """

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.kept: dict[str, Any] | None = None
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append((operation, dict(params)))
        if operation == "GetItem" and self.kept is not None:
            return {"Item": self.kept}
        waiting = self.answers.get(operation, [{}])
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        if operation == "PutItem":
            self.kept = dict(params["Item"])
        return dict(answer)

    def of(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self.requests if name == operation]


def lease(client: Noted, clock: FakeClock | None = None) -> LeaseRecord:
    return LeaseRecord(client, "reconciler_state", "default/default", holder="one", clock=clock or FakeClock(NOW))


def stored(record: Lease) -> dict[str, Any]:
    return {"Item": encode({"scope": "default/default", "record": "lease", **LEASES.write(record)})}


def test_the_first_lease_is_taken_only_where_there_is_none() -> None:
    client = Noted()
    taken = lease(client).acquire()
    assert taken is not None
    assert (taken.holder, taken.token, taken.expires) == ("one", 1, NOW + timedelta(seconds=30))
    assert [read["ConsistentRead"] for read in client.of("GetItem")] == [True, True]
    (put,) = client.of("PutItem")
    assert put["ConditionExpression"] == "attribute_not_exists(#record)"


def test_a_free_lease_is_acquired_only_unchanged_and_with_a_higher_token() -> None:
    client = Noted(GetItem=[stored(FREE)])
    taken = lease(client).acquire()
    assert taken is not None
    assert (taken.holder, taken.token) == ("one", 8)
    (put,) = client.of("PutItem")
    assert {"#holder = :holder", "#token = :token"} <= set(put["ConditionExpression"].split(" AND "))
    assert put["ExpressionAttributeValues"][":token"] == {"N": "7"}
    assert put["Item"]["token"] == {"N": "8"}


def test_the_second_process_does_not_get_a_free_lease() -> None:
    taken = Lease("two", 8, NOW + timedelta(seconds=30))
    record = lease(Noted(GetItem=[stored(FREE), stored(taken)], PutItem=[REFUSED]))
    assert record.acquire() is None
    assert not record.holds()


def test_a_valid_lease_of_another_holder_is_not_taken() -> None:
    client = Noted(GetItem=[stored(Lease("two", 8, NOW + timedelta(seconds=1)))])
    assert lease(client).acquire() is None
    assert client.of("PutItem") == []


def test_a_lease_is_released_only_by_its_holder() -> None:
    client = Noted()
    record = lease(client)
    record.acquire()
    record.release()
    (update,) = client.of("UpdateItem")
    assert update["ConditionExpression"] == "#holder = :holder AND #token = :token"
    assert update["ExpressionAttributeValues"][":token"] == {"N": "1"}


def test_whether_a_lease_is_held_is_read_from_the_state_table() -> None:
    client = Noted(PutItem=[{}, {}, REFUSED])
    record = lease(client)
    record.acquire()
    assert record.holds()
    assert set(client.of("PutItem")[-1]["ConditionExpression"].split(" AND ")) == {
        "#holder = :holder",
        "#token = :token",
    }
    assert not record.holds(), "somebody has taken it over"
    asked = len(client.requests)
    assert not record.holds()
    assert len(client.requests) == asked, "what was lost is not asked about again"


def test_an_expired_lease_counts_as_free_without_a_read() -> None:
    clock = FakeClock(NOW)
    client = Noted()
    record = lease(client, clock)
    record.acquire()
    clock.advance(30)
    asked = len(client.requests)
    assert not record.holds()
    assert not record.lasts()
    assert len(client.requests) == asked


def test_records_that_were_written_together_are_read_back_consistently() -> None:
    client = Noted(BatchGetItem=[{"Responses": {}, "UnprocessedKeys": {}}])
    store = StateTable(client, "reconciler_state", "default/default", holder="one", clock=FakeClock(NOW))
    assert store.put_entries([InventoryEntry(name, name, "intent", "n") for name in ("orders", "users")]) == ()
    (read,) = client.of("BatchGetItem")
    assert read["RequestItems"]["reconciler_state"]["ConsistentRead"] is True


def test_all_pages_of_records_are_read_consistently() -> None:
    client = Noted(Query=[{"Items": [{"a": 1}], "LastEvaluatedKey": {"k": 1}}, {"Items": [{"a": 2}]}])
    assert list(query(client, {"TableName": "t"})) == [{"a": 1}, {"a": 2}]
    assert [page["ConsistentRead"] for page in client.of("Query")] == [True, True]
    assert client.of("Query")[1]["ExclusiveStartKey"] == {"k": 1}


def test_a_record_of_a_kind_that_this_version_does_not_know_stops_everything() -> None:
    entry = ENTRIES.write(InventoryEntry("users", "users", "created", "n"))
    known = {"scope": "default/default", "record": "table#users", **entry}
    assert snapshot_of([encode(known)], "s").inventory["users"].ownership == "created"
    with pytest.raises(StateError, match=r"default/default / table#users .* ownership is 'inherited'; expected one of"):
        snapshot_of([encode(known | {"ownership": "inherited"})], "s")


def test_a_time_without_its_zone_is_not_treated_as_local() -> None:
    with pytest.raises(Unreadable, match="at is a time without a time zone"):
        Fields({"at": "2026-11-22T12:00:00"}).time("at")


KEYS = {
    "its own": (("scope", "record"), ("S", "S"), True),
    "a table of an application": (("pk", "sk"), ("S", "S"), False),
    "a number for its range": (("scope", "record"), ("S", "N"), False),
    "keys the other way round": (("record", "scope"), ("S", "S"), False),
}


@pytest.mark.parametrize("case", KEYS)
def test_a_state_table_is_known_by_its_keys(case: str) -> None:
    (first, second), types, known = KEYS[case]
    table = {
        "KeySchema": [{"AttributeName": first, "KeyType": "HASH"}, {"AttributeName": second, "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in zip((first, second), types, strict=True)
        ],
    }
    assert has_state_table_keys(table) is known


def test_the_state_table_is_protected_and_on_demand() -> None:
    request = create_request("reconciler_state").params
    assert request["DeletionProtectionEnabled"] is True
    assert request["BillingMode"] == "PAY_PER_REQUEST"


def fingerprints(client: Noted) -> list[dict[str, Any]]:
    return [put for put in client.of("PutItem") if put["Item"]["record"] == {"S": "fingerprint"}]


def test_the_fingerprint_is_written_once_and_never_overwritten() -> None:
    client = Noted(DescribeTable=[{"Table": LIVE}], Scan=[{"Items": []}])
    store = StateTable(client, "reconciler_state", "default/default", holder="one", clock=FakeClock(NOW))
    assert store.ensure().recorded_fingerprint is not None
    (put,) = fingerprints(client)
    assert put["ConditionExpression"] == "attribute_not_exists(#record)"
    recorded = Noted(DescribeTable=[{"Table": LIVE | {"TableId": "2"}}], Scan=[{"Items": [put["Item"]]}])
    store = StateTable(recorded, "reconciler_state", "default/default", holder="one", clock=FakeClock(NOW))
    snapshot = store.ensure()
    assert fingerprints(recorded) == []
    assert snapshot.recorded_fingerprint != snapshot.actual_fingerprint


def test_an_equal_item_is_the_same_record_and_any_other_is_read_anew():
    known = {
        "scope": "shop/dev",
        "record": "table#users",
        **ENTRIES.write(InventoryEntry("users", "users", "created", "n")),
    }
    records = ReadRecords()

    def entry(**members):
        return snapshot_of([encode({**known, **members})], "s", records).inventory["users"]

    first = entry()
    assert entry() is first
    newer = entry(revision=2)
    assert (newer == first, newer is first, newer.revision) == (True, False, 2)
    assert entry(later="a member of a newer version").unknown
    assert entry().revision == first.revision
    assert snapshot_of([], "s", records).inventory == {}
    assert entry() is not first
    with pytest.raises(StateError):
        entry(ownership="inherited")
