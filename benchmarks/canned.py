"""A server whose tables cost nothing: it answers DescribeTable and ListTables from memory.

Each response waits for a latency that can be set. Everything else (the state table, probes) goes to the endpoint behind
it. It counts calls and connections, so that calls are counted without asking the tool. It runs as a process of its own:
``python -m benchmarks.canned URL TABLES``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
import uuid
import zlib
from collections import Counter
from typing import Any, NamedTuple

from benchmarks.declared import names

PAGE = 100
"""Names per page of ListTables, as the service has it."""
CONTROL = b"/benchmark/"
TARGET = b"x-amz-target: dynamodb_20120810."
LENGTH = b"content-length: "
TEMPLATE_TABLE = "canned-template"


class Counts(NamedTuple):
    """What came in since the last reset."""

    calls: dict[str, int]
    connections: int

    @classmethod
    def read(cls, url: str, *, latency_ms: float | None = None) -> Counts:
        """Take the counts of a running server and reset them; ``latency_ms`` also sets its latency."""
        query = "" if latency_ms is None else f"?latency_ms={latency_ms}"
        with urllib.request.urlopen(f"{url}{CONTROL.decode()}counts{query}", timeout=30) as response:
            found = json.load(response)
        return cls(found["calls"], found["connections"])


class Canned:
    """The tables and the counters. ``description`` is a DescribeTable response to take as the model of all."""

    def __init__(self, backend: tuple[str, int], tables: list[str], description: dict[str, Any]) -> None:
        self.backend = backend
        self.latency = 0.0
        self.calls: Counter[str] = Counter()
        self.used: set[int] = set()
        self._tables = tables
        self._descriptions = {name: answer(self._described(name, description)) for name in tables}

    def respond(self, operation: str, body: bytes) -> bytes | None:
        """The response to a call, or ``None`` where the endpoint behind answers it."""
        if operation == "DescribeTable" and self._descriptions:
            return self._descriptions.get(json.loads(body)["TableName"])
        if operation == "ListTables" and self._descriptions:
            return self._page(json.loads(body or b"{}"))
        return None

    def counts(self, latency_ms: str) -> bytes:
        """The counters, which begin again at zero."""
        if latency_ms:
            self.latency = float(latency_ms) / 1000
        document = {"calls": dict(self.calls), "connections": len(self.used)}
        self.calls.clear()
        self.used.clear()
        return answer(document)

    def _page(self, wanted: dict[str, Any]) -> bytes:
        after, limit = wanted.get("ExclusiveStartTableName", ""), wanted.get("Limit", PAGE)
        left = [name for name in self._tables if name > after]
        page: dict[str, Any] = {"TableNames": left[:limit]}
        if len(left) > limit:
            page["LastEvaluatedTableName"] = left[limit - 1]
        return answer(page)

    def _described(self, name: str, model: dict[str, Any]) -> dict[str, Any]:
        table = dict(model["Table"])
        table |= {"TableName": name, "TableId": str(uuid.uuid5(uuid.NAMESPACE_DNS, name))}
        table["TableArn"] = table["TableArn"].rpartition("/")[0] + "/" + name
        return {"Table": table}


def answer(document: dict[str, Any]) -> bytes:
    """A whole response as DynamoDB Local writes it."""
    body = json.dumps(document).encode()
    head = (
        "HTTP/1.1 200 OK\r\nServer: Jetty(canned)\r\nx-amzn-RequestId: 00000000-0000-0000-0000-000000000000\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nx-amz-crc32: {zlib.crc32(body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One connection of a client; a client sends its next request after the response."""

    def __init__(self, canned: Canned) -> None:
        self._canned = canned
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._backend: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        """Close the connection to the endpoint behind."""
        if self._backend is not None:
            self._backend[1].close()

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        fields = head.lower() + b"\r\n"
        length = int(_field(fields, LENGTH) or b"0")
        if len(rest) < length:
            return
        request, self._data = self._data, b""
        path = head.split(b" ", 2)[1]
        if path.startswith(CONTROL):
            self._write(self._canned.counts(path.decode().partition("latency_ms=")[2]))
            return
        operation = _original(head, fields, TARGET) or head.split(b"\r\n", 1)[0].decode()
        self._canned.calls[operation] += 1
        self._canned.used.add(id(self))
        response = self._canned.respond(operation, rest[:length])
        if response is None:
            self._forward(request)
        else:
            self._later(response)

    def _later(self, response: bytes) -> None:
        if self._canned.latency:
            asyncio.get_running_loop().call_later(self._canned.latency, self._write, response)
        else:
            self._write(response)

    def _write(self, response: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(response)

    def _forward(self, request: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._passed_on(request))
        # The loop keeps only a weak reference to a task.
        _TASKS.add(task)
        task.add_done_callback(_TASKS.discard)

    async def _passed_on(self, request: bytes) -> None:
        kept = self._backend is not None
        try:
            response = await self._exchange(request)
        except (OSError, asyncio.IncompleteReadError):
            # Jetty closes a connection that was idle for a while; no part of the request was processed then.
            self._backend = None
            if not kept:
                raise
            response = await self._exchange(request)
        self._later(response)

    async def _exchange(self, request: bytes) -> bytes:
        if self._backend is None:
            self._backend = await asyncio.open_connection(*self._canned.backend)
        reader, writer = self._backend
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        return head + await reader.readexactly(int(_field(head.lower(), LENGTH) or b"0"))


_TASKS: set[asyncio.Task[None]] = set()


def _field(fields: bytes, name: bytes) -> bytes:
    _, found, rest = fields.partition(name)
    return rest.partition(b"\r\n")[0].strip() if found else b""


def _original(head: bytes, fields: bytes, name: bytes) -> str:
    """The value of a header field with its own capitals."""
    start = fields.find(name)
    return head[start + len(name) :].partition(b"\r\n")[0].decode() if start >= 0 else ""


async def serve(canned: Canned) -> None:
    """Serve on a free port, and print it."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(canned), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(url: str, tables: int) -> None:
    """``url`` is the endpoint behind; it must have the table ``TEMPLATE_TABLE`` if ``tables`` is not 0."""
    from benchmarks.raw import prepared

    description: dict[str, Any] = {}
    if tables:
        data = prepared(url, "DescribeTable", {"TableName": TEMPLATE_TABLE})
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        with urllib.request.urlopen(urllib.request.Request(url, body, fields), timeout=30) as response:
            description = json.load(response)
    host, _, port = url.rpartition("/")[2].partition(":")
    asyncio.run(serve(Canned((host, int(port)), names(tables), description)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
