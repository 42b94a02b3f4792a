"""``python -m reconciler`` at the price of a fork: a process of its own, without the start of an interpreter.

A server that has imported the tool forks for each command line (``forked_child``). The new process has the given
folder and environment, and is killed, signalled and waited for like any other. Tests of what happens *before* the
command line runs start an interpreter instead: imports, the console script, encodings, a terminal.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

SCRIPT = Path(__file__).with_name("forked_child.py")
LOOK = 0.005
"""Seconds between two looks at whether a process has ended."""
READ_AT_START = ("PYTHON", "LC_", "LANG")
"""Variables that an interpreter reads when it starts; PYTHONPATH matters to the processes that it starts itself."""


class Forked:
    """One command line, with the methods of ``subprocess.Popen`` that tests use. Its output is text."""

    def __init__(self, words: tuple[str, ...], pid: int, status: socket.socket, out: IO[bytes], err: IO[bytes]) -> None:
        self.args, self.pid = words, pid
        self.returncode: int | None = None
        self._status, self._out, self._err = status, out, err
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit code, or minus the number of the signal that ended it; ``None`` while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. ``subprocess.TimeoutExpired`` after ``timeout`` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self._ended()) is None:
            if until is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            time.sleep(LOOK)
        return code

    def _ended(self) -> int | None:
        # A proxy kills the process in a thread of its own while the test waits for its end.
        with self._lock:
            if self.returncode is None and select.select([self._status], [], [], 0)[0]:
                self.returncode = _member(self._status, "status")
                self._status.close()
            return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; what it wrote to standard output and to standard error."""
        self.wait(timeout)
        return self._text(self._out), self._text(self._err)

    def send_signal(self, number: int) -> None:
        """To the process, unless it is known to have ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """With -9."""
        with suppress(ProcessLookupError):
            self.send_signal(signal.SIGKILL)

    @staticmethod
    def _text(file: IO[bytes]) -> str:
        file.seek(0)
        return file.read().decode()


class _Server:
    """The process that forks. It ends with this process, because its end of the socket pair is closed then."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._lock = threading.Lock()
        atexit.register(self.stop)

    def stop(self) -> None:
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def fork(
        self,
        words: tuple[str, ...],
        folder: Path,
        environment: Mapping[str, str],
        lease: float | None,
        *,
        merged: bool = False,
    ) -> Forked:
        ours, status = socket.socketpair()
        out, err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 - open as long as the process object
        asked = {"words": words, "folder": str(folder), "environment": dict(environment), "lease": lease}
        with status, self._lock:
            files = [status.fileno(), out.fileno(), (out if merged else err).fileno()]
            line = json.dumps(asked).encode() + b"\n"
            sent = socket.send_fds(self._socket, [line], files)
            self._socket.sendall(line[sent:])
        return Forked(words, _member(ours, "process"), ours, out, err)


@functools.cache
def _server() -> _Server:
    return _Server()


def start(
    *words: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    lease: float | None = None,
    merged: bool = False,
) -> Forked:
    """Start ``python -m reconciler words`` in a folder, with this process's environment if none is given.

    ``lease`` is the term of its lease in seconds, for tests that kill a leader: the next one waits for its end.
    ``merged`` writes standard error among standard output, in the order of a terminal.
    """
    environment = os.environ if environment is None else environment
    for name in environment:
        if name.startswith(READ_AT_START) and name != "PYTHONPATH":
            assert environment[name] == os.environ.get(name), f"{name} needs a new interpreter"
    return _server().fork(words, folder, environment, lease, merged=merged)


def run(
    *words: str, folder: Path, environment: Mapping[str, str] | None = None, timeout: float, merged: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run one command line to its end; a process that takes longer is killed, with ``TimeoutExpired``."""
    process = start(*words, folder=folder, environment=environment, merged=merged)
    try:
        out, err = process.communicate(timeout)
    except BaseException:
        process.kill()
        raise
    return subprocess.CompletedProcess(words, process.wait(), out, err)


def _member(status: socket.socket, name: str) -> int:
    line = b""
    while not line.endswith(b"\n"):
        received = status.recv(1024)
        assert received, f"the server of forks ended before it sent {name}"
        line += received
    answer: dict[str, Any] = json.loads(line)
    return int(answer[name])
