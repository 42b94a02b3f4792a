"""The wheel contains both packages with their data files and nothing else of the repository."""

import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built by the locked build backend; slow enough to be built once."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def test_it_holds_the_two_packages_alone(wheel):
    roots = {name.split("/")[0] for name in wheel.namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"reconciler", "desired_state"}


def test_every_file_of_the_packages_that_git_knows_is_in_it(wheel):
    listed = subprocess.run(
        ["git", "ls-files", "reconciler", "desired_state"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    known = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    assert {"reconciler/py.typed", "desired_state/seeds/users.json"} <= known
    assert known <= set(wheel.namelist())


def test_it_offers_the_console_script_and_the_extras(wheel):
    name = next(n for n in wheel.namelist() if n.endswith(".dist-info/entry_points.txt"))
    entry_points = wheel.read(name).decode()
    assert "reconciler = reconciler.__main__:main" in entry_points
    assert "[pytest11]\ndynamodb = reconciler.pytest_plugin.plugin" in entry_points
    metadata = message_from_string(wheel.read(name.replace("entry_points.txt", "METADATA")).decode())
    assert metadata.get_all("Provides-Extra") == ["embedded", "faker", "ion", "otel", "pytest", "testcontainers"]
    assert metadata["Requires-Python"] == ">=3.11"
