"""A reverse proxy that serves another server below a path, strips the path and names it, as Traefik's StripPrefix."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from support.waiting import PATIENCE

HOP = {"connection", "transfer-encoding", "content-length"}


class PrefixProxy:
    """``with PrefixProxy(port, "/tools/reconciler") as proxy:``; anything outside of the path is 404."""

    def __init__(self, target: int, prefix: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not self.path.startswith(f"{prefix}/"):
                    self.send_error(404)
                    return
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                connection = http.client.HTTPConnection("127.0.0.1", target, timeout=PATIENCE)
                try:
                    connection.request("GET", self.path.removeprefix(prefix), headers=headers | named)
                    answer = connection.getresponse()
                    self.send_response(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in HOP:
                            self.send_header(name, value)
                    self.send_header("Connection", "close")
                    self.end_headers()
                    # Events must pass as they come.
                    while part := answer.read1():
                        self.wfile.write(part)
                        self.wfile.flush()
                except OSError:
                    pass
                finally:
                    connection.close()

            def log_message(self, *_: object) -> None:
                pass

        named = {"X-Forwarded-Prefix": prefix}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
