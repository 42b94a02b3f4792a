"""The progress of a long seeding on standard error: lines where there is no terminal, and what they say."""

from __future__ import annotations

import pytest

from reconciler.cli.console import Console
from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Color, Output
from reconciler.cli.progress import progress, seeding_line
from reconciler.engine.ports import SeedProgress

HALF = SeedProgress("users", 8000, 3900, 100, 10.0)


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
        assert (shown.on_step, shown.on_seeding) == (None, None)


def test_on_a_terminal_each_seeding_has_a_bar_as_long_as_it_lasts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "interactive", property(lambda _: True))
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress(invocation()) as shown:
        assert shown.on_seeding is not None
        shown.on_seeding(HALF)
    assert "seeding users, 400 items/s, 10 s left" in capsys.readouterr().err
