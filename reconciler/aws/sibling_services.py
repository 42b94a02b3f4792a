"""Calls the other services that a table depends on, each with its own client.

Used by ``BotoTableApi`` and ``BotoStreamApi``.

The names of their operations begin with the service: ``application-autoscaling:RegisterScalableTarget``. The flavor of
the endpoint decides on the address. AWS has one for each service, moto and LocalStack have one for all, and DynamoDB
Local has no other services. For an unknown endpoint, only a configured address is used
(``AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING``), so that a substitute for DynamoDB is never combined with the real AWS.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.aws import call_deadline
from reconciler.aws.api_client import ApiClient, Clients
from reconciler.aws.capabilities import Capabilities
from reconciler.engine.ports import Telemetry
from reconciler.model.errors import Unsupported
from reconciler.model.identity import Endpoint, Flavor

VARIABLES: Mapping[str, str] = {
    "application-autoscaling": "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING",
    "kms": "AWS_ENDPOINT_URL_KMS",
    "ssm": "AWS_ENDPOINT_URL_SSM",
    "dynamodbstreams": "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
}
"""The services, and the variable of the SDK for the address of each."""
STREAMS = "dynamodbstreams"
ONE_ADDRESS = frozenset({Flavor.MOTO, Flavor.LOCALSTACK})

Build = Callable[[str, str | None], tuple[Any, Any]]
"""Builds both clients of a service at an address; ``None`` is the default of the SDK."""
OtherService = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Sends one operation with these parameters."""


class SiblingServices:
    """Sends calls to these services. ``endpoint`` returns the identified endpoint of DynamoDB."""

    def __init__(
        self,
        build: Build,
        endpoint: Callable[[], Endpoint],
        telemetry: Telemetry,
        limits: Sequence[call_deadline.Limit] = (),
    ) -> None:
        self._build = build
        self._endpoint = endpoint
        self._telemetry = telemetry
        self._limits = limits
        self._callers: dict[str, ApiClient] = {}
        self._lock = threading.Lock()
        self.others: dict[str, Callable[[], OtherService]] = {}
        """How a service that is none of AWS is made, by its name."""

    def call(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send one request, return its checked response. Raises ``Unsupported`` if the endpoint lacks the service."""
        service = operation.partition(":")[0]
        if service in self.others:
            return self.others[service]()(operation, params)
        with self._lock:
            caller = self._callers.get(service)
            if caller is None:
                caller = self._callers[service] = self._caller(service, operation)
        return caller.call(operation, params)

    def _caller(self, service: str, operation: str) -> ApiClient:
        if service not in VARIABLES:
            raise Unsupported(operation, "NoService", f"{service} is not a service that is called")
        endpoint = self._endpoint()
        named = os.environ.get(VARIABLES[service])
        if named or endpoint.flavor is Flavor.AWS:
            address = named
        elif endpoint.flavor in ONE_ADDRESS or service == STREAMS:
            # A substitute for DynamoDB that has streams has them at its own address.
            address = endpoint.url
        else:
            raise Unsupported(operation, "NoService", f"{endpoint.flavor.value} has no {service}")
        capabilities = Capabilities()
        capabilities.flavor = None if named else endpoint.flavor
        return ApiClient(Clients(lambda: self._build(service, address)), self._telemetry, capabilities, self._limits)
