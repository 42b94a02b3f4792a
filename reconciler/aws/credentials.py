"""Opens the SDK session: its credentials, Region and profile, or local keys for an emulator. Called by ``session``.

AWS credentials are never replaced silently: local keys are used only at an ``http://`` endpoint or a known emulator.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from reconciler.aws.errors import sdk_errors
from reconciler.aws.lean.light_session import light_session
from reconciler.aws.signing import BoundedCredentials, CredentialsNotLoaded, in_time, source_of
from reconciler.model.errors import SettingsError
from reconciler.model.lazy_dataclass import dataclass

KEYS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
OFFER = (
    "Beside an emulator name its address by --endpoint-url, for example --endpoint-url http://localhost:8000, "
    "or try one in this process by --embedded."
)
LOCAL_KEY = "local"
LOCAL_REGION = "us-east-1"
ACCEPTED_BY_DYNAMODB_LOCAL = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A boto3 session with its Region, and the notices to print about it.

    ``problem`` is a sentence on why the configured credentials cannot be used. ``session`` then has local keys, which
    may be sent to nothing but an emulator.
    """

    session: Any
    region: str
    notices: tuple[str, ...] = ()
    problem: str | None = None
    is_stand_in: bool = False
    """Whether local keys replace credentials that could not be loaded."""


def open_session(
    endpoint_url: str | None,
    region: str | None,
    *,
    embedded: bool = False,
    role: tuple[str, str | None] | None = None,
) -> OpenedSession:
    """A session with the SDK's own credentials, Region and profile.

    At an ``http://`` endpoint, missing credentials become ``local`` and a missing Region ``us-east-1``. ``embedded``
    ignores the environment of the SDK. With ``role``, an ARN and an external ID, the credentials found assume that role
    when the first call is signed. Raises ``SettingsError`` if no Region is set. Does not call the endpoint, but
    the SDK may ask its credential providers (instance metadata, ``credential_process``) for some seconds.
    """
    # boto3 reads AWS_DEFAULT_REGION alone; every other SDK reads AWS_REGION.
    if region is None and not os.environ.get("AWS_DEFAULT_REGION"):
        region = os.environ.get("AWS_REGION") or None

    if embedded:
        return OpenedSession(_local_session(region or LOCAL_REGION, isolated=True), region or LOCAL_REGION)
    try:
        session, credentials = _session(region) if role is None else _session_of_role(region, *role)
        configured = session.region_name or None
    except sdk_errors(OSError, ValueError, KeyError, RuntimeError, CredentialsNotLoaded) as error:
        chosen = region or LOCAL_REGION
        return OpenedSession(_local_session(chosen, isolated=True), chosen, problem=sentence(error))
    stand_in = endpoint_url is not None and endpoint_url.startswith("http://")
    effective = configured or (LOCAL_REGION if stand_in else None)
    if effective is None:
        offer = "" if endpoint_url else f" {OFFER}"
        raise SettingsError(
            f"No AWS region is set. Set AWS_REGION or --region, or name a region in the profile.{offer}"
        )
    if credentials is None and stand_in:
        missing, used = "credentials were", "local/local"
        if configured is None:
            missing, used = "region and no credentials were", f"{LOCAL_REGION} and local/local"
        notice = f"no AWS {missing} found: using {used} for {endpoint_url}"
        return OpenedSession(_local_session(effective), effective, (notice,))
    notices = () if configured else (f"no AWS region is set: using {LOCAL_REGION} for {endpoint_url}",)
    return OpenedSession(session, effective, notices)


def loaded(opened: OpenedSession, endpoint_url: str | None) -> OpenedSession:
    """``opened`` with ``problem`` set if its credentials cannot be loaded now.

    The SDK asks many providers only when it signs a call: SSO, web identity, an assumed role. This asks them before
    the first call, for at most ``signing.LOAD_SECONDS``.
    """
    if opened.problem is not None:
        return opened
    try:
        found = _frozen(opened.session)
    except sdk_errors(OSError, ValueError, KeyError, RuntimeError, CredentialsNotLoaded) as error:
        return replace(opened, problem=sentence(error))
    if found:
        return opened
    offer = "" if endpoint_url else f" {OFFER}"
    return replace(opened, problem=f"No AWS credentials were found. {KEYS}.{offer}")


def stand_in_keys(opened: OpenedSession) -> OpenedSession:
    """The session with local keys instead of credentials that cannot be loaded. An emulator accepts any keys."""
    why = (opened.problem or "").rstrip(".")
    notice = f"using local/local, because this is an emulator. {why}"
    session = _local_session(opened.region, isolated=True)
    return OpenedSession(session, opened.region, (*opened.notices, notice), is_stand_in=True)


def _frozen(session: Any) -> bool:
    credentials = session.get_credentials()
    return credentials is not None and bool(credentials.get_frozen_credentials().access_key)


def found_credentials(session: Any) -> Any:
    """The credentials of a boto3 session; ``None`` if no provider has any.

    Raises ``CredentialsTimeout`` after ``signing.LOAD_SECONDS``, naming the provider that was asked last.
    """
    asked: list[str | None] = [None]

    def noted(provider: Any) -> Callable[[], Any]:
        load: Callable[[], Any] = provider.load

        def noting() -> Any:
            asked.append(provider.METHOD)
            return load()

        return noting

    core = session._session
    for provider in core.get_component("credential_provider").providers:
        provider.load = noted(provider)
    found = in_time(session.get_credentials, lambda: source_of(asked[-1]))
    if found is not None:
        core._credentials = BoundedCredentials(found)
    return found


def sentence(error: BaseException) -> str:
    """A sentence with cause and remedy of credentials that cannot be used. It contains no value of them (I12)."""
    from botocore import exceptions

    if isinstance(error, CredentialsNotLoaded) and error.__cause__ is not None:
        error = error.__cause__
    text = " ".join(str(error).split()).rstrip(".")
    profile = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
    if isinstance(error, exceptions.SSOError | exceptions.TokenRetrievalError | exceptions.NoAuthTokenError):
        return f"The SSO login of the profile {profile} cannot be used: {text}. Run: aws sso login --profile {profile}"
    if isinstance(error, exceptions.ProfileNotFound):
        return f"The AWS settings cannot be used: {text}. Set AWS_PROFILE to a profile that exists, or unset it."
    if isinstance(error, exceptions.ConfigParseError):
        return f"The AWS settings cannot be used: {text}. Correct the file, or name another one by AWS_CONFIG_FILE."
    if isinstance(error, exceptions.PartialCredentialsError):
        return f"The AWS settings cannot be used: {text}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together."
    if isinstance(error, exceptions.ClientError):
        operation = getattr(error, "operation_name", "the call")
        return f"AWS credentials cannot be loaded: {operation} is refused: {text}. Check the role and its trust policy."
    if isinstance(error, OSError) and getattr(error, "filename", None):
        reason = error.strerror or type(error).__name__
        return f"AWS credentials cannot be loaded: {error.filename}: {reason}. Mount the file (web identity tokens)."
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        return (
            f"AWS credentials cannot be loaded: {text}. The service that issues them has to be reachable, or: {KEYS}."
        )
    return f"AWS credentials cannot be loaded: {text}. Mend their source, or: {KEYS}."


def check_url(endpoint_url: str | None) -> None:
    """Raise ``SettingsError`` if the endpoint is not an http or https URL with a host, or contains a password."""
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
    """Whether the URL names this machine. Calls to it bypass every proxy, because a proxy cannot reach it.

    boto3 bypasses a proxy only for hosts in NO_PROXY.
    """
    host = (urlsplit(url).hostname or "").rstrip(".") if url else ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_key_id(session: Any) -> None:
    """Raise ``SettingsError`` for an access key ID that DynamoDB Local refuses: it accepts only letters and digits."""
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


def _session(region: str | None) -> tuple[Any, Any]:
    """A session and its credentials: a light one if the environment has all that it needs, else that of boto3."""
    light = light_session(region, lambda: _whole_session(region)[0])
    return (light, light.get_credentials()) if light is not None else _whole_session(region)


def _whole_session(region: str | None) -> tuple[Any, Any]:
    import boto3.session

    session = boto3.session.Session(region_name=region)
    return session, found_credentials(session)


def _session_of_role(region: str | None, role: str, external_id: str | None) -> tuple[Any, Any]:
    """A session whose credentials are those of a role; the SDK renews them before they expire.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    session, source = _whole_session(region)
    if source is None:
        raise CredentialsNotLoaded(f"there are no credentials that could assume {role}")
    core = session._session
    more = {"RoleSessionName": "dynamodb-reconciler"} | ({"ExternalId": external_id} if external_id else {})
    fetcher = AssumeRoleCredentialFetcher(core.create_client, source, role, extra_args=more)
    assumed = DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)
    core._credentials = BoundedCredentials(assumed)
    return session, core._credentials


def _local_session(region: str, *, isolated: bool = False) -> Any:
    """A session with local keys that ignores the profile; if ``isolated``, it ignores the files of the SDK too."""
    import boto3.session
    import botocore.session

    variables: dict[str, Any] = {"profile": (None, None, None, None)}
    if isolated:
        variables |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    core = botocore.session.Session(session_vars=variables)
    core.set_credentials(LOCAL_KEY, LOCAL_KEY)
    return boto3.session.Session(botocore_session=core, region_name=region)
