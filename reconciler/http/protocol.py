"""uvicorn's HTTP/1.1 with an end to its patience: a client that connects and sends no whole request is cut off.

uvicorn itself times out only idle connections that have had an answer. Used by ``HttpServer``.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""For all headers of a request, from the opening of the connection or the end of the answer before."""


class ImpatientProtocol(H11Protocol):
    """One connection."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        self._wait_for_headers()

    def on_response_complete(self) -> None:
        """An answer was sent; the next request may follow."""
        self._wait_for_headers()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        self._forget()
        super().connection_lost(exc)

    def _wait_for_headers(self) -> None:
        self._forget()
        self._timer = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
