"""Bounds the time in which credentials are renewed while a request is prepared and signed.

The SDK renews them inside the call: it runs ``credential_process``, or asks STS, SSO or the instance's metadata, with
time-outs of its own or none, on sockets that ``call_deadline`` does not know. ``credentials`` puts it in a session.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from reconciler.aws import call_deadline

LOAD_SECONDS = 15.0
SOURCES = {
    "custom-process": "credential_process of the profile",
    "iam-role": "the instance metadata service (IMDS)",
    "container-role": "the container's credentials endpoint",
    "sso": "the SSO service",
    "login": "the sign-in service",
    "assume-role": "STS (AssumeRole) or the source of its credentials",
    "assume-role-with-web-identity": "STS (AssumeRoleWithWebIdentity)",
}
"""What is waited for, by the SDK's name of the provider."""


class CredentialsNotLoaded(Exception):
    """Credentials were to be loaded or renewed and could not be; the cause is the SDK's exception."""


class CredentialsTimeout(CredentialsNotLoaded):
    """A provider of credentials did not end in time; the text names it."""


def source_of(method: str | None) -> str:
    """A provider of credentials in words."""
    return SOURCES.get(method or "", "the provider of credentials")


def in_time(load: Callable[[], Any], source: Callable[[], str]) -> Any:
    """What ``load`` returns or raises; ``CredentialsTimeout`` where it takes longer than ``LOAD_SECONDS`` or the call.

    It may go on in its thread.
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
        raise CredentialsTimeout(f"{source()} did not answer within {limit:.3g} s") from None
    if error is not None:
        raise error
    return result


class BoundedCredentials:
    """The SDK's credentials, renewed within the deadline of the call and never for longer than ``LOAD_SECONDS``."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get_frozen_credentials(self) -> Any:
        """As the SDK's. Raises ``CredentialsNotLoaded`` where they cannot be renewed, whatever the reason."""
        inner = self._inner
        needed = getattr(inner, "refresh_needed", None)
        if needed is None or not needed():
            return inner.get_frozen_credentials()
        try:
            return in_time(inner.get_frozen_credentials, lambda: source_of(getattr(inner, "method", None)))
        except CredentialsTimeout:
            if needed(inner._mandatory_refresh_timeout):
                raise
            # They are good for minutes yet; the SDK renews them ahead of time.
            return inner._frozen_credentials
        except Exception as error:
            raise CredentialsNotLoaded(str(error)) from error

    def get_deferred_property(self, name: str) -> Callable[[], Any]:
        """As the SDK's, which the resolver of endpoints calls before each request."""

        def get_property() -> Any:
            return getattr(self.get_frozen_credentials(), name, None)

        return get_property
