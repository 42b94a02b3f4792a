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
    """Write the items of up to ``LARGEST`` different records and read them back consistently.

    Returns for each whether it is stored as given. ``False`` says nothing: the caller writes that record by itself.
    Raises ``ApiError`` if the transaction or the read failed; the records may be written nevertheless.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    client.call("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": table, **put}} for put in puts]})
    keys = [{name: put["Item"][name] for name in ("scope", "record")} for put in puts]
    answer = client.call("BatchGetItem", {"RequestItems": {table: {"Keys": keys, "ConsistentRead": True}}})
    # A response may leave keys unprocessed. Those records count as not stored, and their own write proves them.
    stored = {
        item["record"]["S"]: item for item in answer["Responses"].get(table) or () if "S" in item.get("record", ())
    }
    return [stored.get(put["Item"]["record"]["S"]) == put["Item"] for put in puts]
