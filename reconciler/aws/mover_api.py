"""The data plane behind the mover's ``MoverItems`` port: Scan by segments, one item, and conditional writes.

Built by ``Connection``, called from several threads at once. Each request asks for the capacity that it consumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.aws.api_client import ApiClient
from reconciler.model.desired import Item
from reconciler.mover.ports import NAME_PLACE, VALUE_PLACE, FoundItem, FoundItems, ItemUpdate, Page, ScanRequest, Where
from reconciler.seeds.item_rules import item_size

READ_BYTES, WRITE_BYTES = 4096, 1024
"""Bytes of one unit (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/capacity-mode.html)."""


class BotoMoverApi:
    """Pages of segments, and single items."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def scan_page(self, request: ScanRequest) -> Page:
        """One page of one segment (Scan). A page without items does not end it, only a missing key does."""
        names = _Names()
        params: dict[str, Any] = {
            "TableName": request.table,
            "ConsistentRead": request.consistent,
            "ReturnConsumedCapacity": "TOTAL",
        }
        if request.segments > 1:
            params |= {"Segment": request.segment, "TotalSegments": request.segments}
        if request.start is not None:
            params["ExclusiveStartKey"] = request.start
        if request.limit is not None:
            params["Limit"] = request.limit
        if request.where is not None:
            params["FilterExpression"] = names.add(request.where)
        answer = self._client.call("Scan", {**params, **names.members()})
        scanned = int(answer.get("ScannedCount", answer["Count"]))
        units = _units(answer)
        if units is None:
            # An endpoint that does not tell: what the items that were not filtered out cost.
            units = sum(map(item_size, answer["Items"])) / READ_BYTES / (1 if request.consistent else 2)
        return Page(answer["Items"], answer.get("LastEvaluatedKey") or None, scanned, units)

    def find(self, table: str, key: Item) -> FoundItem:
        """The item with this whole key (GetItem), read consistently."""
        params = {"TableName": table, "Key": key, "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
        answer = self._client.call("GetItem", params)
        item: Item | None = answer.get("Item")
        return FoundItem(item, _units(answer) or _read_units(item))

    def find_some(self, table: str, keys: Sequence[Item]) -> FoundItems:
        """The items of up to 100 keys (BatchGetItem), read consistently; at most 16 MB, the other keys stay unread.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
        """
        params = {
            "RequestItems": {table: {"Keys": list(keys), "ConsistentRead": True}},
            "ReturnConsumedCapacity": "TOTAL",
        }
        answer = self._client.call("BatchGetItem", params)
        items: list[Item] = answer["Responses"].get(table) or []
        unread: list[Item] = (answer["UnprocessedKeys"].get(table) or {}).get("Keys") or []
        consumed = [each["CapacityUnits"] for each in answer.get("ConsumedCapacity") or () if "CapacityUnits" in each]
        gone = len(keys) - len(items) - len(unread)
        units = sum(map(float, consumed)) if consumed else sum(map(_read_units, [*items, *[None] * gone]))
        return FoundItems(items, unread, units)

    def update(self, table: str, update: ItemUpdate) -> float:
        """UpdateItem on an item that exists and still has the expected attributes."""
        names = _Names()
        # UpdateItem creates an item where there is none, so that its existence is a condition too.
        terms = [f"attribute_exists({names.name(next(iter(update.key)))})"]
        for name, value in update.expected.items():
            place = names.name(name)
            terms.append(f"attribute_not_exists({place})" if value is None else f"{place} = {names.value(value)}")
        if update.where is not None:
            terms.append(f"({names.add(update.where)})")
        actions = []
        if update.set:
            assigned = [f"{names.name(name)} = {names.value(value)}" for name, value in update.set.items()]
            actions.append("SET " + ", ".join(assigned))
        if update.remove:
            actions.append("REMOVE " + ", ".join(names.name(name) for name in update.remove))
        params = {
            "TableName": table,
            "Key": update.key,
            "UpdateExpression": " ".join(actions),
            "ConditionExpression": " AND ".join(terms),
            "ReturnConsumedCapacity": "TOTAL",
        }
        answer = self._client.call("UpdateItem", {**params, **names.members()})
        return _units(answer) or 1.0

    def put(self, table: str, item: Item, key_names: Sequence[str], former: Item | None) -> float:
        """PutItem on a free key, or in the place of an item that has the attributes of ``former``."""
        names = _Names()
        condition = f"attribute_not_exists({names.name(key_names[0])})"
        if former is not None:
            condition += f" OR ({names.equal(former)})"
        params = {
            "TableName": table,
            "Item": item,
            "ConditionExpression": condition,
            "ReturnConsumedCapacity": "TOTAL",
        }
        answer = self._client.call("PutItem", {**params, **names.members()})
        return _units(answer) or max(1.0, -(-item_size(item) // WRITE_BYTES))

    def remove(self, table: str, key: Item, former: Item) -> float:
        """DeleteItem of an item that has the attributes of ``former``."""
        names = _Names()
        params = {
            "TableName": table,
            "Key": key,
            "ConditionExpression": names.equal(former),
            "ReturnConsumedCapacity": "TOTAL",
        }
        answer = self._client.call("DeleteItem", {**params, **names.members()})
        return _units(answer) or 1.0

    def describe(self, table: str) -> Mapping[str, Any]:
        """The ``Table`` member of DescribeTable."""
        found: Mapping[str, Any] = self._client.call("DescribeTable", {"TableName": table})["Table"]
        return found


class _Names:
    """Placeholders of one request. Attribute names may be reserved words, so each has one."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._places: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, name: str) -> str:
        """The placeholder of an attribute name."""
        place = self._places.setdefault(name, f"{NAME_PLACE}{len(self._places)}")
        self._names[place] = name
        return place

    def value(self, value: Any) -> str:
        """A placeholder of a value."""
        place = f"{VALUE_PLACE}{len(self._values)}"
        self._values[place] = value
        return place

    def equal(self, attributes: Item) -> str:
        """A condition that an item has all these attributes with these values."""
        return " AND ".join(f"{self.name(name)} = {self.value(value)}" for name, value in attributes.items())

    def add(self, where: Where) -> str:
        """The expression. The request gets its placeholders, which never begin like ours (``Where``)."""
        self._names |= dict(where.names)
        self._values |= dict(where.values)
        return where.expression

    def members(self) -> dict[str, Any]:
        """The members of the request; DynamoDB refuses empty ones."""
        return {
            **({"ExpressionAttributeNames": dict(self._names)} if self._names else {}),
            **({"ExpressionAttributeValues": dict(self._values)} if self._values else {}),
        }


def _units(answer: Mapping[str, Any]) -> float | None:
    consumed = answer.get("ConsumedCapacity") or {}
    units = consumed.get("CapacityUnits")
    return None if units is None else float(units)


def _read_units(item: Item | None) -> float:
    return 1.0 if item is None else max(1.0, -(-item_size(item) // READ_BYTES))
