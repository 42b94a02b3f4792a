"""One connection of the tool for each endpoint of this worker, because building the SDK's clients takes a while."""

from __future__ import annotations

from functools import cache

from support.fakes import Quiet

from reconciler.aws.session import Connection, connect


@cache
def connected(url: str) -> Connection:
    return connect(url, None, 8, Quiet())
