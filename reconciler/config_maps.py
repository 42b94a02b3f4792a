"""Publishes the name of a table in a ConfigMap of the Kubernetes cluster in which this process runs.

``ConfigMaps`` is a service beside DynamoDB, which the wiring adds to the connection and which is made when it is
called. Its operations are ``kubernetes:GetConfigMap`` and ``kubernetes:PatchConfigMap``.

The ConfigMap must exist, so that its permissions can name it: ``get`` and ``patch`` of this one are enough. A JSON
merge patch carries the ``resourceVersion`` that was read, so that the API server refuses it (409) where anybody has
written since: a process that lost the lease never overwrites the name that its successor has published.
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.engine.ports import ApiExchange, Telemetry
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Busy,
    ConditionFailed,
    Denied,
    Forbidden,
    LeaseLost,
    Malformed,
    NotFound,
    Rejected,
    Throttled,
    Unreachable,
    Unsupported,
)

SERVICE = "kubernetes"
READ, WRITE = f"{SERVICE}:GetConfigMap", f"{SERVICE}:PatchConfigMap"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes mounts the token of the pod, which it renews, and the certificate of its CA."""
SECONDS = 5.0
"""For connecting, and for each read. A lease lasts longer."""
ATTEMPTS = 3
"""Others may write other keys of the ConfigMap between the read and the patch."""
LARGEST = 4 * 1024 * 1024
"""Bytes of an answer. A ConfigMap has at most 1 MiB, and its history of managed fields comes with it."""


class ConfigMaps:
    """Sends these calls, and reports each request to ``telemetry``. ``lasts`` tells whether the lease does.

    Where that is ``None``, it only reads.
    """

    def __init__(self, lasts: Callable[[], bool] | None, telemetry: Telemetry, account: Path = ACCOUNT) -> None:
        self._lasts = lasts
        self._telemetry = telemetry
        self._account = account

    def call(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The ConfigMap, with the published value where ``operation`` publishes one. Raises ``ApiError``."""
        if operation != WRITE:
            return self._get(operation, params)
        if self._lasts is None:
            raise Rejected(operation, "ReadOnly", "this command only reads")
        for _ in range(ATTEMPTS):
            found = self._get(operation, params)
            if (found.get("data") or {}).get(params["Key"]) == params["Value"]:
                return found
            # Right before the request, as for every call that changes something.
            if not self._lasts():
                raise LeaseLost(operation, "LeaseLost", "another process may hold the lease by now")
            try:
                return self._patch(operation, params, found["metadata"]["resourceVersion"])
            except ConditionFailed:
                continue
        raise Busy(operation, "Conflict", f"others keep changing the ConfigMap {_place(params)}")

    def _get(self, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._counted(operation, "GET", params)

    def _patch(self, operation: str, params: Mapping[str, Any], version: str) -> Mapping[str, Any]:
        patch = {"metadata": {"resourceVersion": version}, "data": {params["Key"]: params["Value"]}}
        found = self._counted(operation, "PATCH", params, json.dumps(patch))
        if (found.get("data") or {}).get(params["Key"]) != params["Value"]:
            raise Malformed(operation, "Data", f"the answer does not have the new value of {params['Key']}")
        return found

    def _counted(
        self, operation: str, method: str, params: Mapping[str, Any], body: str | None = None
    ) -> Mapping[str, Any]:
        """One request and its checked answer, which metrics and traces know by what was sent."""
        started = time.perf_counter()
        result, code = "success", None
        try:
            return self._checked(operation, params, self._send(operation, method, params, body))
        except ApiError as error:
            result, code = type(error).__name__, error.code
            raise
        finally:
            sent = READ if method == "GET" else WRITE
            self._telemetry.request(sent, result, time.perf_counter() - started, ApiExchange(code=code))

    @staticmethod
    def _checked(operation: str, params: Mapping[str, Any], found: Any) -> Mapping[str, Any]:
        """The ConfigMap that was asked for: what an intermediary answers must not pass for it."""
        metadata = found.get("metadata") if isinstance(found, Mapping) else None
        if not isinstance(found, Mapping) or not isinstance(metadata, Mapping) or found.get("kind") != "ConfigMap":
            raise Malformed(operation, "Kind", "the answer is no ConfigMap")
        named = (metadata.get("namespace"), metadata.get("name")) == (params["Namespace"], params["Name"])
        version, data = metadata.get("resourceVersion"), found.get("data")
        if not named or not isinstance(version, str) or not version or not isinstance(data, Mapping | None):
            raise Malformed(operation, "Metadata", f"the answer is not the ConfigMap {_place(params)}")
        return found

    def _send(self, operation: str, method: str, params: Mapping[str, Any], body: str | None = None) -> Any:
        """One request, sent once. Raises ``ApiError``."""
        # Commands that publish nothing do not import them.
        import http.client
        import ssl

        host, port, token = self._cluster(operation)
        path = f"/api/v1/namespaces/{quote(params['Namespace'], safe='')}/configmaps/{quote(params['Name'], safe='')}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/merge-patch+json"
        try:
            context = ssl.create_default_context(cafile=str(self._account / "ca.crt"))
        except (OSError, ssl.SSLError) as error:
            raise Unsupported(operation, "NoCluster", f"{self._account / 'ca.crt'} cannot be used: {error}") from error
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise Unreachable(operation, "Unreachable", f"the API server at {host}:{port}: {error}") from error
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                content = answer.read(LARGEST + 1)
            except (OSError, http.client.HTTPException) as error:
                reason = f"the API server gave no answer: {error or type(error).__name__}"
                raise Ambiguous(operation, "NoAnswer", reason) from error
        finally:
            connection.close()
        return self._answer(operation, params, answer.status, content)

    def _cluster(self, operation: str) -> tuple[str, int, str]:
        """Host and port of the API server, and the token, which is read each time because Kubernetes renews it."""
        host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        if not host or not port.isdecimal():
            raise Unsupported(
                operation,
                "NoCluster",
                "KUBERNETES_SERVICE_HOST is not set: a ConfigMap is written from inside its cluster",
            )
        try:
            token = (self._account / "token").read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise Unsupported(
                operation,
                "NoToken",
                f"{self._account / 'token'} cannot be read; mount the token of the service account",
            ) from error
        if not token or not token.isprintable():
            raise Unsupported(operation, "NoToken", f"{self._account / 'token'} holds no token")
        return host, int(port), token

    @staticmethod
    def _answer(operation: str, params: Mapping[str, Any], status: int, content: bytes) -> Any:
        try:
            found = json.loads(content.decode("utf-8")) if len(content) <= LARGEST else None
        except (ValueError, RecursionError):
            found = None
        if status == 200:
            return found
        said = found.get("message") if isinstance(found, dict) else None
        why = said if isinstance(said, str) and said else f"HTTP {status}"
        raise _error(operation, params, status, why)


def _error(operation: str, params: Mapping[str, Any], status: int, why: str) -> ApiError:
    place = _place(params)
    if status == 404:
        return NotFound(operation, "NotFound", f"there is no ConfigMap {place}: create it ({why})")
    if status == 409:
        return ConditionFailed(operation, "Conflict", f"the ConfigMap {place} was changed meanwhile ({why})")
    kinds: Mapping[int, type[ApiError]] = {401: Denied, 403: Forbidden, 429: Throttled}
    # Anything else that is no refusal may have been applied.
    kind = kinds.get(status) or (Rejected if 400 <= status < 500 and status != 408 else Ambiguous)
    return kind(operation, str(status), f"the API server refuses the ConfigMap {place}: {why}")


def _place(params: Mapping[str, Any]) -> str:
    return f"{params['Namespace']}/{params['Name']}"
