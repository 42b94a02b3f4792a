"""What a terminal shows while all items of a table are read or changed: a row or a line with table and items."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.endpoints import Live
from support.shop import Shop

from reconciler.cli import progress
from reconciler.cli.app import main
from reconciler.engine import work_meter
from reconciler.engine.ports import WorkProgress

BY_ID = """\
table_name: orders
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}]
"""
BY_CUSTOMER = BY_ID.replace("AttributeName: id", "AttributeName: customer")
ITEMS = 400


@pytest.fixture
def shop(local: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A table with items, on a terminal."""
    made = Shop(local, tmp_path)
    (tmp_path / "desired_state" / "orders.yaml").write_text(BY_ID)
    made.tool("--once")
    made.put("orders", *({"id": {"S": f"o{n}"}, "customer": {"S": f"c{n}"}} for n in range(ITEMS)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reconciler.cli.console.Console.interactive", property(lambda _: True))
    return made


def test_a_preview_names_the_table_whose_items_it_reads(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop.folder / "desired_state" / "orders.yaml").write_text(BY_CUSTOMER)
    monkeypatch.setattr(progress, "SILENT_SECONDS", 0.0)
    monkeypatch.setattr(progress, "Ticker", partial(progress.Ticker, seconds=0.0001))
    monkeypatch.setattr(work_meter, "REPORT_SECONDS", 0.0)
    assert main(["preview", "--endpoint-url", shop.live.url]) == 0
    drawn = capsys.readouterr().err.split("\r\x1b[2K")
    assert any(line.startswith("orders: reading its items, ") for line in drawn)
    assert drawn[-1] == ""


def test_migrate_has_a_row_and_no_line_of_a_pipe(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[WorkProgress] = []

    @contextmanager
    def bars(*_: Any, **__: Any) -> Iterator[Any]:
        nothing = lambda *_: None  # noqa: E731 - what the other rows get
        yield SimpleNamespace(step=nothing, seeding=nothing, wait=nothing, reading=nothing, working=rows.append)

    monkeypatch.setattr("reconciler.cli.progress_bars.bars", bars)
    monkeypatch.setattr("reconciler.cli.commands.migrate.LINE_SECONDS", 0.0)
    (shop.folder / "migrations").mkdir()
    (shop.folder / "migrations" / "0001_flag.py").write_text(
        'table = "orders"\n\n\ndef up(item):\n    return {"flag": True}\n'
    )
    assert main(["migrate", "up", "--endpoint-url", shop.live.url]) == 0
    assert rows[-1].table == "orders"
    assert rows[-1].what == "0001_flag"
    assert rows[-1].done == ITEMS
    assert "items/s" not in capsys.readouterr().err
    assert all(item["flag"] == {"BOOL": True} for item in shop.held("orders"))
