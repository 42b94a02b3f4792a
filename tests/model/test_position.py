"""A line that knows its column: a number for everything that counts lines, a place for everything that shows one."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from reconciler.model.errors import Problem
from reconciler.model.position import Position, column_of, located, packed, position_at, unpacked


def test_it_is_the_number_of_the_line() -> None:
    place = Position(3, 7)
    assert (place, f"{place}", json.dumps(place), {place: 1}[3]) == (3, "3", "3", 1)
    assert place < Position(4, 1)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda place: pickle.loads(pickle.dumps(place))])  # noqa: S301
def test_a_copy_keeps_the_column(copied: object) -> None:
    assert column_of(copied(Position(3, 7))) == 7  # type: ignore[operator]


@pytest.mark.parametrize("line", [None, 3, Position(3, 7)])
def test_what_is_stored_is_read_back_with_its_column(line: int | None) -> None:
    found = unpacked(json.loads(json.dumps(packed(line))))
    assert (found, column_of(found)) == (line, column_of(line))


def test_a_place_names_what_is_known() -> None:
    assert [located("a.yaml", each) for each in (None, 3, Position(3, 7))] == ["a.yaml", "a.yaml:3", "a.yaml:3:7"]


def test_an_offset_has_its_line_and_counts_characters() -> None:
    text = "ä: 1\nöü: 2\n"
    found = [position_at(text, offset) for offset in (0, 3, 5, 9)]
    assert [(int(each), each.column) for each in found] == [(1, 1), (1, 4), (2, 1), (2, 5)]


def test_a_problem_says_line_and_column() -> None:
    problem = Problem("a.yaml", Position(3, 7), "ttl", "is empty", "Give it a value.")
    assert (str(problem), problem.column) == ("a.yaml:3:7: ttl: is empty. Give it a value.", 7)
    assert Problem("a.yaml", 3, None, "is empty", "Fill it.").column is None
