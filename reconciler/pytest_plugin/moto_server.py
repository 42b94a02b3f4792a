"""moto's server in a process of its own, with a memory that can be brought back. Started by ``moto``.

``python -m reconciler.pytest_plugin.moto_server PORT`` ends when its standard input is closed, which happens at the
latest when the process that started it dies. In the process of the tests, a mock of another service would reset it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

PREFIX = "/reconciler-tests/"
READS = ("BatchGet", "Describe", "Get", "List", "Query", "Scan", "TransactGet")


class Memory:
    """The tables of moto. ``writes`` counts the requests that may have changed one."""

    def __init__(self) -> None:
        self.writes = 0
        self._saved: list[bytes] = []

    def save(self) -> int:
        """Keep a copy of all tables; returns its number."""
        self._saved.append(pickle.dumps(self._tables(), protocol=pickle.HIGHEST_PROTOCOL))
        return len(self._saved) - 1

    def bring_back(self, number: int) -> None:
        """Let the tables be those of a copy."""
        copies = pickle.loads(self._saved[number])  # noqa: S301 - this process made it
        backends = self._backends()
        for place in {*self._tables(), *copies}:
            backends[place[0]][place[1]].tables = copies.get(place, {})

    def _tables(self) -> dict[tuple[str, str], Any]:
        return {
            (account, region): backend.tables
            for account, regions in self._backends().items()
            for region, backend in regions.items()
            if backend.tables
        }

    @staticmethod
    def _backends() -> Any:
        from moto.dynamodb.models import dynamodb_backends

        return dynamodb_backends


class App:
    """moto's WSGI application with the routes for the memory before it."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._memory = Memory()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
            if not operation.startswith(READS):
                self._memory.writes += 1
            answer: Iterable[bytes] = self._inner(environ, start_response)
            return answer
        verb, _, number = path.removeprefix(PREFIX).partition("/")
        with self._lock:
            saved = self._memory.save() if verb == "save" else None
            if verb == "restore":
                self._memory.bring_back(int(number))
            body = json.dumps({"saved": saved, "writes": self._memory.writes}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def main(port: int) -> None:
    """Serve until standard input is closed."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = App(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=MotoRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
