"""Sends one operation and returns a checked response. All adapters of this package use it.

Each call is timed and reported to telemetry, its error is classified (``errors``), its required members are checked
(``answers``), and its endpoint is compared with the identified one (``EndpointGuard.check``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.aws import answers, call_deadline, errors
from reconciler.aws.capabilities import Capabilities
from reconciler.aws.credentials import sentence
from reconciler.aws.lean.client import LeanClient
from reconciler.aws.lean.model import plain
from reconciler.aws.signing import CredentialsNotLoaded
from reconciler.engine.ports import ApiExchange, Telemetry
from reconciler.model.change import destroys
from reconciler.model.errors import ApiError, Denied, ReconcilerError, Unsupported

UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError, OSError)
"""Exceptions that the parser of botocore raises for garbled responses."""

MANY_SECONDS = 5.0
"""How long one of many answers may take before all calls that are left are made one by one, with their retries."""


class Clients:
    """The two clients of one session: one with the SDK's retries, one that sends each request exactly once."""

    def __init__(self, build: Callable[[], tuple[Any, Any]]) -> None:
        import threading

        self._build = build
        self._lock = threading.Lock()
        self._pair: tuple[Any, Any] | None = None

    def get(self, *, once: bool) -> Any:
        """The clients, built at first use: importing and loading the SDK takes a third of a second."""
        pair = self._pair
        if pair is None:
            with self._lock:
                pair = self._pair = self._pair or self._build()
        return pair[1] if once else pair[0]

    def forget(self) -> None:
        """Drop the clients. The next call builds a new session with the credentials that are valid then."""
        self._pair = None


class ApiClient:
    """``call`` for any operation of DynamoDB; failures are ``ApiError``."""

    def __init__(
        self,
        clients: Clients,
        telemetry: Telemetry,
        capabilities: Capabilities | None = None,
        limits: Sequence[call_deadline.Limit] = (),
        check: Callable[[str, Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._clients = clients
        self._telemetry = telemetry
        self._capabilities = capabilities or Capabilities()
        self._limits = limits
        self._check = check
        self._examined: dict[str, dict[str, Any]] = {}
        """By operation and key, what the last answer of ``read_many`` consisted of."""

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One request, retried by the SDK unless it destroys something; the answer without ResponseMetadata.

        An operation that the endpoint is known not to have is ``Unsupported`` without being sent.
        """
        refusal = self._capabilities.lacking(operation)
        if refusal is not None:
            raise Unsupported(operation, refusal.code, refusal.message)
        started = time.perf_counter()
        result, code = "success", None
        metadata: Mapping[str, Any] = {}
        try:
            with call_deadline.within(self._seconds(operation)):
                answer = self._answered(operation, params)
            metadata = answer.pop("ResponseMetadata", {})
            answers.check(operation, params, answer)
            if self._check is not None:
                self._check(operation, answer)
        except ApiError as error:
            result, code, metadata = type(error).__name__, error.code, metadata or errors.metadata(error)
            if errors.asks_for_new_credentials(error):
                self._clients.forget()
            raise
        finally:
            exchange = ApiExchange(named(params), code, metadata, len(params.get("TransactItems", "1")))
            self._telemetry.request(operation, result, time.perf_counter() - started, exchange)
        return answer

    def read_many(
        self, operation: str, requests: Mapping[str, Mapping[str, Any]], connections: int
    ) -> Iterator[tuple[str, dict[str, Any] | ApiError]]:
        """Good answers to a reading operation, by the keys of ``requests``, as they come; not necessarily to all.

        One thread sends all requests over several connections. It ends early at the first failure, which comes last if
        it was an answer, and yields nothing where boto3 makes the calls: make the calls that are left with ``call``.
        """
        client = self._client_of_many()
        if client is None:
            return
        answers_of = client.read_many(operation, requests.items(), connections, MANY_SECONDS)
        examined = self._examined.get(operation, {})
        self._examined[operation] = again = dict[str, Any]()
        for key, answer, seconds in answers_of:
            if isinstance(answer, Exception):
                yield key, answer if isinstance(answer, ApiError) else errors.from_exception(operation, answer)
                return
            metadata = answer.pop("ResponseMetadata", {})
            # The same bytes give the same objects (``known_answers``), which were checked when they came first.
            part = next(iter(answer.values())) if len(answer) == 1 else None
            try:
                if part is None or examined.get(key) is not part:
                    answers.check(operation, requests[key], answer)
                again[key] = part
                if self._check is not None:
                    self._check(operation, answer)
            except ApiError as error:
                yield key, error
                return
            exchange = ApiExchange(named(requests[key]), None, metadata)
            self._telemetry.request(operation, "success", seconds, exchange)
            yield key, answer

    def _client_of_many(self) -> LeanClient | None:
        try:
            client = self._clients.get(once=True)
        except (ReconcilerError, CredentialsNotLoaded):
            return None
        return client if isinstance(client, LeanClient) else None

    def _seconds(self, operation: str) -> float:
        """How long the call may take, its retries included: the least of all limits."""
        limits = (limit(operation) for limit in self._limits)
        return min([call_deadline.CALL_SECONDS, *(seconds for seconds in limits if seconds is not None)])

    def _answered(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The response. An operation counts as unknown after two refusals: one may be a fault of the moment."""
        try:
            return self._send(operation, params)
        except Unsupported as refusal:
            if destroys(operation, params):
                raise
            if self._capabilities.doubtful(operation):
                self._capabilities.learn(refusal)
                raise
        self._telemetry.retry(operation)
        try:
            return self._send(operation, params)
        except Unsupported as refusal:
            self._capabilities.learn(refusal)
            raise

    def _send(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        try:
            client = self._clients.get(once=destroys(operation, params) or self._capabilities.doubtful(operation))
            answer = _invoked(client, operation, params)
        except errors.sdk_errors(*UNREADABLE) as error:
            raise self._capabilities.judged(errors.from_exception(operation, error)) from error
        except CredentialsNotLoaded as error:
            raise Denied(operation, "CredentialsNotLoaded", sentence(error)) from error
        return answer


def _invoked(client: Any, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of either client."""
    if isinstance(client, LeanClient):
        # It looks at each value anyway, and makes plain what is not.
        return client.invoke(operation, params)
    from botocore import xform_name
    from botocore.parsers import ResponseParserError

    method = getattr(client, xform_name(operation.rpartition(":")[2]), None)
    if method is None:
        # An SDK that is older than the operation.
        raise Unsupported(operation, "UnknownOperationException", f"the installed boto3 has no {operation}; update it")
    try:
        answer: dict[str, Any] = method(**plain(params))
    except ResponseParserError as error:
        raise ValueError(str(error)) from error
    return answer


def named(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The tables that a request names."""
    if "TransactItems" in params:
        return tuple(dict.fromkeys(body["TableName"] for one in params["TransactItems"] for body in one.values()))
    name = params.get("TableName")
    return (str(name),) if name else tuple(params.get("RequestItems") or ())
