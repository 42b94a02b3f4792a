"""A small Kubernetes API server over TLS: ConfigMaps, resource versions, merge patches, and failures on request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.certificates import Authority

TOKEN = "token-of-the-pod"


@dataclass
class ApiServer:
    """``maps`` are the ConfigMaps by ``namespace/name``, ``patches`` the bodies that it got.

    ``fails`` are the statuses of the next requests of a method; ``lost`` loses the next answer to a patch that was
    applied. ``before_patch`` is called when a patch arrives.
    """

    account: Path
    maps: dict[str, dict[str, Any]] = field(default_factory=dict)
    patches: list[dict[str, Any]] = field(default_factory=list)
    fails: dict[str, list[int]] = field(default_factory=lambda: {"GET": [], "PATCH": []})
    lost: bool = False
    answers: Any = None
    """Instead of every answer."""
    token: str = TOKEN
    before_patch: Callable[[], None] = lambda: None
    port: int = 0
    version: int = 100

    def make(self, place: str, **data: str) -> None:
        """Create a ConfigMap."""
        self.maps[place] = {"data": dict(data)}
        self.touch(place)

    def touch(self, place: str, **data: str) -> None:
        """Somebody else writes."""
        self.version += 1
        self.maps[place]["version"] = str(self.version)
        self.maps[place]["data"].update(data)

    def data(self, place: str) -> dict[str, str]:
        """What an application reads."""
        return dict(self.maps[place]["data"])

    def shown(self, place: str) -> dict[str, Any]:
        namespace, name = place.split("/")
        found = self.maps[place]
        metadata = {"namespace": namespace, "name": name, "resourceVersion": found["version"]}
        return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": found["data"]}


class _Handler(BaseHTTPRequestHandler):
    api: ApiServer

    def do_GET(self) -> None:
        self._handle("GET", lambda place: (200, self.api.shown(place)))

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Content-Type"] == "application/merge-patch+json"
        self.api.before_patch()
        self._handle("PATCH", lambda place: self._patched(place, body))

    def _patched(self, place: str, body: dict[str, Any]) -> tuple[int, Any]:
        api = self.api
        api.patches.append(body)
        if body["metadata"].get("resourceVersion") not in (None, api.maps[place]["version"]):
            return 409, {"kind": "Status", "message": "the object has been modified"}
        api.touch(place, **body["data"])
        return 200, api.shown(place)

    def _handle(self, method: str, act: Callable[[str], tuple[int, Any]]) -> None:
        api, parts = self.api, self.path.split("/")
        status, answer = 0, None
        if self.headers.get("Authorization") != f"Bearer {api.token}":
            status, answer = 401, {"kind": "Status", "message": "Unauthorized"}
        elif api.fails[method]:
            status = api.fails[method].pop(0)
            answer = {"kind": "Status", "message": f"made to fail with {status}"}
        elif parts[:4] != ["", "api", "v1", "namespaces"] or f"{parts[4]}/{parts[6]}" not in api.maps:
            status, answer = 404, {"kind": "Status", "message": "configmaps not found"}
        else:
            status, answer = act(f"{parts[4]}/{parts[6]}")
            if method == "PATCH" and api.lost:
                api.lost = False
                self.close_connection = True
                self.connection.close()
                return
        content = json.dumps(answer).encode() if api.answers is None else api.answers
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Not to the output of the tests."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A connection that was closed on purpose, or that did not trust the certificate."""


@contextmanager
def api_server(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """Runs it, with the files of a service account in ``folder`` and the variables that Kubernetes sets."""
    authority = Authority.of(folder)
    (folder / "ca.crt").write_bytes(authority.bundle.read_bytes())
    (folder / "token").write_text(f"{TOKEN}\n")
    api = ApiServer(folder)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    server.socket = authority.context().wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    api.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    patch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    patch.setenv("KUBERNETES_SERVICE_PORT", str(api.port))
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
