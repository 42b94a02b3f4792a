"""A session without the SDK: plain keys of environment or default profile, for commands that need not load boto3.

boto3 and what it imports take a fifth of a second, a third of what ``--once`` takes with nothing to do. Where the keys
are written down there is nobody to ask; anything else, another profile, a role, a provider, is the SDK's. Made by
``credentials``; whoever needs a client of another service gets the SDK's from here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.model.lazy_dataclass import dataclass

KEY, SECRET = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
TOKENS = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
ELSEWHERE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_DATA_PATH")
"""Variables that only the SDK can follow."""
ROLE = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")
"""Variables of a provider that the SDK asks before it looks into files."""
CONFIG, CREDENTIALS = ("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
FILE_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
PLAIN = frozenset({"region", "output", "cli_pager", "cli_auto_prompt", "cli_timestamp_format", *FILE_KEYS})
"""Settings of a profile that change nothing but what is read here; with any other one the profile is the SDK's."""
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
class PlainKeys:
    """The part of botocore's ``Credentials`` that is asked for; ``method`` says in its words where they are from."""

    frozen: Frozen
    method: str

    @property
    def access_key(self) -> str:
        return self.frozen.access_key

    def get_frozen_credentials(self) -> Frozen:
        """They never change in the life of a session."""
        return self.frozen


class LightSession:
    """As much of boto3's session as this package asks for. ``whole`` makes the SDK's own."""

    def __init__(self, region: str | None, keys: PlainKeys, whole: Callable[[], Any]) -> None:
        self.region_name = region
        self._keys = keys
        self._make = whole
        self._whole: Any = None

    def get_credentials(self) -> PlainKeys:
        """The keys that were found."""
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
    """A session of plain keys; ``None`` where another profile or a provider has a say, or a file cannot be read."""
    env = os.environ
    if any(env.get(name) for name in ELSEWHERE):
        return None
    config, stored = _default_profile(*CONFIG), _default_profile(*CREDENTIALS)
    if config is None or stored is None or not PLAIN.issuperset({*config, *stored}):
        return None
    keys = _of_environment() or (None if any(env.get(name) for name in (*ROLE, KEY, SECRET)) else _of_file(stored))
    if keys is None:
        return None
    return LightSession(region or env.get("AWS_DEFAULT_REGION") or {**config, **stored}.get("region"), keys, whole)


def _of_environment() -> PlainKeys | None:
    env = os.environ
    if not (env.get(KEY) and env.get(SECRET)):
        return None
    token = next((env[name] for name in TOKENS if env.get(name)), None)
    return PlainKeys(Frozen(env[KEY], env[SECRET], token, env.get("AWS_ACCOUNT_ID") or None), "env")


def _of_file(stored: Mapping[str, str]) -> PlainKeys | None:
    key, secret, token = (stored.get(name) for name in FILE_KEYS)
    return PlainKeys(Frozen(key, secret, token or None), "shared-credentials-file") if key and secret else None


def _default_profile(variable: str, usual: str) -> Mapping[str, str] | None:
    """The default profile of a file, empty without a file; ``None`` for one that the SDK has to judge."""
    path = os.environ.get(variable) or usual
    if not os.path.lexists(Path(path).expanduser()):
        return {}
    from botocore.configloader import raw_config_parse
    from botocore.exceptions import BotoCoreError

    try:
        found = raw_config_parse(path).get("default", {})
    except (BotoCoreError, OSError, ValueError):
        return None
    return found if all(isinstance(value, str) for value in found.values()) else None


def partition_of(region: str) -> str | None:
    """The partition of a Region, ``None`` where no expression fits."""
    import botocore

    content = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_bytes())
    for partition in content["partitions"]:
        if region in partition["regions"] or re.fullmatch(partition["regionRegex"], region):
            return str(partition["id"])
    return None
