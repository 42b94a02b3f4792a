"""A client of a running daemon: waits until it is idle, posts a request, and ends it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from support.fork_server import Running

LONGEST = 120.0
PAUSE = 0.05


@dataclass(frozen=True)
class DaemonSession:
    """A session with the daemon on this loopback port. It ends at once when the process of the daemon is killed."""

    port: int
    running: Running

    def until_done(self, order: str | None) -> None:
        """``order`` is a path that receives a POST once the daemon is in sync; then SIGTERM."""
        self._wait_until_done()
        if order and not self.running.killed.is_set():
            reported = self._ask(urllib.request.Request(self._url(order), method="POST"))
            assert reported is None or reported["success"], reported
            self._wait_until_done()
        if not self.running.killed.is_set():
            os.kill(self.running.process, signal.SIGTERM)

    def _wait_until_done(self) -> None:
        deadline, last = time.monotonic() + LONGEST, None
        while not self.running.killed.is_set():
            last = self._ask(urllib.request.Request(self._url("/api/v1/status"))) or last
            if last and _done(last["data"]):
                return
            assert time.monotonic() < deadline, f"the daemon does not come to rest: {last}"
            time.sleep(PAUSE)

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _ask(self, request: urllib.request.Request) -> Any:
        """The answer, or None where there is no complete one."""
        try:
            with urllib.request.urlopen(request, timeout=LONGEST) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error.read()!r}") from None
        except (OSError, http.client.HTTPException, ValueError):
            return None


def _done(status: dict[str, Any]) -> bool:
    report = status["report"]
    if report is None or status["in_progress"]:
        return False
    return bool(status["suspended"] or report["verdict"] == "in_sync")
