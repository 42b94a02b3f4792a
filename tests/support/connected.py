"""One connection per endpoint and worker, because building the clients of the SDK is slow."""

from __future__ import annotations

from functools import cache

from support.fakes import Quiet

from reconciler.aws.lean import choice
from reconciler.aws.session import Connection, connect


def connected(url: str) -> Connection:
    return _connected(url, choice.DEFAULT)


@cache
def _connected(url: str, client: str) -> Connection:
    return connect(url, None, 8, Quiet(), client=client)
