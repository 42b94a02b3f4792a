"""Every port the engine speaks through, in one bundle, built once by the wiring or by a simulation."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.engine.endpoint_watch import EndpointWatch
from reconciler.engine.null_tracing import NULL_TRACING
from reconciler.engine.ports import (
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
from reconciler.model.identity import Endpoint


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
