"""The mutants fit the code, and the runner tells a kill from a survivor and from a run that proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mutant_check
import plant_mutants
import pytest
from mutant_places import Code, Killers
from mutant_run import ROOT, Scratch, scratches
from mutants.mutant import Mutant

EVERY: list[Any] = plant_mutants.mutants()
SYMBOL = "_table"
TEST = "test_policy_gate::test_an_empty_table_that_we_created_may_be_deleted_on_an_emulator"
OTHER_TEST = "test_policy_gate::test_a_seed_alone_needs_no_grace"


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with scratches(1) as (copy,):
        yield copy


@pytest.fixture(scope="module")
def code() -> Code:
    return Code.read(ROOT)


@pytest.fixture(scope="module")
def tests() -> Killers:
    return Killers(ROOT)


def mutant(**fields: Any) -> Mutant:
    """A mutant of the gate that blocks what may go, with any field as given."""
    whole: dict[str, Any] = {
        "name": "a made-up one",
        "at": SYMBOL,
        "old": "if facts.lifecycle.protect: ...",
        "new": "if not facts.lifecycle.protect: ...",
        "bug": "made up",
        "killers": (TEST,),
    }
    return Mutant(**{**whole, **fields})


def test_at_least_sixty_bugs_are_planted_under_names_of_their_own() -> None:
    names = Counter(each.name for each in EVERY)
    assert len(EVERY) >= 60
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("planted", EVERY, ids=[each.name for each in EVERY])
def test_its_code_and_tests_are_found_and_it_describes_its_bug(planted: Mutant, code: Code, tests: Killers) -> None:
    assert planted.bug
    assert planted.killers
    assert isinstance(planted.killers, tuple)
    found = mutant_check.examined(planted, code, tests)
    assert found.problems == []


def test_a_mutant_that_a_test_notices_is_killed(scratch: Scratch, capsys: pytest.CaptureFixture[str]) -> None:
    assert plant_mutants.trial(scratch, mutant()) is None
    assert f"a made-up one: killed by planning/{TEST.replace('::', '.py::')}" in capsys.readouterr().out


def test_a_mutant_that_no_test_notices_is_a_survivor(scratch: Scratch) -> None:
    unnoticed = mutant(new="if facts.lifecycle.protect and facts.now: ...")
    said = plant_mutants.trial(scratch, unnoticed)
    assert said == f"a made-up one: SURVIVED {TEST}; it is made up"


WORTHLESS = {
    "its code is gone": (mutant(old="if no.such.code(): ..."), f"stale: {SYMBOL} has no such code"),
    "its code is there twice": (mutant(old="return _any_", new="return 1"), f"stale: the code of {SYMBOL} matches"),
    "its symbol is gone": (mutant(at="nothing"), "stale: no symbol nothing"),
    "it changes nothing": (mutant(new="if (facts.lifecycle.protect): ..."), "stale: it changes nothing"),
    "it is no Python": (mutant(new="if facts.lifecycle.protect"), "stale: "),
    "it cannot be imported": (mutant(at="TEMPORARY", old="TEMPORARY = ...", new="import nothing"), "pytest ended with"),
    "its test is gone": (mutant(killers=("test_policy_gate::test_nothing",)), "stale: test_policy_gate.py has no test"),
    "its test file is gone": (mutant(killers=("test_nothing::test_x",)), "stale: no test file test_nothing.py"),
    "its case is gone": (mutant(killers=(f"{TEST}[no case]",)), "pytest ended with 4"),
}


@pytest.mark.parametrize("case", WORTHLESS)
def test_a_test_run_that_proves_nothing_is_not_a_kill(case: str, scratch: Scratch) -> None:
    worthless, begins = WORTHLESS[case]
    said = plant_mutants.trial(scratch, worthless)
    assert said is not None
    assert said.startswith(f"a made-up one: {begins}")


def test_afterwards_the_copy_is_unchanged(scratch: Scratch) -> None:
    plant_mutants.trial(scratch, mutant())
    end = scratch.run((TEST, OTHER_TEST))
    assert (end.failed, end.passed, end.problem) == ((), 2, None)


def test_a_test_that_fails_with_nothing_planted_is_named(code: Code, tmp_path: Path) -> None:
    broken = tmp_path / "tests" / "test_broken.py"
    broken.parent.mkdir()
    broken.write_text("def test_broken():\n    assert False\n", encoding="utf-8")
    pool = plant_mutants.Pool([Scratch(tmp_path / "copy", code, Killers(tmp_path))])
    (said,) = plant_mutants.unmutated(pool, ["test_broken"], 1)
    assert said.startswith("fails with nothing planted: ")
    assert said.endswith("test_broken")


def test_the_parts_of_all_mutants_are_all_of_them() -> None:
    parts = [plant_mutants.chosen(EVERY, (), f"{number}/3") for number in (1, 2, 3)]
    assert sorted(each.name for part in parts for each in part) == sorted(each.name for each in EVERY)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
