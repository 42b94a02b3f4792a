"""A clock that tests advance, and a telemetry that only records."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


class FakeClock:
    """Time moves only when somebody sleeps or advances it."""

    def __init__(self, now: datetime) -> None:
        self._start = self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> bool:
        self.advance(seconds)
        return True

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class Quiet:
    """Telemetry that keeps requests as (operation, result) and retries as operations."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.retries: list[str] = []

    def request(self, operation: str, result: str, seconds: float, exchange: object) -> None:
        assert seconds >= 0
        self.requests.append((operation, result))

    def retry(self, operation: str) -> None:
        self.retries.append(operation)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None
