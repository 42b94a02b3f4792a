"""The data plane behind the engine's ``ItemApi`` port: seeding, clearing and the proof of emptiness.

Built by ``Connection``, called by the engine from several threads at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.aws.caller import Caller
from reconciler.model.desired import Item
from reconciler.model.errors import ConditionFailed
from reconciler.model.paging import Pages
from reconciler.seeding.digest import canonical

CONDITION_TERMS = 100
"""A ConditionExpression may be 4 KB long and hold 300 operators (Constraints, DynamoDB Developer Guide)."""


class BotoItemApi:
    """Items one by one, each write under a condition."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def first_items(self, table: str, limit: int) -> tuple[Item, ...]:
        """Up to ``limit`` items of a consistent Scan; a page without items does not end it, only a missing key does."""
        items: list[Item] = []
        params: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
        pages = Pages("Scan")
        while True:
            answer = self._caller.call("Scan", {**params, "Limit": limit - len(items)})
            items += answer["Items"]
            last = answer.get("LastEvaluatedKey")
            if not last or len(items) >= limit:
                return tuple(items[:limit])
            pages.advance(last)
            params["ExclusiveStartKey"] = last

    def put_if_absent(self, table: str, item: Item, key_names: Sequence[str]) -> bool:
        """Write ``item`` if its key is free; False, and nothing written, when an item is there."""
        request = {
            "TableName": table,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#key)",
            "ExpressionAttributeNames": {"#key": key_names[0]},
        }
        try:
            self._caller.call("PutItem", request)
        except ConditionFailed:
            return False
        return True

    def delete_if_equal(self, table: str, item: Item, key_names: Sequence[str]) -> bool:
        """Delete the item if it still equals ``item`` in every attribute; False when it is gone or has changed.

        The item is read consistently and compared in full; the delete is then conditioned on every attribute as it is
        in ``item`` (the first hundred of a larger one). What stays is a narrow race: an attribute that somebody *adds*
        between the read and the delete goes unseen, because a condition cannot name what it does not know.
        """
        key = {name: item[name] for name in key_names}
        answer = self._caller.call("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
        found = answer.get("Item")
        if found is None or canonical(found) != canonical(item):
            return False
        try:
            self._caller.call("DeleteItem", {"TableName": table, "Key": key, **_still(item, key_names)})
        except ConditionFailed:
            return False
        return True


def _still(item: Item, key_names: Sequence[str]) -> dict[str, Any]:
    names = [*key_names, *sorted(set(item) - set(key_names))][:CONDITION_TERMS]
    return {
        "ConditionExpression": " AND ".join(f"#a{number} = :v{number}" for number in range(len(names))),
        "ExpressionAttributeNames": {f"#a{number}": name for number, name in enumerate(names)},
        "ExpressionAttributeValues": {f":v{number}": item[name] for number, name in enumerate(names)},
    }
