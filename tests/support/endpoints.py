"""Real endpoints for tests: DynamoDB Local as a process, and moto's server in this process.

The clients handed out are independent of the tool: plain boto3 with fixed credentials.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from support.dynamodb_local.fetch import Installation, Missing, fetch
from support.waiting import PATIENCE

REGION = "us-east-1"
START_SECONDS = PATIENCE


class Live(NamedTuple):
    """An endpoint without tables: its url, and a boto3 client to look at it from outside."""

    url: str
    client: Any


def client(url: str, service: str = "dynamodb", **config: Any) -> Any:
    """A boto3 client of its own session; reads no environment and no file."""
    session = boto3.session.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
    options = {
        "connect_timeout": 5,
        "read_timeout": 30,
        "retries": {"total_max_attempts": 3, "mode": "standard"},
        **config,
    }
    return session.client(service, endpoint_url=url, config=Config(**options))


def wipe(dynamodb: Any, seconds: float = PATIENCE) -> None:
    """Delete every table, protected or not, and wait for the deletions."""
    deadline = time.monotonic() + seconds
    while names := [name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]]:
        if time.monotonic() > deadline:
            raise AssertionError(f"tables stayed: {names}")
        for name in names:
            _delete(dynamodb, name)


def _delete(dynamodb: Any, name: str) -> None:
    try:
        if dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ResourceInUseException", "ResourceNotFoundException"):
            raise
        time.sleep(0.1)


def free_port() -> int:
    """A currently free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DynamoDBLocal:
    """The real DynamoDB Local, in memory, one shared database; ``delay`` gives real CREATING and DELETING states."""

    def __init__(self, *, delay: bool = False) -> None:
        self.delay = delay
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def client(self, **config: Any) -> Any:
        return client(self.url, **config)

    def start(self) -> Self:
        installed = fetch()
        for _ in range(3):
            self.port = self.port or free_port()
            if self._launch(installed):
                return self
            self.port = 0
        raise RuntimeError("DynamoDB Local did not start in three attempts")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """As an emulator that lost power: the same port, and nothing in memory."""
        self.stop()
        if not self._launch(fetch()):
            raise RuntimeError(f"DynamoDB Local did not come back on port {self.port}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, installed: Installation) -> bool:
        command = installed.command("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(self.port))
        if self.delay:
            command.append("-delayTransientStatuses")
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=installed.folder)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(0.05)
        self.stop()
        return False

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=5)
        except urllib.error.HTTPError as error:
            return error.code == 400
        except OSError:
            return False
        return True


class MotoServer:
    """moto's server in a thread of this process. All servers of one process share one memory."""

    def __init__(self) -> None:
        self._server: Any = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **config: Any) -> Any:
        return client(self.url, **config)

    def start(self) -> Self:
        import logging

        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def restart(self) -> None:
        """Forget everything, like an emulator restarted in memory."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            json.load(answer)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def need_dynamodb_local() -> None:
    """Nothing where DynamoDB Local can start; else a skip that names what is missing, and in CI a failure."""
    try:
        fetch()
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@contextlib.contextmanager
def dynamodb_local_or_skip(*, delay: bool = False) -> Iterator[DynamoDBLocal]:
    """DynamoDB Local, or a skip that names what is missing; in CI a missing part is a failure."""
    need_dynamodb_local()
    with DynamoDBLocal(delay=delay) as server:
        yield server
