"""Every kind of fault at one call: what the client receives instead of the answer of the service.

``applied`` kinds let the service act first and lose its answer. ``through`` kinds also strike every retry of that call
by the SDK, so that the product itself must cope.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from botocore import exceptions
from faults.inprocess.replies import Reply, document, error, page, with_checksum
from faults.inprocess.transport import SentRequest, Serve
from simulation.clock import VirtualClock

from reconciler.aws.capabilities import EVERYWHERE

Inject = Callable[[SentRequest, Serve, VirtualClock], Reply]
URL = "https://dynamodb.eu-central-1.amazonaws.com"
CONNECT, READ, SLOW = 3.0, 20.0, 19.0
"""Seconds that a connect timeout, a read timeout and an answer that comes just in time take."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault. ``meets`` selects its requests; ``family`` is the reaction that the product may have."""

    name: str
    family: str
    strike: Inject
    meets: Callable[[SentRequest], bool] = lambda _: True
    through: bool = False


def writes(request: SentRequest) -> bool:
    return request.mutating


def reads(request: SentRequest) -> bool:
    return not request.mutating


def lists(request: SentRequest) -> bool:
    return request.operation in ("ListTables", "ListBackups")


def batches(request: SentRequest) -> bool:
    return request.operation in ("BatchWriteItem", "TransactWriteItems")


def everywhere(request: SentRequest) -> bool:
    """Operations that every endpoint has; others may really be missing and are then not called."""
    return request.operation in EVERYWHERE


def items(request: SentRequest) -> bool:
    return request.operation in ("PutItem", "UpdateItem", "DeleteItem", "GetItem", "TransactWriteItems")


def _says(reply: Reply) -> Inject:
    return lambda request, serve, clock: reply


def _after(reply: Reply) -> Inject:
    """The service applied the call and then reported a failure."""

    def strike(request: SentRequest, serve: Serve, clock: VirtualClock) -> Reply:
        if request.attempt == 1:
            serve()
        return reply

    return strike


def _raises(problem: type[Exception], seconds: float = 0.0, *, applied: bool = False) -> Inject:
    def strike(request: SentRequest, serve: Serve, clock: VirtualClock) -> Reply:
        if applied and request.attempt == 1:
            serve()
        clock.seconds += seconds
        raise problem(endpoint_url=URL, error="as planned")  # type: ignore[call-arg]

    return strike


def _bytes(change: Callable[[Reply], Reply]) -> Inject:
    """The service acted, and its answer was spoilt on the way."""
    return lambda request, serve, clock: change(serve())


def _cut(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)


def _garbled(reply: Reply) -> Reply:
    return with_checksum(Reply(reply.status, b"\x1f\x8b" + reply.body[::-1]))


def _not_utf8(reply: Reply) -> Reply:
    return with_checksum(Reply(reply.status, reply.body[:1] + b'"\xff\xfe": 1, ' + reply.body[1:]))


def _wrong_checksum(reply: Reply) -> Reply:
    return replace(reply, headers={**reply.headers, "x-amz-crc32": "1"})


def _without_members(reply: Reply) -> Reply:
    return document({}) if reply.status == 200 else reply


def _of_another_type(reply: Reply) -> Reply:
    """Every member has a type that it does not have."""
    content = json.loads(reply.body) if reply.body.startswith(b"{") else {}
    return document(dict.fromkeys(content, 7), reply.status)


def _half_of_members(reply: Reply) -> Reply:
    """The innermost required keys are missing."""
    content = json.loads(reply.body) if reply.body.startswith(b"{") else {}
    for value in content.values():
        if isinstance(value, dict):
            for name in ("TableName", "TableStatus", "KeySchema", "TimeToLiveStatus", "ContinuousBackupsStatus"):
                value.pop(name, None)
    content.pop("Count", None)
    content.pop("TableNames", None)
    content.pop("Tags", None)
    return document(content, reply.status)


def _last_page_lost(reply: Reply) -> Reply:
    content = json.loads(reply.body)
    for name, value in content.items():
        if isinstance(value, list):
            content[name] = value[: len(value) // 2]
    return document(content, reply.status)


def _unprocessed(request: SentRequest, serve: Serve, clock: VirtualClock) -> Reply:
    if request.operation == "BatchWriteItem":
        return document({"UnprocessedItems": request.params["RequestItems"]})
    return error("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])


def _slow(request: SentRequest, serve: Serve, clock: VirtualClock) -> Reply:
    clock.seconds += SLOW
    return serve()


HTML = page(200, "<html><body>Please sign in to the network</body></html>")
ONCE = (
    Kind("ThrottlingException", "throttled", _says(error("ThrottlingException"))),
    Kind("ProvisionedThroughputExceededException", "throttled", _says(error("ProvisionedThroughputExceededException"))),
    Kind("RequestLimitExceeded", "throttled", _says(error("RequestLimitExceeded"))),
    Kind("LimitExceededException", "throttled", _says(error("LimitExceededException"))),
    Kind("429 with a page", "throttled", _says(page(429, "Too Many Requests"))),
    Kind("ResourceInUseException", "busy", _says(error("ResourceInUseException")), writes),
    Kind("ResourceNotFoundException at a read", "missing", _says(error("ResourceNotFoundException")), reads),
    Kind("ResourceNotFoundException at a write", "missing", _says(error("ResourceNotFoundException")), writes),
    Kind("TransactionConflictException", "busy", _says(error("TransactionConflictException")), items),
    Kind("UnprocessedItems", "busy", _unprocessed, batches),
    Kind("InternalServerError", "server", _says(error("InternalServerError", 500))),
    Kind("InternalServerError after it was applied", "server", _after(error("InternalServerError", 500)), writes),
    Kind("ServiceUnavailable", "server", _says(error("ServiceUnavailable", 503))),
    Kind("502 with a page", "server", _says(page(502))),
    Kind("504 after it was applied", "server", _after(page(504)), writes),
    Kind("connection refused", "refused", _raises(exceptions.EndpointConnectionError)),
    Kind("connect timeout", "refused", _raises(exceptions.ConnectTimeoutError, CONNECT)),
    Kind("TLS fails", "refused", _raises(exceptions.SSLError)),
    Kind("reset before it was applied", "lost", _raises(exceptions.ConnectionClosedError)),
    Kind("reset after it was applied", "lost", _raises(exceptions.ConnectionClosedError, applied=True), writes),
    Kind("read timeout before it was applied", "lost", _raises(exceptions.ReadTimeoutError, READ)),
    Kind("read timeout after it was applied", "lost", _raises(exceptions.ReadTimeoutError, READ, applied=True), writes),
    Kind("slow answer", "slow", _slow),
    Kind("body cut short", "malformed", _bytes(_cut)),
    Kind("body of zero bytes", "malformed", _bytes(lambda reply: replace(reply, body=b"", headers={}))),
    Kind("garbled JSON", "malformed", _bytes(_garbled)),
    Kind("not UTF-8", "malformed", _bytes(_not_utf8)),
    Kind("wrong checksum", "malformed", _bytes(_wrong_checksum)),
    Kind("JSON null", "malformed", _bytes(lambda _: with_checksum(Reply(200, b"null")))),
    Kind("JSON list", "malformed", _bytes(lambda _: with_checksum(Reply(200, b"[]")))),
    Kind("empty JSON object", "shape", _bytes(_without_members)),
    Kind("members of another type", "shape", _bytes(_of_another_type)),
    Kind("members missing", "shape", _bytes(_half_of_members)),
    Kind("200 with a page", "malformed", _bytes(lambda _: HTML)),
    Kind("301 with a page", "malformed", _says(page(301, "Moved"))),
    Kind("404 with a page", "malformed", _says(page(404, "Not Found"))),
    Kind("400 without a body", "malformed", _says(Reply(400, b""))),
    Kind("list page lost", "short", _bytes(_last_page_lost), lists),
    Kind("ExpiredTokenException", "credentials", _says(error("ExpiredTokenException"))),
    Kind("UnrecognizedClientException", "credentials", _says(error("UnrecognizedClientException"))),
    Kind("InvalidSignatureException", "credentials", _says(error("InvalidSignatureException"))),
    Kind("IncompleteSignatureException", "credentials", _says(error("IncompleteSignatureException"))),
    Kind("MissingAuthenticationToken", "credentials", _says(error("MissingAuthenticationToken"))),
    Kind("AccessDeniedException", "denied", _says(error("AccessDeniedException"))),
    Kind("403 with a page", "denied", _says(page(403, "Forbidden"))),
    Kind("ValidationException", "rejected", _says(error("ValidationException"))),
    Kind("a code that nobody knows", "rejected", _says(error("SurpriseException"))),
    Kind("UnknownOperationException", "unsupported", _says(error("UnknownOperationException")), everywhere),
)
RETRIED = frozenset({"throttled", "server", "refused", "lost"})
"""Families that the SDK retries by itself, so that once is hardly seen by the product."""
KINDS = (
    *ONCE,
    *(replace(kind, name=f"{kind.name}, again and again", through=True) for kind in ONCE if kind.family in RETRIED),
)
