"""The endpoint of ``--embedded``: moto's server in this process, on a free port of the loopback interface."""

from __future__ import annotations

import logging
import os
from typing import Any, Self

from reconciler import install_line
from reconciler.model.errors import UsageError

PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
"""moto opens boto3 sessions of its own in this process; a profile that does not exist would fail them."""


class EmbeddedServer:
    """``with EmbeddedServer() as server:`` and connect to ``server.url``; everything is lost at the end."""

    def __init__(self) -> None:
        self._server: Any = None
        self._profiles: dict[str, str] = {}
        self.url = ""

    def __enter__(self) -> Self:
        try:
            from moto.server import ThreadedMotoServer
        except ImportError as missing:
            raise UsageError(
                f"--embedded needs an emulator that is not installed ({missing.name}): {install_line('embedded')}"
            ) from missing
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._profiles = {name: os.environ.pop(name) for name in PROFILES if name in os.environ}
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._server = None
        os.environ.update(self._profiles)
