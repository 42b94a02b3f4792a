"""Equal bytes are read once, for as long as they keep coming."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from reconciler.aws.lean.known_answers import KEPT_SECONDS, SHARED, SHARED_SIZE, KnownAnswers


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def read() -> dict[str, Any]:
    return {"Table": {}}


def test_equal_bytes_of_one_operation_are_the_same_object() -> None:
    known = KnownAnswers()
    first = known.of("DescribeTable", b"{}", read)
    assert known.of("DescribeTable", bytes(bytearray(b"{}")), read) is first
    assert known.of("DescribeTable", b"{ }", read) is not first


def test_equal_bytes_of_another_operation_are_read_anew() -> None:
    known = KnownAnswers()
    known.of("DescribeTable", b"{}", read)
    assert known.of("ListTables", b"{}", lambda: {"TableNames": []}) == {"TableNames": []}


@pytest.mark.parametrize("operation", ["GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"])
def test_items_are_not_kept(operation: str) -> None:
    known = KnownAnswers()
    assert known.of(operation, b"{}", read) is not known.of(operation, b"{}", read)


def test_what_cannot_be_read_is_tried_again() -> None:
    known = KnownAnswers()

    def broken() -> dict[str, Any]:
        raise ValueError("garbled")

    with pytest.raises(ValueError, match="garbled"):
        known.of("DescribeTable", b"{", broken)
    assert known.of("DescribeTable", b"{", read) == {"Table": {}}


def test_what_does_not_come_again_is_forgotten_and_what_comes_is_kept() -> None:
    clock = Clock()
    known = KnownAnswers(clock)
    gone, kept = known.of("DescribeTable", b"1", read), known.of("DescribeTable", b"2", read)
    for number in range(100):
        clock.seconds += KEPT_SECONDS / 4
        assert known.of("DescribeTable", b"2", read) is kept
        known.of("DescribeTable", b"only once %d" % number, read)
    assert len(known._young) + len(known._old) <= 20
    assert known.of("DescribeTable", b"1", read) is not gone


KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}]


def described(name: str, keys: Any, **members: Any) -> dict[str, Any]:
    return {"Table": {"TableName": name, "KeySchema": [dict(key) for key in keys], **members}}


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ({"Part": {"A": 1}}, {"Part": {"A": 1}}, True),
        ({"Part": {"A": 1}}, {"Part": {"A": True}}, False),
        ({"Part": {"A": 1}}, {"Part": {"A": 1.0}}, False),
        ({"Part": {"A": "1"}}, {"Part": {"A": 1}}, False),
        ({"Part": {"A": 1, "B": 2}}, {"Part": {"B": 2, "A": 1}}, False),
        ({"Part": []}, {"Part": {}}, False),
        ({"Part": {"A": datetime(2026, 1, 1, tzinfo=UTC)}}, {"Part": {"A": datetime(2026, 1, 1, tzinfo=UTC)}}, True),
        ({"Part": {"A": b"1"}}, {"Part": {"A": "b'1'"}}, False),
        ({"Part": {"A": "x" * SHARED_SIZE}}, {"Part": {"A": "x" * SHARED_SIZE}}, False),
    ],
)
def test_equal_parts_of_two_answers_are_one_object(
    first: dict[str, Any], second: dict[str, Any], *, shared: bool
) -> None:
    known = KnownAnswers()
    one = known.of("DescribeTable", b"1", lambda: described("one", KEYS, **first))
    two = known.of("DescribeTable", b"2", lambda: described("two", KEYS, **second))
    assert one == described("one", KEYS, **first)
    assert two == described("two", KEYS, **second)
    assert one["Table"]["KeySchema"] is two["Table"]["KeySchema"]
    assert (one["Table"]["Part"] is two["Table"]["Part"]) is shared
    assert {type(each) for each in two["Table"]["Part"]} == {type(each) for each in second["Part"]}


def test_parts_of_indexes_are_shared_though_the_indexes_differ() -> None:
    known = KnownAnswers()

    def indexed(arn: str) -> dict[str, Any]:
        return {"Table": {"GlobalSecondaryIndexes": [{"IndexArn": arn, "KeySchema": [dict(key) for key in KEYS]}]}}

    one, two = (known.of("DescribeTable", arn.encode(), partial(indexed, arn)) for arn in ("arn:1", "arn:2"))
    assert one == indexed("arn:1")
    assert two == indexed("arn:2")
    mine, other = (each["Table"]["GlobalSecondaryIndexes"][0] for each in (one, two))
    assert mine["KeySchema"] is other["KeySchema"]


def test_few_parts_are_remembered() -> None:
    known = KnownAnswers()
    for number in range(SHARED + 10):
        known.of("DescribeTable", str(number).encode(), partial(described, "one", [], Part={"A": number}))
    last = SHARED + 9
    again = known.of("DescribeTable", b"again", partial(described, "two", [], Part={"A": last}))
    before = known.of("DescribeTable", str(last).encode(), read)
    assert again["Table"]["Part"] == before["Table"]["Part"] == {"A": last}
    assert again["Table"]["Part"] is not before["Table"]["Part"]
