"""A large seed is parsed for seconds: the commands that read it say so, on a terminal and in a log."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from support.endpoints import Live

from reconciler.cli import seed_reading
from reconciler.cli.app import main
from reconciler.cli.console import Console
from reconciler.cli.progress import Ticker

TABLE = """\
table_name: orders
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}]
"""
ITEMS = 1500
SEEDS = {
    "orders.yaml": "".join(f"- id: o{number}\n  total: {number}\n" for number in range(ITEMS)),
    "orders.json": "[" + ",\n".join(f'{{"id": "o{number}", "total": {number}}}' for number in range(ITEMS)) + "]",
    "orders.csv": "id,total\n" + "".join(f"o{number},{number}\n" for number in range(ITEMS)),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if each seed took more than two seconds."""
    monkeypatch.setattr(seed_reading, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(seed_reading, "Ticker", partial(Ticker, seconds=0.001))
    monkeypatch.chdir(tmp_path)


def declare(folder: Path, file: str) -> None:
    (folder / "desired_state" / "seeds").mkdir(parents=True)
    (folder / "desired_state" / "orders.yaml").write_text(TABLE)
    (folder / "desired_state" / "seeds" / file).write_text(SEEDS[file])


@pytest.mark.parametrize("file", SEEDS)
@pytest.mark.parametrize("words", ["validate", "preview", "up --yes", "--once", "seed", "seed --verify"])
def test_a_command_says_which_seed_it_reads(
    words: str, file: str, local: Live, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(tmp_path, file)
    main([*words.split(), "--endpoint-url", local.url])
    found = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Reading the seed")]
    assert len(found) == 1, "the next line comes ten seconds later"
    assert found[0].startswith(f"Reading the seed seeds/{file}")


def test_a_terminal_has_one_line_that_is_erased(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "interactive", property(lambda self: True))
    declare(tmp_path, "orders.csv")
    assert main(["validate"]) == 0
    drawn = capsys.readouterr().err.split("\r\x1b[2K")
    assert any(line.startswith("Reading the seed seeds/orders.csv") for line in drawn)
    assert any(line.endswith(" items so far") for line in drawn)
    assert drawn[-1] == ""


def test_with_q_nothing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    declare(tmp_path, "orders.yaml")
    assert main(["validate", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_a_seed_that_is_read_within_two_seconds_is_not_mentioned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seed_reading, "SILENT_SECONDS", 2.0)
    declare(tmp_path, "orders.csv")
    assert main(["validate"]) == 0
    assert capsys.readouterr().err == ""
