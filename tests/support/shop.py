"""An application beside the tool: it has a folder of declarations and calls the same endpoint through boto3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support import forked
from support.endpoints import Live
from support.waiting import PATIENCE


class Shop:
    """What the tests of replaced and renamed tables do, and what an independent client sees."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live, self.folder = live, folder
        (folder / "desired_state").mkdir()

    def tool(self, *words: str, code: int = 0) -> str:
        """Run a command line; what it printed."""
        done = forked.run(*words, "--endpoint-url", self.live.url, folder=self.folder, timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def put(self, name: str, *items: dict[str, Any]) -> None:
        """The application puts items."""
        for item in items:
            self.live.client.put_item(TableName=name, Item=item)

    def put_many(self, name: str, items: list[dict[str, Any]]) -> None:
        """The application puts items of which each has another key."""
        for first in range(0, len(items), 25):
            puts = [{"PutRequest": {"Item": item}} for item in items[first : first + 25]]
            assert not self.live.client.batch_write_item(RequestItems={name: puts})["UnprocessedItems"]

    def held(self, name: str) -> list[dict[str, Any]]:
        """The items of a table, in the order of their texts."""
        pages = self.live.client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        return sorted((item for page in pages for item in page["Items"]), key=json.dumps)

    @property
    def tables(self) -> list[str]:
        """All tables but that of the state."""
        return [name for name in self.live.client.list_tables()["TableNames"] if name != "reconciler_state"]
