"""The simulated transport under the lean client, where its sockets would be.

The client is whole above it: serialising, signing, retries, checksums, parsing. What the transport answers botocore, it
answers here as bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, Protocol

from faults.inprocess.transport import Transport

from reconciler.aws.lean.address import Address
from reconciler.aws.lean.answer import Answer


class Sender(Protocol):
    """Where requests go at this moment, and who makes them."""

    transport: Transport | None
    by: str


class WireTransport:
    """In the place of ``reconciler.aws.lean.transport.Transport``; raises what the transport raises for botocore."""

    def __init__(self, sender: Sender, address: Address, **_: Any) -> None:
        self.address = address
        self.target = address.path
        self.ca_bundle = None
        self._sender = sender

    def close(self) -> None:
        """There is nothing to close."""

    def exchange(self, request: bytes, limit: int | None = None, *, keep: bool = True) -> Answer:
        """The answer of the simulated service to these bytes."""
        assert self._sender.transport is not None
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): value for name, _, value in lines}
        operation = headers["x-amz-target"].rpartition(".")[2]
        simulated_request: Any = SimpleNamespace(url=self.address.url, headers=headers, body=body)
        response = self._sender.transport.answer(
            simulated_request, f"before-send.dynamodb.{operation}", self._sender.by
        )
        received = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, received, response.content, reusable=True)

    def exchange_many(
        self, requests: Iterable[tuple[str, bytes]], connections: int, seconds: float
    ) -> Iterator[tuple[str, Answer, float]]:
        """The answers one after the other."""
        for key, request in requests:
            yield key, self.exchange(request), 0.0
