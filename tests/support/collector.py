"""A collector of traces on the loopback interface: OTLP over HTTP, decoded with the protocol's own messages."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

ERROR = 2
"""``STATUS_CODE_ERROR`` of the protocol."""


@dataclass(frozen=True)
class Spanned:
    """One span as it arrived."""

    name: str
    trace: bytes
    id: bytes
    parent: bytes
    start: int
    end: int
    failed: bool
    attributes: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...]
    resource: dict[str, Any]

    @property
    def is_call(self) -> bool:
        return self.attributes.get("rpc.system") == "aws-api"


class Collector:
    """``with Collector() as collector:``; the spans are ``collector.spans``. ``stall`` holds each request up."""

    def __init__(self, stall: Callable[[], object] | None = None) -> None:
        self.spans: list[Spanned] = []
        self.paths: list[str] = []
        self.stall = stall
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.collector = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def named(self, name: str) -> list[Spanned]:
        return [span for span in self.spans if span.name == name]

    @property
    def calls(self) -> list[Spanned]:
        return [span for span in self.spans if span.is_call]

    def children(self, parent: Spanned) -> list[Spanned]:
        return [span for span in self.spans if span.parent == parent.id and span.trace == parent.trace]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    collector: Collector


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        collector = self.server.collector
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if collector.stall is not None:
            collector.stall()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        collector.paths.append(self.path)
        collector.spans += _spans(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()
        self.wfile.write(ExportTraceServiceResponse().SerializeToString())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


def _spans(request: Any) -> list[Spanned]:
    return [
        Spanned(
            name=span.name,
            trace=span.trace_id,
            id=span.span_id,
            parent=span.parent_span_id,
            start=span.start_time_unix_nano,
            end=span.end_time_unix_nano,
            failed=span.status.code == ERROR,
            attributes=_values(span.attributes),
            events=tuple((event.name, _values(event.attributes)) for event in span.events),
            resource=_values(resource.resource.attributes),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _values(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(member) for member in value.array_value.values]
    return getattr(value, kind)
