"""Identifies the endpoint of a connection: flavor, account and partition. Called by its ``EndpointGuard``."""

from __future__ import annotations

import socket
from functools import cache
from urllib.parse import urlsplit

from reconciler.aws import call_deadline, errors
from reconciler.aws import flavor as flavors
from reconciler.aws.api_client import UNREADABLE, ApiClient
from reconciler.aws.credentials import OpenedSession, check_key_id
from reconciler.aws.endpoint_guard import Identified
from reconciler.aws.flavor import Get, Reply
from reconciler.aws.signing import CredentialsNotLoaded
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    EndpointError,
    Malformed,
    NotFound,
    Rejected,
    SettingsError,
    Unreachable,
    Unsupported,
)
from reconciler.model.identity import AccountLocation, Endpoint, Flavor

AWS_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
BARE_501 = (str(errors.NOT_IMPLEMENTED), f"HTTP {errors.NOT_IMPLEMENTED}")
STS_SECONDS = 5.0
LOOK_SECONDS = 10.0
"""Time limit for reading the ARN of one table. An endpoint that takes longer counts as not started yet."""
REMEDY = "Name the endpoint of DynamoDB by --endpoint-url or AWS_ENDPOINT_URL_DYNAMODB."
NO_SUCH_TABLE = "reconciler-probe-no-such-table"
SAID_BY_DYNAMODB_LOCAL = "Cannot do operations on a non-existent table"


def identify(endpoint_url: str | None, url: str, opened: OpenedSession, client: ApiClient, get: Get) -> Identified:
    """Probe the endpoint, check the access key ID, read the ARN of a table, and ask STS for the account, in this order.

    Raises ``Unreachable`` while the endpoint does not respond or responds only with server errors, ``EndpointError`` if
    it is not DynamoDB, and ``SettingsError`` for an access key ID that DynamoDB Local refuses.
    """
    account: str | None
    if _is_default(endpoint_url, url):
        check_region(opened.region, url)
        account = _account(Flavor.AWS, url, opened)
        location = None if account else _first_location(client)
        account = account or (location.account if location else None)
        return Identified(Endpoint(url, opened.region, account, _partition(opened), Flavor.AWS), location)
    probed = flavors.probe(endpoint_url or url, get)
    flavor = probed.flavor
    if probed.may_be_local:
        check_key_id(opened.session)
    location = _location_of_a_table(flavor, url, client, probed.root)
    flavor = _second_look(flavor, location, client, may_be_local=probed.may_be_local)
    if flavor is Flavor.DYNAMODB_LOCAL:
        account = flavors.ACCOUNTS[flavor]
    else:
        known = (
            location.account if location is not None and flavor is not Flavor.OTHER else flavors.ACCOUNTS.get(flavor)
        )
        account = known or _account(flavor, url, opened)
    return Identified(Endpoint(url, opened.region, account, _partition(opened), flavor), location)


def _is_default(endpoint_url: str | None, url: str) -> bool:
    """Whether this is the SDK's own default endpoint, which is not probed. Every configured endpoint is."""
    parts = urlsplit(url)
    return endpoint_url is None and parts.scheme == "https" and (parts.hostname or "").endswith(AWS_SUFFIXES)


def check_region(region: str, url: str) -> None:
    """Raise ``SettingsError`` for a Region that neither the SDK nor DNS knows. A new Region has an address in DNS."""
    known = _known_regions()
    if region in known:
        return
    host = urlsplit(url).hostname or ""
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        longer = sorted(name for name in known if name.startswith(region))
        from difflib import get_close_matches

        close = longer or get_close_matches(region, known, n=1, cutoff=0.7)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise SettingsError(
            f"The AWS Region {region!r} is unknown, and {host} has no address.{hint} Set AWS_REGION or --region; "
            "beside an emulator name its address by --endpoint-url."
        ) from None


@cache
def _known_regions() -> tuple[str, ...]:
    """The Regions that the SDK knows. Read once, because loading its list takes a third of a second."""
    import boto3.session

    session = boto3.session.Session(region_name="us-east-1")
    partitions = session.get_available_partitions()
    return tuple(name for each in partitions for name in session.get_available_regions("dynamodb", each))


def _second_look(flavor: Flavor, location: AccountLocation | None, client: ApiClient, *, may_be_local: bool) -> Flavor:
    """The flavor after a second look: the ARN of a table decides whether it is DynamoDB Local.

    Without a table, the probe decides. If a gateway hides the Server header, an error message of DynamoDB Local must
    confirm it.
    """
    if location is not None:
        if location.local:
            return Flavor.DYNAMODB_LOCAL
        return Flavor.OTHER if flavor is Flavor.DYNAMODB_LOCAL else flavor
    if flavor is Flavor.OTHER and may_be_local and _speaks_like_dynamodb_local(client):
        return Flavor.DYNAMODB_LOCAL
    return flavor


def _location_of_a_table(flavor: Flavor, url: str, client: ApiClient, root: Reply) -> AccountLocation | None:
    """Account and Region in the ARN of one table; ``None`` if there is no table or access is denied.

    A server error means that the endpoint has not started yet: raises ``Unreachable``. A response that is not from
    DynamoDB is final: raises ``EndpointError``. So is a bare 501 (Not Implemented), which waiting does not change.
    """
    try:
        return _first_location(client, strict=True)
    except (Unreachable, Ambiguous) as error:
        if flavor is Flavor.OTHER and (root.location or error.code in BARE_501):
            raise EndpointError(not_dynamodb(url, root)) from error
        raise Unreachable(error.operation, error.code, f"{_sentence(error)}: it is not up yet") from error
    except (Malformed, Unsupported) as error:
        if flavor.emulator:
            return None
        raise EndpointError(not_dynamodb(url, root)) from error
    except ApiError as error:
        if flavor is Flavor.OTHER and _is_of_something_else(error):
            raise EndpointError(not_dynamodb(url, root)) from error
        return None


def _first_location(client: ApiClient, *, strict: bool = False) -> AccountLocation | None:
    try:
        with call_deadline.within(LOOK_SECONDS):
            for name in client.call("ListTables", {"Limit": 1})["TableNames"]:
                return AccountLocation.of(client.call("DescribeTable", {"TableName": name})["Table"]["TableArn"])
    except ApiError as error:
        if strict and not (isinstance(error, NotFound) and error.operation == "DescribeTable"):
            raise
    return None


def _speaks_like_dynamodb_local(client: ApiClient) -> bool:
    try:
        client.call("DescribeTable", {"TableName": NO_SUCH_TABLE})
    except NotFound as error:
        return SAID_BY_DYNAMODB_LOCAL in error.message
    except ApiError:
        return False
    return False


def _is_of_something_else(error: ApiError) -> bool:
    """Whether this refusal of ListTables or DescribeTable cannot come from DynamoDB.

    That is so for an HTTP status instead of an error code (a page in HTML, a response in XML), for a code that DynamoDB
    does not have, and for "not found" in response to ListTables, which names nothing that could be missing.
    """
    unknown = isinstance(error, Rejected) and error.code not in errors.CODES[Rejected]
    nothing_named = isinstance(error, NotFound) and error.operation == "ListTables"
    return unknown or nothing_named or error.code.removeprefix("HTTP ").isdecimal()


def _sentence(error: ApiError) -> str:
    return f"{error.operation} is answered by {error.code}" if isinstance(error, Ambiguous) else error.message


def not_dynamodb(url: str, root: Reply) -> str:
    """A message that describes what responds at ``url``, and says what to do."""
    return f"What answers at {url} is not DynamoDB: {root.described()}. {REMEDY}"


def _account(flavor: Flavor, url: str, opened: OpenedSession) -> str | None:
    """The account of the credentials, from STS; ``None`` if STS does not tell it.

    STS is not asked for an unknown ``http://`` endpoint, because it knows nothing about it.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if flavor is Flavor.OTHER and not url.startswith("https://"):
        return None
    config = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1, "mode": "standard"})
    try:
        client = opened.session.client("sts", opened.region, config=config)
        call_deadline.install(client)
        with call_deadline.within(STS_SECONDS):
            answer = client.get_caller_identity()
    except (BotoCoreError, ClientError, ResponseParserError, CredentialsNotLoaded, *UNREADABLE):
        return None
    account = answer.get("Account")
    return account if isinstance(account, str) and account.isdecimal() else None


def caller_user(opened: OpenedSession) -> str:
    """The ``aws:userid`` of the credentials, which conditions of policies compare. Raises ``ApiError``.

    STS answers in XML, which the checked clients of the other services refuse, so it has a client of its own.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    config = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 3, "mode": "standard"})
    try:
        client = opened.session.client("sts", opened.region, config=config)
        call_deadline.install(client)
        with call_deadline.within(STS_SECONDS):
            return str(client.get_caller_identity()["UserId"])
    except (BotoCoreError, ClientError, ResponseParserError, CredentialsNotLoaded, KeyError, *UNREADABLE) as error:
        raise Ambiguous("GetCallerIdentity", type(error).__name__, str(error)) from error


def _partition(opened: OpenedSession) -> str:
    try:
        return str(opened.session.get_partition_for_region(opened.region))
    except errors.sdk_errors():
        return "aws"
