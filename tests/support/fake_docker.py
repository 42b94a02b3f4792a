"""The part of Docker's Engine API that Testcontainers uses, over HTTP. Used by ``tests/test_testcontainers.py``.

A container has no process of its own: what stands for it listens at ``served``, a port of this machine.
"""

from __future__ import annotations

import json
import re
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

PORT = "8000/tcp"
VERSION = {"Version": "28.0.0", "ApiVersion": "1.48", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"}


class FakeDocker:
    """``with FakeDocker(port) as docker``; ``docker.url`` is what ``DOCKER_HOST`` names.

    Args:
        served: The port that a container's 8000 is published at.
        status: What a started container is: ``running`` or ``exited``.
    """

    def __init__(self, served: int, status: str = "running") -> None:
        self.served = served
        self.status = status
        self.created: list[dict[str, Any]] = []
        self.removed: list[dict[str, str]] = []
        self.pulled: list[str] = []
        self.containers: dict[str, str] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"docker": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """Status and content of an answer; bytes are sent as they are."""
        if path == "/version":
            return 200, VERSION
        if method == "POST" and path == "/containers/create":
            self.created.append(body)
            name = f"{len(self.created):064x}"
            self.containers[name] = "created"
            return 201, {"Id": name, "Warnings": []}
        if method == "POST" and path == "/images/create":
            self.pulled.append(f"{query['fromImage']}:{query['tag']}")
            return 200, {"status": "Download complete"}
        if found := re.fullmatch(r"/images/(.+)/json", path):
            known = found[1] in self.pulled
            return (200, {"Id": "sha256:1", "RepoTags": self.pulled}) if known else (404, {"message": "no such image"})
        if found := re.fullmatch(r"/containers/(\w+)(?:/(\w+))?", path):
            return self._container(method, found[1], found[2], query)
        return 501, {"message": f"{method} {path}"}

    def _container(self, method: str, name: str, what: str | None, query: dict[str, str]) -> tuple[int, Any]:
        if name not in self.containers:
            return 404, {"message": f"No such container: {name}"}
        if method == "DELETE":
            del self.containers[name]
            self.removed.append(query)
            return 204, b""
        if what == "start":
            self.containers[name] = self.status
            return 204, b""
        if what == "logs":
            text = b"no memory\n"
            return 200, struct.pack(">BxxxL", 1, len(text)) + text if query["stdout"] == "1" else b""
        published = [{"HostIp": "127.0.0.1", "HostPort": str(self.served)}]
        return 200, {
            "Id": name,
            "Image": "sha256:1",
            "Config": {"Tty": False, "Labels": {}},
            "State": {"Status": self.containers[name]},
            "NetworkSettings": {"Ports": {PORT: published}},
        }


class _Handler(BaseHTTPRequestHandler):
    docker: FakeDocker
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = re.sub(r"^/v[\d.]+", "", parts.path)
        status, answer = self.docker.answer(self.command, path, query, json.loads(content) if content else None)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names of the base class

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""
