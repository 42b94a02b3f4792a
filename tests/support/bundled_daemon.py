"""The daemon as a process over a copy of the bundled declarations, and an independent client of its endpoint."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.endpoints import free_port
from support.waiting import PATIENCE, eventually

BUNDLED = Path(__file__).parents[2] / "desired_state"


class Daemon:
    """One daemon process over a copy of the bundled declarations."""

    def __init__(self, folder: Path, url: str, **variables: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "daemon.log"
        environment = {
            **os.environ,
            "RECONCILER_ENDPOINT_URL": url,
            "RECONCILER_HTTP_PORT": str(self.port),
            "RECONCILER_INTERVAL": "5s",
            **variables,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reconciler"], cwd=folder, env=environment, stderr=self.log.open("wb")
        )

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> tuple[int, Any]:
        data = json.dumps(body).encode() if body is not None else b""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/{path}", data, headers)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def data(self, path: str) -> Any:
        return json.loads(self.get(f"/api/v1/{path}")[1])["data"]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)


def until(true: Callable[[], bool], seconds: float = PATIENCE, daemon: Daemon | None = None) -> None:
    eventually(true, lambda: daemon.log.read_text()[-3000:] if daemon else "no daemon", seconds, pause=0.1)


def names(dynamodb: Any) -> set[str]:
    return set(dynamodb.list_tables()["TableNames"])


def items(dynamodb: Any, table: str) -> int:
    try:
        count: int = dynamodb.scan(TableName=table, ConsistentRead=True)["Count"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return 0
    return count


def seeds(name: str) -> int:
    return len(json.loads((BUNDLED / "seeds" / f"{name}.json").read_text()))


@contextmanager
def running(folder: Path, url: str, **variables: str) -> Iterator[Daemon]:
    target = folder / "desired_state"
    if not target.exists():
        shutil.copytree(BUNDLED, target, ignore=shutil.ignore_patterns("__pycache__"))
    daemon = Daemon(folder, url, **variables)
    try:
        yield daemon
    finally:
        daemon.end(signal.SIGKILL)


def ready(daemon: Daemon) -> bool:
    return daemon.get("/readyz")[0] == 200
