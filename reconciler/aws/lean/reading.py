"""What an answer means: the checks of its bytes, its members by the model, errors as botocore's parser reads them.

Called by ``client`` with each answer. The names and texts of ``errors`` and ``answers`` rest on these being botocore's.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import field
from functools import partial
from types import SimpleNamespace
from typing import Any

from reconciler.aws import hooks
from reconciler.aws.lean import retries
from reconciler.aws.lean.answer import Answer
from reconciler.aws.lean.clock import ServerClock
from reconciler.aws.lean.known_answers import KnownAnswers
from reconciler.aws.lean.model import Shapes
from reconciler.model.errors import Malformed
from reconciler.model.lazy_dataclass import dataclass

CHECKSUM = "x-amz-crc32"
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of an answer after decompression; DynamoDB's own limit is 16 MB."""


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


class AnswerReader:
    """``read`` turns an answer into an outcome; the clock learns from refusals."""

    def __init__(self, shapes: Shapes, clock: ServerClock) -> None:
        self._shapes = shapes
        self._clock = clock
        self._known = KnownAnswers()

    def read(self, operation: str, answer: Answer) -> Outcome:
        """The outcome of a sending that was answered. Raises what botocore's parser lets escape from broken bytes."""
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
            members = self._known.of(operation, body, partial(self._members, operation, body))
        except Malformed as error:
            outcome.failure = error
            return
        outcome.answer = {**members, **outcome.answer}

    def _members(self, operation: str, body: bytes) -> dict[str, Any]:
        try:
            content = json.loads(body.decode())
        except UnicodeDecodeError:
            raise
        except ValueError:
            raise Malformed(operation, "NotJson", "the answer is empty, truncated or garbled") from None
        if not isinstance(content, dict):
            raise Malformed(operation, "NotJson", "the answer is not a JSON object")
        return self._shapes.read(operation, content)

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
            response: Any = outcome.answer
            outcome.failure = ClientError(response, operation)
        self._clock.learn(code, answer.headers.get("date"))


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
        import http.client

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
