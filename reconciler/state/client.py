"""The protocol by which this package calls DynamoDB. The wiring passes the client in; no SDK is imported here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from reconciler.model.paging import Pages


class StateClient(Protocol):
    """Sends one operation and returns its checked answer; failures are ``ApiError``."""

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]: ...


def query(client: StateClient, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The items of a consistent Query, all pages."""
    return pages(client, "Query", params)


def pages(client: StateClient, operation: str, params: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The items of a consistent Query or Scan, all pages."""
    # The default is an eventually consistent read, which may return a lease or an inventory record of the past.
    page, progress = {**params, "ConsistentRead": True}, Pages(operation)
    while True:
        answer = client.call(operation, page)
        yield from answer["Items"]
        last = answer.get("LastEvaluatedKey")
        if not last:
            return
        progress.advance(last)
        page["ExclusiveStartKey"] = last
