"""Time, randomness and threads of a simulation, all deterministic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.engine.ports import TableApi
from reconciler.model.errors import ApiError

START = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """Time that moves only when somebody sleeps or a test advances it; ``jumped`` is the error of the wall clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.jumped = 0.0
        self.on_sleep: Callable[[], None] | None = None

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds + self.jumped)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> bool:
        self.seconds += max(seconds, 0.001)
        if self.on_sleep:
            self.on_sleep()
        return True


class CountingRandom:
    """Tokens that count up and jitter that is always the upper bound."""

    def __init__(self) -> None:
        self.count = 0

    def uniform(self, low: float, high: float) -> float:
        return high

    def token(self) -> str:
        self.count += 1
        return f"t{self.count:06d}"


class OneByOne:
    """The ``Parallel`` port without threads."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], *, eager: bool = False) -> Iterator[Any]:
        return iter([function(item) for item in items])


class OneAfterTheOther:
    """The ``ManyDescriptions`` port over a ``TableApi``, without connections."""

    def __init__(self, api: TableApi) -> None:
        self._api = api

    def describe(self, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any] | ApiError]]:
        for name in names:
            try:
                described = self._api.read("DescribeTable", {"TableName": name})
            except ApiError as error:
                yield name, error
                return
            yield name, described
