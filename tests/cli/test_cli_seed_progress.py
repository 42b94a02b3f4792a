"""The progress of long work on standard error: bars on a terminal, lines elsewhere, and what they say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from support import golden

from reconciler.cli.console import Console
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Color, Output
from reconciler.cli.progress import progress, seeding_line, work_line
from reconciler.engine.ports import SeedProgress, WorkProgress
from reconciler.model.plan import Action, Step, StepStatus

HALF = SeedProgress("users", 8000, 3900, 100, 10.0)


COPY = WorkProgress("orders", "copying", 20.0, 5000, 20_000, 1000)
BUILD = WorkProgress("orders", "building index by-date", 84.0, None, 1_200_000)


def invocation(verbosity: int = 0) -> Invocation:
    return Invocation("seed", {}, Output.HUMAN, Console(Color.NEVER), verbosity)


def test_a_line_has_the_counts_the_speed_and_the_time_left() -> None:
    assert seeding_line(HALF) == "users: 4,000 of 8,000 items (3,900 written, 100 present), 400 items/s, 10 s left"
    begun = SeedProgress("users", 8000, 0, 0, 0.0)
    assert seeding_line(begun) == "users: 0 of 8,000 items (0 written, 0 present), 0 items/s"


def test_without_a_terminal_a_line_is_printed_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(invocation()) as shown:
        assert shown.on_seeding is not None
        for second in range(1, 25):
            shown.on_seeding(SeedProgress("users", 8000, 100 * second, 0, float(second)))
        shown.on_seeding(SeedProgress("users", 8000, 8000, 0, 80.0, ended=True))
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" items")[0] for line in lines] == ["users: 1,000 of 8,000", "users: 2,000 of 8,000"]


def test_a_seeding_that_ends_within_ten_seconds_prints_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(invocation()) as shown:
        assert shown.on_seeding is not None
        shown.on_seeding(SeedProgress("users", 8000, 8000, 0, 9.0))
        shown.on_seeding(SeedProgress("users", 8000, 8000, 0, 9.0, ended=True))
    assert capsys.readouterr().err == ""


def test_with_q_nothing_is_shown() -> None:
    with progress(invocation(-1)) as shown:
        assert (shown.on_step, shown.on_seeding, shown.on_wait, shown.on_work) == (None, None, None, None)


WORK = {
    "a copy": (COPY, "orders: copying, 5,000 of 20,000 items, 200 items/s, 75 s left"),
    "at its beginning": (WorkProgress("orders", "copying", 0.0, 0, 9), "orders: copying, 0 of 9 items, 0 items/s"),
    "of an unknown number": (WorkProgress("orders", "copying", 2.0, 8), "orders: copying, 8 items, 4 items/s"),
    "an index": (BUILD, "orders: building index by-date, 1,200,000 items in the table, 84 s so far"),
    "an index of a table of unknown size": (
        WorkProgress("orders", "building index by-date", 84.0),
        "orders: building index by-date, 84 s so far",
    ),
}


@pytest.mark.parametrize("case", WORK)
def test_a_line_about_other_work_has_what_is_known(case: str) -> None:
    work, line = WORK[case]
    assert work_line(work) == line


def test_other_work_prints_a_line_every_ten_seconds_too(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(invocation()) as shown:
        assert shown.on_work is not None
        for second in range(1, 25):
            shown.on_work(replace(COPY, seconds=float(second), done=1000 + 100 * second))
            shown.on_work(replace(BUILD, seconds=float(second)))
        shown.on_work(replace(COPY, ended=True))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "orders: copying, 2,000 of 20,000 items, 100 items/s, 180 s left",
        "orders: building index by-date, 1,200,000 items in the table, 10 s so far",
        "orders: copying, 3,000 of 20,000 items, 100 items/s, 170 s left",
        "orders: building index by-date, 1,200,000 items in the table, 20 s so far",
    ]


def test_on_a_terminal_each_seeding_has_a_bar_as_long_as_it_lasts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "interactive", property(lambda _: True))
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress(invocation()) as shown:
        assert shown.on_seeding is not None
        shown.on_seeding(HALF)
    assert "seeding users, 400 items/s" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_bars_of_all_kinds_fit_into_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "interactive", property(lambda _: True))
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    with progress(invocation(), total=3) as shown:
        assert shown.on_step is not None
        assert shown.on_seeding is not None
        assert shown.on_wait is not None
        assert shown.on_work is not None
        shown.on_step("users", Step(Action.CREATE, "table", status=StepStatus.DONE))
        shown.on_seeding(HALF)
        shown.on_work(COPY)
        shown.on_work(BUILD)
        shown.on_wait("Waiting for the lease held by host:7, 24 s left.")
    # The last frame stands between the last two erasures of a line.
    frame = re.split(r"(?:\r?\x1b\[(?:1A|2K))+", capsys.readouterr().err)[-2]
    frame = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", frame)
    frame = re.sub(r"\d:\d\d:\d\d", "0:00:00", frame)
    # The bar of a row without counts moves.
    rows = [re.sub(r" *━[━ ]*", "  ---  ", row) if "/" not in row else row for row in frame.splitlines()]
    frame = "\n".join(rows)
    text = "".join(f"{line.rstrip()}\n" for line in frame.strip("\n").splitlines())
    golden.matches(f"bars-{columns}", text)
    assert all(len(line) <= columns for line in text.splitlines())
