"""uvicorn's HTTP/1.1 with a timeout for request headers. Used by ``HttpServer``.

uvicorn times out only idle connections after a response, keeps reading bodies that were refused, and at its connection
limit refuses every newcomer, also probes.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""Time for all headers of a request, since the connection opened or the previous response ended."""


class HeaderTimeoutProtocol(H11Protocol):
    """One connection."""

    _timer: asyncio.TimerHandle | None = None
    _since: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        # uvicorn's own check counts requests that are being given up, and would refuse those for whom there is room.
        self.limit_concurrency = None
        self._wait_for_headers()
        if not self._has_room():
            self.app = service_unavailable

    def on_response_complete(self) -> None:
        """A response was sent. The next request may follow, unless half of a refused body is still to come."""
        if self.cycle is not None and self.cycle.more_body:
            self.transport.close()
        self._wait_for_headers()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        self._forget()
        super().connection_lost(exc)

    @property
    def _unfinished(self) -> bool:
        """Whether it waits for its client: for headers, for the rest of a body, or for another request."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _has_room(self) -> bool:
        """At the limit, close the connection that waits longest for its client, never one that awaits a response."""
        limit = self.config.limit_concurrency
        while limit is not None and len(self.connections) >= limit:
            others = [one for one in self.connections if isinstance(one, HeaderTimeoutProtocol) and one is not self]
            slow = [one for one in others if one._unfinished]
            if not slow:
                return False
            oldest = min(slow, key=lambda one: one._since)
            self.connections.discard(oldest)
            oldest.transport.abort()
        return True

    def _wait_for_headers(self) -> None:
        self._forget()
        self._since = self.loop.time()
        self._timer = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
