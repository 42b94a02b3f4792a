"""Every port the engine speaks through, in one bundle, built once by the wiring or by a simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.engine.ports import (
    NULL_TRACING,
    Clock,
    DeclarationSource,
    ItemApi,
    Parallel,
    Random,
    RequestValidator,
    StateStore,
    TableApi,
    Telemetry,
    Tracing,
)
from reconciler.model.errors import EndpointError, SettingsError
from reconciler.model.identity import Endpoint
from reconciler.model.records import Fingerprint, StateSnapshot

RESTART = "Restart the process to work with what is there now"


@dataclass(slots=True)
class EndpointWatch:
    """``identify`` says what the endpoint is at the start of a pass, ``confirm`` asks it again at any moment."""

    identify: Callable[[], Endpoint] | None = None
    confirm: Callable[[], Endpoint] | None = None
    current: Endpoint | None = None
    """As the last pass found it; the account of some emulators shows only in the ARN of a table."""
    changed_to: Endpoint | None = None
    """What the last pass found in the place of the endpoint that it was made for."""
    fingerprint: Fingerprint | None = None
    """The state table of the last pass that could write."""
    seen_at: datetime | None = None
    moved: bool = False
    """Whether the endpoint or the account changed since that state table was seen."""

    def problem(self, known: Endpoint) -> str | None:
        """Why this pass may not go on at the endpoint; raises ``ApiError`` while nothing answers."""
        self.changed_to = None
        if self.identify is None:
            return None
        try:
            current = self.identify()
        except (EndpointError, SettingsError) as error:
            return str(error)
        self.current = current
        if known.same_as(current):
            return None
        self.changed_to, self.moved = current, True
        return (
            f"the endpoint or the account changed: it was {known}; it is {current}. "
            "Nothing is written in this pass; the next one works with what is there now"
        )

    def record(self, snapshot: StateSnapshot, now: datetime) -> None:
        """A pass that may write sees this state table."""
        if snapshot.actual_fingerprint is not None:
            self.fingerprint, self.seen_at, self.moved = snapshot.actual_fingerprint, now, False

    def other_state_problem(self, snapshot: StateSnapshot, *, emulator: bool) -> str | None:
        """Why the state table is not believed: it is another one than before, and nothing explains that.

        A state table that was created since the last pass replaces one that was lost: an emulator loses all at a
        restart, and another process made the new one. An older table belongs to another endpoint.
        """
        before, now = self.fingerprint, snapshot.actual_fingerprint
        if before is None or now is None or before.same(now):
            return None
        replaceable = emulator or (not self.moved and _place(before) == _place(now))
        if replaceable and self.seen_at is not None and _created(now) > self.seen_at:
            return None
        return (
            "the state table is not the one that this process worked with before "
            f"({_shown(before)}; now {_shown(now)}): nothing is written. {RESTART}"
        )

    def missing_state_problem(self, snapshot: StateSnapshot, *, emulator: bool) -> str | None:
        """Why a missing state table is not created: there was one, at another endpoint or in another account."""
        if self.fingerprint is None or emulator or snapshot.usable or not self.moved:
            return None
        problem = snapshot.problem or "the state table cannot be used"
        return f"{problem}, and this process worked with one before: nothing is written. {RESTART}"


def _place(fingerprint: Fingerprint) -> tuple[str, str, str]:
    return fingerprint.partition, fingerprint.region, fingerprint.account


def _created(fingerprint: Fingerprint) -> datetime:
    try:
        created = datetime.fromisoformat(fingerprint.state_table.created)
    except ValueError:
        return _LONG_AGO
    return created if created.tzinfo is not None else _LONG_AGO


def _shown(fingerprint: Fingerprint) -> str:
    return f"{':'.join(_place(fingerprint))}, created {fingerprint.state_table.created}"


_LONG_AGO = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class EngineContext:
    """The outside world as the engine knows it."""

    api: TableApi
    items: ItemApi
    store: StateStore
    source: DeclarationSource
    clock: Clock
    random: Random
    telemetry: Telemetry
    parallel: Parallel
    validator: RequestValidator
    endpoint: Endpoint
    traces: Tracing = NULL_TRACING
    endpoint_watch: EndpointWatch = field(default_factory=EndpointWatch)
    """Whether it still is the endpoint that ``endpoint`` names, and its state table the one of earlier passes."""

    @property
    def emulator(self) -> bool:
        """Whether losing everything here costs nothing."""
        return self.endpoint.flavor.emulator
