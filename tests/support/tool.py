"""The tool as a user runs it: a process over a folder of declarations at one endpoint, started by a fork."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from support import forked


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
        done = forked.run(
            *words,
            folder=self.folder,
            environment={
                **os.environ,
                "AWS_ENDPOINT_URL_DYNAMODB": self.url,
                "PYTHONPATH": os.pathsep.join(sys.path),
                **variables,
            },
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def once(self) -> Run:
        return self.run("--once")

    def preview_expecting_no_changes(self) -> Run:
        return self.run("preview", "--expect-no-changes")
