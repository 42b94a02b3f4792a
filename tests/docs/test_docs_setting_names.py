"""Texts for people write the whole name of a setting, so that a name that is copied has an effect."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from support.markdown import ROOT

from reconciler.settings import SETTINGS
from reconciler.settings.layers import DISTINCTIVE

NAMES = "|".join(sorted((name.upper() for name in SETTINGS), key=len, reverse=True))
IN_A_PAGE = re.compile(rf"`({NAMES})[`=]")
IN_A_MESSAGE = re.compile(rf"(?<![A-Z_])({'|'.join(DISTINCTIVE)})(?![A-Z_])")
NO_SETTING = ("A variable named `ENVIRONMENT`", "`PRUNE=never` has no effect")
"""Beginnings of sentences about other things of the name."""
FOLDERS = ("docs", "monitoring", "deploy", "examples")


def pages() -> Iterator[Path]:
    """Every page that a user may copy a setting from."""
    yield from (ROOT / "README.md", ROOT / "CHANGELOG.md")
    for folder in FOLDERS:
        yield from (ROOT / folder).rglob("*.md")


def messages() -> Iterator[tuple[str, str]]:
    """Place and text of each string in the code that is not documentation of the code."""
    for path in (ROOT / "reconciler").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def test_pages_write_the_prefix() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in pages()
        for line in path.read_text(encoding="utf-8").splitlines()
        if IN_A_PAGE.search(line) and not any(text in line for text in NO_SETTING)
    ]
    assert found == []


def test_messages_write_the_prefix() -> None:
    # A string of nothing but the name is an identifier.
    found = [(place, text) for place, text in messages() if text not in DISTINCTIVE and IN_A_MESSAGE.search(text)]
    assert found == []


def test_alerts_write_the_prefix() -> None:
    rules = [path for path in (ROOT / "monitoring").rglob("*") if path.suffix in (".yaml", ".yml", ".json")]
    assert rules
    found = [path.name for path in rules if IN_A_MESSAGE.search(path.read_text(encoding="utf-8"))]
    assert found == []


RECIPES = ("docs", "deploy", "examples")


def test_recipes_name_the_region_under_both_names() -> None:
    """boto3 and the AWS CLI read AWS_DEFAULT_REGION, most other SDKs AWS_REGION."""
    found, seen = [], 0
    for folder in RECIPES:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in (".md", ".yaml", ".yml"):
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
            for number, line in enumerate(lines):
                if not re.search(r"(?<![{$`A-Z_])AWS_(DEFAULT_)?REGION[:=]", line):
                    continue
                seen += 1
                near = "\n".join(lines[max(0, number - 1) : number + 2])
                if not ("AWS_REGION" in near and "AWS_DEFAULT_REGION" in near):
                    found.append(f"{path.relative_to(ROOT)}:{number + 1}: {line.strip()}")
    assert seen
    assert found == []
