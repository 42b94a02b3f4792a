"""The page of complaints names tests that exist, several of them a complaint where one does not show it all."""

import ast
import re

import pytest
from support.markdown import ROOT

PAGE = (ROOT / "docs" / "complaints.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("|") and not line.startswith(("| complaint", "|---"))]
TEST = re.compile(r"`((?:tests|verification)/[\w/]+\.py)::(test_\w+)`")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_each_complaint_is_shown_by_tests_that_exist(row: str) -> None:
    named = TEST.findall(row.split("|")[3])
    assert named
    for file, test in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}::{test}"


def test_no_complaint_is_listed_twice() -> None:
    names = [row.split("|")[1] for row in ROWS]
    assert len(names) == len(set(names)) == 22
