"""The daemon as a process of its own, and its passes one by one.

``SIGHUP`` starts a pass of the same kind as the interval does, the event stream says when it ends, and the duration is
the daemon's own ``pass_duration_seconds``.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from benchmarks.harness import BenchmarkError
from benchmarks.ports import free_port
from benchmarks.processes import environment, tool

START_SECONDS = 600.0
PASS_SECONDS = 300.0
DURATION = re.compile(r"^dynamodb_reconciler_pass_duration_seconds_(sum|count)\{[^}]*\} (\S+)$", re.MULTILINE)


class Daemon:
    """``with Daemon(folder, url, tables) as daemon:`` returns once the first pass found all ``tables`` in sync."""

    def __init__(self, folder: Path, url: str, tables: int) -> None:
        self.port = free_port()
        self._folder = folder
        self._tables = tables
        self._log = folder / "daemon.log"
        settings = {"HTTP_PORT": str(self.port), "INTERVAL": "12h", "LOG_LEVEL": "warning", "LOG_FORMAT": "console"}
        self._environment = environment(
            folder, url, **{f"RECONCILER_{name}": value for name, value in settings.items()}
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._events: http.client.HTTPResponse | None = None
        self.passes = 0
        """Passes since it started."""
        self.first_megabytes = 0.0
        """Resident memory after the first pass."""

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*tool(), "run"], cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        try:
            self._wait_until_in_sync()
            self._events = self._subscribed()
            self._wait_until_counted()
            self.first_megabytes = self.resident_megabytes()
            self.passes = 1
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._events is not None:
            self._events.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
        if self._process is not None:
            self._process.wait()

    def connection(self) -> http.client.HTTPConnection:
        """A connection to its HTTP server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PASS_SECONDS)

    def get(self, path: str) -> str:
        """The body of a response, asked for compressed, as Prometheus and browsers do."""
        connection = self.connection()
        try:
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            response = connection.getresponse()
            body = response.read()
            return (gzip.decompress(body) if response.getheader("Content-Encoding") == "gzip" else body).decode()
        finally:
            connection.close()

    def start_pass(self) -> None:
        """A pass begins."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def one_pass(self) -> float:
        """Run one pass, and return its seconds by the daemon's own metric.

        Raises:
            BenchmarkError: the pass did not find everything in sync.
        """
        before = self._durations()
        self.start_pass()
        self.wait_for_pass()
        after = self._durations()
        if after["count"] - before["count"] != 1:
            raise BenchmarkError("another pass ran while one was measured")
        return after["sum"] - before["sum"]

    def wait_for_pass(self) -> None:
        """Return when the running pass has ended."""
        while (outcome := self._next("pass_finished"))["trigger"] != "signal":
            pass
        self.passes += 1
        if outcome["verdict"] != "in_sync":
            raise BenchmarkError(
                f"a pass was to find nothing to do and found: {outcome['summary']} {self._last_lines()}"
            )

    def resident_megabytes(self) -> float:
        """Resident memory, in units of 10⁶ bytes."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status")
        if status.exists():
            found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8"))
            kilobytes = int(found[1]) if found else 0
        else:
            shown = subprocess.run(
                ["ps", "-o", "rss=", "-p", str(self._process.pid)], capture_output=True, text=True, check=True
            )
            kilobytes = int(shown.stdout)
        return kilobytes * 1024 / 1e6

    def _wait_until_in_sync(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BenchmarkError(f"the daemon ended with {self._process.returncode}: {self._last_lines()}")
            try:
                report = json.loads(self.get("/api/v1/status"))["data"]["report"] or {}
            except (OSError, KeyError, ValueError):
                report = {}
            summary = report.get("summary", {})
            if summary.get("in_sync") == self._tables:
                return
            if report and report["verdict"] == "error":
                raise BenchmarkError(f"the first pass failed: {report['error']} {self._last_lines()}")
            time.sleep(0.3)
        raise BenchmarkError(
            f"{self._tables} tables were not in sync within {START_SECONDS:.0f} s: {self._last_lines()}"
        )

    def _wait_until_counted(self) -> None:
        """The status shows the first pass a moment before the metrics count it."""
        deadline = time.monotonic() + PASS_SECONDS
        while self._durations().get("count", 0) < 1:
            if time.monotonic() > deadline:
                raise BenchmarkError(f"the first pass is not in the metrics: {self._last_lines()}")
            time.sleep(0.1)

    def _subscribed(self) -> http.client.HTTPResponse:
        connection = self.connection()
        connection.request("GET", "/api/v1/events")
        self._events = connection.getresponse()
        self._next("hello")
        return self._events

    def _next(self, name: str) -> dict[str, Any]:
        """The data of the next event of that name."""
        assert self._events is not None
        event = ""
        while line := self._events.readline():
            field, _, value = line.decode().rstrip("\n\r").partition(": ")
            if field == "event":
                event = value
            elif field == "data" and event == name:
                found: dict[str, Any] = json.loads(value)
                return found
        raise BenchmarkError(f"the event stream ended: {self._last_lines()}")

    def _durations(self) -> dict[str, float]:
        return {name: float(value) for name, value in DURATION.findall(self.get("/metrics"))}

    def _last_lines(self) -> str:
        return " / ".join(self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:])
