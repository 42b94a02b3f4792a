"""The variables that lead the code under test to the server of the tests, and back. Called by ``run``."""

from __future__ import annotations

import os
from collections.abc import Mapping

SECRET = "pytest"
UNSET = (
    *("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN"),
    *("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"),
)
"""Variables with which a client would use other keys or another endpoint."""
LOOPBACK = "127.0.0.1,localhost"


def variables(url: str, key: str, region: str, environ: Mapping[str, str] = os.environ) -> dict[str, str | None]:
    """Each variable for the code under test; ``None`` for one that must not be set.

    ``key`` is the access key ID, which chooses the namespace in DynamoDB Local. No file with real keys is read.
    """
    proxies = {}
    for name in ("NO_PROXY", "no_proxy"):
        # An SDK sends even the calls to this machine through the proxy of the environment.
        former = environ.get(name, "")
        proxies[name] = f"{former},{LOOPBACK}" if former and LOOPBACK not in former else former or LOOPBACK
    return {
        **dict.fromkeys(UNSET),
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": url,
        "DYNAMODB_ENDPOINT": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **proxies,
    }


def changed(environ: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """The variables for another process."""
    kept = {name: value for name, value in environ.items() if name not in changes}
    return kept | {name: value for name, value in changes.items() if value is not None}


class Environment:
    """Variables of this process; ``restore`` brings back those of the beginning."""

    def __init__(self) -> None:
        self._former: dict[str, str | None] = {}

    def apply(self, changes: Mapping[str, str | None]) -> None:
        """Set or unset variables, and remember what they were before the first change."""
        for name, value in changes.items():
            self._former.setdefault(name, os.environ.get(name))
            _set(name, value)

    def restore(self) -> None:
        """Undo every change."""
        for name, value in self._former.items():
            _set(name, value)
        self._former.clear()


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
