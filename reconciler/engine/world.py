"""Every port the engine speaks through, in one bundle, built once by the wiring or by a simulation."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.engine.endpoint_watch import EndpointWatch
from reconciler.engine.ports import (
    Clock,
    ItemApi,
    Parallel,
    Random,
    RequestValidator,
    Source,
    Store,
    TableApi,
    Telemetry,
    Tracing,
)
from reconciler.engine.untraced import UNTRACED
from reconciler.model.identity import Endpoint


@dataclass(frozen=True, slots=True)
class World:
    """The outside world as the engine knows it."""

    api: TableApi
    items: ItemApi
    store: Store
    source: Source
    clock: Clock
    random: Random
    telemetry: Telemetry
    parallel: Parallel
    validator: RequestValidator
    endpoint: Endpoint
    traces: Tracing = UNTRACED
    watch: EndpointWatch = field(default_factory=EndpointWatch)
    """Whether it still is the endpoint that ``endpoint`` names, and its state table the one of earlier passes."""

    @property
    def emulator(self) -> bool:
        """Whether losing everything here costs nothing."""
        return self.endpoint.flavor.emulator
