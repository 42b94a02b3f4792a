"""Pages and large JSON are compressed for clients that accept it; small answers and events are not touched."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from typing import Any

import pytest
from starlette.middleware.gzip import GZipResponder
from starlette.responses import JSONResponse
from support.sample_reports import report, table

from reconciler.http.middleware import Compression

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


def test_a_large_answer_is_compressed_beside_the_loop(monkeypatch):
    threads: list[str] = []
    compress = GZipResponder._compress_body

    def noted(self: GZipResponder, body: bytes, more_body: bool) -> bytes:
        threads.append(threading.current_thread().name)
        return compress(self, body, more_body)

    async def send(message: Any) -> None:
        pass

    monkeypatch.setattr(GZipResponder, "_compress_body", noted)
    for size in (2_000, 400_000):
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"accept-encoding", b"gzip")]}
        asyncio.run(Compression(JSONResponse(["x" * size]))(scope, None, send))
    assert threads[0] == threading.main_thread().name
    assert threads[1] != threading.main_thread().name, (
        "2,500 tables are as large, and the loop answers others meanwhile"
    )


def test_metrics_are_compressed_once(ready):
    answer = ready.get("/metrics", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"dynamodb_reconciler_build_info" in gzip.decompress(answer.body)


def test_an_error_page_is_compressed_too(ready):
    answer = ready.get("/tables/nobody", Accept="text/html", **{"Accept-Encoding": "gzip"})
    assert answer.status == 404
    assert b"No table of this name" in gzip.decompress(answer.body)
