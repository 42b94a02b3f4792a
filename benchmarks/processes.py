"""The processes that are measured: the installed tool as users run it, and anything else that is a command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import ROOT
from benchmarks.harness import BenchmarkError

FOREIGN = ("AWS_", "RECONCILER_", "DYNAMODB_", "OTEL_", "PYTHON")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
STACK = "benchmark"
TIMEOUT = 600.0


class Finished(NamedTuple):
    """A process that ended as it should: seconds from start to end, and what it wrote."""

    seconds: float
    stdout: str
    stderr: str


def environment(folder: Path, url: str = "", **variables: str) -> dict[str, str]:
    """The environment of every measured process: nothing of the caller's, caches and home below ``folder``."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and name.upper() not in PROXIES
    }
    known = {
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "RECONCILER_STACK": STACK,
        "NO_COLOR": "1",
    }
    if url:
        known["AWS_ENDPOINT_URL_DYNAMODB"] = url
    return {**kept, **known, **variables}


def tool() -> list[str]:
    """The installed command."""
    command = Path(sys.executable).with_name("reconciler")
    return [str(command)] if command.exists() else [sys.executable, "-m", "reconciler"]


def run(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], *, typed: str = "", exit_code: int = 0
) -> Finished:
    """Run a command to its end.

    Args:
        command: program and arguments.
        folder: working directory.
        variables: the whole environment.
        typed: standard input.
        exit_code: the exit code that is success.

    Raises:
        BenchmarkError: another exit code, with the last lines that the command wrote.
    """
    began = time.perf_counter()
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=dict(variables),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise BenchmarkError(f"{_shown(command)} took more than {TIMEOUT:.0f} s") from error
    seconds = time.perf_counter() - began
    if done.returncode != exit_code:
        last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise BenchmarkError(f"{_shown(command)} ended with {done.returncode}: {last}")
    return Finished(seconds, done.stdout, done.stderr)


def _shown(command: Sequence[str]) -> str:
    return " ".join(part.removeprefix(f"{ROOT}/") for part in command[:5])
