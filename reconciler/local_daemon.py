"""Asks the daemon on this machine: whether it is ready, when its next pass is, and to seed while it holds the lease.

Called by the wiring. Plain sockets, because ``urllib`` takes longer to import than a command to run, and so that no
proxy is asked for an address of this machine.

A daemon is believed only if what it does is what the command would do: same stack, environment and endpoint, and for
seeding the same items in each seed.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from reconciler.model.identity import Endpoint, Flavor
from reconciler.model.lazy_dataclass import dataclass

SECONDS = 3.0
SEED_SECONDS = 330.0
"""Longer than the daemon lets a request wait for its run."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}
"""Listening addresses that no client can connect to, and what a client on this machine uses instead."""


class NotAsked(Exception):
    """The daemon was not asked or refused, and nothing was done; the text is a clause that says why."""


@dataclass(frozen=True, slots=True)
class LocalDaemon:
    """Where the daemon listens, the token of its mutating routes, and whose daemon it has to be."""

    host: str
    port: int
    stack: str
    environment: str
    endpoint: Endpoint
    token: str | None = None

    @property
    def url(self) -> str:
        """Its base URL as seen from this machine."""
        return f"http://{self._authority}"

    def status(self) -> Mapping[str, Any]:
        """The data of ``/api/v1/status``. Raises ``NotAsked`` unless it is the daemon of this stack and endpoint."""
        data = self._data("/api/v1/status")
        there = (data.get("report") or {}).get("endpoint") or {}
        same_scope = (data.get("stack"), data.get("environment")) == (self.stack, self.environment)
        if same_scope and data.get("report") is None:
            # Only a pass tells the endpoint; until then nobody knows that it is the same one.
            raise NotAsked(f"the daemon at {self.url} is starting: {data.get('reason') or 'no pass has ended yet'}")
        same_endpoint = all(there.get(name) == value for name, value in _identity(self.endpoint).items())
        if not (same_scope and same_endpoint):
            raise NotAsked(f"the daemon at {self.url} has another stack, environment or endpoint")
        return data

    def seed(self, digests: Mapping[str, str], *, clear: bool = False) -> Mapping[str, Any]:
        """Let it write the missing items of the seeds with these digests, by the name of the table, or ``clear`` them.

        Returns ``success``, ``message``, and the report in ``data``. Raises ``NotAsked``.
        """
        if not digests:
            # Without a name the daemon would act on all of its seeds.
            raise NotAsked("no seed is declared")
        if not self.status().get("leader"):
            raise NotAsked(f"the daemon at {self.url} does not hold the lease either")
        theirs = {each.get("table"): each.get("digest") for each in _listed(self._data("/api/v1/seeders/status"))}
        same_seeds = all(theirs.get(name) == digest for name, digest in digests.items())
        if not same_seeds:
            raise NotAsked(f"the daemon at {self.url} has read other seeds than this command")
        names = "&".join(f"seeder_names={quote(name, safe='')}" for name in digests)
        return self._send("POST", f"/api/v1/seeders/{'clear' if clear else 'run'}?{names}", SEED_SECONDS)

    @property
    def _authority(self) -> str:
        return authority(self.host, self.port)

    def _data(self, path: str) -> Mapping[str, Any]:
        found = self._send("GET", path, SECONDS).get("data")
        if not isinstance(found, Mapping):
            raise NotAsked(f"what answers at {self.url} is no daemon of this tool")
        return found

    def _send(self, method: str, path: str, seconds: float) -> Mapping[str, Any]:
        lines = [f"{method} {path} HTTP/1.0", f"Host: {self._authority}", "Accept: application/json"]
        if method == "POST":
            lines.append("Content-Length: 0")
            lines += [f"Authorization: Bearer {self.token}"] if self.token else []
        try:
            status, body = _exchange(self._authority, "\r\n".join([*lines, "", ""]).encode("latin-1"), seconds)
            found = json.loads(body)
        except (OSError, ValueError, IndexError) as error:
            why = getattr(error, "strerror", None) or error
            raise NotAsked(f"no daemon answers at {self.url} ({why})") from error
        if not isinstance(found, Mapping):
            raise NotAsked(f"what answers at {self.url} is no daemon of this tool")
        if status >= 400:
            why = found.get("detail") or f"HTTP {status}"
            raise NotAsked(f"the daemon at {self.url} refused: {why}")
        return found


def ask(host: str, port: int) -> tuple[bool, str]:
    """Whether ``/readyz`` of the daemon at this address returns 200, and its reason if it does not."""
    address = authority(host, port)
    url = f"http://{address}/readyz"
    try:
        status, body = _exchange(address, f"GET /readyz HTTP/1.0\r\nHost: {address}\r\n\r\n".encode("latin-1"), SECONDS)
    except (OSError, ValueError, IndexError) as error:
        return False, f"no daemon answers at {url}: {error}"
    return (True, "ready") if status == 200 else (False, f"not ready: {_reason(body)}")


def authority(host: str, port: int) -> str:
    """Host and port as they stand in a URL by which this machine reaches the server; IPv6 addresses are bracketed."""
    bare = host.strip("[]")
    target = ANYWHERE.get(bare, bare)
    return f"[{target}]:{port}" if ":" in target else f"{target}:{port}"


def _exchange(address: str, request: bytes, seconds: float) -> tuple[int, bytes]:
    """The status and the body of one response; the server closes the connection after it."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=min(seconds, SECONDS)) as connection:
        connection.settimeout(seconds)
        connection.sendall(request)
        received = bytearray()
        while part := connection.recv(65536):
            received += part
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["reason"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"


def _identity(endpoint: Endpoint) -> Mapping[str, Any]:
    """What tells two endpoints apart. All emulators have the same account and Region, so that their URL counts too."""
    known = {"region": endpoint.region, "account": endpoint.account, "flavor": endpoint.flavor.value}
    return known if endpoint.flavor is Flavor.AWS else {**known, "url": endpoint.url}


def _listed(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    seeders = data.get("seeders")
    return [each for each in seeders if isinstance(each, Mapping)] if isinstance(seeders, list) else ()
