"""Equal bytes are read once, for as long as they keep coming."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.aws.lean.known_answers import KEPT_SECONDS, KnownAnswers


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
