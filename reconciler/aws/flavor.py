"""What answers at an endpoint, decided by its answers and never by its URL. Called by ``Connection.identify``.

The probes are plain GETs without credentials, so they may precede the first signed call.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.errors import Unreachable
from reconciler.model.identity import Flavor

PROBE_SECONDS = 2
BODY_LIMIT = 64 * 1024
ROOT, MOTO, LOCALSTACK = "/", "/moto-api", "/_localstack/health"

ACCOUNTS: Mapping[Flavor, str] = {
    Flavor.DYNAMODB_LOCAL: "000000000000",
    Flavor.MOTO: "123456789012",
    Flavor.LOCALSTACK: "000000000000",
}
"""The account of every table ARN that these engines make up."""
LOCAL_ARN = ":ddblocal:000000000000:"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one GET; ``status`` 0 when none came, with the reason in ``body``."""

    status: int
    server: str = ""
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


Get = Callable[[str], Reply]


def detect(url: str, get: Get | None = None) -> Flavor:
    """The flavor at ``url``, within two seconds; ``Unreachable`` when nothing answers there at all."""
    replies = _ask_all(get or _getter(url), (ROOT, MOTO, LOCALSTACK))
    root = replies[ROOT]
    if all(reply.status == 0 for reply in replies.values()):
        raise Unreachable("GET /", "NoAnswer", root.body.decode(errors="replace") or "no answer within two seconds")
    if _is_localstack(replies[LOCALSTACK]):
        return Flavor.LOCALSTACK
    if _is_moto(replies[MOTO]):
        return Flavor.MOTO
    if _is_dynamodb_local(root):
        return Flavor.DYNAMODB_LOCAL
    return Flavor.AWS if _is_aws(root) else Flavor.OTHER


def _is_moto(reply: Reply) -> bool:
    return reply.status == 200 and b"<title>Moto</title>" in reply.body


def _is_localstack(reply: Reply) -> bool:
    content = reply.json()
    return reply.status == 200 and isinstance(content.get("services"), dict) and "version" in content


def _is_dynamodb_local(reply: Reply) -> bool:
    kind = str(reply.json().get("__type", ""))
    return reply.status == 400 and reply.server.startswith("Jetty") and kind.endswith("#MissingAuthenticationToken")


def _is_aws(reply: Reply) -> bool:
    return reply.status == 200 and reply.body.startswith(b"healthy: dynamodb.")


def _ask_all(get: Get, paths: tuple[str, ...]) -> dict[str, Reply]:
    """All at once, each in a daemon thread, because a server may drip its answer for ever."""
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
    return replies


def _getter(url: str) -> Get:
    """GETs by the SDK's own transport: its proxies and certificates apply, redirects are not followed."""
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies
    from urllib3.exceptions import HTTPError

    def get(path: str) -> Reply:
        session = URLLib3Session(timeout=PROBE_SECONDS, proxies=get_environ_proxies(url))
        request = AWSRequest("GET", url.rstrip("/") + path, stream_output=True).prepare()
        try:
            answer = session.send(request)
            body: bytes = answer.raw.read(BODY_LIMIT)
        except (BotoCoreError, HTTPError, OSError, ValueError) as error:
            return Reply(0, body=str(error).encode())
        finally:
            session.close()
        return Reply(answer.status_code, answer.headers.get("server", ""), body)

    return get
