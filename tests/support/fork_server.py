"""The command line of the tool at the price of a fork: each run is a real process without a new interpreter.

A run can be killed with -9 at any moment like any other process; what it wrote and printed is the tool's own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

SCRIPT = Path(__file__).parent / "fork_child.py"
ROOT = Path(__file__).parents[2]
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
NEUTRAL = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/nonexistent/aws-config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/aws-credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_COLOR": "1",
    "RECONCILER_STACK": "default",
}


@dataclass
class Running:
    """One command line under way."""

    process: int
    killed: threading.Event = field(default_factory=threading.Event)

    def kill(self) -> None:
        """With -9, from any thread; more than once is as good as once."""
        self.killed.set()
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)


class ForkServer:
    """``with ForkServer() as server:``; one run at a time."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fork-server-")
        self._output = Path(self._folder.name) / "output"
        self._server: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | NEUTRAL
        self._server = subprocess.Popen(
            [sys.executable, str(SCRIPT)],
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        self._read("ready")
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.communicate()
            self._server = None
        self._folder.cleanup()

    def begin(
        self,
        *words: str,
        folder: Path,
        variables: Mapping[str, str] | None = None,
        last_call: str | None = None,
        line: Mapping[str, Any] | None = None,
    ) -> Running:
        """Start one command line in a folder. ``last_call`` is a URL that its process asks when all is done.

        ``line`` are the arguments of ``die_at_a_line`` in the child.
        """
        asked = {
            "words": words,
            "folder": str(folder),
            "variables": dict(variables or {}),
            "output": str(self._output),
            "last_call": last_call,
            "line": dict(line) if line else None,
        }
        pipe = self._running().stdin
        assert pipe is not None
        pipe.write(json.dumps(asked) + "\n")
        pipe.flush()
        return Running(self._read("process"))

    def end(self) -> int:
        """Wait for the run that was begun last: its exit code, or minus the number of the signal that ended it."""
        return self._read("status")

    @property
    def output(self) -> str:
        """What the last run printed, standard error included."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def _read(self, member: str) -> int:
        pipe = self._running().stdout
        line = pipe.readline() if pipe is not None else ""
        assert line, f"the fork server ended before it told {member}"
        answer: dict[str, Any] = json.loads(line)
        return int(answer[member])

    def _running(self) -> subprocess.Popen[str]:
        assert self._server is not None, "the fork server was not started"
        return self._server

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
