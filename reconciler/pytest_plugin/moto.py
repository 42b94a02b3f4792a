"""Tables in a moto server of this process, which needs no Java. Every process of a run has its own server."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import subprocess
import sys
import time

from reconciler import install_line
from reconciler.pytest_plugin.declared import Content, Declared, Server
from reconciler.pytest_plugin.installation import Missing
from reconciler.pytest_plugin.moto_server import PREFIX
from reconciler.pytest_plugin.options import Options

START_SECONDS = 60.0


class MotoBackend:
    """moto on ``port``. A snapshot is the number of a copy that the server keeps in its memory."""

    def __init__(self, port: int, options: Options, declared: Declared, key: str) -> None:
        self.server = Server(f"http://127.0.0.1:{port}", key, options.region)
        self._port = port
        self._declared = declared
        self._process: subprocess.Popen[bytes] | None = None
        self._saved: dict[Content, int] = {}
        self._shown = -1
        self._writes = -1

    def start(self) -> None:
        """Start the server in a process of its own."""
        if self._process is not None:
            return
        if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
            raise Missing(f"--dynamodb moto needs moto's server: {install_line('embedded')}")
        command = [sys.executable, "-P", "-m", "reconciler.pytest_plugin.moto_server", str(self._port)]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
        environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, env=environ, start_new_session=True
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._saved[Content.BLANK] = self._ask("save")["saved"]
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Missing("moto's server did not start. Run `python -m moto.server` to see why.")
            time.sleep(0.05)

    def reset(self, content: Content) -> None:
        """Bring back the tables with this content; nothing is done where nothing was written."""
        if content not in self._saved:
            self.restore(self._saved[Content.BLANK])
            self._declared.create(self.server, content)
            self._saved[content] = self.snapshot()
        self.restore(self._saved[content])

    def snapshot(self) -> int:
        """Let the server keep a copy of its tables."""
        answer = self._ask("save")
        self._shown, self._writes = answer["saved"], answer["writes"]
        return self._shown

    def restore(self, snapshot: int) -> None:
        """Bring back a copy."""
        if self._shown == snapshot and self._ask("writes")["writes"] == self._writes:
            return
        self._shown, self._writes = snapshot, self._ask(f"restore/{snapshot}")["writes"]

    def close(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process = None

    def _ask(self, what: str) -> dict[str, int]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request("POST", f"{PREFIX}{what}")
            answer: dict[str, int] = json.load(connection.getresponse())
        finally:
            connection.close()
        return answer
