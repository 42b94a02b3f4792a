"""Progress on a terminal: a row for each long piece of work, erased at the end. Called by ``progress``."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from reconciler import interruption
from reconciler.cli.progress import TimesLeft, left_text, step_line, work_state
from reconciler.model.plan import Step, StepStatus
from reconciler.planning.text import printable
from reconciler.presentation.layout import wrapped
from reconciler.presentation.render import step_title

if TYPE_CHECKING:
    from reconciler.engine.ports import SeedProgress, WorkProgress

Key = tuple[str, str]
"""A table, or nothing, and the kind of work."""
WAITING, APPLYING, READING = ("", "waiting"), ("", "applying"), ("", "reading")
STOPPING = "Stopping: calls that were sent get time to answer. Ctrl-C again ends at once."
NARROW, WIDE = 60, 120
"""Columns of a terminal below which a bar is left out, and from which it is long."""


@contextmanager
def bars(total: int | None, *, plain: bool) -> Iterator[Bars]:
    """Rows on standard error. ``total`` is the number of steps, if it is known; ``plain`` leaves out colour."""
    screen = Console(stderr=True, no_color=plain or None)
    rows = _Rows(*_columns(screen.width), console=screen, transient=True, expand=True)
    standing = interruption.current()
    with _without_echo_of_ctrl_c(), rows:
        if standing is not None:
            # A process that ends at once unwinds nothing.
            standing.erase = rows.stop
        try:
            yield Bars(rows, total, narrow=screen.width < NARROW)
        finally:
            if standing is not None:
                standing.erase = None


class _Rows(Progress):
    """The rows, and below them what a signal has begun."""

    def get_renderables(self) -> Iterator[RenderableType]:
        """All rows as one table."""
        yield from super().get_renderables()
        if interruption.received() is not None:
            yield Text(STOPPING)


@contextmanager
def _without_echo_of_ctrl_c() -> Iterator[None]:
    """``^C`` in the middle of the rows would move them, and the old ones would stay on the screen."""
    try:
        import termios

        former = termios.tcgetattr(0)
        quiet = [*former[:3], former[3] & ~termios.ECHOCTL, *former[4:]]
        termios.tcsetattr(0, termios.TCSANOW, quiet)
    except (ImportError, OSError, termios.error):
        yield
        return
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, former)


class Bars:
    """The rows. Thread-safe."""

    def __init__(self, rows: Progress, total: int | None, *, narrow: bool) -> None:
        self._rows, self._total, self._narrow = rows, total, narrow
        self._began = time.monotonic()
        self._tasks: dict[Key, TaskID] = {}
        self._steps = 0
        self._lock = threading.Lock()
        self._left = TimesLeft()
        self._applying = "applying"
        if total is not None:
            self._show(APPLYING, "applying", 0, total)

    def step(self, table: str, step: Step) -> None:
        """A step is done or failed."""
        self._end(WAITING)
        if step.status is StepStatus.FAILED:
            lines = wrapped([("plain", step_line(table, step))], self._rows.console.width)
            self._rows.console.print(Text("\n".join(text for _, text in lines)))
        with self._lock:
            self._steps += 1
            self._applying = f"applying, last: {step_title(step)} {printable(table)}"
        self._show_steps()

    def seeding(self, seeding: SeedProgress) -> None:
        """The seeding of a table goes on or has ended."""
        key = (seeding.table, "seeding")
        self._note(key, seeding.seconds_left, ended=seeding.ended)
        if seeding.ended:
            self._end(key)
        else:
            words = f"seeding {printable(seeding.table)}, {seeding.per_second:,.0f} items/s"
            self._show(key, words, seeding.done, seeding.total, seeding.seconds_left)

    def reading(self, sentence: str) -> None:
        """A seed is read; an empty sentence ends its row."""
        if sentence:
            self._show(READING, sentence[:1].lower() + sentence[1:], 0, None)
        else:
            self._end(READING)

    def working(self, work: WorkProgress) -> None:
        """An index build or a copy goes on or has ended."""
        key, words = (work.table, work.what), f"{printable(work.table)}: {printable(work.what)}"
        self._note(key, None, ended=work.ended)
        if work.ended:
            self._end(key)
        elif work.done is None:
            self._show(key, f"{words}, {work_state(work)}")
        else:
            words = f"{words}, {work.per_second or 0:,.0f} items/s"
            self._show(key, words, work.done, work.total, work.seconds_left)

    def wait(self, sentence: str) -> None:
        """The run waits, and says for what."""
        self._show(WAITING, printable(sentence))

    def _note(self, key: Key, seconds_left: float | None, *, ended: bool) -> None:
        with self._lock:
            self._left.note(*key, seconds_left, ended=ended)
        self._show_steps()

    def _show_steps(self) -> None:
        if self._total is None:
            return
        with self._lock:
            done, words = self._steps, self._applying
            left = self._left.of_steps(done, self._total, time.monotonic() - self._began)
        self._show(APPLYING, words, done, max(self._total, done), left)

    def _show(self, key: Key, words: str, done: int = 0, total: int | None = None, left: float | None = None) -> None:
        remaining = left_text(left)
        words = f"{words}, {remaining}" if self._narrow and remaining else words
        counts = f"{done:,}/{total:,}" if total else ""
        with self._lock:
            if key not in self._tasks:
                self._tasks[key] = self._rows.add_task("", total=None, counts="", left="")
            task = self._tasks[key]
            self._rows.update(task, description=words, completed=done, total=total, counts=counts, left=remaining)

    def _end(self, key: Key) -> None:
        with self._lock:
            if key in self._tasks:
                self._rows.remove_task(self._tasks.pop(key))


def _columns(width: int) -> list[ProgressColumn]:
    """What a row shows. Where there is no room for a bar, the words and the counts say it all."""
    # The text may hold what a declaration says: as markup it could hide or forge lines.
    words = TextColumn("{task.description}", markup=False, table_column=Column(ratio=1))
    counts, left = (
        TextColumn(f"{{task.fields[{name}]}}", markup=False, table_column=Column(no_wrap=True, justify="right"))
        for name in ("counts", "left")
    )
    if width < NARROW:
        return [words, counts]
    if width < WIDE:
        return [words, BarColumn(bar_width=16), counts, left]
    return [words, BarColumn(bar_width=40), counts, left, TimeElapsedColumn()]
