"""The order of migrations: pending, applied, changed, missing, gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from mover.migrations import migration

from reconciler.model.identity import Identity
from reconciler.model.records import ItemMigration
from reconciler.mover.migration_order import order_of

AT = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)
HERE, OTHER = Identity("1", "arn:users", "2026"), Identity("2", "arn:users", "2027")
A, B, C = (migration(name) for name in ("0001_a", "0002_b", "0003_c"))


def record(file, **members):
    made = ItemMigration(file.name, "users", HERE, file.checksum, "up", 1, "me", AT, AT)
    return replace(made, **members)


def states(files, *records):
    order = order_of(files, {each.name: each for each in records}, {"users": "users"}, {"users": HERE})
    return [(state.name, state.status.value) for state in order.states], [str(each) for each in order.problems]


def test_what_has_no_record_is_pending_in_order():
    assert states((C, A, B)) == ([("0001_a", "pending"), ("0002_b", "pending"), ("0003_c", "pending")], [])


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({}, "applied"),
        ({"finished": None}, "started"),
        ({"finished": None, "checksum": "other"}, "started"),
        ({"finished": None, "direction": "down"}, "reverting"),
        ({"direction": "down"}, "reverting"),
        ({"identity": OTHER}, "pending"),
        ({"table": "projects"}, "pending"),
    ],
)
def test_the_record_tells_the_status(members, status):
    assert states((A,), record(A, **members)) == ([("0001_a", status)], [])


def test_a_changed_applied_file_is_an_error_that_says_what_to_do():
    found, problems = states((A,), record(A, checksum="other"))
    assert found == [("0001_a", "changed")]
    assert problems == [
        (
            "../migrations/0001_a.py: was changed after it was applied to users (2026-11-29 12:30 UTC, by me). "
            "Restore the file, and write the change as a new migration: `reconciler migrate new NAME`."
        )
    ]


def test_a_missing_applied_file_is_an_error():
    _, problems = states((A, C), record(A), record(B), record(C))
    assert problems == [
        (
            "../migrations/0003_c.py: follows 0001_a, so that 0002 is missing. "
            "Add the missing file, or rename this one to 0002_….py."
        ),
        (
            "../migrations/0002_b.py: is gone, but it was applied to users (2026-11-29 12:30 UTC, by me). "
            "Restore the file."
        ),
    ]


def test_old_applied_files_may_be_removed():
    assert states((B, C), record(A), record(B)) == (
        [("0001_a", "missing"), ("0002_b", "applied"), ("0003_c", "pending")],
        [],
    )


def test_a_pending_file_before_an_applied_one_is_an_error():
    _, problems = states((A, B, C), record(A), record(C))
    assert problems == ["../migrations/0002_b.py: is pending, but the later 0003_c is applied. Rename it to 0004_….py."]


def test_after_its_table_was_created_again_a_migration_is_pending_whatever_is_applied():
    found, problems = states((A, B), record(A, identity=OTHER), record(B))
    assert (found, problems) == ([("0001_a", "pending"), ("0002_b", "applied")], [])


def test_two_files_of_one_number_are_an_error():
    _, problems = states((A, migration("0001_other")))
    assert problems == ["../migrations/0001_other.py: has the number of 0001_a. Rename one of them to 0002_….py."]


def test_the_first_number_is_free():
    assert states((migration("0041_x"), migration("0042_y")))[1] == []
