"""The name of a table in a ConfigMap, over TLS against an API server that checks token and resource version."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api_server import ApiServer, api_server
from support.certificates import Authority

from reconciler.config_maps import ATTEMPTS, READ, WRITE, ConfigMaps
from reconciler.engine.ports import ApiExchange, Telemetry
from reconciler.model.change import Call
from reconciler.model.desired import Pointer
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    Busy,
    Denied,
    Forbidden,
    LeaseLost,
    Malformed,
    NotFound,
    Rejected,
    Throttled,
    Unreachable,
    Unsupported,
)

PLACE = "apps/tables"
POINTER = Pointer(configmap=f"{PLACE}/orders")
PUBLISH = POINTER.publish("orders-g2")


class Requests(Telemetry):
    """What metrics and traces get."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str | None]] = []

    def request(self, operation: str, result: str, seconds: float, exchange: ApiExchange) -> None:
        assert 0 <= seconds < 60
        self.seen.append((operation, result, exchange.code))


class Publisher:
    """The service as the engine calls it."""

    def __init__(self, api: ApiServer, lasts: Callable[[], bool] | None) -> None:
        self.requests = Requests()
        self.config_maps = ConfigMaps(lasts, self.requests, api.account)

    def read(self, operation: str, params: Any) -> Any:
        return self.config_maps.call(operation, params)

    def write(self, call: Call) -> Any:
        return self.config_maps.call(call.operation, call.params)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    with api_server(tmp_path, monkeypatch) as started:
        started.make(PLACE, orders="orders", users="users")
        yield started


def publisher(api: ApiServer, *lasts: bool) -> Publisher:
    """Without ``lasts``, the lease is held all the time; else they are what it answers, one after the other."""
    left = iter(lasts)
    return Publisher(api, (lambda: next(left)) if lasts else (lambda: True))


def test_the_name_is_written_and_the_other_keys_stay(api: ApiServer) -> None:
    publisher(api).write(PUBLISH)
    assert api.data(PLACE) == {"orders": "orders-g2", "users": "users"}
    (patch,) = api.patches
    assert patch == {"metadata": {"resourceVersion": "101"}, "data": {"orders": "orders-g2"}}


def test_a_name_that_is_there_already_is_not_written_again(api: ApiServer) -> None:
    for _ in range(2):
        publisher(api).write(PUBLISH)
    assert len(api.patches) == 1


def test_a_key_that_is_missing_is_added(api: ApiServer) -> None:
    publisher(api).write(Pointer(configmap=f"{PLACE}/carts").publish("carts"))
    assert api.data(PLACE)["carts"] == "carts"


def test_each_request_is_counted_as_those_to_other_services_are(api: ApiServer) -> None:
    made = publisher(api)
    made.write(PUBLISH)
    assert made.requests.seen == [(READ, "success", None), (WRITE, "success", None)]
    with pytest.raises(NotFound):
        made.write(Pointer(configmap="apps/other/orders").publish("orders"))
    assert made.requests.seen[2:] == [(READ, "NotFound", "NotFound")]


# Compare and set, and the lease


def test_a_config_map_that_somebody_changes_meanwhile_is_read_again(api: ApiServer) -> None:
    changes = iter([True])

    def others_write() -> None:
        if next(changes, False):
            api.touch(PLACE, users="users-g2")

    api.before_patch = others_write
    publisher(api).write(PUBLISH)
    assert api.data(PLACE) == {"orders": "orders-g2", "users": "users-g2"}
    assert len(api.patches) == 2


def test_it_gives_up_where_others_keep_changing_it(api: ApiServer) -> None:
    api.before_patch = lambda: api.touch(PLACE, users="again")
    with pytest.raises(Busy, match="others keep changing the ConfigMap apps/tables"):
        publisher(api).write(PUBLISH)
    assert len(api.patches) == ATTEMPTS
    assert api.data(PLACE)["orders"] == "orders"


def test_a_former_leader_never_overwrites_what_its_successor_published(api: ApiServer) -> None:
    """It had read the ConfigMap and believes in its lease, and only the version tells it that it is late."""

    def successor_publishes() -> None:
        api.touch(PLACE, orders="orders")

    api.before_patch = successor_publishes
    with pytest.raises(LeaseLost):
        publisher(api, True, False).write(PUBLISH)
    assert api.data(PLACE)["orders"] == "orders"


def test_nothing_is_sent_without_the_lease(api: ApiServer) -> None:
    with pytest.raises(LeaseLost):
        publisher(api, False).write(PUBLISH)
    assert api.patches == []


def test_a_command_that_only_reads_writes_nothing(api: ApiServer) -> None:
    reading = Publisher(api, None)
    assert reading.read(POINTER.check.operation, POINTER.check.params)["data"]["orders"] == "orders"
    with pytest.raises(Rejected, match="only reads"):
        reading.write(PUBLISH)
    assert api.patches == []


# Failures


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, Denied),
        (403, Forbidden),
        (404, NotFound),
        (408, Ambiguous),
        (422, Rejected),
        (429, Throttled),
        (500, Ambiguous),
        (503, Ambiguous),
        (302, Ambiguous),
    ],
)
def test_a_status_and_its_error(api: ApiServer, method: str, status: int, error: type[ApiError]) -> None:
    api.fails[method] = [status]
    with pytest.raises(error, match=f"apps/tables.*made to fail with {status}") as caught:
        publisher(api).write(PUBLISH)
    assert type(caught.value) is error
    assert api.data(PLACE)["orders"] == "orders"
    publisher(api).write(PUBLISH)
    assert api.data(PLACE)["orders"] == "orders-g2"


def test_a_config_map_that_is_missing_is_named_and_not_created(api: ApiServer) -> None:
    with pytest.raises(NotFound, match="there is no ConfigMap apps/other: create it"):
        publisher(api).write(Pointer(configmap="apps/other/orders").publish("orders"))
    assert list(api.maps) == [PLACE]


def test_a_lost_answer_is_ambiguous_and_publishing_again_writes_nothing(api: ApiServer) -> None:
    api.lost = True
    with pytest.raises(Ambiguous, match="gave no answer"):
        publisher(api).write(PUBLISH)
    assert api.data(PLACE)["orders"] == "orders-g2"
    publisher(api).write(PUBLISH)
    assert len(api.patches) == 1


def test_a_server_that_cannot_be_reached(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    with pytest.raises(Unreachable, match=r"the API server at 127\.0\.0\.1:1"):
        publisher(api).write(PUBLISH)


def test_a_server_with_a_certificate_of_another_authority_gets_no_token(api: ApiServer, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(Authority.of(other, "somebody else").bundle, tmp_path / "ca.crt")
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        publisher(api).write(PUBLISH)
    assert api.data(PLACE)["orders"] == "orders"


def test_a_token_that_kubernetes_renews_is_read_again(api: ApiServer) -> None:
    made = publisher(api)
    made.read(POINTER.check.operation, POINTER.check.params)
    api.token = "the next one"
    with pytest.raises(Denied):
        made.write(PUBLISH)
    (api.account / "token").write_text("the next one")
    made.write(PUBLISH)
    assert api.data(PLACE)["orders"] == "orders-g2"


def test_the_token_is_in_no_message(api: ApiServer) -> None:
    for status in (401, 500):
        api.fails["GET"] = [status]
        with pytest.raises(ApiError) as caught:
            publisher(api).write(PUBLISH)
        assert "token-of-the-pod" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"kind": "Status"}',
        b'{"kind": "ConfigMap", "metadata": {"namespace": "apps", "name": "another", "resourceVersion": "1"}}',
        b'{"kind": "ConfigMap", "metadata": {"namespace": "apps", "name": "tables"}}',
        b'{"kind":"ConfigMap","data":[],"metadata":{"namespace":"apps","name":"tables","resourceVersion":"1"}}',
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_not_this_config_map_is_malformed(api: ApiServer, answer: bytes) -> None:
    api.answers = answer
    with pytest.raises(Malformed):
        publisher(api).write(PUBLISH)
    assert api.patches == []


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
def test_outside_of_a_cluster_it_says_what_is_missing(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    (api.account / missing).unlink()
    with pytest.raises(Unsupported, match=missing):
        publisher(api).write(PUBLISH)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    with pytest.raises(Unsupported, match="from inside its cluster"):
        publisher(api).write(PUBLISH)
