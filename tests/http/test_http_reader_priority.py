"""Threads of a pass know while a request is being answered, and when it ends."""

from __future__ import annotations

import urllib.request

import pytest
from support.waiting import PATIENCE

from reconciler.daemon import reader_priority as module
from reconciler.daemon.reader_priority import ReaderPriority
from reconciler.engine.loop_status import LoopStatus
from reconciler.http import HttpServer, create_app
from reconciler.metrics import Metrics


@pytest.mark.parametrize("path", ["/", "/api/v1/status"])
def test_a_request_counts_as_active_from_start_to_end(path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 60.0)
    readers, board, seen = ReaderPriority(), LoopStatus("default"), []

    def status():
        seen.append(readers.asked)
        return {"mode": "enforce"}

    server = HttpServer(create_app(board, Metrics(board), status=status, answering=readers.answering), "127.0.0.1", 0)
    server.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=PATIENCE) as answer:
            assert answer.status == 200
            answer.read()
    finally:
        server.stop()
    assert seen == [True]
    assert not readers.asked
