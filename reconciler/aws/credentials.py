"""Which session the SDK gives us, and what stands in where it finds nothing for an emulator. Called by ``session``."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reconciler.model.errors import SettingsError

LOCAL_KEY = "local"
LOCAL_REGION = "us-east-1"
ACCEPTED_BY_DYNAMODB_LOCAL = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Opened:
    """A boto3 session with its region, and what has to be said about how it came to be."""

    session: Any
    region: str
    notices: tuple[str, ...] = ()


def open_session(endpoint_url: str | None, region: str | None, *, embedded: bool = False) -> Opened:
    """The SDK's own credentials, region, profile; ``local`` and ``us-east-1`` where it has none and http:// was given.

    An embedded server asks nobody. Raises ``SettingsError`` for a profile that is not there and the like.
    """
    import boto3.session
    from botocore.exceptions import BotoCoreError

    # boto3 reads AWS_DEFAULT_REGION alone; every other SDK reads AWS_REGION.
    if region is None and "AWS_DEFAULT_REGION" not in os.environ:
        region = os.environ.get("AWS_REGION")

    if embedded:
        return Opened(_local_session(boto3, region or LOCAL_REGION), region or LOCAL_REGION)
    try:
        session = boto3.session.Session(region_name=region)
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise SettingsError(f"The AWS settings cannot be used: {error}") from error
    stand_in = endpoint_url is not None and endpoint_url.startswith("http://")
    notices = []
    effective = session.region_name or (LOCAL_REGION if stand_in else None)
    if effective is None:
        raise SettingsError("No AWS region is set. Set AWS_REGION or --region, or name a region in the profile.")
    if session.region_name is None:
        notices.append(f"no AWS region is set: using {LOCAL_REGION} for {endpoint_url}")
    if credentials is None and stand_in:
        notices.append(f"no AWS credentials were found: using local/local for {endpoint_url}")
        return Opened(_local_session(boto3, effective), effective, tuple(notices))
    return Opened(session, effective, tuple(notices))


def check_url(endpoint_url: str | None) -> None:
    """``SettingsError`` for an endpoint that is no http or https URL with a host, or that carries a password."""
    if endpoint_url is None:
        return
    try:
        parts = urlsplit(endpoint_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable, parts = False, urlsplit("")
    if parts.username is not None or parts.password is not None:
        # Error messages of the SDK repeat the URL as it is.
        raise SettingsError("The endpoint holds a user or a password. DynamoDB has no use for them: leave them out.")
    if not usable:
        raise SettingsError(
            f"The endpoint {endpoint_url!r} is not a URL that can be called. "
            "Write it with its scheme, for example --endpoint-url http://localhost:8000."
        )


def is_loopback(url: str | None) -> bool:
    """Whether the URL names this machine. A proxy cannot reach what listens here, so such calls never go through one;
    boto3 alone would need NO_PROXY for that."""
    host = (urlsplit(url).hostname or "").rstrip(".") if url else ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_key_id(session: Any) -> None:
    """``SettingsError`` for an access key id that DynamoDB Local refuses: it takes letters and digits alone."""
    credentials = session.get_credentials()
    if credentials is None:
        return
    key_id = str(credentials.get_frozen_credentials().access_key or "")
    if ACCEPTED_BY_DYNAMODB_LOCAL.fullmatch(key_id):
        return
    refused = " ".join(sorted({repr(char) for char in re.sub(r"[A-Za-z0-9]", "", key_id)})) or "no character at all"
    raise SettingsError(
        f"DynamoDB Local refuses the access key id (from: {credentials.method}): it holds {refused}, and only letters "
        "and digits are accepted. Set AWS_ACCESS_KEY_ID=local and AWS_SECRET_ACCESS_KEY=local."
    )


def _local_session(boto3: Any, region: str) -> Any:
    """A session that no profile of the environment can break."""
    import botocore.session

    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    core.set_credentials(LOCAL_KEY, LOCAL_KEY)
    return boto3.session.Session(botocore_session=core, region_name=region)
