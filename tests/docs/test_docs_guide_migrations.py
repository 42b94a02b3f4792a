"""The guide to item migrations: its example runs as printed, and its blocks are migrations."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from support.endpoints import Live
from support.tool import Tool

from reconciler.declarations.item_migrations import load_migrations

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "item-migrations.md"
BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w+)(?: title=\"(?P<file>[\w/.]+)\")?\n(?P<text>.*?)^ *```$", re.M | re.S
)


def example() -> str:
    return GUIDE.read_text(encoding="utf-8").partition("## An example")[2].partition("\n## ")[0]


def pattern(printed: str) -> str:
    """``…`` stands for anything in a line, and for any lines where it is alone."""
    lines = [".*" if line == "…" else re.escape(line).replace("…", "[^\n]*") for line in printed.splitlines()]
    return "\n".join(lines)


def test_the_example_runs_as_printed(local: Live, tmp_path: Path) -> None:
    tool, ran = Tool(local.url, tmp_path), 0
    for block in BLOCK.finditer(example()):
        if block["file"]:
            path = tmp_path / block["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", block["text"], flags=re.M)[1:]:
                line, _, printed = part.partition("\n")
                done = tool.run(*shlex.split(line)[1:])
                assert re.fullmatch(pattern(printed), done.stdout.rstrip("\n"), re.S), (line, done.stdout, done.stderr)
                ran += 1
    assert ran == 7


def test_every_python_block_of_the_guide_is_a_migration(tmp_path: Path) -> None:
    blocks = [block for block in BLOCK.finditer(GUIDE.read_text(encoding="utf-8")) if block["kind"] == "python"]
    assert len(blocks) == 3
    for number, block in enumerate(blocks, start=1):
        text = re.sub(rf"^{block['indent']}", "", block["text"], flags=re.M)
        (tmp_path / f"{number:04}_block.py").write_text(text, encoding="utf-8")
    assert [each.number for each in load_migrations(tmp_path, tmp_path)] == [1, 2, 3]
