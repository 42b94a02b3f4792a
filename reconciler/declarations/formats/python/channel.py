"""Sends messages from the child process to the reconciler: lines of JSON on a separate pipe. Used by ``evaluating``.

Frames, one a line, each an object with one member: ``at`` (what is done next), ``problem``, ``warning``, ``silent`` (a
file that declares nothing, and why), ``declaration``, ``items`` (a part of the last declaration's seed), ``outside`` (a
module that was read from outside the folder) and ``end``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

DISTURBED = 70
"""The exit code of a child whose own code fails because user code replaced or closed what it needs."""


class Channel:
    """Writes frames. A process forked by user code has a copy, and must not send for its parent."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._process = os.getpid()
        # User code may replace functions of these modules, so the channel keeps references from before it runs.
        self._write: Callable[[int, Any], int] = os.write
        self._exit: Callable[[int], Any] = os._exit
        self._getpid = os.getpid
        self._encode = json.JSONEncoder(separators=(",", ":")).encode

    def send(self, kind: str, content: Any) -> None:
        """Write one frame, whole."""
        self.send_line(self._encode({kind: content}))

    def send_line(self, line: str) -> None:
        """Write one frame that is encoded already."""
        if self._getpid() != self._process:
            self._exit(0)
        left = memoryview(line.encode("ascii") + b"\n")
        while left:
            left = left[self._write(self._descriptor, left) :]

    def leave(self, code: int) -> None:
        """End the process at once: no atexit handler, thread or destructor of the user's code runs any more."""
        self._exit(code)
