"""Tells systemd the state of the daemon (``Type=notify`` and ``notify-reload``). Called by the daemon.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from reconciler.model.report import PassReport

EXTENSION_SECONDS = 60.0
"""How much more time to start is asked for at once; the next request comes at half of it."""


class Systemd:
    """Messages to the service manager; without ``NOTIFY_SOCKET`` it sends none.

    ``ready`` and ``dead`` are asked once per ``beat``: READY is sent when the daemon is ready for the first time, so
    that units that come after it find the tables. WATCHDOG is sent while ``dead`` gives no reason.
    """

    def __init__(
        self, ready: Callable[[], bool], dead: Callable[[], str | None], environ: Mapping[str, str] = os.environ
    ) -> None:
        self._ready = ready
        self._dead = dead
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._started = False
        self._reloading = False
        self._end = threading.Event()
        self._lock = threading.Lock()
        """The heartbeat and the pass both look whether the daemon is ready."""
        ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watchdog = environ.get("WATCHDOG_USEC", "") if ours else ""
        self._watchdog = int(watchdog) / 1_000_000 if watchdog.isdigit() else 0.0
        self.beat = min(self._watchdog or EXTENSION_SECONDS, EXTENSION_SECONDS) / 2

    def start(self) -> None:
        """Begin with the heartbeat."""
        if self._address:
            threading.Thread(target=self._run, name="systemd", daemon=True).start()

    def reloading(self) -> None:
        """A signal asked for a pass, which reads the declarations again; READY follows after it."""
        self._reloading = True
        # systemd compares this with the time at which it sent the signal.
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def after_pass(self, report: PassReport | None) -> None:
        """The status line of ``systemctl status``, and READY where it is due; ``None`` is a pass that raised."""
        self._send(f"STATUS={_status(report)}".replace("\n", " "))
        if self._reloading and self._started:
            self._reloading = False
            self._send("READY=1")
        self._start_if_ready()

    def stopping(self) -> None:
        """The daemon ends; its heartbeat goes on until the process is gone."""
        self._send("STOPPING=1")

    def stop(self) -> None:
        """End the heartbeat."""
        self._end.set()

    def _run(self) -> None:
        while True:
            self._start_if_ready()
            if not self._started:
                self._send(f"EXTEND_TIMEOUT_USEC={int(EXTENSION_SECONDS * 1_000_000)}")
            if self._watchdog and self._dead() is None:
                self._send("WATCHDOG=1")
            if self._end.wait(self.beat):
                return

    def _start_if_ready(self) -> None:
        with self._lock:
            if not self._started and self._ready():
                self._started, self._reloading = True, False
                self._send("READY=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # "@" stands for the zero byte of an abstract socket.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
            sending.connect(address)
            sending.sendall("\n".join(lines).encode())


def _status(report: PassReport | None) -> str:
    if report is None:
        return "the last pass did not end; the log says why"
    if report.error:
        return report.error
    counts = report.summary()
    blocked = f", {counts['blocked']} blocked" if counts["blocked"] else ""
    return f"{counts['in_sync']} of {counts['declared']} tables in sync{blocked}"
