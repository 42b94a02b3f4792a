"""The Endpoint of a connection: flavor, account, partition. Called once by ``Connection.identify``."""

from __future__ import annotations

from urllib.parse import urlsplit

from reconciler.aws import flavor as flavors
from reconciler.aws.caller import UNREADABLE, Caller
from reconciler.aws.credentials import Opened, check_key_id
from reconciler.model.errors import ApiError
from reconciler.model.identity import Endpoint, Flavor

AWS_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


def identify(endpoint_url: str | None, url: str, opened: Opened, caller: Caller) -> Endpoint:
    """Probe, check the access key id, look twice, ask for the account; in this order."""
    flavor = _flavor(endpoint_url, url, opened, caller)
    account = flavors.ACCOUNTS.get(flavor) or _account(flavor, url, opened)
    return Endpoint(url, opened.region, account, _partition(opened), flavor)


def _flavor(endpoint_url: str | None, url: str, opened: Opened, caller: Caller) -> Flavor:
    """The SDK's own default endpoint is not probed; whatever was named by somebody is."""
    parts = urlsplit(url)
    if endpoint_url is None and parts.scheme == "https" and (parts.hostname or "").endswith(AWS_SUFFIXES):
        return Flavor.AWS
    flavor = flavors.detect(endpoint_url or url)
    if flavor is Flavor.DYNAMODB_LOCAL:
        check_key_id(opened.session)
        return flavor if _has_local_arns(caller) else Flavor.OTHER
    return flavor


def _has_local_arns(caller: Caller) -> bool:
    """The second look, where there is a table: DynamoDB Local's are in region ``ddblocal`` of account 000000000000."""
    try:
        names = caller.call("ListTables", {"Limit": 1})["TableNames"]
        tables = [caller.call("DescribeTable", {"TableName": name})["Table"] for name in names]
    except ApiError:
        return True
    return all(flavors.LOCAL_ARN in table["TableArn"] for table in tables)


def _account(flavor: Flavor, url: str, opened: Opened) -> str | None:
    """The caller's account by STS, None where it does not say; STS knows nothing about an unknown http:// endpoint."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if flavor is Flavor.OTHER and not url.startswith("https://"):
        return None
    config = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1, "mode": "standard"})
    try:
        answer = opened.session.client("sts", opened.region, config=config).get_caller_identity()
    except (BotoCoreError, ClientError, ResponseParserError, *UNREADABLE):
        return None
    account = answer.get("Account")
    return account if isinstance(account, str) and account.isdecimal() else None


def _partition(opened: Opened) -> str:
    from botocore.exceptions import BotoCoreError

    try:
        return str(opened.session.get_partition_for_region(opened.region))
    except BotoCoreError:
        return "aws"
