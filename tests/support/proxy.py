"""A proxy in front of an endpoint that journals every request, so that tests count calls without asking the tool.

It can hurt too: answer in the endpoint's stead (``answer_instead``), send other bytes than the endpoint did
(``garble``), or, by a ``Fault``, drop a request before the endpoint gets it or its answer after.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self

from support.waiting import PATIENCE

MUTATING = frozenset(
    (
        *("CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "TagResource", "UntagResource"),
        *("PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems", "ExecuteStatement"),
        *("BatchExecuteStatement", "ExecuteTransaction", "UpdateContinuousBackups", "CreateBackup", "DeleteBackup"),
        *("PutResourcePolicy", "DeleteResourcePolicy", "UpdateContributorInsights"),
        *(f"{verb}KinesisStreamingDestination" for verb in ("Enable", "Update", "Disable")),
        *("RegisterScalableTarget", "DeregisterScalableTarget", "PutScalingPolicy", "DeleteScalingPolicy"),
        *("PutScheduledAction", "DeleteScheduledAction"),
    )
)
HOP_BY_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "host"))


@dataclass(frozen=True)
class Recorded:
    """One request as the endpoint got it. ``operation`` is that of X-Amz-Target, else ``GET /path``."""

    operation: str
    body: dict[str, Any] = field(default_factory=dict)
    status: int = 0

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it names."""
        several = self.body.get("RequestItems") or {}
        transaction = [next(iter(part.values()))["TableName"] for part in self.body.get("TransactItems", ())]
        arn = self.body.get("ResourceArn", "")
        one = self.body.get("TableName") or (arn.rsplit("/", 1)[-1] if arn else "")
        return tuple(name for name in (one, *several, *transaction) if name)


class Fault(Protocol):
    """A fault of the connection. Either method may raise ``ConnectionAbortedError``, which drops the connection."""

    def arrived(self, request: Recorded) -> None:
        """A request, before the endpoint gets it; its ``status`` is 0."""

    def answered(self, request: Recorded) -> None:
        """The endpoint applied the call; the client does not have the answer yet."""


class RecordingProxy:
    """``with RecordingProxy(url) as proxy:``, the tool pointed at ``proxy.url``; the journal is ``proxy.requests``."""

    def __init__(self, upstream: str) -> None:
        self.requests: list[Recorded] = []
        self.fault: Fault | None = None
        self.answer_instead: Callable[[Recorded], tuple[int, str] | None] | None = None
        """Given a request, a status and the code of an error to answer with; ``None`` passes it on."""
        self.garble: Callable[[Recorded, bytes], bytes | None] | None = None
        """Given an answered request and its body, the bytes to send in its place under the same headers, the length
        of the true body among them where they are fewer."""
        self._lock = threading.Lock()
        self._open = 0
        self._still = threading.Condition(self._lock)
        self._upstream = urllib.parse.urlsplit(upstream)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def operations(self) -> list[str]:
        """The API operations so far, in order of their answers."""
        return [request.operation for request in self.requests if " " not in request.operation]

    def mutating(self, ignore_table: str | None = None) -> list[Recorded]:
        """The requests that may have changed something, those to ``ignore_table`` alone left out."""
        return [
            request
            for request in self.requests
            if request.operation in MUTATING and (ignore_table is None or set(request.tables) != {ignore_table})
        ]

    def clear(self) -> None:
        with self._lock:
            self.requests.clear()

    def record(self, request: Recorded) -> None:
        with self._lock:
            self.requests.append(request)

    def counted(self, change: int) -> None:
        """A client's connection came (1) or went (-1)."""
        with self._still:
            self._open += change
            self._still.notify_all()

    def wait_until_still(self, seconds: float = 60.0) -> None:
        """Until no client is connected: what a killed process had sent is carried out after its death."""
        with self._still:
            assert self._still.wait_for(lambda: self._open == 0, seconds), "a client stays connected"

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port, timeout=PATIENCE)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: RecordingProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed client resets its connections: not an error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.proxy.counted(1)
        self.upstream = self.server.proxy.connect()

    def finish(self) -> None:
        self.upstream.close()
        self.server.proxy.counted(-1)
        super().finish()

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        headers["Host"] = self.headers.get("Host", "")
        asked = Recorded(self._operation(), _json(body))
        instead = self.server.proxy.answer_instead
        refusal = instead(asked) if instead else None
        if refusal is not None:
            self._refuse(asked, *refusal)
            return
        fault = self.server.proxy.fault
        try:
            if fault is not None:
                fault.arrived(asked)
            answer, content = self._ask(body, headers)
            answered = replace(asked, status=answer.status)
            self.server.proxy.record(answered)
            if fault is not None:
                fault.answered(answered)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        garble = self.server.proxy.garble
        reported = garble(answered, content) if garble is not None else None
        reported = content if reported is None else reported
        self.close_connection = self.close_connection or len(reported) < len(content)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(max(len(reported), len(content))))
        self.end_headers()
        self.wfile.write(reported)

    def _refuse(self, asked: Recorded, status: int, code: str) -> None:
        self.server.proxy.record(replace(asked, status=status))
        content = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "made up"}).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        """One connection a request: what goes wrong upstream is passed on as it is, and nothing is ever sent twice."""
        self.upstream.close()
        self.upstream.request(self.command, self.path, body or None, headers)
        answer = self.upstream.getresponse()
        return answer, answer.read()

    def _operation(self) -> str:
        target = self.headers.get("X-Amz-Target")
        return target.rsplit(".", 1)[-1] if target else f"{self.command} {self.path}"

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _forward  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on standard error."""


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
