"""The checks of the fault campaigns work: each forbidden call is reported, and each allowed one is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from faults.journal import RENEWAL, Tally, effects, quiet_violations, violations, writes
from faults.scenario import Run, Scenario
from support.proxy import Recorded

STATE = "reconciler_state"
SCENARIO = Scenario("s", Run({}), ends={"users": 0}, may_delete=frozenset({"old"}))


def call(operation: str, table: str = "users", **members: Any) -> Recorded:
    return Recorded(operation, {"TableName": table, **members}, 200)


def record(operation: str, name: str) -> Recorded:
    member = "Item" if operation == "PutItem" else "Key"
    return call(operation, STATE, **{member: {"scope": {"S": "default/default"}, "record": {"S": name}}})


FREE = "attribute_not_exists(#key)"


def transaction(*conditions: str | None) -> Recorded:
    puts = [{"Put": {"TableName": "users", "ConditionExpression": condition}} for condition in conditions]
    return Recorded("TransactWriteItems", {"TransactItems": puts}, 200)


def batch(*names: str) -> Recorded:
    parts = [{"DeleteRequest": {"Key": {"scope": {"S": "default/default"}, "record": {"S": name}}}} for name in names]
    return Recorded("BatchWriteItem", {"RequestItems": {STATE: parts}}, 200)


TAKEN = record("PutItem", "lease")
LEASE = replace(TAKEN, body={**TAKEN.body, "ConditionExpression": RENEWAL})
LOOK, DELETE = call("DescribeTable", "old"), call("DeleteTable", "old")
READ = record("GetItem", "lease")
ENTRY = record("PutItem", "table#old")
ENDING = replace(ENTRY, body={**ENTRY.body, "Item": {**ENTRY.body["Item"], "ending_at": {"S": "2026-01-01"}}})
CONDITION = {"ConditionExpression": "attribute_not_exists(#key)"}
OFF = {"DeletionProtectionEnabled": False}
TWO = {"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "a"}}, {"Delete": {"IndexName": "b"}}]}
FORBIDDEN = {
    "a table that is not the scenario's to delete": ([call("DescribeTable"), LEASE, call("DeleteTable")], "I1"),
    "the state table is deleted": ([call("DescribeTable", STATE), LEASE, call("DeleteTable", STATE)], "I1"),
    "no look before a delete": ([LEASE, DELETE], "I4"),
    "no look at the lease before a delete": ([LOOK, DELETE], "I4"),
    "the lease is only read before a delete": ([LOOK, READ, DELETE], "I4"),
    "a renewal that was refused": ([LOOK, replace(LEASE, status=400), DELETE], "I4"),
    "the lease is renewed before the last look": ([LEASE, LOOK, DELETE], "I4"),
    "a second delete by the same decision": ([LOOK, LEASE, DELETE, DELETE], "I4"),
    "the lease is taken after the last look": ([LOOK, TAKEN, LEASE, DELETE], "I4"),
    "the entry is written after the last look": ([LOOK, LEASE, ENTRY, DELETE], "I4"),
    "the delete is announced without a look": ([ENDING, LEASE, DELETE], "I4"),
    "the delete is announced after the lease was renewed": ([LOOK, LEASE, ENDING, DELETE], "I4"),
    "the announcement was refused": ([LOOK, replace(ENDING, status=400), LEASE, DELETE], "I4"),
    "a second delete by the same announcement": ([LOOK, ENDING, LEASE, DELETE, LEASE, DELETE], "I4"),
    "an item is written without a condition": ([call("PutItem")], "I5"),
    "an item is removed without a condition": ([call("DeleteItem")], "I5"),
    "items are written wholesale": ([Recorded("BatchWriteItem", {"RequestItems": {"users": []}}, 200)], "I5"),
    "a transaction that overwrites": ([transaction(FREE, None)], "I5"),
    "a transaction that removes": (
        [Recorded("TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": "users"}}]}, 200)],
        "I5",
    ),
    "protection is switched off": ([call("UpdateTable", **OFF)], "I7"),
    "two indexes in one call": ([call("UpdateTable", **TWO)], "I9"),
    "a table of others is changed": ([call("UpdateTimeToLive", "strangers")], "not of this stack"),
}
ALLOWED = {
    "a delete after looking at table and lease": [LOOK, LEASE, DELETE],
    "a delete that its entry announces after the look": [LOOK, ENDING, LEASE, DELETE],
    "a delete while another table and its entry are written": [
        *(LOOK, LEASE, record("PutItem", "table#users"), call("CreateTable"), DELETE)
    ],
    "two deletes by two decisions": [LOOK, LEASE, DELETE, LOOK, LEASE, DELETE],
    "an item under a condition": [call("PutItem", **CONDITION)],
    "items where their keys are free, in a transaction": [transaction(FREE, FREE)],
    "records and history": [
        record("PutItem", "table#users"),
        record("PutItem", "run#1"),
        record("UpdateItem", "lease"),
    ],
    "a table is created without protection": [call("CreateTable", **OFF)],
    "throughput of two indexes": [call("UpdateTable", GlobalSecondaryIndexUpdates=[{"Update": {}}, {"Update": {}}])],
}


@pytest.mark.parametrize("case", FORBIDDEN)
def test_what_may_never_be_done_is_named(case: str) -> None:
    calls, messages = FORBIDDEN[case]
    (sentence,) = violations(calls, SCENARIO)
    assert messages in sentence


@pytest.mark.parametrize("case", ALLOWED)
def test_what_may_be_done_is_not(case: str) -> None:
    assert list(violations(ALLOWED[case], SCENARIO)) == []


def test_a_pass_with_nothing_to_do_may_write_lease_and_history_alone() -> None:
    allowed = [record("PutItem", "lease"), record("PutItem", "run#1"), record("UpdateItem", "lease"), LOOK]
    allowed.append(batch("run#1", "run#2"))
    assert list(quiet_violations(allowed)) == []
    records = (record("PutItem", "table#users"), record("DeleteItem", "seed#users"), batch("run#1", "table#users"))
    for wrong in (*records, call("UpdateTable")):
        assert len(list(quiet_violations([*allowed, wrong]))) == 1


def test_a_lease_renewal_has_no_call_number() -> None:
    run = [record("PutItem", "lease"), call("CreateTable"), record("PutItem", "lease"), record("UpdateItem", "lease")]
    tally = Tally()
    assert [tally.number(request) for request in run] == [1, 2, None, 3]
    assert writes(run) == 3


def test_effects_are_the_changes_of_user_tables() -> None:
    refused = Recorded("PutItem", {"TableName": "users"}, 400)
    run = [call("CreateTable"), call("PutItem"), call("PutItem"), refused, record("PutItem", "table#users"), LOOK]
    assert effects(run) == {("CreateTable", "users"): 1, ("PutItem", "users"): 2}
