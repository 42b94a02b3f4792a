"""The guide to replacing a table: its example runs as printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from support.endpoints import Live
from support.tool import Tool

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "replacing-a-table.md"
BLOCK = re.compile(r"(?:^`(?P<file>[\w/.]+)`\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)


def pattern(printed: str) -> str:
    """``…`` stands for any lines."""
    return "\n".join(".*" if line == "…" else re.escape(line) for line in printed.splitlines())


def test_the_example_runs_as_printed_and_keeps_every_item(local: Live, tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8").partition("## An example")[2].partition("\n## ")[0]
    tool, ran = Tool(local.url, tmp_path), 0
    for block in BLOCK.finditer(text):
        if block["file"]:
            path = tmp_path / block["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "python":
            exec(block["text"].replace("http://localhost:8000", local.url), {})  # noqa: S102 - the block of the guide
        else:
            for part in re.split(r"^\$ ", block["text"], flags=re.M)[1:]:
                line, _, printed = part.partition("\n")
                done = tool.run(*shlex.split(line)[1:])
                assert re.fullmatch(pattern(printed), done.stdout.rstrip("\n"), re.S), (line, done.stdout, done.stderr)
                ran += 1
    assert ran == 4
    found = local.client.scan(TableName="orders", ConsistentRead=True)["Items"]
    wanted = [(f"c-{number % 9}", f"o-{number:03}", str(number)) for number in range(300)]
    assert sorted((item["customer"]["S"], item["id"]["S"], item["total"]["N"]) for item in found) == sorted(wanted)
