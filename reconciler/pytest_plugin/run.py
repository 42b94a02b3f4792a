"""One run of pytest, as one of its processes sees it: the server, the variables and the check of calls. Called by
``plugin``."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.pytest_plugin.environment import Environment, variables
from reconciler.pytest_plugin.options import ANY, LOCAL, MOTO, Options

if TYPE_CHECKING:
    from reconciler.pytest_plugin.backend import Backend
    from reconciler.pytest_plugin.declared import Content, Declared
    from reconciler.pytest_plugin.local_server import ReservedPort
    from reconciler.pytest_plugin.outgoing import OutgoingCalls

PLAN = "DYNAMODB_RECONCILER_RUN"
"""The variable by which the process that starts xdist's workers tells them port and folder of the server."""
WORKER = "PYTEST_XDIST_WORKER"
KEY = "pytest"


class Run:
    """``run_id`` is that of xdist, which all workers share; empty without it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.run_id = ""
        self._environment = Environment()
        self._outgoing: OutgoingCalls | None = None
        self._reserved: ReservedPort | None = None
        self._port = 0
        self._folder: Path | None = None
        self._started = False

    @cached_property
    def declared(self) -> Declared:
        """The desired state."""
        from reconciler.pytest_plugin.declared import Declared

        return Declared(self.options)

    @cached_property
    def key(self) -> str:
        """The access key ID of this process: letters and digits alone, as DynamoDB Local demands."""
        key = KEY + re.sub(r"[^A-Za-z0-9]", "", os.environ.get(WORKER, ""))
        return key if self.options.url is None else f"{key}{os.urandom(4).hex()}"

    @cached_property
    def backend(self) -> Backend:
        """The server of this process, which may not have been started."""
        options = self.options
        if options.server == LOCAL:
            from reconciler.pytest_plugin.local import LocalBackend
            from reconciler.pytest_plugin.local_server import LocalServer, new_folder_name

            folder = self._folder or new_folder_name(self.run_id)
            return LocalBackend(LocalServer(folder, self._port), options, self.declared, self.key)
        if options.server == MOTO:
            from reconciler.pytest_plugin.local_server import ReservedPort
            from reconciler.pytest_plugin.moto import MotoBackend

            self._reserved = self._reserved or ReservedPort()
            return MotoBackend(self._reserved.number, options, self.declared, self.key)
        from reconciler.pytest_plugin.remote import RemoteBackend

        return RemoteBackend(options, self.declared, self.key)

    def prepare(self) -> None:
        """Lead the code under test to the server before any of it is imported. The server starts with its first use."""
        if self.options.server == LOCAL:
            self._share_plan()
        url = self.options.url or f"http://127.0.0.1:{self._port or self.backend.server.url.rpartition(':')[2]}"
        self._apply(url)

    def use(self, content: Content) -> Backend:
        """The started server with this content."""
        backend = self.start()
        backend.reset(content)
        return backend

    def start(self) -> Backend:
        """The started server. The variables are set again, because the setup of a test may have removed them."""
        if not self._started:
            if self.options.url:
                self._apply(self.options.url)
            self.backend.start()
            self._started = True
        self._apply(self.backend.server.url)
        return self.backend

    def finish(self) -> None:
        """Leave the server, and restore the variables of the process."""
        if self._started:
            self.backend.close()
            self._started = False
        if self._outgoing is not None:
            self._outgoing.uninstall()
        if self._reserved is not None:
            self._reserved.close()
        self._environment.restore()

    def _apply(self, url: str) -> None:
        self._environment.apply(variables(url, self.key, self.options.region))
        if self._outgoing is None and ANY not in self.options.allow:
            from reconciler.pytest_plugin.outgoing import OutgoingCalls

            self._outgoing = OutgoingCalls((url, *self.options.allow))
            self._outgoing.install()

    def _share_plan(self) -> None:
        from reconciler.pytest_plugin.local_server import ReservedPort, new_folder_name

        plan: Any = os.environ.get(PLAN, "").split(":", 2)
        # A run that was started by a test of another run has no part in that one.
        if len(plan) == 3 and plan[0] == str(os.getppid()) and os.environ.get(WORKER):
            self._port, self._folder = int(plan[1]), Path(plan[2])
            return
        self._reserved = ReservedPort()
        self._port, self._folder = self._reserved.number, new_folder_name("")
        self._environment.apply({PLAN: f"{os.getpid()}:{self._port}:{self._folder}"})
