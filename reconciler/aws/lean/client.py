"""Makes the calls: serialise, sign, send, check, read, and send again where that may help.

Stands where boto3's client of DynamoDB stands. ``session`` builds two of them as it does with boto3: one that retries,
one that sends each request exactly once. Refusals of the service are botocore's ``ClientError``, failures of the
connection its ``HTTPClientError`` and ``ConnectionError``, and the order of hooks around a sending is that of botocore's
events, so that ``ApiClient`` need not know which client made a call.
"""

from __future__ import annotations

import http.client
import json
import time
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from reconciler.aws import hooks
from reconciler.aws.flavor import Get
from reconciler.aws.lean import retries
from reconciler.aws.lean.answer import Answer
from reconciler.aws.lean.clock import ServerClock
from reconciler.aws.lean.model import Shapes
from reconciler.aws.lean.retries import Budget
from reconciler.aws.lean.signer import Signer
from reconciler.model.errors import Malformed

CHECKSUM = "x-amz-crc32"
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of an answer after decompression; DynamoDB's own limit is 16 MB."""

Exchange = Callable[[bytes], Answer]


@dataclass(frozen=True)
class Hooks:
    """What happens around each sending, as ``session`` hangs it into boto3's events.

    ``before_send`` are called in order with the operation right before the socket, ``received`` with the exception of a
    sending or ``None``, ``retry`` with the operation of each sending after the first.
    """

    before_send: Sequence[Callable[..., None]]
    received: Callable[..., None]
    retry: Callable[[str], None]


@dataclass
class Outcome:
    """What one sending led to. ``failure`` is to be raised, ``code`` that of an error of the service."""

    answer: dict[str, Any]
    status: int = 0
    code: str | None = None
    failure: Exception | None = None
    retry_after: str | None = None
    damaged: bool = False
    """Whether the checksum does not fit."""


class LeanClient:
    """``invoke`` for any operation of DynamoDB. Safe to share between threads."""

    def __init__(
        self,
        *,
        endpoint_url: str,
        exchange: Exchange,
        head: str,
        signer: Signer,
        shapes: Shapes,
        credentials: Any,
        clock: ServerClock,
        attempts: int,
        hooks: Hooks,
        reads_only: bool,
        get: Get,
    ) -> None:
        self.endpoint_url = endpoint_url
        self.get = get
        """Unsigned GETs at the same address."""
        self._exchange = exchange
        self._head = head
        self._signer = signer
        self._shapes = shapes
        self._credentials = credentials
        self._clock = clock
        self._attempts = attempts
        self._hooks = hooks
        self._reads_only = reads_only
        self._budget = Budget()

    def invoke(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """The answer with ``ResponseMetadata``, as a method of boto3's client returns it.

        Raises ``ApiError`` of a hook, ``Malformed`` for bytes that are no answer of DynamoDB, botocore's exceptions for
        everything else, and ``CredentialsNotLoaded`` where the credentials cannot be renewed.
        """
        if self._reads_only:
            hooks.refuse_writes(model=SimpleNamespace(name=operation))
        body = self._shapes.serialize(operation, params)
        invocation, attempt, spent = str(uuid.uuid4()), 1, 0
        while True:
            request = self._signed(operation, body, invocation, attempt)
            outcome = self._sent(operation, request)
            if attempt < self._attempts:
                cost = self._worth_another(operation, outcome, attempt)
                if cost is not None:
                    spent = cost or spent
                    attempt += 1
                    self._hooks.retry(operation)
                    continue
            break
        outcome.answer.setdefault("ResponseMetadata", {})["RetryAttempts"] = attempt - 1
        if outcome.failure is not None:
            raise outcome.failure
        self._budget.give_back(spent or 1)
        return outcome.answer

    def _signed(self, operation: str, body: bytes, invocation: str, attempt: int) -> bytes:
        if self._credentials is None:
            from botocore.exceptions import NoCredentialsError

            raise NoCredentialsError
        target = self._shapes.target + operation
        moment = self._clock.stamp()
        signed = self._signer.headers(self._credentials.get_frozen_credentials(), moment, target, body)
        head = (
            f"{self._head}X-Amz-Target: {target}\r\n{signed}"
            f"amz-sdk-invocation-id: {invocation}\r\namz-sdk-request: attempt={attempt}; max={self._attempts}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _sent(self, operation: str, request: bytes) -> Outcome:
        """One sending. What breaks before an answer is an outcome, since it may be worth another one."""
        try:
            for hook in self._hooks.before_send:
                hook(event_name=operation)
            answer = self._exchange(request)
        except Exception as error:  # noqa: BLE001  (raised by ``invoke`` unless the request is sent again)
            self._hooks.received(exception=error)
            return Outcome({}, failure=error)
        return self._read(operation, answer)

    def _read(self, operation: str, answer: Answer) -> Outcome:
        status, headers = answer.status, answer.headers
        metadata: dict[str, Any] = {"HTTPStatusCode": status, "HTTPHeaders": headers}
        if "x-amzn-requestid" in headers:
            metadata["RequestId"] = headers["x-amzn-requestid"]
        outcome = Outcome({"ResponseMetadata": metadata}, status, retry_after=headers.get(retries.RETRY_AFTER))
        expected = headers.get(CHECKSUM)
        # The service computes it over the bytes that it sends, the compressed ones where they are compressed.
        if expected is not None and str(zlib.crc32(answer.body)) != expected.strip():
            outcome.damaged = True
            outcome.failure = Malformed(operation, "ChecksumMismatch", "the answer does not match its checksum")
            if status < 300:
                return outcome
        try:
            body = _plain(answer)
        except ValueError as error:
            outcome.failure = outcome.failure or Malformed(operation, "NotJson", f"the answer is garbled: {error}")
            return outcome
        if status >= 300:
            self._read_error(operation, answer, body, outcome)
        else:
            self._read_success(operation, status, body, outcome)
        return outcome

    def _read_success(self, operation: str, status: int, body: bytes, outcome: Outcome) -> None:
        if status != 200:
            outcome.failure = Malformed(operation, f"HTTP {status}", "the answer is not one of DynamoDB")
            return
        if not body and not self._shapes.has_output(operation):
            return
        try:
            content = json.loads(body.decode())
        except UnicodeDecodeError:
            raise
        except ValueError:
            outcome.failure = Malformed(operation, "NotJson", "the answer is empty, truncated or garbled")
            return
        if not isinstance(content, dict):
            outcome.failure = Malformed(operation, "NotJson", "the answer is not a JSON object")
            return
        outcome.answer = {**self._shapes.read(operation, content), **outcome.answer}

    def _read_error(self, operation: str, answer: Answer, body: bytes, outcome: Outcome) -> None:
        """As botocore's parser of JSON errors, which the names and texts of ``errors`` rest on."""
        from botocore.exceptions import ClientError

        said = _error(answer.status, body)
        code, content = said.pop("code"), said.pop("content")
        outcome.code = code
        known = self._shapes.read_error(code, content) if isinstance(content, dict) else {}
        outcome.answer = {"Error": {"Code": code, **said}, **known, **outcome.answer}
        if outcome.failure is not None:
            return
        try:
            # The checksum was compared; what is left to see is whether another service speaks.
            hooks.check_bytes(_Response(answer.status, body), _Model(operation))
        except Malformed as error:
            outcome.failure = error
        else:
            outcome.failure = ClientError(outcome.answer, operation)
        self._clock.learn(code, answer.headers.get("date"))

    def _worth_another(self, operation: str, outcome: Outcome, attempt: int) -> int | None:
        """What a further sending costs, after the pause before it; ``None`` where there is none."""
        if outcome.status and self._clock.corrected():
            # Refused for its date alone, so nothing was applied; the next signature has the server's time.
            return 0
        modelled, retried = self._shapes.modelled_errors(operation), self._shapes.retried
        throttled = bool(outcome.status) and retries.throttled(outcome.code, outcome.status, modelled, retried)
        if not (throttled or outcome.damaged or self._is_transient(outcome, modelled)):
            return None
        cost = retries.THROTTLING_COST if throttled else retries.COST
        if not self._budget.spend(cost):
            return None
        time.sleep(retries.pause(attempt, throttling=throttled, retry_after=outcome.retry_after))
        return cost

    def _is_transient(self, outcome: Outcome, modelled: frozenset[str]) -> bool:
        from botocore.exceptions import ConnectionError as Unconnected
        from botocore.exceptions import HTTPClientError

        if not outcome.status:
            return isinstance(outcome.failure, Unconnected | HTTPClientError)
        return retries.transient(outcome.code, outcome.status, modelled, self._shapes.retried)


def request_head(target: str, host: str, content_type: str, user_agent: str) -> str:
    """The lines that every request begins with."""
    return (
        f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\n"
        f"User-Agent: {user_agent}\r\nAccept-Encoding: identity\r\n"
    )


@dataclass(frozen=True, slots=True)
class _Response:
    """An answer as ``hooks.check_bytes`` looks at it."""

    status_code: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class _Model:
    """An operation as ``hooks.check_bytes`` looks at it."""

    service_model = SimpleNamespace(service_name="dynamodb")

    def __init__(self, name: str) -> None:
        self.name = name


def _plain(answer: Answer) -> bytes:
    """The body without its compression. ``ValueError`` where it cannot be undone, or is longer than any answer."""
    coding = answer.headers.get("content-encoding", "identity").lower()
    if coding in ("identity", "") or not answer.body:
        return answer.body
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise ValueError(f"it is encoded as {coding[:40]}")
    unpack = zlib.decompressobj(47)
    try:
        body = unpack.decompress(answer.body, LARGEST_BODY)
    except zlib.error as error:
        raise ValueError(f"it cannot be decompressed: {error}") from error
    if not unpack.eof:
        raise ValueError("it breaks off, or is longer than any answer")
    return body


def _error(status: int, body: bytes) -> dict[str, Any]:
    """``Message`` and ``code`` of an error with its ``content``; the status where a page stands in its place."""
    stripped = body.strip()
    if status >= 500 and (not stripped or stripped.startswith(b"<html>")):
        return {"Message": http.client.responses.get(status, ""), "code": str(status), "content": None}
    content: Any = {}
    if body:
        text = body.decode()
        try:
            content = json.loads(text)
        except ValueError:
            content = {"message": text}
    message = content.get("message", content.get("Message", ""))
    code = content.get("__type", str(status)) or ""
    code = code.split(":", 1)[0].rsplit("#", 1)[-1]
    return {"Message": message, "code": code, "content": content}
