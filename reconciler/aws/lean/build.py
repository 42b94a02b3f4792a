"""Puts a lean client together. Called by ``session``: once for a connection, and after credentials were renewed."""

from __future__ import annotations

import sys
from typing import Any

from reconciler.aws import call_deadline, errors, tls
from reconciler.aws.flavor import BODY_LIMIT, PROBE_SECONDS, Get, Reply, reply_of
from reconciler.aws.lean.client import Hooks, LeanClient, request_head
from reconciler.aws.lean.clock import ServerClock
from reconciler.aws.lean.model import shapes
from reconciler.aws.lean.signer import Signer
from reconciler.aws.lean.transport import Transport

USER_AGENT = f"dynamodb-reconciler lang/python#{'.'.join(map(str, sys.version_info[:3]))} md/lean"


def pair(
    transport: Transport,
    *,
    endpoint_url: str,
    region: str,
    credentials: Any,
    clock: ServerClock,
    attempts: int,
    hooks: Hooks,
    reads_only: bool,
) -> tuple[LeanClient, LeanClient]:
    """A client that sends a request up to ``attempts`` times and one that sends it once, over the same connections."""
    table, address = shapes(), transport.address
    shared: dict[str, Any] = {
        "endpoint_url": endpoint_url,
        "exchange": transport.exchange,
        "exchange_many": transport.exchange_many,
        "head": request_head(transport.target, address.host, table.content_type, USER_AGENT),
        "signer": Signer(region, address.host, address.path, table.content_type),
        "shapes": table,
        "credentials": credentials,
        "clock": clock,
        "hooks": hooks,
        "reads_only": reads_only,
        "get": getter(transport, USER_AGENT),
    }
    return LeanClient(**shared, attempts=attempts), LeanClient(**shared, attempts=1)


def getter(transport: Transport, user_agent: str) -> Get:
    """GETs at the address, with its proxy and its CA bundle; redirects are not followed."""
    address = transport.address
    lines = f"HTTP/1.1\r\nHost: {address.host}\r\nUser-Agent: {user_agent}\r\nAccept-Encoding: identity\r\n\r\n"

    def get(path: str) -> Reply:
        request = f"GET {transport.target.rstrip('/')}{path} {lines}".encode()
        try:
            with call_deadline.within(PROBE_SECONDS):
                answer = transport.exchange(request, BODY_LIMIT, keep=False)
        except errors.sdk_errors(OSError, ValueError) as error:
            unusable = tls.bundle_problem(transport.ca_bundle) if address.tls else None
            final = unusable or tls.final_reason(error, address.url) or ""
            return Reply(0, body=str(error).encode(), final=final)
        return reply_of(answer.status, answer.headers, answer.body)

    return get
