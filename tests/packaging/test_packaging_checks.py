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
        f"{lock}.lock pins nothing for 'left-out>=1'" for lock in ("runtime", "demo", "test", "verify", "docs", "dev")
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


def module(root, name, lines, *imports):
    path = root / "reconciler" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*imports, *["x = 1"] * (lines - len(imports))]) + "\n", encoding="utf-8")


def test_a_small_module_with_one_importer_is_found_however_it_is_imported(tmp_path):
    for name in ("alone", "attribute", "module", "whole", "shared", "large", "unused"):
        module(tmp_path, f"engine/{name}.py", 40 if name == "large" else 39)
    module(tmp_path, "facets/ttl.py", 5)
    module(tmp_path, "cli/commands/up.py", 5)
    module(tmp_path, "engine/__init__.py", 1)
    module(tmp_path, "one.py", 60, *(f"import reconciler.engine.{name}" for name in ("whole", "shared", "large")))
    module(tmp_path, "two.py", 60, "from reconciler.engine import attribute, shared", "import reconciler.one")
    module(
        tmp_path,
        "three.py",
        60,
        "from reconciler.engine.module import x",
        "import reconciler.two, reconciler.facets.ttl",
    )
    module(
        tmp_path,
        "engine/inner.py",
        60,
        "def f():\n    from reconciler.engine.alone import x",
        "import reconciler.three",
    )
    found = [str(path) for path in check_house.small_single_importer_modules(tmp_path)]
    assert found == [f"reconciler/engine/{name}.py" for name in ("alone", "attribute", "module", "unused", "whole")]


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
