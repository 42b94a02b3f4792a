"""A transport without a network: every request of botocore is answered in process by the simulated service.

A ``before-send`` handler hands botocore an ``AWSResponse`` (or raises what its transport would), so all of the SDK
runs: serialising, signing, retries, checksums, parsing. ``meddle`` stands between request and service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from faults.inprocess.replies import Reply, document, identity, reasons, refusal, response
from simulation import writes
from simulation.data_plane import OPERATIONS, WRITES
from simulation.refusal import no_policy
from simulation.simulated_dynamodb import ACCOUNT, SimulatedDynamoDB

from reconciler.model.change import Call
from reconciler.model.errors import ApiError

SCALING_READS = ("Describe", "List")
PREFIXES = {"dynamodb": "", "application-auto-scaling": "application-autoscaling:"}
"""The names of services in botocore's events, and what the product writes before their operations."""


@dataclass
class SentRequest:
    """One request as it was sent, and what the service made of it: ``applied`` where it did as asked."""

    number: int
    operation: str
    params: Mapping[str, Any]
    attempt: int
    at: float
    by: str = ""
    applied: bool = False
    refused: str | None = None

    @property
    def mutating(self) -> bool:
        """Whether it asks for a change."""
        service, _, name = self.operation.rpartition(":")
        if service:
            return service == "application-autoscaling" and not name.startswith(SCALING_READS)
        return name in writes.OPERATIONS or name in WRITES

    @property
    def table(self) -> str:
        """The table it is about, empty where it is about none."""
        params = self.params
        named = params.get("TableName") or params.get("TargetTableName") or params.get("ResourceArn") or ""
        if "RequestItems" in params:
            named = next(iter(params["RequestItems"]))
        if "TransactItems" in params:
            tables = {body["TableName"] for action in params["TransactItems"] for body in action.values()}
            named = tables.pop() if len(tables) == 1 else ""
        return str(named).split(":table/", 1)[-1].split("/", 1)[0]

    @property
    def destroys(self) -> bool:
        """Whether it ends a table, an index or a replica."""
        if self.operation == "UpdateTable":
            members = ("GlobalSecondaryIndexUpdates", "VectorIndexUpdates", "ReplicaUpdates")
            return any("Delete" in update for member in members for update in self.params.get(member) or ())
        return self.operation == "DeleteTable"

    def __str__(self) -> str:
        again = f" again ({self.attempt})" if self.attempt > 1 else ""
        return f"#{self.number} {self.operation} {self.table}{again}"


Serve = Callable[[], Reply]
Intercept = Callable[[SentRequest, Serve], Reply]
"""Gets what was sent and the way to have it served; what it returns (or raises) is what the client sees."""


def passthrough(_: SentRequest, serve: Serve) -> Reply:
    """Nothing is meddled with."""
    return serve()


@dataclass
class Transport:
    """The one way to the simulated service; ``sent`` is everything that ever went over it."""

    dynamodb: SimulatedDynamoDB
    intercept: Intercept = passthrough
    whole: Callable[[], bool] = lambda: True
    """Whether the next call must go through all of botocore, which undisturbed calls need not."""
    before: Callable[[SentRequest], None] | None = None
    after: Callable[[SentRequest], None] | None = None
    """Called around every request, whichever way it goes."""
    sent: list[SentRequest] = field(default_factory=list)

    def answer(self, request: Any, event_name: str, by: str) -> AWSResponse:
        """What botocore is handed in the place of a socket's answer."""
        sent_request = self._read(request, event_name, by)
        with self._sent(sent_request):
            return response(request.url, self.intercept(sent_request, lambda: self.serve(sent_request)))

    def direct(self, service: str, operation: str, params: Mapping[str, Any], by: str) -> dict[str, Any]:
        """The same without botocore in between: its answer, or its ``ClientError``."""
        sent_request = SentRequest(
            len(self.sent), _prefix(service) + operation, _as_sent(params), 1, self.dynamodb.clock.seconds, by
        )
        with self._sent(sent_request):
            try:
                answer = self._do(sent_request) if service != "sts" else {"Account": ACCOUNT}
            except ApiError as problem:
                sent_request.refused = problem.code
                reported: dict[str, Any] = {"Error": {"Code": problem.code, "Message": problem.message}}
                reported |= reasons(problem)
                raise ClientError({**reported, "ResponseMetadata": {"HTTPStatusCode": 400}}, operation) from None
            sent_request.applied = True
            parsed: dict[str, Any] = _as_parsed(answer)
            return parsed

    @contextmanager
    def _sent(self, sent_request: SentRequest) -> Iterator[None]:
        self.sent.append(sent_request)
        if self.before is not None:
            self.before(sent_request)
        try:
            yield
        finally:
            if self.after is not None:
                self.after(sent_request)

    def serve(self, sent_request: SentRequest) -> Reply:
        """The answer of the service; a refusal is an answer too."""
        try:
            reply = (
                document(self._do(sent_request))
                if sent_request.operation != "sts:GetCallerIdentity"
                else identity(ACCOUNT)
            )
        except ApiError as problem:
            sent_request.refused = problem.code
            return refusal(problem)
        sent_request.applied = True
        return reply

    def _do(self, sent_request: SentRequest) -> Mapping[str, Any]:
        dynamodb, operation, params = self.dynamodb, sent_request.operation, sent_request.params
        if operation in OPERATIONS:
            dynamodb.settle()
            return OPERATIONS[operation](dynamodb, params)
        if operation == "ListTables":
            return _listed(dynamodb, params)
        if sent_request.mutating:
            return dynamodb.write(Call(operation, params))
        answer = dynamodb.read(operation, params)
        if operation == "GetResourcePolicy" and not answer:
            raise no_policy(operation)
        return answer

    def _read(self, request: Any, event_name: str, by: str) -> SentRequest:
        _, service, name = event_name.split(".")
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body or "")
        params = {} if service == "sts" else json.loads(body)
        reported = request.headers.get("amz-sdk-request") or "attempt=1"
        words = reported.decode() if isinstance(reported, bytes) else reported
        attempt = int(words.partition("attempt=")[2].partition(";")[0])
        return SentRequest(len(self.sent), _prefix(service) + name, params, attempt, self.dynamodb.clock.seconds, by)


def _prefix(service: str) -> str:
    return PREFIXES.get(service, f"{service}:")


def _as_sent(value: Any) -> Any:
    """Parameters as JSON would carry them."""
    kind = type(value)
    if kind is dict:
        return {key: _as_sent(member) for key, member in value.items()}
    if kind is list:
        return [_as_sent(member) for member in value]
    return round(value.timestamp(), 3) if kind is datetime else value


def _as_parsed(value: Any) -> Any:
    """An answer as botocore's parser hands it on: times to the millisecond, nothing shared with the service."""
    kind = type(value)
    if kind is dict:
        return {key: _as_parsed(member) for key, member in value.items() if member is not None}
    if kind is list:
        return [_as_parsed(member) for member in value]
    return datetime.fromtimestamp(round(value.timestamp(), 3), UTC) if kind is datetime else value


def _listed(dynamodb: SimulatedDynamoDB, params: Mapping[str, Any]) -> dict[str, Any]:
    names = [name for name in dynamodb.list_tables() if name > params.get("ExclusiveStartTableName", "")]
    limit = params.get("Limit", 100)
    answer: dict[str, Any] = {"TableNames": names[:limit]}
    if len(names) > limit:
        answer["LastEvaluatedTableName"] = names[limit - 1]
    return answer
