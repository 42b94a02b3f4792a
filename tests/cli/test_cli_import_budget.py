"""What a command imports: nothing before it is needed, counted in modules (P10)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.endpoints import Live
from support.folders import SOUND, write

TYPER = ("typer", "rich", "pydantic")
SERVERS = ("fastapi", "starlette", "uvicorn", "apscheduler", "watchfiles", "prometheus_client", "opentelemetry", "moto")
DRAWING = ("structlog", "asyncio", "ruamel", "yaml", "durationpy")
SDK = ("boto3", "botocore", "urllib3", "ssl", "http")
RUNNING = ("reconciler.engine.reconciler", "reconciler.aws", "reconciler.daemon", "reconciler.http")
ENGINE = (*RUNNING, "reconciler.facets")
HELP = """
import sys
from reconciler.cli.app import main
code = main(sys.argv[2:])
open(sys.argv[1], "w").write("\\n".join([str(code), *sys.modules]))
"""


def modules(folder: Path, line: str, code: int = 0) -> set[str]:
    """The modules that a process has imported by the end of a command."""
    listed = folder / "modules.txt"
    command = [sys.executable, "-c", HELP, str(listed), *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    ended, *names = listed.read_text(encoding="utf-8").splitlines()
    assert int(ended) == code, done.stderr
    return set(names)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one YAML table, checked by a former command."""
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    write(tmp_path, {"desired_state/users.yaml": json.dumps(SOUND)})
    modules(tmp_path, "validate")
    return tmp_path


OF_PYTHON = 8 if sys.version_info >= (3, 12) else 0
"""Modules that later releases of Python import in addition to those of 3.11."""


@pytest.mark.parametrize(
    ("line", "budget", "never"),
    [
        ("--version", 105, (*TYPER, *SERVERS, *DRAWING, *SDK, *ENGINE, "reconciler.wiring", "reconciler.model.table")),
        ("validate", 206, (*TYPER, *SERVERS, *DRAWING, *SDK, *ENGINE)),
        ("export --format mermaid", 215, (*TYPER, *SERVERS, *DRAWING, *SDK, *ENGINE)),
        ("export --format cloudformation", 495, (*SERVERS, *SDK, *RUNNING)),
        ("diff desired_state desired_state", 260, (*TYPER, *SERVERS, *DRAWING, *SDK, *RUNNING)),
        ("init other", 150, (*TYPER, *SERVERS, *DRAWING, *SDK, *ENGINE, "reconciler.wiring")),
        ("preview --help", 315, (*SERVERS, *DRAWING, *SDK, *ENGINE, "rich", "reconciler.wiring")),
    ],
)
def test_an_offline_command_imports_only_what_it_needs(
    line: str, budget: int, never: tuple[str, ...], folder: Path
) -> None:
    found = modules(folder, line)
    assert sorted(found & set(never)) == []
    assert len(found) <= budget + OF_PYTHON


@pytest.mark.parametrize(("line", "budget"), [("--once", 410), ("preview", 410), ("status", 406)])
def test_a_command_with_nothing_to_do_imports_only_what_it_needs(
    line: str, budget: int, folder: Path, moto: Live
) -> None:
    modules(folder, f"--once --endpoint-url {moto.url}")
    found = modules(folder, f"{line} --endpoint-url {moto.url}")
    never = {*TYPER, *SERVERS, "structlog", "ruamel", "yaml", "reconciler.daemon", "reconciler.http"}
    assert sorted(found & {*never, "boto3", "botocore.session", "botocore.client", "urllib3"}) == []
    assert len(found) <= budget + OF_PYTHON


def test_a_folder_that_was_not_checked_before_is_parsed_and_the_next_command_does_not(folder: Path) -> None:
    write(folder, {"desired_state/orders.yaml": json.dumps(SOUND | {"table_name": "orders"})})
    assert {"pydantic", "yaml"} <= modules(folder, "validate")
    assert not {"pydantic", "yaml"} & modules(folder, "validate")
