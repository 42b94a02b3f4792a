"""Limits the time for loading and renewing credentials while a request is signed. Used by ``credentials``.

The SDK renews credentials inside the call: it runs ``credential_process``, or asks STS, SSO or the instance metadata,
with its own timeouts or none, on sockets that ``call_deadline`` does not know.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from reconciler.aws import call_deadline
from reconciler.planning.text import short_seconds

LOAD_SECONDS = 15.0
"""Time limit for loading or renewing credentials."""
SOURCES = {
    "custom-process": "credential_process of the profile",
    "iam-role": "the instance metadata service (IMDS)",
    "container-role": "the container's credentials endpoint",
    "sso": "the SSO service",
    "login": "the sign-in service",
    "assume-role": "STS (AssumeRole) or the source of its credentials",
    "assume-role-with-web-identity": "STS (AssumeRoleWithWebIdentity)",
}
"""The sources of credentials in words, by the SDK's name of the provider."""


class CredentialsNotLoaded(Exception):
    """Credentials could not be loaded or renewed. The cause is the exception of the SDK."""


class CredentialsTimeout(CredentialsNotLoaded):
    """A provider of credentials did not respond in time. The message names it."""


def source_of(method: str | None) -> str:
    """The source of credentials in words, for a message."""
    return SOURCES.get(method or "", "the provider of credentials")


def in_time(load: Callable[[], Any], source: Callable[[], str]) -> Any:
    """What ``load`` returns or raises.

    Raises ``CredentialsTimeout`` after ``LOAD_SECONDS`` or at the deadline of the call; ``load`` may then continue in
    its thread. ``source`` names the provider for the message.
    """
    done: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put((load(), None))
        except BaseException as error:  # noqa: BLE001  (raised again in the thread that waits)
            done.put((None, error))

    left = call_deadline.remaining()
    limit = LOAD_SECONDS if left is None else max(0.0, min(left, LOAD_SECONDS))
    threading.Thread(target=work, name="credentials", daemon=True).start()
    try:
        result, error = done.get(timeout=limit)
    except queue.Empty:
        raise CredentialsTimeout(f"{source()} did not answer within {short_seconds(limit)}") from None
    if error is not None:
        raise error
    return result


class BoundedCredentials:
    """The credentials of the SDK. A renewal ends by the deadline of the call, and after at most ``LOAD_SECONDS``."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get_frozen_credentials(self) -> Any:
        """As in the SDK, but raises ``CredentialsNotLoaded`` for every reason why they cannot be renewed."""
        inner = self._inner
        needed = getattr(inner, "refresh_needed", None)
        if needed is None or not needed():
            return inner.get_frozen_credentials()
        try:
            return in_time(inner.get_frozen_credentials, lambda: source_of(getattr(inner, "method", None)))
        except CredentialsTimeout:
            if needed(inner._mandatory_refresh_timeout):
                raise
            # The SDK renews credentials minutes before they expire, so the present ones are still valid.
            return inner._frozen_credentials
        except Exception as error:
            raise CredentialsNotLoaded(str(error)) from error

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        """As in the SDK, whose endpoint resolver calls it before each request."""

        def get_property() -> Any:
            return getattr(self.get_frozen_credentials(), name, None)

        return get_property
