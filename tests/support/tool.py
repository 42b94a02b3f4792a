"""The tool as a user runs it: a process over a folder of declarations at one endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """How one command ended."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Tool:
    """``folder`` is the working directory; the declarations lie in ``desired_state`` below it."""

    url: str
    folder: Path

    def write(self, name: str, text: str) -> None:
        path = self.folder / "desired_state" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *words: str, **variables: str) -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *words],
            cwd=self.folder,
            env={
                **os.environ,
                "AWS_ENDPOINT_URL_DYNAMODB": self.url,
                "PYTHONPATH": os.pathsep.join(sys.path),
                **variables,
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def once(self) -> Run:
        return self.run("--once")

    def preview_expecting_no_changes(self) -> Run:
        return self.run("preview", "--expect-no-changes")
