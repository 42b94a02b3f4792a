"""The data plane behind the engine's ``ItemApi`` port: seeding, clearing and the proof of emptiness.

Built by ``Connection``, called by the engine from several threads at once.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler import interruption
from reconciler.aws import call_deadline, errors
from reconciler.aws.api_client import ApiClient
from reconciler.model.desired import AttributeValue, Item, Put, PutTogether, Removal
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    ConditionFailed,
    EndpointChanged,
    Malformed,
    OutcomeUnknown,
    Throttled,
)
from reconciler.model.paging import Pages
from reconciler.seeding.digest import canonical

CONDITION_TERMS = 150
"""A ConditionExpression may be 4 KB long and hold 300 operators (Constraints, DynamoDB Developer Guide)."""

CANCELLATIONS: Mapping[str, Put] = {
    "None": Put.UNSENT,
    "ConditionalCheckFailed": Put.PRESENT,
    "TransactionConflict": Put.BUSY,
    "ThrottlingError": Put.BUSY,
    "ProvisionedThroughputExceeded": Put.BUSY,
}
"""What the reason of a cancelled transaction says of the item at its place
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html). Any other reason refuses
the item.
"""

PUT_BACK_TRIES = 3
"""Calls, each with the retries of the SDK."""
PUT_BACK_SECONDS = 30.0
"""All of them together; a process that is to end waits for them."""

BATCH_TRIES = 8
BATCH_PAUSE = 0.05
LONGEST_BATCH_PAUSE = 2.0
"""Of a batch with unprocessed keys or items: calls, and the seconds between them, which double."""

log = logging.getLogger("reconciler.items")


class BotoItemApi:
    """Items, each write under a condition but those of ``overwrite``."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def first_items(self, table: str, limit: int) -> tuple[Item, ...]:
        """Up to ``limit`` items of a consistent Scan; a page without items does not end it, only a missing key does."""
        items: list[Item] = []
        params: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
        pages = Pages("Scan")
        while True:
            answer = self._client.call("Scan", {**params, "Limit": limit - len(items)})
            items += answer["Items"]
            last = answer.get("LastEvaluatedKey")
            if not last or len(items) >= limit:
                return tuple(items[:limit])
            pages.advance(last)
            params["ExclusiveStartKey"] = last

    def put_if_absent(self, table: str, item: Item, key_names: Sequence[str]) -> bool:
        """Write ``item`` if its key is free; False, and nothing written, when an item is there."""
        try:
            self._client.call("PutItem", _put(table, item, key_names))
        except ConditionFailed:
            return False
        return True

    def put_together(self, table: str, items: Sequence[Item], key_names: Sequence[str], token: str) -> PutTogether:
        """Write the items in one TransactWriteItems, each if its key is free; none where one is taken.

        A refused transaction says for each item why, in the order of the items. One that does not is an ``ApiError``
        as any other failure.
        """
        request = {
            "TransactItems": [{"Put": _put(table, item, key_names)} for item in items],
            "ClientRequestToken": token,
        }
        try:
            self._client.call("TransactWriteItems", request)
        except ApiError as error:
            ends = _cancelled(error, len(items))
            if ends is None:
                raise
            return PutTogether(ends, repeated=bool(errors.metadata(error).get("RetryAttempts")))
        return PutTogether((Put.WRITTEN,) * len(items))

    def find_item(self, table: str, item: Item, key_names: Sequence[str]) -> Item | None:
        """The item with the key of ``item``, read consistently (GetItem); ``None`` where there is none."""
        key = {name: item[name] for name in key_names}
        answer = self._client.call("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
        found: Item | None = answer.get("Item")
        return found

    def all_items(self, table: str) -> Iterator[Item]:
        """Every item of a consistent Scan, page by page; ``Malformed`` where a page leads to itself."""
        params: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
        while True:
            answer = self._client.call("Scan", params)
            yield from answer["Items"]
            last = answer.get("LastEvaluatedKey")
            if not last:
                return
            if last == params.get("ExclusiveStartKey"):
                raise Malformed("Scan", "RepeatedKey", "a page ends where it began, so the Scan would never end")
            params["ExclusiveStartKey"] = last

    def pages(self, table: str, names: Sequence[str], size: int, most: int | None) -> Iterator[Sequence[Item]]:
        """The attributes ``names`` of up to ``most`` items, or of all, page by page (eventually consistent Scan).

        ``Malformed`` where a page leads to itself.
        """
        params: dict[str, Any] = {"TableName": table, **_projection(names)}
        left = most
        while left is None or left > 0:
            answer = self._client.call("Scan", {**params, "Limit": size if left is None else min(size, left)})
            left = None if left is None else left - len(answer["Items"])
            yield answer["Items"]
            last = answer.get("LastEvaluatedKey")
            if not last:
                return
            if last == params.get("ExclusiveStartKey"):
                raise Malformed("Scan", "RepeatedKey", "a page ends where it began, so the Scan would never end")
            params["ExclusiveStartKey"] = last

    def find_keys(self, table: str, keys: Sequence[Item]) -> tuple[Item, ...]:
        """Those of up to 100 different keys that an item has (BatchGetItem), read consistently.

        A response may leave keys unprocessed, which are sent again
        (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
        """
        found: list[Item] = []
        request: dict[str, Any] = {"Keys": list(keys), "ConsistentRead": True, **_projection(tuple(keys[0]))}
        for turn in range(BATCH_TRIES):
            answer = self._client.call("BatchGetItem", {"RequestItems": {table: request}})
            found += answer["Responses"].get(table) or ()
            request["Keys"] = (answer["UnprocessedKeys"].get(table) or {}).get("Keys") or []
            if not request["Keys"]:
                return tuple(found)
            time.sleep(min(BATCH_PAUSE * 2**turn, LONGEST_BATCH_PAUSE))
        raise Throttled("BatchGetItem", "UnprocessedKeys", f"some keys of {table} stay unprocessed; try again later")

    def overwrite(self, table: str, written: Sequence[Item], removed: Sequence[Item]) -> None:
        """Write items and delete keys without any condition, up to 25 together (BatchWriteItem).

        A response may leave requests unprocessed, which are sent again
        (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
        """
        left: list[dict[str, Any]] = [{"DeleteRequest": {"Key": key}} for key in removed]
        left += [{"PutRequest": {"Item": item}} for item in written]
        for turn in range(BATCH_TRIES):
            answer = self._client.call("BatchWriteItem", {"RequestItems": {table: left}})
            left = answer.get("UnprocessedItems", {}).get(table) or []
            if not left:
                return
            time.sleep(min(BATCH_PAUSE * 2**turn, LONGEST_BATCH_PAUSE))
        raise Throttled(
            "BatchWriteItem", "UnprocessedItems", f"some items of {table} stay unprocessed; try again later"
        )

    def has_item(self, table: str, index: str | None, attribute: str, value: AttributeValue) -> bool:
        """Whether any item has this partition key (Query). In an index the read is eventually consistent."""
        params: dict[str, Any] = {
            "TableName": table,
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            "KeyConditionExpression": "#key = :value",
            "ExpressionAttributeNames": {"#key": attribute},
            "ExpressionAttributeValues": {":value": value},
            "Select": "COUNT",
            "Limit": 1,
        }
        return bool(self._client.call("Query", params)["Count"])

    def remove_if_equal(self, table: str, item: Item, key_names: Sequence[str]) -> Removal:
        """Remove the item if it still equals ``item``, with every attribute and with no further one.

        The item is read consistently and compared in full; the delete is then conditioned on every attribute as it is
        in ``item`` (the first 150 of a larger one) and sent once. A condition cannot name an attribute that it does not
        know, so one that somebody adds between the read and the delete is found in the answer of the delete
        (``ALL_OLD``): such an item is put back before the process ends. Raises ``OutcomeUnknown`` where no usable
        answer came and the item is not there as it was, or where it could not be put back: the message holds it whole.

        What remains: such an item is missing for the time of one call. What was added is lost if the answer of the
        delete is lost, or if the process is killed before it is put back; then the log holds the item.
        """
        found = self.find_item(table, item, key_names)
        if found is None:
            return Removal.GONE
        if canonical(found) != canonical(item):
            return Removal.CHANGED
        key = {name: item[name] for name in key_names}
        request = {"TableName": table, "Key": key, "ReturnValues": "ALL_OLD", **_still(item, key_names)}
        with interruption.critical():
            try:
                with call_deadline.within(call_deadline.SENDING_SECONDS):
                    removed: Item = self._client.call("DeleteItem", request)["Attributes"]
            except ConditionFailed:
                return Removal.GONE if self.find_item(table, item, key_names) is None else Removal.CHANGED
            except EndpointChanged:
                # The guard refused to send it.
                raise
            except (Ambiguous, Malformed) as error:
                raise self._after_no_answer(table, item, key_names, error) from error
            if canonical(removed) == canonical(item):
                return Removal.REMOVED
            self._put_back(table, removed, key_names)
        return Removal.CHANGED

    def _after_no_answer(self, table: str, item: Item, key_names: Sequence[str], error: ApiError) -> ApiError:
        """``error`` itself where the item is there as it was; else the delete may have removed what others added."""
        try:
            found = self.find_item(table, item, key_names)
        except ApiError as unread:
            return unknown(table, item, key_names, f"{error}. It could not be read again: {unread.message}")
        if found is not None and canonical(found) == canonical(item):
            return error
        now = "there is no item with this key any more" if found is None else "another item has this key now"
        return unknown(table, item, key_names, f"{error}. Read again: {now}")

    def _put_back(self, table: str, item: Item, key_names: Sequence[str]) -> None:
        """Write an item again that was removed although it had changed; a key that was taken again stays as it is."""
        log.error(
            "An item of %s changed while it was being removed; it is put back now: %s", table, as_json(item, key_names)
        )
        failure = "the calls took too long"
        with call_deadline.within(PUT_BACK_SECONDS):
            for _ in range(PUT_BACK_TRIES):
                try:
                    if self.put_if_absent(table, item, key_names):
                        return
                    # Another item has the key, or a sending with a lost response has put the item back.
                    found = self.find_item(table, item, key_names)
                    if found is not None and canonical(found) == canonical(item):
                        return
                    if found is not None:
                        failure = "another item has its key now"
                        break
                except ApiError as error:
                    failure = str(error)
        log.error("The item of %s above was not put back: %s", table, failure)
        raise OutcomeUnknown(
            "PutItem",
            "ItemNotPutBack",
            f"the item was removed although an attribute was added to it a moment before, and could not be written to "
            f"{table} again: {failure}. Put it back by hand; it is, in DynamoDB JSON: {as_json(item, key_names)}",
        )


def _projection(names: Sequence[str]) -> dict[str, Any]:
    """Names may be reserved words, so each has a placeholder."""
    places = {f"#n{number}": name for number, name in enumerate(names)}
    return {"ProjectionExpression": ", ".join(places), "ExpressionAttributeNames": places}


def _put(table: str, item: Item, key_names: Sequence[str]) -> dict[str, Any]:
    return {
        "TableName": table,
        "Item": item,
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": key_names[0]},
    }


def _cancelled(error: ApiError, count: int) -> tuple[Put, ...] | None:
    """What a cancelled transaction says of each of its items; ``None`` where it does not say it of every one."""
    if error.code != errors.CANCELLED:
        return None
    response = getattr(error.__cause__, "response", None) or {}
    codes = [str(reason.get("Code")) for reason in response.get("CancellationReasons") or ()]
    # At least one item must be the reason: else nothing would keep the same transaction from being sent for ever.
    if len(codes) != count or set(codes) == {"None"}:
        return None
    return tuple(CANCELLATIONS.get(code, Put.REFUSED) for code in codes)


def unknown(table: str, item: Item, key_names: Sequence[str], why: str) -> OutcomeUnknown:
    """The failure of an item of which nobody knows whether this delete removed it."""
    key = as_json({name: item[name] for name in key_names}, key_names)
    return OutcomeUnknown(
        "DeleteItem",
        "OutcomeUnknown",
        f"whether the item {key} of {table} was removed is unknown: {why}. An attribute that somebody added a moment "
        "before would be lost with it: check the item, and restore it from a backup if it is missed",
    )


def as_json(item: Item, key_names: Sequence[str]) -> str:
    """DynamoDB JSON as ``aws dynamodb put-item --item`` takes it, the key first."""
    ordered = {name: item[name] for name in [*key_names, *sorted(set(item) - set(key_names))]}
    return json.dumps(ordered, default=_binary, ensure_ascii=False, separators=(",", ":"))


def _binary(value: Any) -> Any:
    return base64.b64encode(bytes(value)).decode("ascii")


def _still(item: Item, key_names: Sequence[str]) -> dict[str, Any]:
    names = [*key_names, *sorted(set(item) - set(key_names))][:CONDITION_TERMS]
    return {
        "ConditionExpression": " AND ".join(f"#a{number} = :v{number}" for number in range(len(names))),
        "ExpressionAttributeNames": {f"#a{number}": name for number, name in enumerate(names)},
        "ExpressionAttributeValues": {f":v{number}": item[name] for number, name in enumerate(names)},
    }
