"""The JSON document of a pass, key by key."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from support.reports import NOON, a_report, a_table, blocked, deferred, in_sync, missing

from reconciler.model.errors import Problem
from reconciler.model.identity import Flavor, Identity
from reconciler.model.json_values import plain, timestamp
from reconciler.model.position import Position
from reconciler.model.report import LeftInPlace, TableStatus
from reconciler.presentation.document import document


def test_the_document_of_a_fresh_endpoint() -> None:
    assert document(a_report(missing())) == {
        "format_version": "1.0",
        "pass_id": "p-1",
        "trigger": "preview",
        "started": "2026-11-22T12:00:00Z",
        "finished": "2026-11-22T12:00:00Z",
        "stack": "default",
        "environment": "default",
        "endpoint": {
            "url": "http://localhost:8000",
            "region": "us-east-1",
            "account": "000000000000",
            "flavor": "dynamodb-local",
        },
        "verdict": "drifted",
        "suspended": False,
        "summary": {
            "declared": 1,
            "in_sync": 0,
            "create": 1,
            "update": 0,
            "replace": 0,
            "delete": 0,
            "seed": 1,
            "blocked": 0,
            "deferred": 0,
            "unsupported": 0,
            "migrating": 0,
            "released": 0,
            "failed": 0,
        },
        "tables": [
            {
                "name": "users",
                "declaration": "table_configs/users_table.py:12",
                "status": "missing",
                "error": None,
                "changes": [
                    {
                        "facet": "keys",
                        "path": "keys",
                        "before": None,
                        "after": [{"attribute": "pk", "role": "HASH", "type": "S"}],
                        "unsafe": None,
                    }
                ],
                "steps": [
                    {
                        "action": "create",
                        "facet": "table",
                        "operation": "CreateTable",
                        "request": {"TableName": "users"},
                        "status": "ready",
                        "reason": None,
                        "message": None,
                        "allow_with": None,
                        "not_before": None,
                    },
                    {
                        "action": "seed",
                        "facet": "seed",
                        "operation": None,
                        "request": {},
                        "status": "ready",
                        "reason": None,
                        "message": "2 items from seeds/users.json",
                        "allow_with": None,
                        "not_before": None,
                    },
                ],
            }
        ],
        "errors": [],
        "warnings": [],
        "error": None,
    }


def test_a_blocked_step_has_its_code_its_sentence_and_the_way_out() -> None:
    step = document(a_report(blocked()))["tables"][0]["steps"][0]
    assert (step["status"], step["reason"], step["message"]) == ("blocked", "data_loss", "the table holds items")
    assert step["allow_with"] == "RECONCILER_DATA_LOSS=allow reconciler up users"


def test_a_deferred_step_has_its_time() -> None:
    assert document(a_report(deferred()))["tables"][0]["steps"][0]["not_before"] == "2026-11-22T12:00:00Z"


def test_tables_are_sorted_by_name() -> None:
    tables = document(a_report(in_sync("b"), in_sync("a"), in_sync("c")))["tables"]
    assert [table["name"] for table in tables] == ["a", "b", "c"]


def test_nothing_at_all_is_lists_not_nulls() -> None:
    whole = document(a_report(endpoint=None, error="no answer"))
    assert (whole["tables"], whole["errors"], whole["warnings"]) == ([], [], [])
    assert (whole["endpoint"], whole["error"], whole["verdict"]) == (None, "no answer", "error")


def test_problems_keep_their_place() -> None:
    problem = Problem("users_table.py", Position(7, 5), "key_schema", "is empty", "Name a HASH key.")
    assert document(a_report(problems=(problem,)))["errors"] == [
        {
            "file": "users_table.py",
            "line": 7,
            "column": 5,
            "field": "key_schema",
            "reason": "is empty",
            "remedy": "Name a HASH key.",
        }
    ]


PLAIN: dict[str, tuple[Any, Any]] = {
    "bytes are base64": (b"\x00\xff", "AP8="),
    "a Decimal is number text": (Decimal("1.50"), "1.50"),
    "a set is a sorted list": (frozenset({"b", "a"}), ["a", "b"]),
    "a mixed set is sorted all the same": ({2, "a"}, [2, "a"]),
    "a tuple is a list": ((1, (2,)), [1, [2]]),
    "an enumeration is its value": (Flavor.MOTO, "moto"),
    "a time has Z": (NOON, "2026-11-22T12:00:00Z"),
    "nested members too": ({"a": {"b": b"x"}}, {"a": {"b": "eA=="}}),
    "a key that is no text becomes one": ({1: True}, {"1": True}),
    "infinity is a text, JSON has none": (float("inf"), "inf"),
    "a frozen type is its members": (Identity(None, "arn", "t"), {"table_id": None, "arn": "arn", "created": "t"}),
    "anything else is its text": (timedelta(seconds=1), "0:00:01"),
}


@pytest.mark.parametrize("fact", PLAIN)
def test_in_json(fact: str) -> None:
    value, expected = PLAIN[fact]
    assert plain(value) == expected
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == expected


def test_times_are_shown_in_utc() -> None:
    assert timestamp(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == "2026-01-01T00:00:00Z"
    assert timestamp(datetime(2026, 1, 1, 1, 2, 3, 4000, tzinfo=UTC)) == "2026-01-01T01:02:03.004000Z"
    assert timestamp(None) is None


def test_what_is_left_in_place_is_there_only_if_something_is() -> None:
    left = LeftInPlace("ttl", "no longer declared, left in place", "time_to_live: {enabled: false}")
    told = document(a_report(a_table("users", TableStatus.IN_SYNC, left_in_place=(left,))))
    assert told["tables"][0]["left_in_place"] == [
        {
            "path": "ttl",
            "why": "no longer declared, left in place",
            "remove_with": "time_to_live: {enabled: false}",
            "cost": None,
        }
    ]
    assert told["verdict"] == "in_sync"
    assert "left_in_place" not in document(a_report(in_sync()))["tables"][0]
