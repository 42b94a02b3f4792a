"""A served board: the app behind a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from support.sample_reports import T0, report, table
from support.web import Answer, ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import HttpServer, create_app
from reconciler.metrics import Metrics


@dataclass
class Served:
    """One board and the server that shows it; ``now`` is what the probes take for the time."""

    loop_status: LoopStatus
    metrics: Metrics
    port: int
    now: datetime
    more: dict[str, Any]

    def get(self, path: str, **headers: str) -> Answer:
        return ask(self.port, path, **headers)


@pytest.fixture
def served() -> Iterator[Served]:
    loop_status = LoopStatus("default")
    metrics = Metrics(loop_status)
    made = Served(loop_status, metrics, 0, T0, {})
    server = HttpServer(
        create_app(loop_status, metrics, status=lambda: made.more, now=lambda: made.now), "127.0.0.1", 0
    )
    server.start()
    made.port = server.port
    yield made
    server.stop()


@pytest.fixture
def ready(served: Served) -> Served:
    """After a first pass that found everything as declared."""
    served.loop_status.endpoint_up = True
    served.loop_status.finish(report(table()))
    return served
