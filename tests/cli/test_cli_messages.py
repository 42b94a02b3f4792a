"""Options before the command move behind it."""

from __future__ import annotations

import pytest

from reconciler.cli.options import verb_first

LINES = {
    "": "run",
    "--once": "run --once",
    "run --once": "run --once",
    "--embedded preview": "preview --embedded",
    "--embedded preview users --diff": "preview --embedded users --diff",
    "--environment prod up --environment dev": "up --environment prod --environment dev",
    "--environment=prod up": "up --environment=prod",
    "-o json preview": "preview -o json",
    "-ojson preview": "preview -ojson",
    "-vo json preview": "preview -vo json",
    "-v -q status": "status -v -q",
    "--stack status status": "status --stack status",
    "--help": "--help",
    "--embedded --help": "--help",
    "--help preview": "preview --help",
    "preview --help": "preview --help",
    "--version": "--version",
    "-v --version up": "--version",
    "prevew --diff": "prevew --diff",
    "--interval": "run --interval",
    "-- users": "run -- users",
    "preview -- --odd": "preview -- --odd",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read_as(line: str) -> None:
    assert verb_first(line.split()) == LINES[line].split()


def test_a_value_with_spaces_or_nothing_stays_one_word() -> None:
    assert verb_first(["--desired-state", "my folder", "up"]) == ["up", "--desired-state", "my folder"]
    assert verb_first(["--environment", "", "up"]) == ["up", "--environment", ""]
