"""``/api/v1/events``: the feed as server-sent events. A client that reads too slowly is let go and comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from http import HTTPStatus

from sse_starlette import EventSourceResponse, ServerSentEvent

from reconciler.http.control import Control
from reconciler.http.problems import Refused
from reconciler.http.summary import mood, sentence
from reconciler.runs.feed import Event

MOST_LISTENERS = 64
MOST_UNREAD = 1000
PING_SECONDS = 15
RETRY_MILLISECONDS = 2000


def stream(control: Control) -> EventSourceResponse:
    """Everything from now on. Raises ``Refused`` 429 when too many listen already."""
    if control.feed.listeners >= MOST_LISTENERS:
        raise Refused(HTTPStatus.TOO_MANY_REQUESTS, f"{MOST_LISTENERS} clients listen already.", {"Retry-After": "10"})
    return EventSourceResponse(_events(control), ping=PING_SECONDS, send_timeout=PING_SECONDS)


async def _events(control: Control) -> AsyncIterator[ServerSentEvent]:
    loop, unread = asyncio.get_running_loop(), asyncio.Queue[Event | None]()

    def hear(event: Event | None) -> None:
        loop.call_soon_threadsafe(unread.put_nowait, event)

    leave = control.feed.listen(hear)
    try:
        hello = {"mood": mood(control.board).value, "message": sentence(control.board)}
        yield ServerSentEvent(json.dumps(hello), event="hello", retry=RETRY_MILLISECONDS)
        while (event := await unread.get()) is not None and unread.qsize() < MOST_UNREAD:
            yield ServerSentEvent(json.dumps(event.data), event=event.name, id=str(event.number))
    finally:
        leave()
