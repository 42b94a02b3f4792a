"""Unsigned GETs through the connections of the lean client, for ``flavor`` and ``server_time``."""

from __future__ import annotations

from reconciler.aws import call_deadline, tls
from reconciler.aws.flavor import BODY_LIMIT, PROBE_SECONDS, Get, Reply
from reconciler.aws.lean.transport import Transport


def getter(transport: Transport, user_agent: str) -> Get:
    """GETs at the address, with its proxy and its CA bundle; redirects are not followed."""
    from botocore.exceptions import BotoCoreError

    address = transport.address
    lines = f"HTTP/1.1\r\nHost: {address.host}\r\nUser-Agent: {user_agent}\r\nAccept-Encoding: identity\r\n\r\n"

    def get(path: str) -> Reply:
        request = f"GET {transport.target.rstrip('/')}{path} {lines}".encode()
        try:
            with call_deadline.within(PROBE_SECONDS):
                answer = transport.exchange(request, BODY_LIMIT, keep=False)
        except (BotoCoreError, OSError, ValueError) as error:
            unusable = tls.bundle_problem(transport.ca_bundle) if address.tls else None
            final = unusable or tls.final_reason(error, address.url) or ""
            return Reply(0, body=str(error).encode(), final=final)
        headers = answer.headers
        location = headers.get("location", "") if 300 <= answer.status < 400 else ""
        kind = headers.get("content-type", "").partition(";")[0].strip()
        date = headers.get("date", "")
        return Reply(answer.status, headers.get("server", ""), answer.body, kind, location, date=date)

    return get
