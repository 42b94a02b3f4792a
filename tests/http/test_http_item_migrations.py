"""Migrations of items in the API: their statuses, and what a run of them answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.http.item_migrations import entries, entry_of_result
from reconciler.model.errors import LeaseLost, Problem
from reconciler.model.identity import Identity
from reconciler.model.records import ItemMigration, MigrationChecksums
from reconciler.mover.migrate import MigrationResult

AT = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
HERE = Identity("1", "arn:users", "2026")
RECORD = ItemMigration("0001_a", "users", HERE, "abc", "up", 1, "me@host", AT, AT, {"changed": 2})
FILES = {"0001_a": MigrationChecksums("abc", "body")}


def shown(files, *records, live=HERE):
    made = entries(files, {record.name: record for record in records}, {"users": live} if live else {})
    return [(entry.name, entry.status) for entry in made]


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({}, "applied"),
        ({"finished": None}, "started"),
        ({"direction": "down"}, "reverting"),
        ({"checksum": "other"}, "changed"),
        ({"checksum": "other", "body": "body"}, "applied"),
        ({"checksum": "other", "body": "another"}, "changed"),
        ({"identity": Identity("2", "arn:users", "2027")}, "pending"),
    ],
)
def test_the_record_tells_the_status(members, status):
    assert shown(FILES, replace(RECORD, **members)) == [("0001_a", status)]


def test_all_are_listed_in_the_order_of_their_numbers():
    files = {"0010_z": MigrationChecksums("1"), "0002_b": MigrationChecksums("2")}
    assert shown(files, RECORD) == [("0001_a", "missing"), ("0002_b", "pending"), ("0010_z", "pending")]


def test_before_the_first_pass_the_record_counts():
    assert shown(FILES, RECORD, live=None) == [("0001_a", "applied")]


def test_an_entry_has_who_when_and_counts():
    (entry,) = entries(FILES, {"0001_a": RECORD}, {"users": HERE})
    assert (entry.table, entry.by, entry.started, entry.finished, entry.counts) == (
        "users",
        "me@host",
        AT,
        AT,
        {"changed": 2},
    )


def test_a_result_says_why_it_is_not_finished():
    problem = Problem("m.py", 3, "up()", "is wrong", "Correct it")
    error = LeaseLost("UpdateItem", "LeaseLost", "another reconciler")
    entry = entry_of_result(MigrationResult(RECORD, False, (problem,), error))
    assert (entry.status, entry.error) == (
        "started",
        "m.py:3: up(): is wrong. Correct it UpdateItem: LeaseLost: another reconciler",
    )
    assert entry_of_result(MigrationResult(RECORD, True)).status == "applied"
