"""One and the same table, or another of its name: by TableId where there is one, else by ARN and time of creation."""

from __future__ import annotations

import pytest

from reconciler.model.identity import Identity

ARN, BORN = "arn:aws:dynamodb:ddblocal:000000000000:table/users", "2026-01-01T00:00:00+00:00"
LATER = "2026-01-01T00:00:00.001000+00:00"
PAIRS: dict[str, tuple[Identity, Identity | None, bool]] = {
    "one TableId": (Identity("1", ARN, BORN), Identity("1", ARN, LATER), True),
    "two TableIds": (Identity("1", ARN, BORN), Identity("2", ARN, BORN), False),
    "no TableId, one moment": (Identity(None, ARN, BORN), Identity(None, ARN, BORN), True),
    "no TableId, a millisecond later": (Identity(None, ARN, BORN), Identity(None, ARN, LATER), False),
    "no TableId, another Region": (
        Identity(None, ARN, BORN),
        Identity(None, ARN.replace("ddblocal", "eu"), BORN),
        False,
    ),
    "a TableId on one side, one moment": (Identity("1", ARN, BORN), Identity(None, ARN, BORN), True),
    "a TableId on one side, another moment": (Identity("1", ARN, BORN), Identity(None, ARN, LATER), False),
    "nothing recorded": (Identity("1", ARN, BORN), None, False),
}


@pytest.mark.parametrize("case", PAIRS)
def test_two_identities_are_of_one_table(case: str) -> None:
    one, other, same = PAIRS[case]
    assert one.same(other) is same
