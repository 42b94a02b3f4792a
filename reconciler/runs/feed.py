"""Spreads events (passes, steps, runs) to whoever listens. Told by telemetry and book, heard by ``/api/v1/events``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload


@dataclass(frozen=True, slots=True)
class Event:
    """``number`` rises by one an event and never repeats in one process; ``data`` holds plain JSON values."""

    number: int
    name: str
    data: Mapping[str, Any]


Listener = Callable[[Event | None], None]


class Feed:
    """Safe for several threads. A listener must return at once and raise nothing; ``None`` tells it of the end."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._number = 0
        self._closed = False

    def publish(self, name: str, data: Mapping[str, Any]) -> None:
        """Tell everybody, in one order."""
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
        """Hear everything from now on; call what is returned to stop. ``None`` where ``most`` listen already."""
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
        """The process ends: let every listener go."""
        with self._lock:
            self._closed = True
            for listener in self._listeners:
                listener(None)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)
