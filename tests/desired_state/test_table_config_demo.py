"""The demo script: runs with plain Python from anywhere, shows all four parts, and fails when something is wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(script: Path, cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", *options, str(script)], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("options", [(), ("-S", "-I")], ids=["with the dependencies", "with plain Python"])
def test_the_demo_shows_names_schemas_validation_and_usage(options: tuple[str, ...], tmp_path: Path) -> None:
    done = run(ROOT / "scripts" / "table_config_demo.py", tmp_path, *options)
    assert (done.returncode, done.stderr) == (0, "")
    for heading in ("Table names", "Schemas (environment local)", "Validation", "Usage"):
        assert f"\n{heading}\n---" in done.stdout
    for name in ("projects_details-local", "projects_details-dev", "users-staging", "users-prod"):
        assert name in done.stdout
    assert '"table_name": "users-local"' in done.stdout
    assert "(none): ok\nlocal: ok\ndev: ok\nstaging: ok\nprod: ok\n" in done.stdout
    assert ("install the reconciler's dependencies" in done.stdout) == bool(options)
    assert list(tmp_path.iterdir()) == []


def test_the_demo_fails_where_a_table_is_unsound(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for part in ("desired_state", "scripts"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    table = tmp_path / "desired_state" / "table_configs" / "users_table.py"
    table.write_text(
        table.read_text().replace('{"AttributeName": "pk", "AttributeType"', '{"AttributeName": "id", "AttributeType"')
    )
    done = run(tmp_path / "scripts" / "table_config_demo.py", tmp_path, "-S", "-I")
    assert done.returncode == 1
    assert "users: key attribute 'pk' has no definition" in done.stdout
