"""One connection per endpoint and worker, because building the clients of the SDK is slow."""

from __future__ import annotations

from functools import cache

from support.fakes import Quiet

from reconciler.aws.session import Connection, connect


@cache
def connected(url: str) -> Connection:
    return connect(url, None, 8, Quiet())
