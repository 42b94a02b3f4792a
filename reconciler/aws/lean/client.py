"""Makes the calls: serialise, sign, send, check, read, and send again where that may help.

Stands where boto3's client of DynamoDB stands. ``session`` builds two of them as it does with boto3: one that retries,
one that sends each request exactly once. Refusals of the service are botocore's ``ClientError``, failures of the
connection its ``HTTPClientError`` and ``ConnectionError``, and the hooks around a sending come in the order of
botocore's events, so that ``ApiClient`` need not know which client made a call.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from reconciler.aws import hooks
from reconciler.aws.flavor import Get
from reconciler.aws.lean import retries
from reconciler.aws.lean.answer import Answer
from reconciler.aws.lean.clock import ServerClock
from reconciler.aws.lean.model import Shapes
from reconciler.aws.lean.reading import AnswerReader, Outcome
from reconciler.aws.lean.retries import Budget
from reconciler.aws.lean.signer import Signer
from reconciler.model.change import is_read
from reconciler.model.identifiers import uuid4_text
from reconciler.model.lazy_dataclass import dataclass

Exchange = Callable[[bytes], Answer]
ExchangeMany = Callable[[Iterable[tuple[str, bytes]], int, float], Iterator[tuple[str, Answer, float]]]
"""Requests by a key, the number of connections, the seconds that an answer may take; answers with theirs."""


@dataclass(frozen=True)
class Hooks:
    """What happens around each sending, as ``session`` hangs it into boto3's events.

    ``before_send`` are called in order with the operation right before the socket, ``received`` with the exception of a
    sending or ``None``, ``retry`` with the operation of each sending after the first.
    """

    before_send: Sequence[Callable[..., None]]
    received: Callable[..., None]
    retry: Callable[[str], None]


class LeanClient:
    """``invoke`` for any operation of DynamoDB. Safe to share between threads."""

    def __init__(
        self,
        *,
        endpoint_url: str,
        exchange: Exchange,
        exchange_many: ExchangeMany,
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
        self._exchange_many = exchange_many
        self._head = head
        self._signer = signer
        self._shapes = shapes
        self._credentials = credentials
        self._clock = clock
        self._reader = AnswerReader(shapes, clock)
        self._attempts = attempts
        self._hooks = hooks
        self._reads_only = reads_only
        self._budget = Budget()

    def invoke(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The answer with ``ResponseMetadata``, as a method of boto3's client returns it.

        Raises ``ApiError`` of a hook, ``Malformed`` for bytes that are no answer of DynamoDB, botocore's exceptions for
        everything else, and ``CredentialsNotLoaded`` where the credentials cannot be renewed.
        """
        if self._reads_only:
            hooks.refuse_writes(model=SimpleNamespace(name=operation))
        body = self._shapes.serialize_any(operation, params)
        invocation, attempt, spent = _invocation_id(), 1, 0
        while True:
            request = self._signed(operation, body, invocation, attempt)
            outcome = self._sent(operation, request)
            if outcome.failure is not None and attempt < self._attempts:
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

    def read_many(
        self, operation: str, requests: Iterable[tuple[str, Mapping[str, Any]]], connections: int, seconds: float
    ) -> Iterator[tuple[str, dict[str, Any] | Exception, float]]:
        """Send a reading operation once for each request, from this thread alone. Yields good answers as they come.

        ``requests`` are parameters by a key, which comes back with the answer and the seconds that it took. The first
        failure of any kind ends the iteration: whoever asked makes the calls that are left one by one, with
        ``invoke``, which retries. What is no good answer comes last, as the exception that ``invoke`` would raise; a
        wrong checksum and a broken connection end the iteration alone, as ``invoke`` sends the request again.
        """
        if not is_read(operation):
            raise ValueError(f"{operation} may write")
        try:
            for key, answer, taken in self._exchange_many(self._prepared(operation, requests), connections, seconds):
                outcome = self._read(operation, answer)
                if outcome.damaged:
                    return
                if outcome.failure is not None:
                    yield key, outcome.failure, taken
                    return
                outcome.answer["ResponseMetadata"]["RetryAttempts"] = 0
                yield key, outcome.answer, taken
        except Exception as error:  # noqa: BLE001  (the same call is made again where it can be reported)
            self._hooks.received(exception=error)

    def _read(self, operation: str, answer: Answer) -> Outcome:
        try:
            return self._reader.read(operation, answer)
        except Exception as error:  # noqa: BLE001  (what botocore's parser lets escape)
            return Outcome({}, failure=error)

    def _prepared(
        self, operation: str, requests: Iterable[tuple[str, Mapping[str, Any]]]
    ) -> Iterator[tuple[str, bytes]]:
        for key, params in requests:
            signed = self._signed(operation, self._shapes.serialize(operation, dict(params)), _invocation_id(), 1)
            for hook in self._hooks.before_send:
                hook(event_name=operation)
            yield key, signed

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
        return self._reader.read(operation, answer)

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


def _invocation_id() -> str:
    """An identifier that need not be a secret. ``uuid4`` asks the kernel and gives up the GIL for that, and to get it
    back takes longer than the rest of a call while many threads read tables.
    """
    return uuid4_text(random.getrandbits(128))


def request_head(target: str, host: str, content_type: str, user_agent: str) -> str:
    """The lines that every request begins with."""
    return (
        f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {content_type}\r\n"
        f"User-Agent: {user_agent}\r\nAccept-Encoding: identity\r\n"
    )
