"""Shows on standard error what a run does and waits for: bars on a terminal, else a line every ten seconds.

Called by ``up``, ``run --once`` and ``seed``. ``reading`` is for the time in which a plan is made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Color
from reconciler.engine.ports import SeedProgress
from reconciler.model.plan import Step, StepStatus
from reconciler.planning.text import printable
from reconciler.presentation.render import status_message, step_title, symbol

OnStep = Callable[[str, Step], None]
OnSeeding = Callable[[SeedProgress], None]
OnWait = Callable[[str], None]
LINE_SECONDS = 10.0
"""Seconds between two lines about the same work where there is no terminal."""
SILENT_SECONDS = 2.0
"""A terminal that shows nothing for longer looks stuck."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Thread-safe callbacks for finished steps, for the progress of each seeding, and for waits; ``None`` with -q."""

    on_step: OnStep | None = None
    on_seeding: OnSeeding | None = None
    on_wait: OnWait | None = None


@contextmanager
def progress(invocation: Invocation, total: int | None = None) -> Iterator[Shown]:
    """What shows the run. ``total`` is its number of steps, if it is known."""
    if invocation.verbosity < 0:
        yield Shown()
    elif invocation.console.interactive:
        with _bar(total, plain=invocation.console.color is Color.NEVER) as shown:
            yield shown
    else:
        lines = Lines(lambda text: invocation.console.note("plain", text), total)
        ticker = Ticker(lines.tick)
        try:
            yield Shown(lines.step, lines.seeding, lines.wait)
        finally:
            ticker.stop()


@contextmanager
def reading(invocation: Invocation, activity: Callable[[], str]) -> Iterator[None]:
    """On a terminal, one line that is replaced each second, and erased at the end, while a plan takes long."""
    if invocation.verbosity < 0 or not invocation.console.interactive:
        yield
        return
    began, written = time.monotonic(), [False]

    def show() -> None:
        if time.monotonic() - began >= SILENT_SECONDS:
            written[0] = True
            invocation.console.transient(printable(activity()))

    ticker = Ticker(show)
    try:
        yield
    finally:
        ticker.stop()
        if written[0]:
            invocation.console.transient("")


class Ticker:
    """Calls a function each second in a thread of its own until it is stopped."""

    def __init__(self, tick: Callable[[], None], seconds: float = 1.0) -> None:
        self._tick, self._seconds = tick, seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; nothing is called afterwards."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            self._tick()


@dataclass(slots=True)
class Lines:
    """Progress where there is no terminal: at most one line about the same work in ten seconds; thread-safe.

    A failed step is written at once. ``now`` is a steady clock in seconds.
    """

    write: Callable[[str], None]
    total: int | None = None
    now: Callable[[], float] = time.monotonic
    done: int = 0
    waits_for: str | None = None
    began: float = 0.0
    last: float = 0.0
    due: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.began = self.last = self.now()

    def step(self, table: str, step: Step) -> None:
        """A step is done or failed."""
        with self.lock:
            self.done += 1
            self.waits_for = None
            if step.status is StepStatus.FAILED:
                self.write(step_line(table, step))

    def seeding(self, seeding: SeedProgress) -> None:
        """The seeding of a table goes on."""
        with self.lock:
            self.waits_for = None
            if not seeding.ended and seeding.seconds >= self.due.get(seeding.table, LINE_SECONDS):
                self.due[seeding.table] = seeding.seconds + LINE_SECONDS
                self.write(seeding_line(seeding))

    def wait(self, sentence: str) -> None:
        """The run waits, and says for what; it is written now, and again every ten seconds while it lasts."""
        with self.lock:
            if self.waits_for is None:
                self.write(printable(sentence))
                self.last = self.now()
            self.waits_for = sentence

    def tick(self) -> None:
        """A second has passed."""
        with self.lock:
            now = self.now()
            if now - self.last < LINE_SECONDS:
                return
            self.last = now
            if self.total:
                self.write(steps_line(self.done, self.total, now - self.began))
            if self.waits_for is not None:
                self.write(printable(self.waits_for))


def steps_line(done: int, total: int, seconds: float) -> str:
    """``12 of 200 steps, 1.2 steps/s, 157 s left``."""
    speed = done / seconds if seconds > 0 else 0.0
    left = f", {max(total - done, 0) / speed:,.0f} s left" if speed > 0 else ""
    return f"{done:,} of {max(total, done):,} steps, {speed:,.1f} steps/s{left}"


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
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    # The text may hold what a declaration says: as markup it could hide or forge lines.
    words = TextColumn("{task.description}", markup=False)
    columns = (words, BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    screen = Console(stderr=True, no_color=plain or None)
    with Progress(*columns, console=screen, transient=True) as bars:
        steps = None if total is None else bars.add_task("applying", total=total)
        waiting: list[Any] = []
        seeds: dict[str, Any] = {}

        def end_wait() -> None:
            while waiting:
                bars.remove_task(waiting.pop())

        def on_step(table: str, step: Step) -> None:
            end_wait()
            if step.status is StepStatus.FAILED:
                bars.console.print(Text(step_line(table, step)))
            if steps is not None and total is not None:
                completed = bars.tasks[0].completed + 1
                words = f"applying, last: {step_title(step)} {printable(table)}"
                bars.update(steps, completed=completed, total=max(total, completed), description=words)

        def on_seeding(seeding: SeedProgress) -> None:
            if seeding.ended:
                if seeding.table in seeds:
                    bars.remove_task(seeds.pop(seeding.table))
                return
            if seeding.table not in seeds:
                seeds[seeding.table] = bars.add_task("", total=seeding.total)
            words = f"seeding {printable(seeding.table)}, {_speed(seeding)}"
            bars.update(seeds[seeding.table], completed=seeding.done, description=words)

        def on_wait(sentence: str) -> None:
            if waiting:
                bars.update(waiting[0], description=printable(sentence))
            else:
                waiting.append(bars.add_task(printable(sentence), total=None))

        yield Shown(on_step, on_seeding, on_wait)
