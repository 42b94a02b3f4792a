"""What counts as a difference between the items of a table and expected ones."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.pytest_plugin.items import differences, typed

LIVE = (
    {"pk": "1", "name": "Ada", "age": 36},
    {"pk": "2", "name": "Bob", "tags": {"vip": True}},
)


def lines(*expected: dict[str, Any], subset: bool = False, ignore: tuple[str, ...] = ()) -> tuple[str, ...]:
    wanted = [typed(item) for item in expected]
    return differences("users", [typed(item) for item in LIVE], wanted, ("pk",), subset=subset, ignore=ignore)


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param({"pk": "1"}, id="further items and attributes"),
        pytest.param({"pk": "1", "age": 36}, id="a further attribute"),
        pytest.param({"pk": "2", "tags": {"vip": True}}, id="a nested value that is equal"),
    ],
)
def test_a_subset_names_what_must_be_there(expected: dict[str, Any]) -> None:
    assert lines(expected, subset=True) == ()
    assert lines(expected) != ()


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        pytest.param({"pk": "1", "age": 37}, "age: 36 → 37", id="another value"),
        pytest.param({"pk": "1", "email": "a@b"}, 'email: none → "a@b"', id="an attribute that is not there"),
        pytest.param({"pk": "2", "tags": {}}, "tags: ", id="a part of a nested value"),
        pytest.param({"pk": "3"}, '+ pk="3"  is missing', id="an item that is not there"),
    ],
)
def test_a_subset_fails_where_something_of_it_is_not_there(expected: dict[str, Any], line: str) -> None:
    found = lines(expected, subset=True)
    assert line in "\n".join(found)
    assert "name" not in "\n".join(found), "only what is expected is compared"


def test_without_subset_everything_is_compared() -> None:
    assert lines(*LIVE) == ()
    assert '- pk="2"' in "\n".join(lines(LIVE[0]))
    assert lines({"pk": "1", "age": 36}, LIVE[1], ignore=("name",)) == ()
