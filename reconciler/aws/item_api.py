"""The data plane behind the engine's ``ItemApi`` port: seeding, clearing and the proof of emptiness.

Built by ``Connection``, called by the engine from several threads at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.aws.caller import Caller
from reconciler.model.desired import Item
from reconciler.model.errors import ApiError, ConditionFailed, Malformed, Rejected
from reconciler.model.paging import Pages
from reconciler.model.removal import Removal
from reconciler.seeding.digest import canonical

CONDITION_TERMS = 100
"""A ConditionExpression may be 4 KB long and hold 300 operators (Constraints, DynamoDB Developer Guide)."""

PUT_BACK_TRIES = 3
"""Calls, each with the retries of the SDK."""


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

    def find_item(self, table: str, item: Item, key_names: Sequence[str]) -> Item | None:
        """The item with the key of ``item``, read consistently (GetItem); ``None`` where there is none."""
        key = {name: item[name] for name in key_names}
        answer = self._caller.call("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
        found: Item | None = answer.get("Item")
        return found

    def all_items(self, table: str) -> Iterator[Item]:
        """Every item of a consistent Scan, page by page; ``Malformed`` where a page leads to itself."""
        params: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
        while True:
            answer = self._caller.call("Scan", params)
            yield from answer["Items"]
            last = answer.get("LastEvaluatedKey")
            if not last:
                return
            if last == params.get("ExclusiveStartKey"):
                raise Malformed("Scan", "RepeatedKey", "a page ends where it began, so the Scan would never end")
            params["ExclusiveStartKey"] = last

    def remove_if_equal(self, table: str, item: Item, key_names: Sequence[str]) -> Removal:
        """Remove the item if it still equals ``item``, with every attribute and with no further one.

        The item is read consistently and compared in full; the delete is then conditioned on every attribute as it is
        in ``item`` (the first hundred of a larger one). A condition cannot name an attribute that it does not know, so
        one that somebody adds between the read and the delete is found in the answer of the delete (``ALL_OLD``): such
        an item is put back, unless its key was taken again. What remains: it is missing for the time of one call, and
        lost if the process or the connection dies in that time.
        """
        found = self.find_item(table, item, key_names)
        if found is None:
            return Removal.GONE
        if canonical(found) != canonical(item):
            return Removal.CHANGED
        key = {name: item[name] for name in key_names}
        request = {"TableName": table, "Key": key, "ReturnValues": "ALL_OLD", **_still(item, key_names)}
        try:
            removed: Item | None = self._caller.call("DeleteItem", request).get("Attributes")
        except ConditionFailed:
            # Changed since the read, or a first sending whose answer was lost has removed it.
            return Removal.GONE if self.find_item(table, item, key_names) is None else Removal.CHANGED
        if removed is None or canonical(removed) == canonical(item):
            return Removal.REMOVED
        self._put_back(table, removed, key_names)
        return Removal.CHANGED

    def _put_back(self, table: str, item: Item, key_names: Sequence[str]) -> None:
        """Write an item again that was removed although it had changed; a key that was taken again stays as it is."""
        failure: ApiError | None = None
        for _ in range(PUT_BACK_TRIES):
            try:
                self.put_if_absent(table, item, key_names)
            except ApiError as error:
                failure = error
            else:
                return
        key = {name: item[name] for name in key_names}
        raise Rejected(
            "PutItem",
            "ItemNotPutBack",
            f"the item {key} of {table} was removed although an attribute was added to it a moment before, "
            f"and could not be written again: {failure}",
        )


def _still(item: Item, key_names: Sequence[str]) -> dict[str, Any]:
    names = [*key_names, *sorted(set(item) - set(key_names))][:CONDITION_TERMS]
    return {
        "ConditionExpression": " AND ".join(f"#a{number} = :v{number}" for number in range(len(names))),
        "ExpressionAttributeNames": {f"#a{number}": name for number, name in enumerate(names)},
        "ExpressionAttributeValues": {f":v{number}": item[name] for number, name in enumerate(names)},
    }
