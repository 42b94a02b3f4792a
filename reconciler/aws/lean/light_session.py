"""A session without the SDK: keys from the environment, for commands that then need not load boto3.

boto3 and what it imports take a fifth of a second, a third of what ``--once`` takes with nothing to do. Where the keys
are in the environment there is nothing to look for; anything else, a profile, a file with keys, a provider that has to
be asked, is the SDK's. Made by ``credentials``; whoever needs a client of another service gets the SDK's from here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
TOKENS = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
ELSEWHERE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_DATA_PATH")
"""Variables that only the SDK can follow."""
FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
VARIABLES = {
    "ca_bundle": "AWS_CA_BUNDLE",
    "use_fips_endpoint": "AWS_USE_FIPS_ENDPOINT",
    "use_dualstack_endpoint": "AWS_USE_DUALSTACK_ENDPOINT",
    "retry_mode": "AWS_RETRY_MODE",
    "endpoint_discovery_enabled": "AWS_ENABLE_ENDPOINT_DISCOVERY",
    "auth_scheme_preference": "AWS_AUTH_SCHEME_PREFERENCE",
    "account_id_endpoint_mode": "AWS_ACCOUNT_ID_ENDPOINT_MODE",
}


class Frozen(NamedTuple):
    """Keys as ``get_frozen_credentials`` of botocore gives them."""

    access_key: str
    secret_key: str
    token: str | None = None
    account_id: str | None = None


@dataclass(frozen=True)
class EnvironmentKeys:
    """The part of botocore's ``Credentials`` that is asked for."""

    frozen: Frozen
    method: str = "env"

    @property
    def access_key(self) -> str:
        return self.frozen.access_key

    def get_frozen_credentials(self) -> Frozen:
        """They never change in the life of a process."""
        return self.frozen


class LightSession:
    """As much of boto3's session as this package asks for. ``whole`` makes the SDK's own."""

    def __init__(self, region: str | None, keys: EnvironmentKeys, whole: Callable[[], Any]) -> None:
        self.region_name = region
        self._keys = keys
        self._make = whole
        self._whole: Any = None

    def get_credentials(self) -> EnvironmentKeys:
        """The keys of the environment."""
        return self._keys

    def lean_variable(self, name: str) -> str | None:
        """A setting of the SDK by botocore's name of it."""
        return os.environ.get(VARIABLES[name])

    def get_partition_for_region(self, region: str) -> str:
        """The partition, by the expressions of botocore's own file."""
        return partition_of(region) or str(self.whole.get_partition_for_region(region))

    @property
    def whole(self) -> Any:
        """The SDK's session with the same keys and Region."""
        if self._whole is None:
            self._whole = self._make()
        return self._whole

    def client(self, *args: Any, **kwargs: Any) -> Any:
        """A client of boto3, for services besides DynamoDB and where the lean client does not do."""
        return self.whole.client(*args, **kwargs)


def light_session(region: str | None, whole: Callable[[], Any]) -> LightSession | None:
    """A session from the environment alone; ``None`` where files or providers have a say."""
    env = os.environ
    if not (env.get(KEY) and env.get(SECRET)) or any(env.get(name) for name in ELSEWHERE):
        return None
    for variable, usual in FILES.items():
        # A file may hold a Region, a bundle, an endpoint, or be broken: the SDK reads it, and says what is wrong.
        if os.path.lexists(Path(env.get(variable) or usual).expanduser()):
            return None
    token = next((env[name] for name in TOKENS if env.get(name)), None)
    frozen = Frozen(env[KEY], env[SECRET], token, env.get("AWS_ACCOUNT_ID") or None)
    return LightSession(region or env.get("AWS_DEFAULT_REGION") or None, EnvironmentKeys(frozen), whole)


def partition_of(region: str) -> str | None:
    """The partition of a Region, ``None`` where no expression fits."""
    import botocore

    content = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_bytes())
    for partition in content["partitions"]:
        if region in partition["regions"] or re.fullmatch(partition["regionRegex"], region):
            return str(partition["id"])
    return None
