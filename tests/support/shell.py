"""The command line in this process, over the real wiring: as ``Tool``, without the start of an interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.tool import Run

from reconciler.cli.app import main

USERS = """\
TableName: users
KeySchema: [{AttributeName: pk, KeyType: HASH}]
AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
BillingMode: PAY_PER_REQUEST
"""


@dataclass(frozen=True)
class Shell:
    """Runs commands in ``folder``, whose declarations lie in ``desired_state``."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> None:
        path = self.folder / "desired_state" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, line: str) -> Run:
        self.capsys.readouterr()
        code = main(line.split())
        captured = self.capsys.readouterr()
        return Run(code, captured.out, captured.err)
