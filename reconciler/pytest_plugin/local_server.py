"""DynamoDB Local of one test run: the process that needs it first starts it, all workers share it. Called by ``local``.

Each process of the run holds a shared lock in the folder of the server. ``server_guard`` ends the server and removes
the folder when the last of them has ended, even by SIGKILL.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from reconciler.pytest_plugin.installation import NO_JAVA, Installation, Missing, find

GUARD = Path(__file__).with_name("server_guard.py")
START_SECONDS = 60.0
LEAST_FREE = 512 * 1024 * 1024
"""Bytes that a folder in memory must have free; containers often have 64 MiB of it."""
MEMORY = Path("/dev/shm")


def new_folder_name(run_id: str) -> Path:
    """A path for the folder of a run, in memory where there is room: SQLite waits for the disk at each write.

    All processes with the same ``run_id`` get the same one; an empty one makes a new name.
    """
    parent = Path(tempfile.gettempdir())
    with contextlib.suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= LEAST_FREE:
            parent = MEMORY
    return parent / f"dynamodb-reconciler-{os.getuid()}-{run_id or os.urandom(16).hex()}"


class ReservedPort:
    """A port of the loopback interface that no other process gets by chance. The server can listen on it all the same.

    Both sockets allow the reuse of the address, and this one does not listen.
    """

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


class LocalServer:
    """The DynamoDB Local in ``folder``. Its ``port`` may be 0 until the first process of the run has chosen one."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._alive: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def databases(self) -> Path:
        """Where the server keeps one database for each access key ID and Region."""
        return self.folder / "db"

    def database(self, key: str, region: str) -> Path:
        """The file of one namespace."""
        return self.databases / f"{key}_{region}.db"

    def join(self, cache: Path, project: Path | None, *, delay: bool = False) -> None:
        """Start the server unless another process of the run has, and keep it alive until ``leave``.

        Raises ``Missing`` where it cannot be started.
        """
        # Before the folder exists, because a run may be killed during a download.
        installed = find(cache, project)
        self._hold()
        try:
            self._join(installed, delay=delay)
        except BaseException:
            self.leave()
            if not (self.folder / "server.json").exists():
                # Nothing was started that would remove it.
                shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _join(self, installed: Installation, *, delay: bool) -> None:
        with self.locked():
            chosen = self.folder / "port"
            if not self.port and chosen.exists():
                self.port = int(chosen.read_text(encoding="utf-8"))
            if not (self.folder / "server.json").exists():
                if not self.port:
                    reserved = ReservedPort()
                    self.port = reserved.number
                    reserved.close()
                    chosen.write_text(str(self.port), encoding="utf-8")
                options = ["-dbPath", str(self.databases), "-disableTelemetry", "-port", str(self.port)]
                if delay:
                    options.append("-delayTransientStatuses")
                self._start({"command": installed.command(*options), "cwd": str(installed.folder)})
            self._wait()

    def leave(self) -> None:
        """This process needs the server no more."""
        if self._alive is not None:
            self._alive.close()
            self._alive = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One process of the run at a time."""
        with (self.folder / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _hold(self) -> None:
        while True:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if self.folder.stat().st_uid != os.getuid():
                raise Missing(f"{self.folder} belongs to another user. Set TMPDIR to a folder of your own.")
            with contextlib.suppress(FileNotFoundError):
                alive = (self.folder / "alive").open("ab")
                fcntl.flock(alive, fcntl.LOCK_SH)
                # The guard of a run whose processes had all ended may have removed the folder in between.
                if os.fstat(alive.fileno()).st_nlink:
                    self._alive = alive
                    self.databases.mkdir(exist_ok=True)
                    return
                alive.close()

    def _start(self, order: dict[str, Any]) -> None:
        (self.folder / "server.json").write_text(json.dumps(order), encoding="utf-8")
        command = [sys.executable, "-I", "-S", str(GUARD), str(self.folder)]
        quiet = subprocess.DEVNULL
        # In a session of its own, so that Ctrl-C does not reach it before the tests have cleaned up.
        subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        ended = self.folder / "server.exit"
        while not self._answers():
            if ended.exists() or time.monotonic() > deadline:
                raise Missing(self._why(ended=ended.exists()))
            time.sleep(0.02)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _why(self, *, ended: bool) -> str:
        log = ""
        with contextlib.suppress(OSError):
            log = (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in log.splitlines() if line.strip()]
        if "UnsupportedClassVersionError" in log:
            return f"DynamoDB Local needs Java 17 or newer, and `java` is older. {NO_JAVA}"
        what = "ended" if ended else f"did not answer within {START_SECONDS:g} s"
        first = next((line for line in lines if "Exception" in line or "Error" in line), lines[-1] if lines else "")
        return f"DynamoDB Local {what}{f': {first}' if first else ''}. {NO_JAVA}"
