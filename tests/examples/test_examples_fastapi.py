"""The tests of the sample application pass as its README says, with the plugin that is installed here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.dynamodb_local.fetch import fetch
from support.endpoints import need_dynamodb_local
from support.plugin_run import ALONE, PLUGIN
from support.waiting import PATIENCE

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "fastapi-orders"


@pytest.mark.parametrize("server", [pytest.param("local", marks=pytest.mark.dynamodb_local), "moto"])
def test_the_tests_of_the_example_pass(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if server == "local":
        need_dynamodb_local()
        monkeypatch.setenv("DYNAMODB_LOCAL_HOME", str(fetch().folder))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")} | ALONE
    command = [sys.executable, "-m", "pytest", *PLUGIN, "-q", "-p", "no:cacheprovider", "--dynamodb", server]
    ended = subprocess.run(
        command, cwd=EXAMPLE, env=environ, capture_output=True, text=True, timeout=PATIENCE * 2, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "9 passed" in ended.stdout
