"""A command on a terminal of its own, as a person sees it: what it shows, and the keys that are pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from support.waiting import PATIENCE

CTRL_C = "\x03"


class Terminal:
    """``with Terminal(["-m", "reconciler", "up"], folder) as terminal:``; the words follow the interpreter's name."""

    def __init__(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, columns: int = 100
    ) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "CI")}
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**inherited, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - for Ctrl-C to become SIGINT
        )
        os.close(theirs)
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=PATIENCE)
        os.close(self._ours)

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._ours, keys.encode())

    def until(self, text: str) -> str:
        """Everything shown, once ``text`` is part of it."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.shown:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} was not shown: {self.shown[-3000:]}")
        return self.shown

    def end(self) -> tuple[int, str]:
        """The exit code and everything that was shown, with lines as a person reads them."""
        deadline = time.monotonic() + PATIENCE
        while self._read(deadline):
            pass
        return self.process.wait(timeout=PATIENCE), self.shown.replace("\r\n", "\n")

    def _read(self, deadline: float) -> bool:
        if not select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return False
        try:
            part = os.read(self._ours, 65536).decode(errors="replace")
        except OSError:
            # Linux reports the end of the other side so.
            return False
        self.shown += part
        return bool(part)
