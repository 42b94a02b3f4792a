"""Shows the progress of a run on standard error: bars on a terminal, else lines. Called by ``up`` and ``seed``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Color
from reconciler.engine.ports import SeedProgress
from reconciler.model.plan import Step
from reconciler.planning.text import printable
from reconciler.presentation.render import status_message, step_title, symbol

OnStep = Callable[[str, Step], None]
OnSeeding = Callable[[SeedProgress], None]
LINE_SECONDS = 10.0
"""Seconds between two lines about the seeding of a table where there is no terminal."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Thread-safe callbacks for each finished step and for the progress of each seeding; ``None`` with -q."""

    on_step: OnStep | None = None
    on_seeding: OnSeeding | None = None


@contextmanager
def progress(invocation: Invocation, total: int | None = None) -> Iterator[Shown]:
    """What shows the run. ``total`` is its number of steps, if they are shown as a bar."""
    if invocation.verbosity < 0:
        yield Shown()
    elif invocation.console.interactive:
        with _bar(total, plain=invocation.console.color is Color.NEVER) as shown:
            yield shown
    else:
        lock = threading.Lock()
        due: dict[str, float] = {}

        def on_step(table: str, step: Step) -> None:
            with lock:
                invocation.console.note("plain", step_line(table, step))

        def on_seeding(seeding: SeedProgress) -> None:
            with lock:
                if not seeding.ended and seeding.seconds >= due.get(seeding.table, LINE_SECONDS):
                    due[seeding.table] = seeding.seconds + LINE_SECONDS
                    invocation.console.note("plain", seeding_line(seeding))

        yield Shown(on_step, on_seeding)


def step_line(table: str, step: Step) -> str:
    """``+ users: create, done``."""
    return f"{symbol(step)[1]} {printable(table)}: {step_title(step)}, {status_message(step)}"


def seeding_line(seeding: SeedProgress) -> str:
    """``users: 1,200 of 8,000 items (1,150 written, 50 present), 400 items/s, 17 s left``."""
    counts = f"{seeding.written:,} written, {seeding.present:,} present"
    return f"{printable(seeding.table)}: {seeding.done:,} of {seeding.total:,} items ({counts}), {_speed(seeding)}"


def _speed(seeding: SeedProgress) -> str:
    left = seeding.seconds_left
    return f"{seeding.per_second:,.0f} items/s" + ("" if left is None else f", {left:,.0f} s left")


@contextmanager
def _bar(total: int | None, *, plain: bool) -> Iterator[Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True, no_color=plain or None)) as bars:
        steps = None if total is None else bars.add_task("converging", total=total)
        seeds: dict[str, Any] = {}

        def on_step(table: str, step: Step) -> None:
            bars.console.print(Text(step_line(table, step)))
            if steps is not None and total is not None:
                completed = bars.tasks[0].completed + 1
                bars.update(steps, completed=completed, total=max(total, completed))

        def on_seeding(seeding: SeedProgress) -> None:
            if seeding.ended:
                if seeding.table in seeds:
                    bars.remove_task(seeds.pop(seeding.table))
                return
            if seeding.table not in seeds:
                seeds[seeding.table] = bars.add_task("", total=seeding.total)
            words = f"seeding {printable(seeding.table)}, {_speed(seeding)}"
            bars.update(seeds[seeding.table], completed=seeding.done, description=words)

        yield Shown(on_step, on_seeding)
