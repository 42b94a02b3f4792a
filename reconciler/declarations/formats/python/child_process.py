"""Runs ``child`` in processes of their own, watches them, and ends them with everything they started. See ``reading``.

A child is never waited for without a limit: not for its end, not for the end of its output, which a process that it
forked may hold open. It leads a session of its own, so that it is killed together with what it started and cannot
signal the tool's process group.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import field
from typing import Any

from reconciler import interruption
from reconciler.declarations.formats.python.channel import DISTURBED
from reconciler.model.lazy_dataclass import dataclass

STEP_SECONDS = 10.0
"""For one step of a load: the import of one file, one method of one class, one part of a seed."""
LOAD_SECONDS = 60.0
"""For all class files together."""
ANSWER_BYTES = 512 * 1024 * 1024
"""That a child may send in one load."""
OUTPUT_BYTES = 64 * 1024
"""Of what class files print that are passed on; the rest is read and dropped, so that nobody waits for a reader."""

_LOOK = 0.05
"""Seconds between two looks at the stop event and at whether a child has ended."""
_READ = 1024 * 1024

_CODE = """
import sys
sys.path[:] = sys.argv.pop(1).split("\\n")
from reconciler.declarations.formats.python.child import main
main()
"""


class EvaluationInterrupted(Exception):
    """The process was asked to stop during an evaluation. The children were killed."""


@dataclass(slots=True)
class ChildResult:
    """How a child ended. ``reason`` is None if it sent its whole result; ``at`` is its last action.

    ``late`` means that it was killed because it took too long.
    """

    lines: list[bytes] = field(default_factory=list)
    output: bytes = b""
    dropped: int = 0
    at: Sequence[Any] | None = None
    reason: str | None = "was stopped before it answered"
    late: bool = False


@dataclass(frozen=True, slots=True)
class Variant:
    """What differs between two children that evaluate the same files."""

    hash_seed: str
    chance: int
    shifted_clock: bool


def run(request: dict[str, Any], variants: Sequence[Variant]) -> list[ChildResult]:
    """Evaluate ``request`` in one child for each variant, all at the same time. Raises ``Interrupted``.

    When the first child fails the others are ended too; when another one fails, the first still answers.
    """
    children: list[_Child] = []
    stop = interruption.stop_event()
    try:
        with selectors.DefaultSelector() as selector:
            for variant in variants:
                children.append(_Child(request, variant))
                children[-1].register(selector)
            while any(child.running for child in children):
                for key, _ in selector.select(_LOOK):
                    key.data(selector, key.fileobj)
                for child in children:
                    child.look()
                if stop.is_set():
                    raise EvaluationInterrupted
                if children[0].failed:
                    break
    finally:
        for child in children:
            child.kill()
    return [child.ending for child in children]


class _Child:
    """One process and its three pipes: the request, the answer, and what the user's code prints."""

    def __init__(self, request: dict[str, Any], variant: Variant) -> None:
        hash_seed = os.environ.get("PYTHONHASHSEED")
        settled = {"chance": variant.chance, "shifted_clock": variant.shifted_clock, "hash_seed": hash_seed}
        self.request = memoryview(json.dumps({**request, **settled, "argv": sys.argv}).encode("ascii") + b"\n")
        self.ending = ChildResult()
        self.running = True
        self.failed = False
        self.received = 0
        self.partial = b""
        self.started = self.moved = time.monotonic()
        self.answer, theirs = os.pipe()
        try:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-u", "-c", _CODE, "\n".join(sys.path)),
                    *(str(theirs), str(int(LOAD_SECONDS) + 5)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONHASHSEED": variant.hash_seed},
                pass_fds=(theirs,),
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            os.close(self.answer)
            raise
        finally:
            os.close(theirs)

    def register(self, selector: selectors.BaseSelector) -> None:
        process = self.process
        assert process.stdin is not None
        assert process.stdout is not None
        for pipe in (process.stdin.fileno(), process.stdout.fileno(), self.answer):
            os.set_blocking(pipe, False)
        selector.register(process.stdin.fileno(), selectors.EVENT_WRITE, self._ask)
        selector.register(process.stdout.fileno(), selectors.EVENT_READ, self._listen)
        selector.register(self.answer, selectors.EVENT_READ, self._receive)

    def look(self) -> None:
        """Whether the child has ended, or takes too long."""
        if not self.running:
            return
        now = time.monotonic()
        if self._has_ended():
            self._drain()
            if self.running:
                self._fail(how_it_ended(self.process.wait()))
        elif now - self.moved > STEP_SECONDS:
            self.ending.late = True
            self._fail(f"did not finish within {STEP_SECONDS:g} s")
        elif now - self.started > LOAD_SECONDS:
            self.ending.late = True
            self._fail(f"did not finish within {LOAD_SECONDS:g} s, the limit for all class files")

    def kill(self) -> None:
        """End the process with everything in its group, and forget it. Never waits for long."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        self._read_output()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        os.close(self.answer)

    def _has_ended(self) -> bool:
        """Without reaping it where the system allows: its number, and with it that of its group, then stays its own."""
        if not hasattr(os, "waitid"):
            return self.process.poll() is not None
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _fail(self, reason: str) -> None:
        self.ending.reason = reason
        self.running, self.failed = False, True

    def _ask(self, selector: selectors.BaseSelector, pipe: Any) -> None:
        try:
            self.request = self.request[os.write(pipe, self.request[:_READ]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.request = self.request[:0]
        if not self.request:
            # It stays open: the child ends when this end of it is closed by the death of the tool.
            selector.unregister(pipe)

    def _listen(self, selector: selectors.BaseSelector, pipe: Any) -> None:
        if not self._read_output():
            selector.unregister(pipe)

    def _read_output(self) -> bool:
        """Take what was printed; False at the end of it."""
        pipe = self.process.stdout
        if pipe is None or pipe.closed:
            return False
        try:
            printed = os.read(pipe.fileno(), _READ)
        except BlockingIOError:
            return True
        room = OUTPUT_BYTES - len(self.ending.output)
        self.ending.output += printed[:room]
        self.ending.dropped += len(printed[room:])
        return bool(printed)

    def _receive(self, selector: selectors.BaseSelector, pipe: Any) -> None:
        if not self._read_answer():
            selector.unregister(pipe)

    def _drain(self) -> None:
        """What an ended child had sent is still in the pipe."""
        while self.running and self._read_answer():
            pass

    def _read_answer(self) -> bool:
        """Take what was answered; False when there is nothing more, now or ever."""
        try:
            content = os.read(self.answer, _READ)
        except BlockingIOError:
            return False
        if not content:
            return False
        self.moved = time.monotonic()
        self.received += len(content)
        *whole, self.partial = (self.partial + content).split(b"\n")
        for line in whole:
            self._frame(line)
        if self.received > ANSWER_BYTES and self.running:
            self._fail(f"produces more than {ANSWER_BYTES // 1024 // 1024} MB")
        return True

    def _frame(self, line: bytes) -> None:
        if line == b'{"end":true}' and self.running:
            self.ending.reason = None
            self.running = False
        elif line.startswith(b'{"at":'):
            with suppress(ValueError, AttributeError):
                self.ending.at = json.loads(line).get("at")
        elif self.running:
            self.ending.lines.append(line)


def how_it_ended(status: int) -> str:
    if status == DISTURBED:
        return "interferes with the process that loads it"
    if status < 0:
        with suppress(ValueError):
            return f"the process that loads it was killed by {signal.Signals(-status).name}"
    return f"ends the process that loads it with exit code {status}"
