"""Ends the process on SIGINT and SIGTERM: the main thread supervises, the command runs in a thread of its own.

No exception is raised in running code. The first signal sets ``stop``: waits end, no new work starts, and the command
returns. If that takes longer than the grace period, or on a second signal, the process ends at once; only a critical
step (an item that is removed, and restored if it had changed) is finished first. Started by ``__main__`` before
anything else is imported; used by the command line, the wiring and the daemon.
"""

from __future__ import annotations

import math
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from types import FrameType
from typing import Any

IDLE_SECONDS = 0.5
"""Grace period while nothing was started: options are parsed, settings are read, or a question is open."""
READING_SECONDS = 2.0
"""Grace period of a command that only reads."""
WRITING_SECONDS = 8.0
"""Grace period of a command that writes, for calls that were sent. ``docker stop`` kills after 10 s."""
LAST_WORDS_SECONDS = 0.5
HANDLED: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], Any] | int | None


class Interruption:
    """One supervised command. ``stop`` is set, and ``received`` is the number of the signal, once one arrived."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.received: int | None = None
        self.done: Callable[[], str] | None = None
        """What the command did so far, as a clause; ``None`` where it cannot have changed anything."""
        self.silent = False
        """The daemon writes a log instead of a sentence."""
        self.on_hangup: Callable[[], None] | None = None
        self.erase: Callable[[], None] | None = None
        """Takes what is drawn from the terminal, before the last sentence."""
        self._graces: list[float] = []
        self._asking = False
        """A question is open, so that no request is running."""
        self._critical = 0
        self._closed = False
        self._steps = threading.Lock()
        self._hung_up = False
        self._forced = False
        """A second signal arrived within a critical step: the process ends right after it."""
        self._code = 0
        self._terminal = _terminal_mode()
        self._reads, self._writes = os.pipe()
        for end in (self._reads, self._writes):
            os.set_blocking(end, False)

    @property
    def abandoned(self) -> bool:
        """Whether threads of the command may still run after its end."""
        return self.received is not None

    def supervise(self, work: Callable[[], int], *, last: bool) -> int:
        """Run ``work`` until it ends or a signal ends it; the exit code.

        ``last`` leaves the handlers in place, because nothing but the end of the process follows.
        """
        outcome: list[tuple[int, BaseException | None]] = []

        def body() -> None:
            try:
                outcome.append((work(), None))
            except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
                outcome.append((1, error))
            finally:
                self._wake()

        former: dict[int, Handler] = {}
        # The kernel may deliver a signal to any thread, for example to one that is starting another. Python's handler
        # still runs in this one, which sleeps: only the descriptor wakes it.
        former_fd = signal.set_wakeup_fd(self._writes, warn_on_full_buffer=False)
        try:
            for number in HANDLED:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    former[number] = signal.signal(number, self._handle)
            command = threading.Thread(target=copy_context().run, args=(body,), name="command", daemon=True)
            command.start()
            self._until_ended(outcome)
            self._code, error = outcome[0] if outcome else (1, None)
            if self.received is None and error is not None:
                raise error
            if self.received is not None:
                self._code = 128 + self.received
                self._end_critical_steps()
                self._say(in_flight=not outcome)
            return self._code
        finally:
            signal.set_wakeup_fd(former_fd)
            for number, handler in former.items():
                signal.signal(number, self._late if last else handler)
            if outcome and not last:
                # The last thing that the thread does is to write to the pipe.
                command.join()
                os.close(self._reads)
                os.close(self._writes)

    @contextmanager
    def grace(self, seconds: float) -> Iterator[None]:
        """How long the command may take to unwind after a signal that arrives now. The innermost one counts."""
        self._graces.append(seconds)
        try:
            yield
        finally:
            self._graces.pop()

    @contextmanager
    def question(self) -> Iterator[None]:
        """While a person is asked: a signal ends the process at once, and nothing was sent that may take effect."""
        with self.grace(0):
            self._asking = True
            try:
                yield
            finally:
                self._asking = False

    @contextmanager
    def critical(self) -> Iterator[None]:
        """A step that is finished before the process ends, even on a second signal. ``Interrupted`` once that began."""
        with self._steps:
            if self._closed:
                # Imported here: --help loads nothing of the engine.
                from reconciler.model.errors import Interrupted

                raise Interrupted
            self._critical += 1
        try:
            yield
        finally:
            with self._steps:
                self._critical -= 1
            self._wake()

    def _end_critical_steps(self) -> None:
        """No critical step begins any more, and those under way are waited for; each bounds its own time."""
        with self._steps:
            self._closed = True
        while self._critical:
            self._await(0.1)

    def sentence(self, *, in_flight: bool = False) -> str:
        """What was done and how to go on, for people."""
        name = signal.Signals(self.received or signal.SIGINT).name
        if self.done is None:
            return f"Interrupted by {name}: nothing was changed."
        unknown = " A request was still running and may take effect." if in_flight and not self._asking else ""
        return f"Interrupted by {name}: {self.done()}.{unknown} Run the same command again to continue."

    def _until_ended(self, outcome: list[tuple[int, BaseException | None]]) -> None:
        until: float | None = None
        while not outcome:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return
            self._await(left)
            if self._forced:
                return
            if self._hung_up:
                self._hung_up = False
                self._hang_up()
            if self.received is not None and until is None:
                self.stop.set()
                until = time.monotonic() + (self._graces[-1] if self._graces else IDLE_SECONDS)

    def _await(self, seconds: float | None) -> None:
        """Until a signal or the end of the command; no lock is taken that a signal handler could wait for."""
        if hasattr(select, "poll"):
            # select(2) knows no descriptor above 1023, and a process with many connections has them.
            waiting = select.poll()
            waiting.register(self._reads, select.POLLIN)
            waiting.poll(None if seconds is None else math.ceil(seconds * 1000))
        else:
            select.select([self._reads], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self._reads, 4096)

    def _wake(self) -> None:
        with suppress(OSError):
            os.write(self._writes, b".")

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Runs in the main thread between any two of its instructions: it sets members and writes to a pipe."""
        if number == signal.SIGHUP:
            self._hung_up = True
        elif self.received is None:
            self.received = number
        elif self._critical:
            self._forced = True
        else:
            _last_words(self.sentence(in_flight=True) if not self.silent else "", self._terminal, self.erase)
            os._exit(128 + number)
        self._wake()

    def _late(self, number: int, _frame: FrameType | None) -> None:
        """The command has ended and its exit code stands; a signal now only shortens the end of the interpreter."""
        if number != signal.SIGHUP:
            os._exit(self._code)

    def _hang_up(self) -> None:
        if self.on_hangup is not None:
            self.on_hangup()
        else:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGHUP)

    def _say(self, *, in_flight: bool) -> None:
        sentence = "" if self.silent else self.sentence(in_flight=in_flight)
        _last_words(sentence, self._terminal if in_flight else None, self.erase)


_current: list[Interruption] = []


def current() -> Interruption | None:
    """The supervision of this process, if there is one."""
    return _current[-1] if _current else None


def stop_event() -> threading.Event:
    """The event that a signal sets; a new one without supervision."""
    standing = current()
    return threading.Event() if standing is None else standing.stop


def received() -> int | None:
    """The signal that ends this process, once one arrived."""
    standing = current()
    return None if standing is None else standing.received


@contextmanager
def critical() -> Iterator[None]:
    """As ``Interruption.critical``; without effect where there is no supervision."""
    standing = current()
    if standing is None:
        yield
        return
    with standing.critical():
        yield


@contextmanager
def grace(seconds: float) -> Iterator[None]:
    """As ``Interruption.grace``; without effect where there is no supervision."""
    standing = current()
    if standing is None:
        yield
        return
    with standing.grace(seconds):
        yield


@contextmanager
def question() -> Iterator[None]:
    """As ``Interruption.question``; without effect where there is no supervision."""
    standing = current()
    if standing is None:
        yield
        return
    with standing.question():
        yield


def supervised(work: Callable[[], int], *, last: bool = False) -> int:
    """The exit code of ``work``, or 128 plus the signal that ended it; what ``work`` raises is raised here.

    Only the main thread receives signals: within another one, or under a supervision that stands, ``work`` just runs.
    """
    if _current or threading.current_thread() is not threading.main_thread():
        return work()
    made = Interruption()
    _current.append(made)
    try:
        return made.supervise(work, last=last)
    finally:
        if not last:
            _current.remove(made)


def end(code: int) -> int:
    """The end of a process: at once where threads of an interrupted command may still run, else by returning."""
    standing = current()
    if standing is not None and standing.abandoned:
        standing._end_critical_steps()
        _last_words("", None)
        os._exit(code)
    return code


def _last_words(sentence: str, terminal: tuple[int, Any] | None, erase: Callable[[], None] | None = None) -> None:
    """Write past all buffers and locks, which other threads may hold; flush what can be flushed in half a second."""
    flushing = threading.Thread(target=_flush, args=(erase,), daemon=True)
    flushing.start()
    flushing.join(LAST_WORDS_SECONDS)
    if terminal is not None:
        _restore(terminal, new_line=erase is None or flushing.is_alive())
    if sentence:
        with suppress(OSError):
            os.write(2, _fitted(sentence).encode("ascii", "backslashreplace") + b"\n")


def _fitted(sentence: str) -> str:
    """The sentence in lines of the terminal's width, broken as other messages are. Nothing is imported here."""
    columns = os.environ.get("COLUMNS", "")
    try:
        width = int(columns) if columns.isdecimal() else os.get_terminal_size(2).columns
    except (OSError, ValueError):
        return sentence
    lines = [""]
    for word in sentence.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width and len(longer) > width and lines[-1]:
            lines.append(f"  {word}")
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _flush(erase: Callable[[], None] | None) -> None:
    if erase is not None:
        with suppress(Exception):
            erase()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


def _terminal_mode() -> tuple[int, Any] | None:
    """The mode of the terminal, to restore it at the end."""
    with suppress(Exception):
        if os.isatty(0):
            import termios

            return 0, termios.tcgetattr(0)
    return None


def _restore(terminal: tuple[int, Any], *, new_line: bool) -> None:
    with suppress(Exception):
        import termios

        termios.tcsetattr(terminal[0], termios.TCSANOW, terminal[1])
        os.write(2, b"\x1b[?25h\n" if new_line else b"\x1b[?25h")
