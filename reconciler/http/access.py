"""Decides who may change something over HTTP, from the headers of a request. Pure; called by the guard of each route.

Host and Origin are checked first, so that a page of another site learns nothing about tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from reconciler.http.problems import HttpProblem
from reconciler.model.identity import Endpoint

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="dynamodb-reconciler"'}
SEND_IT = "Send the token of RECONCILER_API_TOKEN as 'Authorization: Bearer …'."
HOW_TO = "Set RECONCILER_API_TOKEN (or RECONCILER_API_TOKEN_FILE) and send it as 'Authorization: Bearer …'."


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server. ``loopback`` says that it is bound to this machine alone."""

    auth: Literal["auto", "token", "none"] = "auto"
    token: str | None = field(default=None, repr=False)
    hosts: Sequence[str] = ("localhost", "127.0.0.1", "::1")
    loopback: bool = True

    def check(self, headers: Headers, endpoint: Endpoint | None) -> None:
        """Raise ``HttpProblem`` unless the sender of these headers may change something at this endpoint."""
        self._check_host(headers)
        self._check_origin(headers)
        if self.requires_token:
            self._check_token(headers)
        else:
            self._check_endpoint(endpoint)

    def check_reader(self, headers: Headers, endpoint: Endpoint | None) -> None:
        """Raise ``HttpProblem`` unless these headers may open a page with a plan: allowed host, no foreign origin.

        The token is required when the form of that page is sent.
        """
        self._check_host(headers)
        self._check_origin(headers)
        if not self.requires_token:
            self._check_endpoint(endpoint)

    def check_form(self, headers: Headers, endpoint: Endpoint | None) -> None:
        """``check_reader`` for a form. It also needs an Origin header, because every browser sends one with a form."""
        self.check_reader(headers, endpoint)
        if not headers.get("origin"):
            raise HttpProblem(HTTPStatus.FORBIDDEN, "The form has no Origin header, which every browser sends.")

    def check_secret(self, given: str) -> None:
        """Raise ``HttpProblem`` unless ``given`` is the token, where one is required."""
        if self.requires_token and not same_secret(given, self.token or ""):
            raise HttpProblem(HTTPStatus.UNAUTHORIZED, "The token is missing or wrong. Nothing was done.", CHALLENGE)

    def refusal(self, headers: Headers, endpoint: Endpoint | None) -> str | None:
        """Why a page requested with these headers cannot change anything; ``None`` where it can."""
        try:
            self._check_host(headers)
            if not self.requires_token:
                self._check_endpoint(endpoint)
        except HttpProblem as refused:
            return refused.detail
        return None

    @property
    def requires_token(self) -> bool:
        """Whether the routes require a token."""
        return self.auth != "none" and self.token is not None

    def _check_host(self, headers: Headers) -> None:
        # Not Starlette's TrustedHostMiddleware: it guards reads too, which probes send under any Host; it believes the
        # first of two Host headers; and its refusal is no problem document that names the setting.
        given = headers.getlist("host")
        name = host_name(given[0]) if len(given) == 1 else None
        if name is None or name not in {allowed.strip("[]").lower().rstrip(".") for allowed in self.hosts}:
            raise HttpProblem(
                HTTPStatus.FORBIDDEN,
                "This Host header is not allowed. Add the host to RECONCILER_ALLOWED_HOSTS.",
            )

    def _check_origin(self, headers: Headers) -> None:
        origins, site = headers.getlist("origin"), headers.get("sec-fetch-site", "none")
        ours = {f"{scheme}://{headers['host'].lower()}" for scheme in ("http", "https")}
        if (
            len(origins) > 1
            or any(origin.lower() not in ours for origin in origins)
            or site not in ("none", "same-origin")
        ):
            raise HttpProblem(HTTPStatus.FORBIDDEN, "Requests from the pages of other sites are refused.")

    def _check_token(self, headers: Headers) -> None:
        given = headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        right = same_secret(token, self.token or "")
        if scheme.lower() != "bearer" or not right:
            raise HttpProblem(HTTPStatus.UNAUTHORIZED, f"The bearer token is missing or wrong. {SEND_IT}", CHALLENGE)

    def _check_endpoint(self, endpoint: Endpoint | None) -> None:
        if self.auth == "token":
            raise HttpProblem(
                HTTPStatus.FORBIDDEN, f"RECONCILER_API_AUTH=token needs a token, and none is set. {HOW_TO}"
            )
        if self.auth == "auto" and not self.loopback:
            raise HttpProblem(
                HTTPStatus.FORBIDDEN,
                f"Without a token this works only on a server bound to loopback. {HOW_TO} Or bind to 127.0.0.1 "
                "(RECONCILER_HTTP_HOST) with an emulator.",
            )
        if endpoint is None:
            raise HttpProblem(
                HTTPStatus.SERVICE_UNAVAILABLE, "The endpoint has not answered yet.", {"Retry-After": "1"}
            )
        if not endpoint.flavor.emulator:
            off = " RECONCILER_API_AUTH=none is refused there." if self.auth == "none" else ""
            raise HttpProblem(HTTPStatus.FORBIDDEN, f"Without a token this works only with an emulator.{off} {HOW_TO}")


def same_secret(given: str, wanted: str) -> bool:
    """Compare in constant time, whatever the lengths; an empty secret never matches."""
    left, right = (hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest() for text in (given, wanted))
    return hmac.compare_digest(left, right) and bool(wanted)


def host_name(header: str) -> str | None:
    """The host in a Host header, without port and brackets; ``None`` for an invalid header."""
    try:
        parts = urlsplit(f"//{header}")
        name, _ = parts.hostname, parts.port
    except ValueError:
        return None
    clean = parts.netloc == header and "@" not in header and not parts.path
    return name.rstrip(".") if name and clean else None


def bound_to_loopback(host: str) -> bool:
    """Whether a server that listens on ``host`` can be reached from this machine alone."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return bool(found) and all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)
    except (OSError, ValueError):
        return False
