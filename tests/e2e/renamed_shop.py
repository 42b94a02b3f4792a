"""A stack with renamed tables."""

from __future__ import annotations

from support.shop import Shop


def table(name: str, *more: str, former: str | None = None, keys: str = "id") -> str:
    """A declaration; ``more`` are further lines of it."""
    schema = ", ".join(
        f"{{AttributeName: {key}, KeyType: {kind}}}" for key, kind in zip(keys.split(), ("HASH", "RANGE"), strict=False)
    )
    types = ", ".join(f"{{AttributeName: {key}, AttributeType: S}}" for key in keys.split())
    renamed = f"renamed_from: {former}\n" if former else ""
    declared = f"table_name: {name}\n{renamed}key_schema: [{schema}]\nattribute_definitions: [{types}]\n"
    return declared + "".join(f"{line}\n" for line in more)


class RenamedShop(Shop):
    """Its declarations are one file, which is replaced as a whole."""

    def declare(self, *texts: str) -> None:
        """Replace all declarations."""
        (self.folder / "desired_state" / "shop.yaml").write_text("---\n".join(texts))

    def create(self, name: str) -> None:
        """Somebody creates a table whose key is ``id``."""
        self.live.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


THREE = [{"id": {"S": f"o{number}"}, "customer": {"S": f"c{number % 2}"}} for number in range(3)]


def begun(shop: RenamedShop, *others: str) -> None:
    """A managed table with three items."""
    shop.declare(table("orders"), *others)
    shop.tool("--once")
    shop.put("orders", *THREE)
