"""The command line over a fake wiring, in an empty working directory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.fake_wiring import FakeWiring, as_module

import reconciler
from reconciler.cli.app import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeWiring:
    monkeypatch.chdir(tmp_path)
    wiring = FakeWiring()
    module = as_module(wiring)
    monkeypatch.setitem(sys.modules, "reconciler.wiring", module)
    monkeypatch.setattr(reconciler, "wiring", module, raising=False)
    return wiring


@pytest.fixture
def cli(fake: FakeWiring, capsys: pytest.CaptureFixture[str]) -> Callable[[str], Ended]:
    def run(line: str) -> Ended:
        code = main(line.split())
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run
