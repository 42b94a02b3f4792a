"""Publishes events of passes, steps and runs. Telemetry and the daemon publish; ``/api/v1/events`` subscribes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, overload

from reconciler.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """``number`` rises by one per event and is unique in the process; ``data`` holds JSON values."""

    number: int
    name: str
    data: Mapping[str, Any]


Listener = Callable[[Event | None], None]


class Feed:
    """Thread-safe. A listener must return at once and must not raise; ``None`` means that the feed is closed."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._number = 0
        self._closed = False

    def publish(self, name: str, data: Mapping[str, Any]) -> None:
        """Send an event to every listener; all listeners see the same order."""
        with self._lock:
            self._number += 1
            event = Event(self._number, name, data)
            for listener in self._listeners:
                listener(event)

    @overload
    def subscribe(self, listener: Listener) -> Callable[[], None]: ...
    @overload
    def subscribe(self, listener: Listener, *, most: int) -> Callable[[], None] | None: ...
    def subscribe(self, listener: Listener, *, most: int | None = None) -> Callable[[], None] | None:
        """Receive all further events. Returns a function that unsubscribes, or ``None`` if ``most`` are subscribed."""
        with self._lock:
            if most is not None and len(self._listeners) >= most:
                return None
            if self._closed:
                listener(None)
            self._listeners.add(listener)

        def leave() -> None:
            with self._lock:
                self._listeners.discard(listener)

        return leave

    def close(self) -> None:
        """End the feed: every listener receives ``None``."""
        with self._lock:
            self._closed = True
            for listener in self._listeners:
                listener(None)

    @property
    def listeners(self) -> int:
        """The number of subscribers."""
        return len(self._listeners)
