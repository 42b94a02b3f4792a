"""boto3 clients that are reused between cases: building one takes a hundred times as long as a call.

A ``Pool`` stands where the product expects a boto3 session. It hands out the same client for the same service, address
and number of attempts, with nothing of the last case left: hooks, quota of retries.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from faults.inprocess.transport import Transport
from simulation.clock import VirtualClock
from simulation.simulated_dynamodb import REGION

from reconciler.aws.credentials import OpenedSession
from reconciler.aws.lean import client as lean_client
from reconciler.aws.lean import retries

FULL = 500
KEY, SECRET = "AKIDTESTER", "secret-of-the-tester"


class Hooked:
    """A client as the product sees it; its hooks live as long as this.

    A call goes through all of botocore where the wire says that it matters, else straight to the simulated service:
    without a fault both ways end alike, which a test shows, and the second is ten times as fast.
    """

    def __init__(self, pool: Pool, client: Any) -> None:
        self._pool, self._client = pool, client
        self.hooks: dict[str, list[Callable[..., Any]]] = {}
        self.meta = SimpleNamespace(
            endpoint_url=client.meta.endpoint_url,
            service_model=client.meta.service_model,
            events=SimpleNamespace(register=lambda name, hook: self.hooks.setdefault(name, []).append(hook)),
        )
        pool.current[id(client)] = self

    def __getattr__(self, name: str) -> Any:
        transport = self._pool.transport
        if name.startswith("_"):
            return getattr(self._client, name)
        if transport is None or transport.whole():
            return getattr(self._client, name)
        service = self.meta.service_model.service_id.hyphenize()
        operation = self._client.meta.method_to_api_mapping[name]
        for hook in self.hooks.get(f"provide-client-params.{service}", ()):
            hook(model=SimpleNamespace(name=operation))
        return lambda **params: transport.direct(service, operation, params, self._pool.by)


class Pool:
    """One session. ``transport`` and ``by`` tell for each case where its requests go and which process makes them."""

    def __init__(self) -> None:
        import boto3.session
        import botocore.session

        core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        core.set_credentials(KEY, SECRET)
        self.session = boto3.session.Session(botocore_session=core, region_name=REGION)
        self.transport: Transport | None = None
        self.by = ""
        self.current: dict[int, Hooked] = {}
        self._clients: dict[tuple[str, str | None, int], Any] = {}
        self._quotas: list[Any] = []

    def opened(self, transport: Transport, by: str) -> OpenedSession:
        """What the product takes a session in, for a new process."""
        self.transport, self.by = transport, by
        self.fresh()
        return OpenedSession(self, REGION)

    def fresh(self) -> None:
        """The quotas of retries are full again, as in a new process."""
        for quota in self._quotas:
            quota.release(FULL)

    def client(self, service: str, region: str, endpoint_url: str | None = None, config: Any = None) -> Hooked:
        """As ``boto3.session.Session.client``."""
        place = (service, endpoint_url, config.retries["total_max_attempts"])
        if place not in self._clients:
            self._clients[place] = self._built(service, region, endpoint_url, config)
        return Hooked(self, self._clients[place])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def _built(self, service: str, region: str, endpoint_url: str | None, config: Any) -> Any:
        from botocore.retries import quota, standard

        real = quota.RetryQuota

        def kept() -> Any:
            self._quotas.append(real())
            return self._quotas[-1]

        steady = functools.partial(standard.ExponentialBackoff, random=lambda: 1.0)
        with (
            mock.patch.object(quota, "RetryQuota", kept),
            mock.patch.object(standard, "ExponentialBackoff", steady),
        ):
            client = self.session.client(service, region, endpoint_url=endpoint_url, config=config)
        events, of = client.meta.events, client.meta.service_model.service_id.hyphenize()
        for name in (f"provide-client-params.{of}", f"after-call.{of}", f"request-created.{of}"):
            events.register(name, functools.partial(self._hook, id(client), name))
        events.register("before-send", self._send)
        return client

    def _hook(self, client: int, name: str, **given: Any) -> None:
        for hook in self.current[client].hooks.get(name, ()):
            hook(**given)

    def _send(self, request: Any, event_name: str, **_: Any) -> Any:
        assert self.transport is not None
        return self.transport.answer(request, event_name, self.by)


@contextmanager
def no_real_time(clock: VirtualClock) -> Iterator[None]:
    """The pauses of both clients between retries advance the virtual clock, by their longest time."""
    import botocore.endpoint

    virtual = SimpleNamespace(sleep=clock.sleep)
    with (
        mock.patch.object(botocore.endpoint, "time", virtual),
        mock.patch.object(lean_client, "time", virtual),
        mock.patch.object(retries, "random", SimpleNamespace(random=lambda: 1.0)),
    ):
        yield
