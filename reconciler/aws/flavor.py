"""Detects the flavor of an endpoint by its responses, never by its URL. Called by ``identify``.

The probes are plain GETs without credentials, so they can come before the first signed call. They use the HTTP session
of the client, so its proxies, CA bundle and sockets apply to them.
"""

from __future__ import annotations

import json
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler.aws import call_deadline, tls
from reconciler.model.errors import EndpointError, Unreachable
from reconciler.model.identity import Flavor
from reconciler.model.lazy_dataclass import dataclass

PROBE_SECONDS = 5.0
"""Time limit of the first response, including TLS and proxy."""
OTHERS_SECONDS = 2.0
"""Time limit of the other probes after the first response."""
BODY_LIMIT = 64 * 1024
SHOWN = 80
ROOT, MOTO, LOCALSTACK = "/", "/moto-api", "/_localstack/health"
NOT_UP_YET = frozenset({429, 500, 502, 503, 504})
"""Statuses that gateways send while the server behind them starts. They say nothing about that server."""

ACCOUNTS: Mapping[Flavor, str] = {
    Flavor.DYNAMODB_LOCAL: "000000000000",
    Flavor.MOTO: "123456789012",
    Flavor.LOCALSTACK: "000000000000",
}
"""The account in every table ARN of these emulators."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to one GET. ``status`` is 0 if there was none; ``body`` then has the reason.

    ``final`` is a reason that does not go away by waiting.
    """

    status: int
    server: str = ""
    body: bytes = b""
    kind: str = ""
    location: str = ""
    final: str = ""
    date: str = ""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is not one."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    def described(self) -> str:
        """The response in a few words that are safe to print."""
        if self.status == 0:
            return f"GET / has no answer ({self.body.decode(errors='replace')})" if self.body else "GET / has no answer"
        if self.location:
            return f"GET / is redirected (HTTP {self.status}) to {_printable(self.location)}"
        text = _printable(re.sub(rb"<[^>]*>", b" ", self.body).decode(errors="replace"))
        by = f" by {_printable(self.server)}" if self.server else ""
        return f"GET / is answered{by} with HTTP {self.status}, {self.kind or 'no content type'}" + (
            f", {text!r}" if text else ""
        )


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of the probes. ``may_be_local``: the body is that of DynamoDB Local, whatever the Server header is."""

    flavor: Flavor
    root: Reply
    may_be_local: bool


Get = Callable[[str], Reply]


def detect(url: str, get: Get) -> Flavor:
    """The flavor at ``url`` according to the probes alone. Raises like ``probe``."""
    return probe(url, get).flavor


def probe(url: str, get: Get) -> ProbeResult:
    """Send the probes to ``url``.

    Raises ``Unreachable`` if nothing responds, or only with a status of ``NOT_UP_YET``. Raises ``EndpointError`` if TLS
    fails for good or the server does not speak HTTP.
    """
    replies = _ask_all(get, (ROOT, MOTO, LOCALSTACK))
    root = replies[ROOT]
    if all(reply.status == 0 for reply in replies.values()):
        final = next((reply.final for reply in replies.values() if reply.final), None)
        if final:
            raise EndpointError(f"{url} cannot be used: {final}")
        raise Unreachable("GET /", "NoAnswer", root.body.decode(errors="replace") or "no answer in time")
    if _is_localstack(replies[LOCALSTACK]):
        return ProbeResult(Flavor.LOCALSTACK, root, may_be_local=False)
    if _is_moto(replies[MOTO]):
        return ProbeResult(Flavor.MOTO, root, may_be_local=False)
    if root.status == 0:
        raise Unreachable("GET /", "NoAnswer", root.body.decode(errors="replace") or "no answer in time")
    if root.status in NOT_UP_YET:
        raise Unreachable("GET /", f"HTTP {root.status}", f"{root.described()}: it is not up yet")
    if _is_dynamodb_local(root):
        jetty = root.server.startswith("Jetty")
        return ProbeResult(Flavor.DYNAMODB_LOCAL if jetty else Flavor.OTHER, root, may_be_local=True)
    return ProbeResult(Flavor.AWS if _is_aws(root) else Flavor.OTHER, root, may_be_local=False)


def _printable(text: str) -> str:
    words = " ".join(text.split())
    return "".join(char if char.isprintable() else "?" for char in words)[:SHOWN]


def _is_moto(reply: Reply) -> bool:
    return reply.status == 200 and b"<title>Moto</title>" in reply.body


def _is_localstack(reply: Reply) -> bool:
    content = reply.json()
    return reply.status == 200 and isinstance(content.get("services"), dict) and "version" in content


def _is_dynamodb_local(reply: Reply) -> bool:
    kind = str(reply.json().get("__type", ""))
    return reply.status == 400 and kind == "com.amazonaws.dynamodb.v20120810#MissingAuthenticationToken"


def _is_aws(reply: Reply) -> bool:
    return reply.status == 200 and reply.body.startswith(b"healthy: dynamodb.")


def _ask_all(get: Get, paths: tuple[str, ...]) -> dict[str, Reply]:
    """Send all probes at once, each in a daemon thread, because a server may send its response endlessly slowly."""
    answers: queue.SimpleQueue[tuple[str, Reply]] = queue.SimpleQueue()
    for path in paths:
        threading.Thread(target=lambda path=path: answers.put((path, get(path))), daemon=True).start()
    replies = dict.fromkeys(paths, Reply(0))
    deadline = time.monotonic() + PROBE_SECONDS
    for _ in paths:
        try:
            path, reply = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        replies[path] = reply
        if reply.status:
            deadline = min(deadline, time.monotonic() + OTHERS_SECONDS)
    return replies


def clock_skew(get: Get) -> float | None:
    """Seconds by which our clock is ahead of the Date header of an unsigned GET; ``None`` without that header."""
    from email.utils import parsedate_to_datetime

    date = get(ROOT).date
    try:
        return (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds() if date else None
    except (ValueError, TypeError):
        return None


def reply_of(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """The reply to a GET. The names in ``headers`` are in lower case."""
    location = headers.get("location", "") if 300 <= status < 400 else ""
    kind = headers.get("content-type", "").partition(";")[0].strip()
    return Reply(status, headers.get("server", ""), body, kind, location, date=headers.get("date", ""))


def getter(url: str, session: Any) -> Get:
    """A function that sends GETs to ``url`` through the HTTP session of a client. It follows no redirects."""
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    def get(path: str) -> Reply:
        request = AWSRequest("GET", url.rstrip("/") + path, stream_output=True).prepare()
        try:
            with call_deadline.within(PROBE_SECONDS):
                answer = session.send(request)
                try:
                    body: bytes = answer.raw.read(BODY_LIMIT)
                finally:
                    answer.raw.close()
        except (BotoCoreError, HTTPError, OSError, ValueError) as error:
            unusable = tls.bundle_problem(session._verify) if url.startswith("https:") else None
            return Reply(0, body=str(error).encode(), final=unusable or tls.final_reason(error, url) or "")
        return reply_of(answer.status_code, answer.headers, body)

    return get
