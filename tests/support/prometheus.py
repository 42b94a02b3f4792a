"""Debian's promtool and Prometheus for tests; without them the tests are skipped, and fail in CI."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

import pytest
from support.endpoints import free_port
from support.waiting import PATIENCE, eventually


def program(name: str) -> str:
    """The path of ``promtool`` or ``prometheus``."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def promtool(*arguments: str, text: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool; it never asks a network."""
    command = [program("promtool"), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=cwd)


class Prometheus:
    """The real server, scraping ``target`` (``host:port``) every second."""

    def __init__(self, folder: Path, target: str, rules: Path | None = None) -> None:
        self.port = free_port()
        self._folder = folder
        configuration: dict[str, Any] = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)] if rules else [],
            "scrape_configs": [{"job_name": "dynamodb-reconciler", "static_configs": [{"targets": [target]}]}],
        }
        self._file = folder / "prometheus.json"
        self._file.write_text(json.dumps(configuration), encoding="utf-8")

    def __enter__(self) -> Self:
        command = [program("prometheus"), f"--config.file={self._file}", f"--storage.tsdb.path={self._folder / 'tsdb'}"]
        command += [f"--web.listen-address=127.0.0.1:{self.port}", "--enable-feature=exemplar-storage"]
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(self._ready, lambda: (self._folder / "prometheus.log").read_text()[-2000:], pause=0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=PATIENCE)

    def api(self, path: str, **parameters: str) -> Any:
        """``data`` of an answer of the HTTP API; a refused query is an error that quotes Prometheus."""
        body = urllib.parse.urlencode(parameters, doseq=True).encode() if parameters else None
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/api/v1/{path}", body, timeout=PATIENCE
            ) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query, now."""
        result: list[dict[str, Any]] = self.api("query", query=expression)["result"]
        return result

    def query_range(self, expression: str, seconds: float, step: float = 1) -> list[dict[str, Any]]:
        """The series of a range query over the last ``seconds``."""
        now = time.time()
        window = {"start": str(now - seconds), "end": str(now), "step": str(step)}
        result: list[dict[str, Any]] = self.api("query_range", query=expression, **window)["result"]
        return result

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {a["labels"]["alertname"] for a in self.api("alerts")["alerts"] if a["state"] == "firing"}

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
