"""The default stack is that of the project: from pyproject.toml, else the folder around the declarations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.errors import SettingsError
from reconciler.settings import load
from reconciler.settings.model import Settings

NAMED = '[project]\nname = "{}"\n'
CASES: dict[str, tuple[Mapping[str, str | None], str, str, str]] = {
    # id: files (None: a folder), working directory, desired state, stack
    "the working directory": ({}, "shop", "./desired_state", "shop"),
    "a folder named by its path": ({}, "elsewhere", "../shop/desired_state", "shop"),
    "a folder with dots in its path": ({}, "shop", "./tables/../desired_state", "shop"),
    "a trailing slash": ({}, "shop", "desired_state/", "shop"),
    "pyproject.toml beside it": ({"shop/pyproject.toml": NAMED.format("webshop")}, "shop", "desired_state", "webshop"),
    "pyproject.toml inside it": (
        {"shop/desired_state/pyproject.toml": NAMED.format("tables"), "shop/pyproject.toml": NAMED.format("webshop")},
        *("shop", "desired_state", "tables"),
    ),
    "pyproject.toml above it": (
        {"repo/pyproject.toml": NAMED.format("webshop"), "repo/db/desired_state": None},
        *("repo/db", "desired_state", "webshop"),
    ),
    "the nearest of two": (
        {"repo/pyproject.toml": NAMED.format("all"), "repo/db/pyproject.toml": NAMED.format("db")},
        *("repo/db", "desired_state", "db"),
    ),
    "one without a project is passed over": (
        {"shop/pyproject.toml": "[tool.ruff]\n", "pyproject.toml": NAMED.format("outer")},
        *("shop", "desired_state", "outer"),
    ),
    "one beyond the repository is another project's": (
        {"pyproject.toml": NAMED.format("outer"), "shop/.git": None},
        *("shop", "desired_state", "shop"),
    ),
    "a name with spaces": ({"My Shop": None}, "My Shop", "desired_state", "My-Shop-[0-9a-f]{6}"),
    "a name in other letters": ({"магазин": None}, "магазин", "desired_state", "stack-[0-9a-f]{6}"),
    "a very long name": ({"n" * 150: None}, "n" * 150, "desired_state", "n{93}-[0-9a-f]{6}"),
    "the bundled set": ({}, "shop", "bundled", "default"),
    "a package": ({}, "shop", "package:billing.tables", "billing"),
}


def _files(root: Path, files: Mapping[str, str | None]) -> None:
    for name, text in files.items():
        path = root / name
        if text is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def _loaded(folder: Path, **environ: str) -> Settings:
    return load({}, one_shot=True, environ=environ, cwd=folder)


@pytest.mark.parametrize("name", CASES)
def test_the_stack_is_named_after(name: str, tmp_path: Path) -> None:
    files, cwd, location, stack = CASES[name]
    _files(tmp_path, {"outermost/.git": None})
    root = tmp_path / "outermost"
    _files(root, files)
    (root / cwd).mkdir(parents=True, exist_ok=True)
    settings = _loaded(root / cwd, RECONCILER_DESIRED_STATE=location)
    assert re.fullmatch(stack, settings.stack), settings.stack
    assert settings.origins["stack"].startswith("default")


def test_names_that_differ_stay_different(tmp_path: Path) -> None:
    stacks = set()
    for name in ("a b", "a-b", "a/b".replace("/", "~"), "ä b", "日本", "中国", "x" * 120, "x" * 121):
        (tmp_path / name).mkdir()
        stacks.add(_loaded(tmp_path / name).stack)
    assert len(stacks) == 8


@pytest.mark.parametrize(
    ("environ", "file"),
    [({"RECONCILER_STACK": "named"}, None), ({}, 'stack = "named"\n')],
    ids=["a variable", "a file"],
)
def test_an_explicit_stack_name_is_kept(environ: dict[str, str], file: str | None, tmp_path: Path) -> None:
    if file:
        (tmp_path / "reconciler.toml").write_text(file)
    settings = _loaded(tmp_path, **environ)
    assert (settings.stack, settings.former_scope) == ("named", None)


def test_a_derived_stack_finds_the_records_of_the_default_stack(tmp_path: Path) -> None:
    assert _loaded(tmp_path).former_scope == "default/default"
    assert _loaded(tmp_path, RECONCILER_ENVIRONMENT="prod").former_scope == "default/prod"
    assert _loaded(tmp_path, RECONCILER_DESIRED_STATE="bundled").former_scope is None


@pytest.mark.parametrize("text", ["[project\n", b"\xff\xfe".decode("latin-1")], ids=["no TOML", "no TOML either"])
def test_a_project_file_that_is_not_understood_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "db").mkdir()
    with pytest.raises(SettingsError, match=r"pyproject.toml.*RECONCILER_STACK"):
        _loaded(tmp_path / "db")


def test_every_stack_that_is_derived_is_a_valid_one(tmp_path: Path) -> None:
    values: list[Any] = []
    for name in ("..x", "-a-", "a b c", "_", "ü", "n" * 200):
        (tmp_path / name).mkdir()
        derived = _loaded(tmp_path / name).stack
        values.append(_loaded(tmp_path, RECONCILER_STACK=derived).stack == derived)
    assert all(values)
