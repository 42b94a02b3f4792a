"""Server-sent events: complete from the first moment, in order, and no client delays the daemon."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.sample_reports import report, table, ttl_step
from support.waiting import PATIENCE
from support.web import ask

from reconciler.engine.loop_status import LoopStatus
from reconciler.http import Control, HttpServer, create_app, events
from reconciler.metrics import Metrics
from reconciler.telemetry import CompositeTelemetry


class Api:
    """A server and the telemetry that feeds it."""

    def __init__(self) -> None:
        self.board = LoopStatus("default")
        metrics = Metrics(self.board)
        self.control = Control(self.board)
        self.feed = self.control.feed
        self.teller = CompositeTelemetry(self.board, metrics, feed=self.feed)
        self.http = HttpServer(create_app(self.board, metrics, control=self.control), "127.0.0.1", 0)


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    made.http.start()
    yield made
    made.feed.close()
    made.http.stop()


@contextmanager
def listening(api: Api) -> Iterator[Iterator[tuple[str, dict]]]:
    with socket.create_connection(("127.0.0.1", api.http.port), timeout=PATIENCE) as raw:
        raw.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: any.where\r\n\r\n")
        with raw.makefile("r", encoding="utf-8", newline="\r\n") as lines:
            yield _events(lines)


def _events(lines) -> Iterator[tuple[str, dict]]:
    name = None
    for line in lines:
        key, _, text = line.strip().partition(": ")
        if key == "event":
            name = text
        elif key == "data":
            yield name, json.loads(text)


def test_a_listener_hears_of_passes_and_steps_in_order(api):
    with listening(api) as heard:
        assert next(heard) == ("hello", {"mood": "starting", "message": "Starting: waiting for the endpoint"})
        api.teller.pass_started("p1", "file")
        api.teller.step("p1", "users", ttl_step().done())
        api.teller.pass_finished(report(table(), pass_id="p1"))
        assert [next(heard) for _ in range(3)] == [
            ("pass_started", {"pass_id": "p1", "trigger": "file"}),
            (
                "step",
                {
                    "pass_id": "p1",
                    "table": "users",
                    "action": "update",
                    "facet": "ttl",
                    "fate": "done",
                    "message": None,
                },
            ),
            (
                "pass_finished",
                {
                    "pass_id": "p1",
                    "trigger": "interval",
                    "verdict": "in_sync",
                    "summary": report(table()).summary(),
                    "error": None,
                },
            ),
        ]


def test_a_listener_that_leaves_is_forgotten(api):
    with listening(api) as heard:
        next(heard)
        assert api.feed.listeners == 1
    deadline = time.monotonic() + 5
    while api.feed.listeners and time.monotonic() < deadline:
        api.feed.publish("step", {})
        time.sleep(0.05)
    assert api.feed.listeners == 0


def test_listeners_above_the_limit_get_retry_after(api, monkeypatch):
    monkeypatch.setattr(events, "MOST_LISTENERS", 1)
    with listening(api) as heard:
        next(heard)
        answer = ask(api.http.port, "/api/v1/events")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "10")


def test_a_listener_that_does_not_read_delays_nobody(api):
    with listening(api) as heard:
        next(heard)
        began = time.monotonic()
        for number in range(20_000):
            api.feed.publish("step", {"number": number, "padding": "x" * 200})
        assert time.monotonic() - began < 10
        assert ask(api.http.port, "/livez").status == 200


def test_when_the_daemon_stops_every_listener_is_disconnected(api):
    with listening(api) as heard:
        next(heard)
        began = time.monotonic()
        api.feed.close()
        api.http.stop()
        assert list(heard) == []
        assert time.monotonic() - began < 3
