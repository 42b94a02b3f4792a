"""The ID of a request reaches the log of whatever answers it. What fits is tested with the orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import HttpServer, create_app
from reconciler.logs import bound
from reconciler.metrics import Metrics


@pytest.fixture
def logged() -> Iterator[tuple[int, list[Any]]]:
    """A server's port, and what its routes would log as request_id, in order."""
    loop_status, seen = LoopStatus("default"), []

    def status() -> dict[str, Any]:
        seen.append(bound().get("request_id"))
        return {}

    server = HttpServer(create_app(loop_status, Metrics(loop_status), status=status), "127.0.0.1", 0)
    server.start()
    yield server.port, seen
    server.stop()


def test_the_log_carries_the_id_that_the_response_returns(logged: tuple[int, list[Any]]) -> None:
    port, seen = logged
    answers = [ask(port, "/api/v1/status", **{"X-Request-ID": given}) for given in ("mine", "does not fit", "yours")]
    assert seen == [answer.headers["X-Request-ID"] for answer in answers]
    assert (seen[0], seen[2]) == ("mine", "yours")


def test_a_caller_cannot_fill_the_log_with_ids_that_do_not_fit(
    logged: tuple[int, list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    port, _ = logged
    ask(port, "/api/v1/status", **{"X-Request-ID": "does not fit"})
    assert caplog.records == []
