"""A stack whose tables get other names, and an application that uses boto3 alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support import forked
from support.endpoints import Live
from support.waiting import PATIENCE


def table(name: str, *more: str, former: str | None = None, keys: str = "id") -> str:
    """A declaration; ``more`` are further lines of it."""
    schema = ", ".join(
        f"{{AttributeName: {key}, KeyType: {kind}}}" for key, kind in zip(keys.split(), ("HASH", "RANGE"), strict=False)
    )
    types = ", ".join(f"{{AttributeName: {key}, AttributeType: S}}" for key in keys.split())
    renamed = f"renamed_from: {former}\n" if former else ""
    declared = f"table_name: {name}\n{renamed}key_schema: [{schema}]\nattribute_definitions: [{types}]\n"
    return declared + "".join(f"{line}\n" for line in more)


class Shop:
    """One folder of declarations, one endpoint, and an application that uses boto3 alone."""

    def __init__(self, live: Live, folder: Path) -> None:
        self.live, self.folder = live, folder
        (folder / "desired_state").mkdir()

    def declare(self, *texts: str) -> None:
        """Replace all declarations."""
        (self.folder / "desired_state" / "shop.yaml").write_text("---\n".join(texts))

    def tool(self, *words: str, code: int = 0) -> str:
        """Run a command line; what it printed."""
        done = forked.run(*words, "--endpoint-url", self.live.url, folder=self.folder, timeout=PATIENCE)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def put(self, name: str, *items: dict[str, Any]) -> None:
        """The application puts items."""
        for item in items:
            self.live.client.put_item(TableName=name, Item=item)

    def create(self, name: str) -> None:
        """Somebody creates a table whose key is ``id``."""
        self.live.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def held(self, name: str) -> list[dict[str, Any]]:
        """The items of a table, in an order of their own."""
        pages = self.live.client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        return sorted((item for page in pages for item in page["Items"]), key=json.dumps)

    @property
    def tables(self) -> list[str]:
        """All tables but that of the state."""
        return [name for name in self.live.client.list_tables()["TableNames"] if name != "reconciler_state"]


THREE = [{"id": {"S": f"o{number}"}, "customer": {"S": f"c{number % 2}"}} for number in range(3)]


def begun(shop: Shop, *others: str) -> None:
    """A managed table with three items."""
    shop.declare(table("orders"), *others)
    shop.tool("--once")
    shop.put("orders", *THREE)
