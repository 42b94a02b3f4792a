"""The data plane of the simulated service in requests and answers, items in wire format.

``Items`` is the same data behind the engine's port; this one is for those who speak the service's own operations. The
items live in the control plane's tables, so both halves always agree, and the state table is a table like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from simulation.copies import copied
from simulation.expressions import holds, updated
from simulation.refusal import invalid, mismatch, missing
from simulation.simulated_dynamodb import SimulatedDynamoDB
from simulation.table import Table

from reconciler.model.errors import ConditionFailed
from reconciler.seeds.item_rules import LIMIT, item_size

Params = Mapping[str, Any]
Answer = dict[str, Any]


def key_of(table: Table, item: Mapping[str, Any]) -> str:
    """The place of an item in its table, as ``Items`` spells it."""
    return repr([item[element["AttributeName"]] for element in table.description["KeySchema"]])


def _table(dynamodb: SimulatedDynamoDB, operation: str, params: Params) -> Table:
    table = dynamodb.table(operation, params["TableName"])
    if table.visible_at > dynamodb.clock.seconds:
        raise missing(operation, f"no table {table.name} yet")
    if table.status in ("CREATING", "DELETING"):
        raise missing(operation, f"table {table.name} is {table.status}")
    return table


def _conditioned(operation: str, table: Table, place: str, params: Params) -> dict[str, Any] | None:
    found = table.items.get(place)
    if not holds(params.get("ConditionExpression"), found, params):
        raise ConditionFailed(operation, "ConditionalCheckFailedException", "The conditional request failed")
    return found


def get_item(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    table = _table(dynamodb, "GetItem", params)
    found = table.items.get(key_of(table, params["Key"]))
    return {} if found is None else {"Item": copied(found)}


def batch_get(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    found: dict[str, list[dict[str, Any]]] = {}
    for name, asked in params["RequestItems"].items():
        if len(asked["Keys"]) > 100:
            raise invalid("BatchGetItem", "Too many items requested for the BatchGetItem call")
        table = _table(dynamodb, "BatchGetItem", {"TableName": name})
        items = (table.items.get(key_of(table, key)) for key in asked["Keys"])
        found[name] = [copied(item) for item in items if item is not None]
    return {"Responses": found, "UnprocessedKeys": {}}


def put_item(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    table = _table(dynamodb, "PutItem", params)
    place = key_of(table, params["Item"])
    found = _conditioned("PutItem", table, place, params)
    table.items[place] = copied(dict(params["Item"]))
    return {"Attributes": copied(found)} if found and params.get("ReturnValues") == "ALL_OLD" else {}


def update_item(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    table = _table(dynamodb, "UpdateItem", params)
    place = key_of(table, params["Key"])
    found = _conditioned("UpdateItem", table, place, params)
    after = updated(params["UpdateExpression"], found or params["Key"], params)
    table.items[place] = after
    return {"Attributes": copied(after)} if params.get("ReturnValues") == "ALL_NEW" else {}


def delete_item(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    table = _table(dynamodb, "DeleteItem", params)
    place = key_of(table, params["Key"])
    _conditioned("DeleteItem", table, place, params)
    former = table.items.pop(place, None)
    return {"Attributes": former} if former is not None and params.get("ReturnValues") == "ALL_OLD" else {}


def scan(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    table = _table(dynamodb, "Scan", params)
    return _page(table, [item for _, item in sorted(table.items.items())], params)


def query(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    table = _table(dynamodb, "Query", params)
    schema = table.description["KeySchema"]
    found = [item for item in table.items.values() if holds(params["KeyConditionExpression"], item, params)]
    if len(schema) > 1:
        name = schema[1]["AttributeName"]
        found.sort(key=lambda item: str(item[name]), reverse=not params.get("ScanIndexForward", True))
    return _page(table, found, params)


def batch_write(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    for name, requests in params["RequestItems"].items():
        for request in requests:
            for verb, body in request.items():
                {"PutRequest": put_item, "DeleteRequest": delete_item}[verb](dynamodb, {"TableName": name, **body})
    return {"UnprocessedItems": {}}


class Cancelled(ConditionFailed):
    """TransactionCanceledException with the reason of each action, in their order."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        words = f"Transaction cancelled, please refer cancellation reasons for specific reasons {list(reasons)}"
        super().__init__("TransactWriteItems", "TransactionCanceledException", words)


MOST_ACTIONS = 100
MOST_BYTES = 4 * 1024 * 1024
TOKEN_SECONDS = 600.0


def transact_write(dynamodb: SimulatedDynamoDB, params: Params) -> Answer:
    """All or nothing: the conditions of all are looked at before the first is written.

    A request whose token succeeded within ten minutes is not applied again.
    """
    operation, actions, token = "TransactWriteItems", params["TransactItems"], params.get("ClientRequestToken")
    if not 1 <= len(actions) <= MOST_ACTIONS:
        raise invalid(operation, "Member must have length less than or equal to 100")
    used = dynamodb.tokens.get(f"transaction#{token}")
    if token and used and dynamodb.clock.seconds - used[0] < TOKEN_SECONDS:
        if used[1] != actions:
            raise mismatch(operation)
        return {}
    places: set[tuple[str, str]] = set()
    reasons: list[str] = []
    for one in actions:
        for body in one.values():
            table = _table(dynamodb, operation, body)
            place = table.name, key_of(table, body.get("Item") or body["Key"])
            if place in places:
                raise invalid(operation, "Transaction request cannot include multiple operations on one item")
            places.add(place)
            allowed = holds(body.get("ConditionExpression"), table.items.get(place[1]), body)
            reasons.append("None" if allowed else "ConditionalCheckFailed")
    _within_size(operation, actions)
    if set(reasons) != {"None"}:
        raise Cancelled(reasons)
    verbs = {"Put": put_item, "Update": update_item, "Delete": delete_item}
    for one in actions:
        for verb, body in one.items():
            if verb in verbs:
                verbs[verb](dynamodb, body)
    if token:
        dynamodb.tokens[f"transaction#{token}"] = (dynamodb.clock.seconds, copied(list(actions)))
    return {}


def _within_size(operation: str, actions: Sequence[Params]) -> None:
    sizes = [item_size(body["Item"]) for one in actions for body in one.values() if "Item" in body]
    if max(sizes, default=0) > LIMIT:
        raise invalid(operation, "Item size has exceeded the maximum allowed size")
    if sum(sizes) > MOST_BYTES:
        raise invalid(operation, "Transaction payload size cannot exceed 4MB")


def _page(table: Table, found: list[dict[str, Any]], params: Params) -> Answer:
    start, limit = params.get("ExclusiveStartKey"), params.get("Limit")
    if start:
        places, last = [key_of(table, item) for item in found], key_of(table, start)
        # The item of the start key may have been deleted since; a Scan goes on behind its place.
        behind = places.index(last) + 1 if last in places else sum(place < last for place in places)
        found = found[behind:]
    page = found if limit is None else found[:limit]
    kept = [item for item in page if holds(params.get("FilterExpression"), item, params)]
    answer: Answer = {"Items": [_projected(item, params) for item in kept], "Count": len(kept)}
    answer["ScannedCount"] = len(page)
    if limit is not None and len(page) == limit:
        names = [element["AttributeName"] for element in table.description["KeySchema"]]
        answer["LastEvaluatedKey"] = {name: page[-1][name] for name in names}
    return answer


def _projected(item: Mapping[str, Any], params: Params) -> dict[str, Any]:
    requested = params.get("ProjectionExpression")
    if not requested:
        return copied(dict(item))
    aliases = params.get("ExpressionAttributeNames", {})
    names = {aliases.get(word.strip(), word.strip()) for word in requested.split(",")}
    return {name: value for name, value in item.items() if name in names}


OPERATIONS: dict[str, Callable[[SimulatedDynamoDB, Params], Answer]] = {
    "GetItem": get_item,
    "BatchGetItem": batch_get,
    "PutItem": put_item,
    "UpdateItem": update_item,
    "DeleteItem": delete_item,
    "Scan": scan,
    "Query": query,
    "BatchWriteItem": batch_write,
    "TransactWriteItems": transact_write,
}
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})


def records(dynamodb: SimulatedDynamoDB, table: str) -> Iterator[dict[str, Any]]:
    """Every item of a table that may not be there."""
    live = dynamodb.tables.get(table)
    yield from live.items.values() if live else ()


__all__ = ["OPERATIONS", "WRITES", "key_of", "records"]
