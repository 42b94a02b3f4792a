"""Pages and large JSON are compressed for clients that accept it; small answers and events are not touched."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.responses import JSONResponse
from support.sample_reports import report, table
from support.waiting import PATIENCE

from reconciler.http import middleware

ACCEPTED = {"gzip": True, "br, gzip;q=0.5": True, "*": True, "": False, "identity": False, "gzip;q=0": False}


@pytest.mark.parametrize(("accept", "compressed"), ACCEPTED.items())
def test_a_page_is_compressed_where_the_client_accepts_it(ready, accept, compressed):
    answer = ready.get("/", **{"Accept-Encoding": accept})
    assert (answer.headers["Content-Encoding"] == "gzip") is compressed
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    text = gzip.decompress(answer.body) if compressed else answer.body
    assert b"In sync: 1 table as declared" in text


@pytest.mark.parametrize("path", ["/", "/tables/users", "/runs", "/settings", "/docs"])
def test_every_page_is_compressed_and_caches_know(ready, path):
    answer = ready.get(path, **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(answer.body).startswith(b"<!doctype html>")


def test_a_prefix_is_added_before_compression(ready):
    answer = ready.get("/", **{"Accept-Encoding": "gzip", "X-Forwarded-Prefix": "/tools/reconciler"})
    assert b'href="/tools/reconciler/runs"' in gzip.decompress(answer.body)


def test_a_page_of_many_tables_is_a_fifth_of_its_size(ready):
    ready.loop_status.finish(report(*(table(f"tenant-{number:04}") for number in range(2500))))
    plain, small = (len(ready.get("/", **{"Accept-Encoding": coding}).body) for coding in ("identity", "gzip"))
    assert small < plain / 5


@pytest.mark.parametrize("path", ["/api/v1/status", "/openapi.json", "/api/v1/migrations/status"])
@pytest.mark.parametrize(("accept", "compressed"), ACCEPTED.items())
def test_large_json_is_compressed_where_the_client_accepts_it(ready, path, accept, compressed):
    ready.loop_status.finish(report(*(table(f"tenant-{number:04}") for number in range(50))))
    answer = ready.get(path, **{"Accept-Encoding": accept})
    assert (answer.headers["Content-Encoding"] == "gzip") is compressed
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert json.loads(gzip.decompress(answer.body) if compressed else answer.body)


@pytest.mark.parametrize("path", ["/livez", "/favicon.svg"])
def test_other_answers_are_sent_as_they_are(ready, path):
    assert ready.get(path, **{"Accept-Encoding": "gzip"}).headers["Content-Encoding"] is None


def test_the_loop_answers_others_while_a_large_answer_is_compressed():
    began, ended = threading.Event(), threading.Event()

    def slow(body: bytes, level: int) -> bytes:
        began.set()
        assert ended.wait(PATIENCE), "the loop was blocked"
        return gzip.compress(body, level)

    async def both() -> None:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept-encoding", b"gzip")]}
        app = middleware.Compression(JSONResponse(["x" * 1000]))
        task = asyncio.create_task(app(scope, None, send))
        while not began.is_set():
            await asyncio.sleep(0)
        ended.set()
        await task
        assert gzip.decompress(sent[1]["body"]) == json.dumps(["x" * 1000]).encode()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(middleware, "gzip", SimpleNamespace(compress=slow))
        asyncio.run(both())


def test_metrics_are_compressed_once(ready):
    answer = ready.get("/metrics", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"dynamodb_reconciler_build_info" in gzip.decompress(answer.body)


def test_an_error_page_is_compressed_too(ready):
    answer = ready.get("/tables/nobody", Accept="text/html", **{"Accept-Encoding": "gzip"})
    assert answer.status == 404
    assert b"No table of this name" in gzip.decompress(answer.body)
