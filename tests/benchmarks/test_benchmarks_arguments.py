"""The command line of ``make bench``."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.context import FULL, QUICK, Goal
from benchmarks.figures import Row
from benchmarks.harness import BenchmarkError


def test_without_arguments_everything_is_measured_in_full():
    chosen = command.arguments([])
    assert command.sizes(chosen) == FULL
    assert (chosen.only, chosen.json, chosen.page) == (None, None, False)
    assert FULL.rounds == 5


def test_the_goals_are_p1_to_p12():
    assert [f"P{number}" for number in range(1, 13)] == command.NUMBERS


@pytest.mark.parametrize("text", ["P1,P4", "p4, p1", "P1,P4,"])
def test_goals_are_chosen_by_number(text):
    assert command.arguments(["--only", text]).only == {"P1", "P4"}


def test_an_unknown_goal_is_named_with_what_is_expected(capsys):
    with pytest.raises(SystemExit) as ended:
        command.arguments(["--only", "P1,P13"])
    assert ended.value.code == 2
    assert "no goal P13; expected P1 to P12" in capsys.readouterr().err


def test_sizes_can_be_changed_one_by_one():
    chosen = command.arguments(
        ["--quick", "--passes", "1000", "--many", "0", "--items", "100000", "--copied", "9", "--rounds", "7"]
    )
    assert command.sizes(chosen) == replace(QUICK, passes=1000, many=0, items=100_000, copied=9, rounds=7)


def test_a_file_for_json_and_the_page_are_asked_for():
    chosen = command.arguments(["--json", "run.json", "--page"])
    assert (chosen.json, chosen.page) == (Path("run.json"), True)


def test_a_goal_that_fails_is_noted_and_the_others_are_measured(monkeypatch, capsys, tmp_path):
    def fails(_):
        raise BenchmarkError("the daemon ended")

    goals = [
        Goal("P2", "fails", "none", fails),
        Goal("P1", "is measured", "2 × the limit", lambda _: iter([Row.single(("P1", "read", "tool"), "s", 2)])),
    ]
    monkeypatch.setattr(command, "GOALS", goals)
    assert command.main(["--quick", "--json", str(tmp_path / "run.json")]) == 1
    shown = capsys.readouterr()
    assert "| P1 " in shown.out
    assert "- P2 was not measured to its end: the daemon ended" in shown.out
    assert "Goals:\n\n- P1: 2 × the limit\n- P2: none\n" in shown.out
    assert (tmp_path / "run.json").exists()
