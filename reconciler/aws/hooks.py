"""Handlers of botocore events: read-only guard, lease check, endpoint check, checksum, count of retries.

Registered by ``session`` on each client. The events are the documented extension points of botocore
(https://boto3.amazonaws.com/v1/documentation/api/latest/guide/events.html).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from reconciler.aws import call_deadline
from reconciler.model.change import is_read
from reconciler.model.errors import Ambiguous, Denied, LeaseLost, Malformed

AWS_NAMESPACE = "com.amazonaws."
"""Errors of a service begin with it and the service's name; what all services share is ``com.amazon.coral``."""
LOST = "our lease ran out before the call was sent"
STATE_CALL: ContextVar[bool] = ContextVar("STATE_CALL", default=False)
"""Whether the current call is about the state table. Such calls need no lease, because they acquire it."""


def refuse_writes(model: Any, **_: Any) -> None:
    """``provide-client-params``: raise before the request is even built, so that nothing can leave."""
    if not is_read(model.name):
        raise Denied(model.name, "ReadOnly", "this client only reads; the command that is running never writes")


def check_bytes(http_response: Any, model: Any, **_: Any) -> None:
    """``after-call``: the last answer's bytes, which the SDK would read as an empty answer when they are broken.

    DynamoDB sends the CRC-32 of each body in ``x-amz-crc32``; botocore retries on a mismatch and then lets it through.
    """
    body: bytes = http_response.content
    expected = http_response.headers.get("x-amz-crc32")
    if expected is not None and str(zlib.crc32(body) & 0xFFFFFFFF) != expected:
        raise Malformed(model.name, "ChecksumMismatch", "the answer does not match its checksum")
    if http_response.status_code >= 300:
        _check_service(body, model)
        return
    if http_response.status_code != 200:
        raise Malformed(model.name, f"HTTP {http_response.status_code}", "the answer is not one of DynamoDB")
    if not body and model.output_shape is None:
        return
    try:
        content = json.loads(body)
    except ValueError:
        raise Malformed(model.name, "NotJson", "the answer is empty, truncated or garbled") from None
    if not isinstance(content, dict):
        raise Malformed(model.name, "NotJson", "the answer is not a JSON object")


def _check_service(body: bytes, model: Any) -> None:
    """An error of another service at this address says nothing about our tables: its "not found" is no absence."""
    if model.service_model.service_name != "dynamodb":
        return
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return
    kind = str(content.get("__type") or "") if isinstance(content, dict) else ""
    service = kind.partition("#")[0].removeprefix(AWS_NAMESPACE)
    if kind.startswith(AWS_NAMESPACE) and "#" in kind and not service.startswith("dynamodb"):
        raise Malformed(model.name, "AnotherService", f"the answer is an error of another service: {kind[:100]}")


def refuse_without_lease(lasts: Callable[[], bool]) -> Callable[..., None]:
    """``before-send``: the last moment before the socket, of every sending, the SDK's retries included.

    A process that was stopped in between sends nothing more. Records of the state table have a fence of their own: the
    conditions under which they are written.
    """

    def before_send(event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if not is_read(operation) and not STATE_CALL.get() and not lasts():
            raise LeaseLost(operation, "LeaseLost", LOST)

    return before_send


def within_lease(left: Callable[[], float]) -> Callable[[str], float | None]:
    """A limit of a call: what changes a table ends, with all its retries, before our lease does.

    Without a lease there is no limit, because ``refuse_without_lease`` refuses to send.
    """

    def limit(operation: str) -> float | None:
        free = is_read(operation) or STATE_CALL.get()
        seconds = 0.0 if free else left()
        return seconds if seconds > 0 else None

    return limit


def refuse_changed_endpoint(before_write: Callable[[str], None]) -> Callable[..., None]:
    """``before-send``: nothing that changes something goes to an endpoint or account that was not identified."""

    def before_send(event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if not is_read(operation):
            before_write(operation)

    return before_send


def unconfirm_on_failure(unconfirm: Callable[[], None]) -> Callable[..., None]:
    """``response-received``: after a failed connection another endpoint may answer at the same URL."""

    def received(exception: BaseException | None = None, **_: Any) -> None:
        if exception is not None:
            unconfirm()

    return received


def limit_sending(event_name: str, **_: Any) -> None:
    """``before-send``: the time of this sending begins, unless that of the whole call is over."""
    if call_deadline.call_has_passed():
        raise Ambiguous(event_name.rpartition(".")[2], "CallDeadline", call_deadline.PASSED)
    call_deadline.start_sending()


def retry_counter(tell: Callable[[str], None]) -> Callable[..., None]:
    """``request-created``: tell each attempt after the first."""

    def created(request: Any, operation_name: str, **_: Any) -> None:
        if request.context.get("retries", {}).get("attempt", 1) > 1:
            tell(operation_name)

    return created
