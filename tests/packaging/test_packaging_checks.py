"""The checks of ``make check`` find what they are for."""

import os
import shutil
import subprocess
from pathlib import Path

import check_house
import check_locks
import pytest

ROOT = Path(__file__).resolve().parents[2]
HASH = "--hash=sha256:" + "0" * 64


@pytest.fixture
def locks(tmp_path):
    """A copy of pyproject.toml and the locks that a test may spoil."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def spoil(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_locks_fit_pyproject():
    assert check_locks.problems() == []


def test_a_requirement_without_a_pin_is_found(locks):
    spoil(locks / "pyproject.toml", "dependencies = [\n", 'dependencies = [\n  "left-out>=1",\n')
    assert check_locks.problems(locks) == [
        f"{lock}.lock pins nothing for 'left-out>=1'" for lock in ("runtime", "demo", "test", "dev")
    ]


def test_a_requirement_that_outgrew_its_pin_is_found(locks):
    spoil(locks / "pyproject.toml", '"ruff>=', '"ruff>=1')
    assert any("for 'ruff>=1" in sentence for sentence in check_locks.problems(locks))


def test_a_runtime_pin_that_was_never_tested_is_found(locks):
    with (locks / "requirements" / "runtime.lock").open("a", encoding="utf-8") as lock:
        lock.write(f"stranger==1 \\\n    {HASH}\n")
    assert check_locks.problems(locks) == ["runtime.lock pins stranger ['1'], dev.lock does not"]


@pytest.mark.parametrize("line", ["stranger==1", f"stranger>=1 {HASH}", f"stranger @ https://example.org/s.whl {HASH}"])
def test_a_line_that_is_not_a_pin_with_a_hash_is_refused(locks, line):
    with (locks / "requirements" / "dev.lock").open("a", encoding="utf-8") as lock:
        lock.write(line + "\n")
    with pytest.raises(ValueError, match="not a pin with hashes"):
        check_locks.problems(locks)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("see /ro" + "ot/notes", "a path of one machine"),
        ('"/home/' + 'ann/x"', "a path of one machine"),
        ("https://py" + "pi.org/simple", "a host of a package registry"),
        ("# TO" + "DO later", "unfinished work"),
        ("@pytest.mark." + "skip", "a skipped test"),
    ],
)
def test_the_house_rules_find(text, rule):
    assert [found for _, found in check_house.broken_rules(text)] == [rule]


@pytest.mark.parametrize("text", ["import/work/flow", "the root folder", "todo list", "network/home page"])
def test_the_house_rules_pass(text):
    assert list(check_house.broken_rules(text)) == []


def find_python(*arguments, path=None):
    environment = {**os.environ, **({"PATH": str(path)} if path else {})}
    command = ["/bin/sh", str(ROOT / "scripts" / "find_python.sh"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_an_old_python_is_refused_in_a_sentence(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    answer = find_python(path=tmp_path)
    assert answer.returncode == 1
    assert "Python 3.11 or newer is needed" in answer.stderr


def test_a_compatible_python_is_named():
    assert find_python("python3").stdout.strip() == "python3"
