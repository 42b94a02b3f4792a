"""Apply what CONTRIBUTING.md says about a new feature to a copy of the package."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from support.markdown import ROOT

_BLOCK = re.compile(
    r"^`(?P<path>reconciler/[\w/.]+)`[^\n]*:\n\n```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


def blocks() -> Iterator[tuple[str, str]]:
    """The path and the code of every block, in the order in which they are written."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Adding a feature of a table\n")[2]
    yield from ((match["path"], match["code"]) for match in _BLOCK.finditer(text))


def copy_with_the_feature(folder: Path) -> Path:
    """A copy of ``reconciler`` below ``folder`` with every block applied: a new file, or lines for an existing one."""
    shutil.copytree(ROOT / "reconciler", folder / "reconciler", ignore=shutil.ignore_patterns("__pycache__"))
    for path, code in blocks():
        target = folder / path
        target.write_text(_with_lines(target.read_text(encoding="utf-8"), code) if target.exists() else code)
    return folder


def _with_lines(text: str, code: str) -> str:
    """An import comes first among ours, a line of a tuple before its end, a field at the end of the file."""
    for line in code.splitlines(keepends=True):
        if line.startswith("from "):
            text = text.replace("\nfrom reconciler.", f"\n{line}from reconciler.", 1)
        elif line.endswith(",\n"):
            start = re.search(r"^[A-Z]+: tuple\[\w+, \.\.\.\] = \(\n", text, re.MULTILINE)
            assert start is not None
            end = text.index("\n)\n", start.end())
            text = f"{text[: end + 1]}{line}{text[end + 1 :]}"
        else:
            text += line
    return text
