"""Which client makes the calls of a connection, and why. Decided by ``session`` when it builds its clients.

The lean client does what nearly every endpoint needs. Whatever asks for more of the SDK is boto3's: an endpoint that
has to be worked out, credentials that other services issue, a proxy that asks who is there.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any
from urllib.parse import urlsplit

from reconciler.aws.lean.address import Address, parse
from reconciler.model.lazy_dataclass import dataclass

AUTO, LEAN, BOTO3 = "auto", "lean", "boto3"
DEFAULT = AUTO
"""Used where a connection is opened without a choice."""
ISSUED = {
    "assume-role": "an assumed role",
    "sso": "SSO",
    "login": "a console login",
}
"""Providers of credentials that themselves are clients of AWS, by the SDK's name of them."""
USUAL_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True)
class Choice:
    """``why`` is the end of a sentence: what stands against the lean client, or what asked for the one that is used."""

    lean: bool
    why: str
    address: Address | None = None
    proxy: str | None = None

    def __str__(self) -> str:
        return f"{'the lean client' if self.lean else 'boto3'}: {self.why}"


def choose(wanted: str, url: str, region: str, session: Any, *, given: bool, loopback: bool) -> Choice:
    """The client for ``url`` with this session. ``given``: somebody named the address, else the SDK worked it out.

    ``wanted`` is the setting. With ``lean``, what only boto3 can do still is done by boto3.
    """
    if wanted == BOTO3:
        return Choice(lean=False, why="chosen by the setting aws_client")
    address = parse(url)
    if address is None:
        return Choice(lean=False, why=f"the address {url} is an unusual one")
    proxy = None if loopback else _proxy(url)
    against = _against(region, session, given=given) or _against_proxy(proxy)
    if against is not None:
        return Choice(lean=False, why=against)
    why = "chosen by the setting aws_client" if wanted == LEAN else "nothing asks for boto3"
    return Choice(lean=True, why=why, address=address, proxy=proxy)


def ca_bundle(session: Any) -> str | None:
    """The file of trusted certificates that is set, in the order in which the SDK asks for it."""
    return _variable(session, "ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or None


def _against(region: str, session: Any, *, given: bool) -> str | None:
    for name, what in (("use_fips_endpoint", "a FIPS endpoint"), ("use_dualstack_endpoint", "a dual-stack endpoint")):
        if _on(_variable(session, name)):
            return f"{what} is asked for"
    if _variable(session, "retry_mode") == "adaptive":
        return "the retry mode adaptive is set"
    if _on(_variable(session, "endpoint_discovery_enabled")):
        return "endpoint discovery is switched on"
    if _variable(session, "auth_scheme_preference"):
        return "a preference among signatures is set"
    method = getattr(session.get_credentials(), "method", None)
    if method in ISSUED:
        return f"the credentials come from {ISSUED[method]}"
    if given:
        return None
    if not USUAL_REGION.fullmatch(region):
        return f"the Region {region} is an unusual one"
    return None


def worked_out(client: Any, session: Any) -> str:
    """The address to which boto3's ``client`` would send: that of the account where there is one, else the Region's.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html
    """
    url = str(client.meta.endpoint_url)
    if _variable(session, "account_id_endpoint_mode") == "disabled" or not _account(session.get_credentials()):
        return url
    parts = urlsplit(client.generate_presigned_url("list_tables"))
    return f"{parts.scheme}://{parts.netloc}"


def _account(credentials: Any) -> str | None:
    """The account that the credentials name. What is wrong with them, whoever signs the first call will say."""
    try:
        return getattr(credentials.get_frozen_credentials(), "account_id", None)
    except Exception:  # noqa: BLE001  (providers raise anything, OSError of a file among it)
        return None


def _against_proxy(proxy: str | None) -> str | None:
    if proxy is None:
        return None
    parts = urlsplit(proxy)
    if parts.username or parts.password:
        return "the proxy asks for a user and a password"
    if parts.scheme != "http" or not parts.hostname:
        return "the proxy is not one of plain HTTP"
    return None


def _proxy(url: str) -> str | None:
    """The proxy of the environment for this URL, as botocore finds it."""
    named = any(name.lower() in ("http_proxy", "https_proxy") for name in os.environ)
    if not named and sys.platform not in ("darwin", "win32"):
        # Elsewhere only variables name a proxy, and the module that reads them takes 20 ms to load.
        return None
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    try:
        if proxy_bypass(parts.netloc):
            return None
    except (TypeError, OSError):
        pass
    proxy = getproxies().get(parts.scheme)
    if not proxy:
        return None
    if proxy.startswith(("http:", "https:")):
        return proxy
    return f"http:{proxy}" if proxy.startswith("//") else f"http://{proxy}"


def _variable(session: Any, name: str) -> Any:
    own = getattr(session, "lean_variable", None)
    return own(name) if own is not None else session._session.get_config_variable(name)


def _on(value: Any) -> bool:
    return str(value).lower() in ("true", "1")
