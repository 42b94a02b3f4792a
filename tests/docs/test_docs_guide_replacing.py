"""The guide to replacing a table: its example runs as printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from support.endpoints import Live
from support.tool import Tool
from support.waiting import eventually

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "replacing-a-table.md"
BLOCK = re.compile(r"(?:^`(?P<file>[\w/.]+)`\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S)


def pattern(printed: str) -> str:
    """``…`` stands for any lines, or for any text in a line."""
    return "\n".join(
        ".*" if line == "…" else "[^\n]*".join(map(re.escape, line.split("…"))) for line in printed.splitlines()
    )


def follow(section: str, local: Live, folder: Path) -> tuple[int, dict[str, Any]]:
    """Do what a section shows. The number of commands, and the names that its Python has at the end."""
    text = GUIDE.read_text(encoding="utf-8").partition(f"\n## {section}\n")[2]
    text = re.split(r"^##+ ", text, maxsplit=1, flags=re.M)[0]
    tool, ran, names = Tool(local.url, folder), 0, dict[str, Any]()
    for block in BLOCK.finditer(text):
        if block["file"]:
            path = folder / block["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "python":
            exec(block["text"].replace("http://localhost:8000", local.url), names)  # noqa: S102 - the block of the guide
        else:
            for part in re.split(r"^\$ ", block["text"], flags=re.M)[1:]:
                line, _, printed = part.partition("\n")
                done = tool.run(*shlex.split(line)[1:])
                assert re.fullmatch(pattern(printed), done.stdout.rstrip("\n"), re.S), (line, done.stdout, done.stderr)
                ran += 1
    return ran, names


def test_the_example_runs_as_printed_and_keeps_every_item(local: Live, tmp_path: Path) -> None:
    ran, _ = follow("An example", local, tmp_path)
    assert ran == 4
    found = local.client.scan(TableName="orders", ConsistentRead=True)["Items"]
    wanted = [(f"c-{number % 9}", f"o-{number:03}", str(number)) for number in range(300)]
    assert sorted((item["customer"]["S"], item["id"]["S"], item["total"]["N"]) for item in found) == sorted(wanted)


def test_the_walk_through_runs_as_printed_while_an_application_writes(local: Live, tmp_path: Path) -> None:
    ran, names = follow("While applications write", local, tmp_path)
    assert ran == 4
    eventually(lambda: len(names["written"]) > 60)
    names["stopped"].set()
    names["writer"].join()
    assert "orders" not in local.client.list_tables()["TableNames"]
    found = local.client.scan(TableName="orders-g2", ConsistentRead=True)["Items"]
    wanted = [(each["customer"], each["id"], str(each["total"])) for each in names["written"].values()]
    assert sorted((item["customer"]["S"], item["id"]["S"], item["total"]["N"]) for item in found) == sorted(wanted)
