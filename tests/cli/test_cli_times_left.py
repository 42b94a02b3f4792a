"""Times left of one command do not contradict each other, in lines and in rows."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from support.sample_reports import ttl_step

from reconciler.cli import progress_bars
from reconciler.cli.progress import Lines, steps_line
from reconciler.engine.ports import SeedProgress, WorkProgress

COPYING = WorkProgress("orders", "copying", 10.0, 1_000, 2_600)
"""100 items a second: 16 s left."""


def times(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"(\d+) s left", text)]


def test_the_steps_have_no_time_left_beside_work_that_has_its_own() -> None:
    written: list[str] = []
    now = [0.0]
    lines = Lines(written.append, total=4, now=lambda: now[0])
    for _ in range(3):
        lines.step("users", ttl_step().done())
    lines.working(COPYING)
    now[0] = 10.0
    lines.tick()
    steps, *_ = [text for text in written if "steps" in text]
    assert steps == "3 of 4 steps, 0.3 steps/s", written
    assert [text for text in written if "copying" in text] == [
        "orders: copying, 1,000 of 2,600 items, 100 items/s, 16 s left"
    ]
    lines.working(WorkProgress("orders", "comparing", 10.0))
    now[0] = 20.0
    lines.tick()
    assert times(written[-1]) == [], "nobody knows when the comparison ends"
    for what in ("copying", "comparing"):
        lines.working(WorkProgress("orders", what, 10.0, ended=True))
    now[0] = 30.0
    lines.tick()
    assert times(written[-1]) == [10]


def test_the_steps_do_not_end_before_a_table_is_seeded() -> None:
    written: list[str] = []
    now = [0.0]
    lines = Lines(written.append, total=4, now=lambda: now[0])
    for _ in range(3):
        lines.step("users", ttl_step().done())
    lines.seeding(SeedProgress("orders", 2_600, 1_000, 0, 10.0))
    now[0] = 10.0
    lines.tick()
    assert written[-1] == "3 of 4 steps, 0.3 steps/s, 16 s left"


def test_steps_without_a_speed_have_none() -> None:
    written: list[str] = []
    now = [0.0]
    lines = Lines(written.append, total=2, now=lambda: now[0])
    lines.step("users", ttl_step().done())
    now[0] = 30.0
    lines.tick()
    assert written == ["1 of 2 steps, 30 s left"]


def test_the_row_of_the_steps_has_no_time_beside_work_that_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=160, color_system=None)
    monkeypatch.setattr(progress_bars, "Console", lambda **_: console)
    with progress_bars.bars(4, plain=True) as drawn:
        for _ in range(3):
            drawn.step("users", ttl_step().done())
        drawn.working(COPYING)
        drawn._rows.refresh()
        shown = screen.getvalue()
    last = re.split(r"\x1b\[[0-9;]*A", shown)[-1]
    assert "0 s left" not in re.findall(r"\b\d+ s left", last), last
    assert times(last) == [16], last


def test_what_goes_on_has_at_least_a_second_left() -> None:
    written: list[str] = []
    lines = Lines(written.append)
    lines.working(WorkProgress("orders", "copying", 10.0, 1_000, 1_001))
    assert written == ["orders: copying, 1,000 of 1,001 items, 100 items/s, 1 s left"]


def test_a_single_step_is_no_steps() -> None:
    assert steps_line(0, 1, 12.0, None) == "0 of 1 step"
