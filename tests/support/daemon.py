"""The daemon as a process over a folder of declarations, for black-box tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Self

from support import forked
from support.endpoints import free_port
from support.waiting import PATIENCE, eventually


class Daemon:
    """``with Daemon(folder, url, INTERVAL="1s") as daemon:``; settings are given without their prefix."""

    def __init__(self, folder: Path, url: str, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._log = folder / "daemon.log"
        chosen = {"ENDPOINT_URL": url, "HTTP_PORT": str(self.port), "INTERVAL": "1s", "JITTER": "0%", **settings}
        self._environment = {**os.environ, **{f"RECONCILER_{name}": value for name, value in chosen.items()}}

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start it, or start it again."""
        command = [sys.executable, "-m", "reconciler"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.folder, env=self._environment, stderr=log)

    def kill(self) -> None:
        """End it as the kernel would for lack of memory."""
        self._process.kill()
        self._process.wait(timeout=PATIENCE)

    def freeze(self) -> None:
        """Let it hold its connections and answer nothing, as a machine that swaps or is cut off."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it as a supervisor would."""
        if self._process.poll() is None:
            self.thaw()
            self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=PATIENCE)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def get(self, path: str) -> str:
        """The body of an answer, empty while there is none."""
        try:
            with urllib.request.urlopen(f"http://{self.target}{path}", timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return str(error.read().decode())
        except OSError:
            return ""

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of the tool with the daemon's settings."""
        return forked.run(*words, folder=self.folder, environment=self._environment, timeout=PATIENCE)

    def until(self, true: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
        """Wait for something to be true, or fail with the end of the log."""
        eventually(true, lambda: f"{what}: {self._log.read_text()[-3000:]}", seconds, pause=0.2)
