"""``where`` evaluated for an item: true, false, or unknown; never certain where the service might decide otherwise."""

from __future__ import annotations

import pytest

from reconciler.mover.ports import Where
from reconciler.mover.where_expression import holds

ITEM = {"s": {"S": "abc"}, "n": {"N": "10"}, "t": {"BOOL": True}, "set": {"SS": ["a", "b"]}}
NAMES = {"#s": "s", "#gone": "gone"}
VALUES = {
    ":abc": {"S": "abc"},
    ":ab": {"S": "ab"},
    ":ten": {"N": "10.0"},
    ":nine": {"N": "9"},
    ":S": {"S": "S"},
    ":set": {"SS": ["b", "a"]},
}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("attribute_exists(s)", True),
        ("attribute_exists(#gone)", False),
        ("attribute_not_exists(#gone)", True),
        ("attribute_not_exists ( s )", False),
        ("#s = :abc", True),
        ("s<>:abc", False),
        ("gone = :abc", False),
        ("gone <> :abc", True),
        ("n = :ten", True),
        ("set = :set", True),
        ("n > :nine AND n >= :ten AND n <= :ten", True),
        ("n < :nine", False),
        ("gone < :nine", False),
        ("s > :ab", True),
        ("s > :nine", None),
        ("NOT s = :abc", False),
        ("NOT (s = :ab OR n = :nine)", True),
        ("s = :ab OR n = :ten", True),
        ("s = :ab and n = :ten", False),
        ("begins_with(s, :ab)", True),
        ("begins_with(#gone, :ab)", False),
        ("begins_with(n, :ab)", False),
        ("attribute_type(s, :S)", True),
        ("attribute_type(n, :S)", False),
        ("s IN (:ab, :abc)", True),
        ("s IN (:ab)", False),
        ("n BETWEEN :nine AND :ten", None),
        ("size(s) > :nine", None),
        ("contains(s, :ab)", None),
        ("m.a = :abc", None),
        ("l[0] = :abc", None),
        ("s = :unknown", None),
        ("#unknown = :abc", None),
        ("s = ", None),
        ("s = :abc s", None),
        ("attribute_exists(s", None),
        ("contains(s, :ab) AND s = :ab", None),
        ("size(s) > :nine OR s = :abc", None),
        ("", None),
        ("s ! :abc", None),
    ],
)
def test_an_expression_holds_or_not_or_is_unknown(expression, found):
    assert holds(Where(expression, NAMES, VALUES), ITEM) is found
