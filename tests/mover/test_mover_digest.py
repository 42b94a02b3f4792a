"""The digest of a table: independent of order and notation, sensitive to every other difference."""

from __future__ import annotations

import random
from typing import Any

import pytest

from reconciler.mover.digest import BUCKETS, TableDigest, bucket_of, key_text

KEYS = ("customer", "id")


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"customer": {"S": f"c{number % 7}"}, "id": {"N": str(number)}, **more}


ITEMS = [item(number, total={"N": f"{number}.50"}) for number in range(200)]
EQUAL: dict[str, tuple[Any, Any]] = {
    "a number in another notation": ({"N": "1e2"}, {"N": "100"}),
    "zero": ({"N": "-0.0"}, {"N": "0"}),
    "38 digits": ({"N": "12345678901234567890123456789012345678"}, {"N": "1.2345678901234567890123456789012345678E37"}),
    "a set of strings": ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
    "a set of numbers": ({"NS": ["1", "2.0"]}, {"NS": ["2", "1.00"]}),
    "a set of binaries": ({"BS": [b"\x00", b"\xff"]}, {"BS": [b"\xff", b"\x00"]}),
    "a map in another order": (
        {"M": {"a": {"S": "1"}, "b": {"N": "2"}}},
        {"M": {"b": {"N": "2.0"}, "a": {"S": "1"}}},
    ),
}
DIFFERENT: dict[str, tuple[Any, Any]] = {
    "a string and a number": ({"S": "1"}, {"N": "1"}),
    "a string and its binary": ({"S": "a"}, {"B": b"a"}),
    "an empty and a missing string": ({"S": ""}, None),
    "null and an empty string": ({"NULL": True}, {"S": ""}),
    "a list in another order": ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
    "a set and a list": ({"SS": ["a"]}, {"L": [{"S": "a"}]}),
    "the last of 38 digits": (
        {"N": "12345678901234567890123456789012345678"},
        {"N": "12345678901234567890123456789012345679"},
    ),
    "a byte": ({"B": b"\x00"}, {"B": b"\x01"}),
}


def test_the_order_of_items_does_not_matter() -> None:
    shuffled = random.Random(1).sample(ITEMS, len(ITEMS))
    one, two = TableDigest(KEYS, ITEMS), TableDigest(KEYS, shuffled)
    assert one.hexdigest() == two.hexdigest()
    assert one.differing(two) == ()
    assert one.count == 200


@pytest.mark.parametrize("name", EQUAL)
def test_equal_values_are_equal(name: str) -> None:
    one, two = (TableDigest(KEYS, [item(1, value=value)]) for value in EQUAL[name])
    assert one.hexdigest() == two.hexdigest()


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_values_differ(name: str) -> None:
    one, two = (TableDigest(KEYS, [item(1) if value is None else item(1, value=value)]) for value in DIFFERENT[name])
    assert one.hexdigest() != two.hexdigest()
    assert one.differing(two) == (bucket_of(key_text(item(1), KEYS)),)


def test_a_missing_item_differs_in_its_bucket_alone() -> None:
    whole, less = TableDigest(KEYS, ITEMS), TableDigest(KEYS, ITEMS[1:])
    assert whole.differing(less) == less.differing(whole) == (bucket_of(key_text(ITEMS[0], KEYS)),)
    whole.remove(ITEMS[0])
    assert whole.hexdigest() == less.hexdigest()


def test_two_items_in_place_of_two_others_differ() -> None:
    """Neither the count nor an exclusive or would tell them apart."""
    twice = [item(3, value={"S": "x"}), item(3, value={"S": "x"})]
    none = [item(3, value={"S": "y"}), item(3, value={"S": "y"})]
    assert TableDigest(KEYS, twice).hexdigest() != TableDigest(KEYS, none).hexdigest()
    assert TableDigest(KEYS, twice).hexdigest() != TableDigest(KEYS).hexdigest()


def test_keys_spread_over_the_buckets() -> None:
    used = {bucket_of(key_text(item(number), KEYS)) for number in range(20_000)}
    assert len(used) == BUCKETS


def test_an_item_without_its_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        TableDigest(KEYS, [{"customer": {"S": "a"}}])
