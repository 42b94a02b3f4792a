"""One total deadline per call: connecting, TLS, sending, every read of the answer and the SDK's retries together.

``read_timeout`` of the SDK limits one read. A server that sends a byte every few seconds never exceeds it, so such an
answer takes for ever. Here the deadline is checked at every operation on the socket.

``ApiClient`` sets the deadline of a call with ``within``; ``session`` installs the sockets in each client with
``install``, and ``hooks`` refuses to send again once it has passed. The deadline belongs to the thread, as the SDK
makes a call in the thread that asks for it. Name resolution is limited by the system's resolver alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

CALL_SECONDS = 45.0
"""A whole call, all sendings of it included. The longest answer, a Scan page of 1 MB, takes seconds."""
SENDING_SECONDS = 20.0
"""One sending, from connecting to the last byte of the answer."""
PASSED = "no complete answer came within the time that the call may take"

Limit = Callable[[str], float | None]
"""Given an operation, the seconds that a call of it may take from now on; ``None`` sets no limit."""


class _Thread(threading.local):
    call: float | None = None
    sending: float | None = None


_thread = _Thread()


def remaining() -> float | None:
    """Seconds until the nearest deadline of this thread, negative once it has passed; ``None`` without a deadline."""
    nearest = min((each for each in (_thread.call, _thread.sending) if each is not None), default=None)
    return None if nearest is None else nearest - time.monotonic()


def call_has_passed() -> bool:
    """Whether the deadline of the whole call has passed, so that it may not be sent again."""
    return _thread.call is not None and time.monotonic() >= _thread.call


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Calls made inside end after ``seconds``, or earlier where an outer deadline is nearer."""
    outer, sending = _thread.call, _thread.sending
    mine = time.monotonic() + seconds
    _thread.call, _thread.sending = (mine if outer is None else min(outer, mine)), None
    try:
        yield
    finally:
        _thread.call, _thread.sending = outer, sending


def start_sending(seconds: float = SENDING_SECONDS) -> None:
    """The request is sent now: it and its answer may take ``seconds``."""
    if _thread.call is not None:
        _thread.sending = time.monotonic() + seconds


def install(client: Any) -> None:
    """Let the connections of a botocore client obey the deadline, those through a proxy too."""
    from reconciler.aws.bounded_sockets import pools

    http, https = pools()
    # botocore has no public way to set the pool classes. All pool managers share this dict, those of proxies too.
    client._endpoint.http_session._pool_classes_by_scheme.update({"http": http, "https": https})
