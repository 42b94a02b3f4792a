"""DynamoDB Local in memory for the benchmark: its own process, with the JIT compiler that users have.

The tests start it with the first compiler stage alone, which starts faster and serves more slowly.
"""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from typing import Any, Self

from support.dynamodb_local.fetch import Missing, fetch, version

from benchmarks.declared import STATE_TABLE
from benchmarks.harness import BenchmarkError
from benchmarks.ports import free_port
from benchmarks.raw import RawClient

START_SECONDS = 60.0
GONE = ("ResourceNotFoundException",)


class Endpoint:
    """``with Endpoint() as endpoint:`` an empty DynamoDB Local. ``version`` is the one that the tests use."""

    version = staticmethod(version)

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.raw = RawClient("http://127.0.0.1:1")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        try:
            installed = fetch()
        except Missing as missing:
            raise BenchmarkError(str(missing)) from missing
        self.port = free_port()
        options = ("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(self.port))
        command = installed.command(*options, machine=("-Xmx1g", "-XX:+UseSerialGC"))
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=installed.folder)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise BenchmarkError("DynamoDB Local did not start")
            time.sleep(0.05)
        self.raw = RawClient(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.raw.__exit__()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=5)
        except urllib.error.HTTPError as error:
            return error.code == 400
        except OSError:
            return False
        return True


def create(raw: RawClient, requests: list[dict[str, Any]]) -> float:
    """Create tables from CreateTable requests and return the seconds that took."""
    return raw.send(raw.prepared("CreateTable", requests))


def drop(raw: RawClient, names: list[str]) -> None:
    """Delete tables by name, and the state table with its deletion protection; missing tables are skipped."""
    unprotected = {"TableName": STATE_TABLE, "DeletionProtectionEnabled": False}
    raw.send(raw.prepared("UpdateTable", [unprotected]), refused=GONE)
    raw.send(raw.prepared("DeleteTable", ({"TableName": name} for name in (STATE_TABLE, *names))), refused=GONE)
