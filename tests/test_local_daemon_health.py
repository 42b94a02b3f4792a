"""The health check asks the daemon on this machine past every proxy, by an address that a URL can hold."""

from __future__ import annotations

import socket

import pytest
from support.scripted import ScriptedServer, answer

from reconciler.local_daemon import ask, authority

HOSTS = {
    "127.0.0.1": "127.0.0.1:80",
    "0.0.0.0": "127.0.0.1:80",
    "": "127.0.0.1:80",
    "::": "[::1]:80",
    "::1": "[::1]:80",
    "[::1]": "[::1]:80",
    "[::]": "[::1]:80",
    "fe80::1": "[fe80::1]:80",
    "localhost": "localhost:80",
    "db.internal": "db.internal:80",
}


@pytest.mark.parametrize(("host", "expected"), HOSTS.items())
def test_an_address_is_written_as_in_a_url(host: str, expected: str) -> None:
    assert authority(host, 80) == expected


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_no_proxy_is_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    with ScriptedServer(answer({"ready": True})) as server:
        assert ask("127.0.0.1", int(server.url.rpartition(":")[2])) == (True, "ready")


def test_an_endpoint_without_a_listener_is_reported_with_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    healthy, messages = ask("127.0.0.1", port)
    assert not healthy
    assert f"http://127.0.0.1:{port}/readyz" in messages
