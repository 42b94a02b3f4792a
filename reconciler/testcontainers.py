"""DynamoDB Local in a container with the declared tables: a module for Testcontainers, in the extra ``testcontainers``.

``docs/guides/testcontainers.md`` describes it. Tables are created, seeded and reset as the pytest plugin does it at a
server of the user.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, Self

from reconciler import install_line
from reconciler.pytest_plugin.backend import Refused
from reconciler.pytest_plugin.declared import Content, Declared, NotDeclared, Server, Tables
from reconciler.pytest_plugin.environment import Environment, variables
from reconciler.pytest_plugin.options import Options
from reconciler.pytest_plugin.remote import Items, RemoteBackend

try:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.exceptions import ContainerStartException
    from testcontainers.core.waiting_utils import WaitStrategy, WaitStrategyTarget
except ImportError as error:
    raise ImportError(f"reconciler.testcontainers needs Testcontainers: {install_line('testcontainers')}") from error

IMAGE = "amazon/dynamodb-local:3.3.1"
PORT = 8000
KEY = "testcontainers"
ENDED = ("exited", "dead", "removing")


class DynamoDBContainer(DockerContainer):
    """DynamoDB Local with every declared table, and with the items of their seeds.

    The server runs with ``-sharedDb``: clients with whatever keys and Region see the tables.

    Args:
        image: The image, by default the version of DynamoDB Local that this release is tested with.
        port: The port inside the container.
        region_name: The Region of the clients.
        desired_state: The folder of the declarations, from the working directory. ``package:NAME`` and ``bundled``
            work too. By default that of the reconciler's settings, ``./desired_state``.
        environment: The environment whose table names are used.
        parameters: Values for templates, each ``NAME=VALUE``.
        seed_set: The set of seeds, a folder below ``seeds``.
        seeds: Whether ``start`` and ``reset`` write the items of the seeds.
        kwargs: As for ``DockerContainer``.

    ``start`` and ``with`` raise ``ContainerStartException`` if the declarations cannot be used. The container is then
    removed.
    """

    def __init__(
        self,
        image: str = IMAGE,
        port: int = PORT,
        region_name: str = "us-east-1",
        *,
        desired_state: str | PathLike[str] | None = None,
        environment: str | None = None,
        parameters: Sequence[str] = (),
        seed_set: str | None = None,
        seeds: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(image, **kwargs)
        self.port = port
        self.region_name = region_name
        self._content = Content.SEEDED if seeds else Content.EMPTY
        self._desired_state = None if desired_state is None else str(desired_state)
        self._environment = environment
        self._parameters = tuple(parameters)
        self._seed_set = seed_set
        self._declared: Declared | None = None
        self._running: RemoteBackend | None = None
        self.with_exposed_ports(port)
        self.with_command(f"-jar DynamoDBLocal.jar -inMemory -sharedDb -port {port}")
        self.waiting_for(DynamoDBAnswers(port))

    def start(self) -> Self:
        """Start the container and create the tables.

        Raises:
            ContainerStartException: the declarations cannot be used; the text lists every problem.
        """
        # Wrong declarations are found before an image is pulled.
        options = self._options()
        self._declared = Declared(options)
        with _told():
            _ = self._declared.state
        try:
            super().start()
            url = self.get_url()
            self._running = RemoteBackend(replace(options, server=url), self._declared, KEY, name=url)
            with self._led() as backend:
                backend.start()
            self.reset()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """Remove the container with its tables. A second call does nothing."""
        if self._running is not None:
            self._running.leave()
            self._running = None
        try:
            super().stop(force=force, delete_volume=delete_volume)
        finally:
            self._container = None

    def get_url(self) -> str:
        """The URL of the server, for ``endpoint_url`` of a client."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(self.port)}"

    def get_client(self, name: str = "dynamodb", **kwargs: Any) -> Any:
        """A boto3 client of ``dynamodb`` or ``dynamodbstreams``. ``kwargs`` go to boto3."""
        with self._led() as backend:
            return backend.server.client(name, **kwargs)

    def get_resource(self, **kwargs: Any) -> Any:
        """The resource of boto3. ``kwargs`` go to boto3."""
        with self._led() as backend:
            return backend.server.resource(**kwargs)

    def get_environment(self) -> dict[str, str]:
        """The variables with which the AWS SDK of any language finds the server, with keys and Region."""
        return {name: value for name, value in self._variables(self._backend.server).items() if value is not None}

    @property
    def tables(self) -> Tables:
        """The name of each declared table by its base name; ``tables.table(base_name)`` is a ``Table`` of boto3."""
        backend = self._backend
        assert self._declared is not None
        return Tables(self._declared.names, backend.server)

    def reset(self, *, seeds: bool | None = None) -> None:
        """Bring every table back to its declared shape and to the items of its seed.

        Only what differs is written.

        Args:
            seeds: Whether the items of the seeds are there afterwards, or none; by default as at the start.
        """
        content = self._content if seeds is None else Content.SEEDED if seeds else Content.EMPTY
        with self._led() as backend:
            backend.reset(content)

    def snapshot(self) -> Items:
        """All items of the declared tables as they are now, for ``restore``."""
        with self._led() as backend:
            return backend.snapshot()

    def restore(self, snapshot: Items) -> None:
        """Bring back what ``snapshot`` returned. A table of another shape is created anew."""
        with self._led() as backend:
            backend.restore(snapshot)

    @property
    def _backend(self) -> RemoteBackend:
        if self._running is None:
            raise ContainerStartException(
                "The container is not started. Call start(), or use it in a `with` statement."
            )
        return self._running

    def _options(self) -> Options:
        return Options(
            server="",
            explicit=True,
            root=Path.cwd(),
            desired_state=self._desired_state,
            environment=self._environment,
            parameters=self._parameters,
            seed_set=self._seed_set,
            region=self.region_name,
            named_by="The argument desired_state of DynamoDBContainer",
        )

    @contextmanager
    def _led(self) -> Iterator[RemoteBackend]:
        """The engine and boto3 read keys and proxies of the process when they make a client."""
        environment, backend = Environment(), self._backend
        environment.apply(self._variables(backend.server))
        try:
            with _told():
                yield backend
        finally:
            environment.restore()

    @staticmethod
    def _variables(server: Server) -> dict[str, str | None]:
        return variables(server.url, server.key, server.region)


class DynamoDBAnswers(WaitStrategy):
    """Waits until the server answers a request; its port is open before."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def wait_until_ready(self, container: WaitStrategyTarget) -> None:
        """Raises ``RuntimeError`` where the container ended, and ``TimeoutError``."""
        deadline = time.monotonic() + self._startup_timeout
        while True:
            container.reload()
            if container.status in ENDED:
                output = b"\n".join(container.get_logs()).decode("utf-8", "replace").strip()
                raise RuntimeError(f"The container of DynamoDB Local ended: {output}")
            host, port = container.get_container_host_ip(), int(container.get_exposed_port(self._port))
            if self._answers(host, port):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"DynamoDB Local at {host}:{port} did not answer in {self._startup_timeout:g} s.")
            time.sleep(min(self._poll_interval, 0.1))

    @staticmethod
    def _answers(host: str, port: int) -> bool:
        # Not by urllib, which would ask the proxy of the environment for this machine.
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/")
            # DynamoDB Local refuses a request without an operation.
            return connection.getresponse().status == 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong with the declarations or the server, as an exception that users of Testcontainers know."""
    try:
        yield
    except (NotDeclared, Refused) as problem:
        raise ContainerStartException(str(problem)) from problem
