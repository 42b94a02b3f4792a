"""One connection of the tool for each endpoint of this worker, because building the SDK's clients takes a while."""

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
