"""The one way from the child process to the tool: lines of JSON on a pipe of their own. Used by ``evaluating``.

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
"""The exit code of a child whose own code fails, because the user's replaced or closed what it needs."""


class Channel:
    """Writes frames. A process that the user's code forks holds a copy of it, and must not speak for its parent."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._process = os.getpid()
        # The user's code may replace functions of these modules; what the channel needs is taken before it runs.
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
