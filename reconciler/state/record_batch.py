"""Writes many records of the state table with two requests instead of two for each. Called by ``state_table``.

A transaction stores all records or none, each under the condition that it would have on its own, so a record that
another process changed cancels it. Then, and after any other failure, the caller writes each record by itself, which
finds out what is wrong with which of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.state.client import StateClient

LARGEST = 100
"""Actions of a TransactWriteItems, and keys of a BatchGetItem."""

Put = Mapping[str, Any]
"""An item and its condition, as a PutItem has them."""


def put_together(client: StateClient, table: str, puts: Sequence[Put]) -> list[bool]:
    """Write the items of different records in transactions, and read them back consistently.

    Returns for each whether it is stored as given. ``False`` says nothing: the caller writes that record by itself.
    Raises ``ApiError`` if a transaction or a read failed; any of the records may be written nevertheless.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    stored: list[bool] = []
    for first in range(0, len(puts), LARGEST):
        some = puts[first : first + LARGEST]
        client.call("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": table, **put}} for put in some]})
        found = _read(client, table, [put["Item"] for put in some])
        stored += [found.get(put["Item"]["record"]["S"]) == put["Item"] for put in some]
    return stored


def _read(client: StateClient, table: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """By range key, the items that are stored under the keys of these.

    A response may leave keys unprocessed. Those count as not stored, and their own write proves them.
    """
    keys = [{name: item[name] for name in ("scope", "record")} for item in items]
    answer = client.call("BatchGetItem", {"RequestItems": {table: {"Keys": keys, "ConsistentRead": True}}})
    return {str((item.get("record") or {}).get("S")): item for item in answer["Responses"].get(table) or ()}
