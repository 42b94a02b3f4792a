"""A failed case is shrunk as far as possible while it fails in the same way."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from campaigns.shrink import less, shown, shrunk


@dataclass(frozen=True)
class Part:
    name: str
    size: int = 0
    flag: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Case:
    parts: tuple[Part, ...]
    delay: float = 0.0


LARGE = Case((Part("a", 3), Part("b", 40, flag=True, note="x"), Part("c", 5, flag=True)), delay=7.0)


def two_flags_and_a_size(case: Case) -> None:
    assert sum(part.flag for part in case.parts) < 2 or max(part.size for part in case.parts) < 10, "too much: of it"


def test_everything_that_does_not_matter_is_left_out() -> None:
    case, text = shrunk(two_flags_and_a_size, LARGE)
    assert case == Case((Part("b", 10, flag=True), Part("c", flag=True)))
    assert text.splitlines()[0] == "too much: of it"


def test_what_is_not_valid_is_not_tried() -> None:
    case, _ = shrunk(two_flags_and_a_size, LARGE, valid=lambda one: len(one.parts) == 3)
    assert [part.name for part in case.parts] == ["a", "b", "c"]


def test_a_smaller_case_that_fails_in_another_way_is_rejected() -> None:
    def run(case: Case) -> None:
        assert case.parts, "nothing at all"
        assert case.delay < 5, "too slow"

    assert shrunk(run, LARGE)[0] == Case((Part("a"),), delay=5.0)


def test_a_case_that_holds_is_not_a_failure() -> None:
    with pytest.raises(ValueError, match="does not fail"):
        shrunk(lambda case: None, LARGE)


def test_numbers_go_down_by_halves_and_then_by_one() -> None:
    assert list(less(9)) == [0, 1, 4, 8]
    assert list(less(1)) == [0]
    assert list(less(False)) == []


def test_a_case_is_shown_without_its_defaults() -> None:
    assert shown(Case((Part("a", note="n"),))) == "Case(parts=(Part(name='a', note='n'),))"
