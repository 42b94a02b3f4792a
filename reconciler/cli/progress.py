"""Shows on standard error what a run does and waits for: bars on a terminal, else a line every ten seconds.

Called by ``up``, ``run --once`` and ``seed``. ``reading`` is for the time in which a plan is made.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field

from reconciler.cli.invocation import Invocation
from reconciler.cli.options import Color
from reconciler.engine.ports import SeedProgress, WorkProgress
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.plan import Step, StepStatus
from reconciler.planning.text import printable, several
from reconciler.presentation.render import status_message, step_title, symbol
from reconciler.seeds.reading_watch import is_reading, watched_by

OnStep = Callable[[str, Step], None]
OnSeeding = Callable[[SeedProgress], None]
OnWork = Callable[[WorkProgress], None]
OnWait = Callable[[str], None]
LINE_SECONDS = 10.0
"""Seconds between two lines about the same work where there is no terminal."""
SLOWEST_SHOWN = 0.05
"""Steps per second below which a speed would be shown as 0.0."""
SILENT_SECONDS = 2.0
"""A terminal that shows nothing for longer looks stuck."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Thread-safe callbacks; ``None`` with -q.

    They get finished steps, the progress of each seeding, waits, and the progress of each index build and copy.
    """

    on_step: OnStep | None = None
    on_seeding: OnSeeding | None = None
    on_wait: OnWait | None = None
    on_work: OnWork | None = None


@contextmanager
def progress(invocation: Invocation, total: int | None = None) -> Iterator[Shown]:
    """What shows the run. ``total`` is its number of steps, if it is known."""
    if invocation.verbosity < 0:
        yield Shown()
    elif invocation.console.interactive:
        from reconciler.cli.progress_bars import bars
        from reconciler.cli.seed_reading import SeedReading

        with (
            bars(total, plain=invocation.console.color is Color.NEVER) as drawn,
            watched_by(lambda: SeedReading(invocation, drawn.reading)),
        ):
            yield Shown(drawn.step, drawn.seeding, drawn.wait, drawn.working)
    else:
        lines = Lines(lambda text: invocation.console.note("plain", text), total)
        ticker = Ticker(lines.tick)
        try:
            yield Shown(lines.step, lines.seeding, lines.wait, lines.working)
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
        if time.monotonic() - began >= SILENT_SECONDS and not is_reading():
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
class TimesLeft:
    """The estimates of one command, which must not contradict each other: it never ends before the work it does."""

    work: dict[tuple[str, str], float | None] = field(default_factory=dict)
    """Of each piece of work that goes on, by table and kind; ``None`` where none follows for the steps."""

    def note(self, table: str, what: str, seconds: float | None, *, ended: bool) -> None:
        """A piece of work goes on or has ended."""
        if ended:
            self.work.pop((table, what), None)
        else:
            self.work[table, what] = seconds

    def of_steps(self, done: int, total: int, seconds: float) -> float | None:
        """The time that the rest of the steps takes, at the speed so far and at least as long as the work goes on."""
        if not 0 < done < total or seconds <= 0:
            return None
        found = [seconds / done * (total - done)]
        for each in self.work.values():
            if each is None:
                return None
            found.append(each)
        return max(found)


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
    left: TimesLeft = field(default_factory=TimesLeft)

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
            self.left.note(seeding.table, "seeding", seeding.seconds_left, ended=seeding.ended)
            if not seeding.ended and seeding.seconds >= self.due.get(seeding.table, LINE_SECONDS):
                self.due[seeding.table] = seeding.seconds + LINE_SECONDS
                self.write(seeding_line(seeding))

    def working(self, work: WorkProgress) -> None:
        """An index build or a copy goes on."""
        key = f"{work.table} {work.what}"
        with self.lock:
            # The work has a time left of its own; steps of seconds and one of hours have no common speed.
            self.left.note(work.table, work.what, None, ended=work.ended)
            if work.ended:
                self.due.pop(key, None)
                return
            # What is written below says more than the sentence about the wait.
            self.waits_for = None
            if work.seconds >= self.due.get(key, LINE_SECONDS):
                self.due[key] = work.seconds + LINE_SECONDS
                self.write(work_line(work))

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
                seconds = now - self.began
                left = self.left.of_steps(self.done, self.total, seconds)
                self.write(steps_line(self.done, self.total, seconds, left))
            if self.waits_for is not None:
                self.write(printable(self.waits_for))


def steps_line(done: int, total: int, seconds: float, left: float | None) -> str:
    """``12 of 200 steps, 1.2 steps/s, 157 s left``; without a speed that would be 0.0."""
    speed = done / seconds if seconds > 0 else 0.0
    at = f", {speed:,.1f} steps/s" if speed >= SLOWEST_SHOWN else ""
    return f"{done:,} of {several(max(total, done), 'step')}{at}{_and_left(left)}"


def left_text(seconds: float | None) -> str:
    """``157 s left``, nothing where nobody knows. What goes on has at least a second left."""
    return "" if seconds is None else f"{max(seconds, 1.0):,.0f} s left"


def _and_left(seconds: float | None) -> str:
    return "" if seconds is None else f", {left_text(seconds)}"


def step_line(table: str, step: Step) -> str:
    """``+ users: create, done``."""
    return f"{symbol(step)[1]} {printable(table)}: {step_title(step)}, {status_message(step)}"


def seeding_line(seeding: SeedProgress) -> str:
    """``users: 1,200 of 8,000 items (1,150 written, 50 present), 400 items/s, 17 s left``."""
    counts = f"{seeding.written:,} written, {seeding.present:,} present"
    return f"{printable(seeding.table)}: {seeding.done:,} of {seeding.total:,} items ({counts}), {_speed(seeding)}"


def work_line(work: WorkProgress) -> str:
    """``orders: copying, 1,200 of 8,000 items, 400 items/s, 17 s left``; without counts the time that it has taken."""
    return f"{printable(work.table)}: {printable(work.what)}, {work_state(work)}"


def work_state(work: WorkProgress) -> str:
    """How far the work is."""
    if work.done is None:
        about = f"{work.total:,} items in the table, " if work.total else ""
        return f"{about}{work.seconds:,.0f} s so far"
    of = f" of {work.total:,}" if work.total else ""
    return f"{work.done:,}{of} items, {work.per_second or 0:,.0f} items/s{_and_left(work.seconds_left)}"


def _speed(seeding: SeedProgress) -> str:
    return f"{seeding.per_second:,.0f} items/s{_and_left(seeding.seconds_left)}"
