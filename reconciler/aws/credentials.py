"""Which session the SDK gives us, and what stands in where it finds nothing for an emulator. Called by ``session``."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from reconciler.aws.lean.light_session import light_session
from reconciler.aws.signing import BoundedCredentials, CredentialsNotLoaded, in_time, source_of
from reconciler.model.errors import SettingsError

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
    """A boto3 session with its region, and what has to be said about how it came to be.

    ``problem`` says why the credentials that were configured cannot be used; ``session`` then is a stand-in, which may
    call nothing but an emulator.
    """

    session: Any
    region: str
    notices: tuple[str, ...] = ()
    problem: str | None = None
    is_stand_in: bool = False
    """Whether local keys were taken in the place of credentials that could not be loaded."""


def open_session(endpoint_url: str | None, region: str | None, *, embedded: bool = False) -> OpenedSession:
    """The SDK's own credentials, region, profile; ``local`` and ``us-east-1`` where it has none and http:// was given.

    An embedded server asks nobody. Raises ``SettingsError`` where no region is set. Calls no endpoint, except that the
    SDK may ask its own providers of credentials (an instance's metadata, a credential_process) for some seconds.
    """
    from botocore.exceptions import BotoCoreError

    # boto3 reads AWS_DEFAULT_REGION alone; every other SDK reads AWS_REGION.
    if region is None and not os.environ.get("AWS_DEFAULT_REGION"):
        region = os.environ.get("AWS_REGION") or None

    if embedded:
        return OpenedSession(_local_session(region or LOCAL_REGION, isolated=True), region or LOCAL_REGION)
    try:
        session, credentials = _session(region)
        configured = session.region_name or None
    except (BotoCoreError, OSError, ValueError, KeyError, RuntimeError, CredentialsNotLoaded) as error:
        chosen = region or LOCAL_REGION
        return OpenedSession(_local_session(chosen, isolated=True), chosen, problem=sentence(error))
    stand_in = endpoint_url is not None and endpoint_url.startswith("http://")
    notices = []
    effective = configured or (LOCAL_REGION if stand_in else None)
    if effective is None:
        offer = "" if endpoint_url else f" {OFFER}"
        raise SettingsError(
            f"No AWS region is set. Set AWS_REGION or --region, or name a region in the profile.{offer}"
        )
    if configured is None:
        notices.append(f"no AWS region is set: using {LOCAL_REGION} for {endpoint_url}")
    if credentials is None and stand_in:
        notices.append(f"no AWS credentials were found: using local/local for {endpoint_url}")
        return OpenedSession(_local_session(effective), effective, tuple(notices))
    return OpenedSession(session, effective, tuple(notices))


def loaded(opened: OpenedSession, endpoint_url: str | None) -> OpenedSession:
    """The same with ``problem`` set where the credentials cannot be loaded now.

    Many providers are asked only when a call is signed: SSO, web identity, an assumed role. Here they are asked before
    the first call, for ``signing.LOAD_SECONDS`` at most.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if opened.problem is not None:
        return opened
    try:
        found = _frozen(opened.session)
    except (BotoCoreError, ClientError, OSError, ValueError, KeyError, RuntimeError, CredentialsNotLoaded) as error:
        return replace(opened, problem=sentence(error))
    if found:
        return opened
    offer = "" if endpoint_url else f" {OFFER}"
    return replace(opened, problem=f"No AWS credentials were found. {KEYS}.{offer}")


def stand_in_keys(opened: OpenedSession) -> OpenedSession:
    """Local keys in the place of credentials that cannot be loaded, for an emulator, which accepts any."""
    why = (opened.problem or "").rstrip(".")
    notice = f"using local/local, because this is an emulator. {why}"
    session = _local_session(opened.region, isolated=True)
    return OpenedSession(session, opened.region, (*opened.notices, notice), is_stand_in=True)


def _frozen(session: Any) -> bool:
    credentials = session.get_credentials()
    return credentials is not None and bool(credentials.get_frozen_credentials().access_key)


def found_credentials(session: Any) -> Any:
    """The credentials of a boto3 session, in bounded time; a time-out names the provider that was asked last."""
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
    """Cause and remedy of credentials that cannot be used; never a value of them."""
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


def _session(region: str | None) -> tuple[Any, Any]:
    """A session and its credentials: a light one where the environment says everything, else the SDK's own."""
    light = light_session(region, lambda: _whole_session(region)[0])
    return (light, light.get_credentials()) if light is not None else _whole_session(region)


def _whole_session(region: str | None) -> tuple[Any, Any]:
    import boto3.session

    session = boto3.session.Session(region_name=region)
    return session, found_credentials(session)


def _local_session(region: str, *, isolated: bool = False) -> Any:
    """A session that no profile of the environment can break; where it is ``isolated``, no file of the SDK either."""
    import boto3.session
    import botocore.session

    variables: dict[str, Any] = {"profile": (None, None, None, None)}
    if isolated:
        variables |= dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    core = botocore.session.Session(session_vars=variables)
    core.set_credentials(LOCAL_KEY, LOCAL_KEY)
    return boto3.session.Session(botocore_session=core, region_name=region)
