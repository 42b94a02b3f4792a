"""``/api/v1/events``: the feed as server-sent events. A client that reads too slowly is disconnected and reconnects."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from reconciler.http.control import Control
from reconciler.http.problems import HttpProblem
from reconciler.http.record_watch import EVERY_SECONDS
from reconciler.http.status import work_signature
from reconciler.http.summary import health_state, leader, sentence
from reconciler.runs.feed import Event

MAX_LISTENERS = 64
MAX_UNREAD = 1000
PING_SECONDS = 15
RETRY_MILLISECONDS = 2000


def stream(control: Control) -> EventSourceResponse:
    """All further events. Raises ``HttpProblem`` 429 when too many clients listen."""
    unread = asyncio.Queue[Event | None]()
    loop = asyncio.get_running_loop()

    def enqueue(event: Event | None) -> None:
        loop.call_soon_threadsafe(unread.put_nowait, event)

    # Listening begins here, not with the first byte of the answer: a burst of requests is counted as it comes.
    unsubscribe = control.feed.subscribe(enqueue, most=MAX_LISTENERS)
    if unsubscribe is None:
        raise HttpProblem(
            HTTPStatus.TOO_MANY_REQUESTS, f"{MAX_LISTENERS} clients are already listening.", {"Retry-After": "10"}
        )
    return _Stream(_events(control, unread, unsubscribe), unsubscribe)


class _Stream(EventSourceResponse):
    """Unsubscribes however it ends, even before its first event was sent."""

    def __init__(self, events: AsyncIterator[ServerSentEvent], unsubscribe: Callable[[], None]) -> None:
        super().__init__(events, ping=PING_SECONDS, send_timeout=PING_SECONDS)
        self._leave = unsubscribe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def _events(
    control: Control, unread: asyncio.Queue[Event | None], unsubscribe: Callable[[], None]
) -> AsyncIterator[ServerSentEvent]:
    try:
        hello = {"mood": health_state(control.loop_status).value, "message": sentence(control.loop_status)}
        yield ServerSentEvent(json.dumps(hello), event="hello", retry=RETRY_MILLISECONDS)
        suspended, work = control.loop_status.suspended, work_signature(control.loop_status)
        while unread.qsize() < MAX_UNREAD:
            try:
                event = await asyncio.wait_for(unread.get(), EVERY_SECONDS)
            except TimeoutError:
                await run_in_threadpool(control.look)
            else:
                if event is None:
                    return
                yield ServerSentEvent(json.dumps(event.data), event=event.name, id=str(event.number))
            if suspended is not control.loop_status.suspended:
                suspended = control.loop_status.suspended
                yield ServerSentEvent(json.dumps({"suspended": suspended}), event="suspension")
            if work != (now := work_signature(control.loop_status)):
                work = now
                yield ServerSentEvent(json.dumps({"leader": leader(control.loop_status)}), event="work")
    finally:
        unsubscribe()
