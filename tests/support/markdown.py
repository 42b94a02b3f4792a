"""Reads tables and code blocks out of a Markdown page, for the tests that hold the documents to the code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def section(page: Path, heading: str) -> str:
    """The text under a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", _without_code(page), re.MULTILINE | re.DOTALL)
    if found is None:
        raise AssertionError(f"{page.name} has no heading {heading!r}")
    return found[1]


def table(page: Path, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head; escaped bars stay in their cells."""
    lines = [line.strip() for line in section(page, heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def code_blocks(page: Path, language: str) -> list[str]:
    """The contents of the fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def plain(cell: str) -> str:
    """A cell without its code marks."""
    return cell.replace("`", "")


def _without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
