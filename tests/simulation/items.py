"""The data plane of the simulated service, behind the engine's ``ItemApi`` port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from simulation.data_plane import Cancelled, transact_write
from simulation.simulated_dynamodb import SimulatedDynamoDB

from reconciler.model.desired import Put, PutTogether, Removal

ENDS = {"None": Put.UNSENT, "ConditionalCheckFailed": Put.PRESENT, "TransactionConflict": Put.BUSY}


class Items:
    """The item API over a control plane's tables; it is always consistent."""

    def __init__(self, dynamodb: SimulatedDynamoDB) -> None:
        self.dynamodb = dynamodb
        self.puts = 0
        self.removed = 0
        self.faults: Callable[[str, Any], None] | None = None

    def first_items(self, table: str, limit: int) -> tuple[dict[str, Any], ...]:
        if self.faults:
            self.faults("Scan", table)
        live = self.dynamodb.table("Scan", table)
        return tuple(list(live.items.values())[:limit])

    def put_if_absent(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> bool:
        if self.faults:
            self.faults("PutItem", item)
        live, key = self.dynamodb.table("PutItem", table), _key(item, key_names)
        if key in live.items:
            return False
        live.items[key] = dict(item)
        self.puts += 1
        return True

    def put_together(
        self, table: str, items: Sequence[Mapping[str, Any]], key_names: Sequence[str], token: str
    ) -> PutTogether:
        """One transaction with the rules of the service, reasons in the order of its items."""
        if self.faults:
            self.faults("TransactWriteItems", items)
        request = {
            "TransactItems": [
                {
                    "Put": {
                        "TableName": table,
                        "Item": dict(item),
                        "ConditionExpression": "attribute_not_exists(#key)",
                        "ExpressionAttributeNames": {"#key": key_names[0]},
                    }
                }
                for item in items
            ],
            "ClientRequestToken": token,
        }
        replayed = f"transaction#{token}" in self.dynamodb.tokens
        try:
            transact_write(self.dynamodb, request)
        except Cancelled as refused:
            return PutTogether(tuple(ENDS.get(reason, Put.REFUSED) for reason in refused.reasons))
        self.puts += 0 if replayed else len(items)
        return PutTogether((Put.WRITTEN,) * len(items))

    def find_item(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> dict[str, Any] | None:
        if self.faults:
            self.faults("GetItem", item)
        found: dict[str, Any] | None = self.dynamodb.table("GetItem", table).items.get(_key(item, key_names))
        return None if found is None else dict(found)

    def all_items(self, table: str) -> Iterator[dict[str, Any]]:
        if self.faults:
            self.faults("Scan", table)
        yield from list(self.dynamodb.table("Scan", table).items.values())

    def pages(
        self, table: str, names: Sequence[str], size: int, most: int | None
    ) -> Iterator[Sequence[dict[str, Any]]]:
        if self.faults:
            self.faults("Scan", table)
        found = list(self.dynamodb.table("Scan", table).items.values())[:most]
        for start in range(0, len(found), size):
            yield [{name: item[name] for name in names if name in item} for item in found[start : start + size]]

    def find_keys(self, table: str, keys: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
        if self.faults:
            self.faults("BatchGetItem", keys)
        assert 0 < len(keys) <= 100
        live, names = self.dynamodb.table("BatchGetItem", table), tuple(keys[0])
        items = (live.items.get(_key(key, names)) for key in keys)
        return tuple({name: item[name] for name in names} for item in items if item is not None)

    def has_item(self, table: str, index: str | None, attribute: str, value: Mapping[str, Any]) -> bool:
        if self.faults:
            self.faults("Query", value)
        return any(item.get(attribute) == value for item in self.dynamodb.table("Query", table).items.values())

    def remove_if_equal(self, table: str, item: Mapping[str, Any], key_names: Iterable[str]) -> Removal:
        if self.faults:
            self.faults("DeleteItem", item)
        live, key = self.dynamodb.table("DeleteItem", table), _key(item, key_names)
        if key not in live.items:
            return Removal.GONE
        if live.items[key] != dict(item):
            return Removal.CHANGED
        del live.items[key]
        self.removed += 1
        return Removal.REMOVED

    def overwrite(self, table: str, written: Sequence[Mapping[str, Any]], removed: Sequence[Mapping[str, Any]]) -> None:
        if self.faults:
            self.faults("BatchWriteItem", written)
        assert 0 < len(written) + len(removed) <= 25
        live = self.dynamodb.table("BatchWriteItem", table)
        names = [element["AttributeName"] for element in live.description["KeySchema"]]
        for key in removed:
            live.items.pop(_key(key, names), None)
        for item in written:
            live.items[_key(item, names)] = dict(item)


def _key(item: Mapping[str, Any], key_names: Iterable[str]) -> str:
    return repr([item[name] for name in key_names])
