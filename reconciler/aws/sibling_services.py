"""The services beside DynamoDB that a table leans on, each by a client of its own. Used by ``BotoTableApi`` alone.

Their operations carry the service's name in front: ``application-autoscaling:RegisterScalableTarget``. Where they are
depends on what the endpoint is: AWS has them under their own addresses, moto and LocalStack under the one address of
everything, DynamoDB Local has none. Beside an unknown endpoint only an address that somebody named is used
(``AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING``), lest a stand-in for DynamoDB be paired with the real AWS.
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
}
"""Every service beside DynamoDB, and the SDK's own variable for its address."""
ONE_ADDRESS = frozenset({Flavor.MOTO, Flavor.LOCALSTACK})

Build = Callable[[str, str | None], tuple[Any, Any]]
"""Both clients of a service at an address; ``None`` is the SDK's own."""


class SiblingServices:
    """``call`` for operations of these services. ``endpoint`` tells what DynamoDB itself is."""

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

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One request; ``Unsupported`` where the endpoint has no such service."""
        service = operation.partition(":")[0]
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
        elif endpoint.flavor in ONE_ADDRESS:
            address = endpoint.url
        else:
            raise Unsupported(operation, "NoService", f"{endpoint.flavor.value} has no {service}")
        capabilities = Capabilities()
        capabilities.flavor = None if named else endpoint.flavor
        return ApiClient(Clients(lambda: self._build(service, address)), self._telemetry, capabilities, self._limits)
