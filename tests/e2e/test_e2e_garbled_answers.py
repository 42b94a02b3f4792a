"""Answers that are not what they should be, over a real socket and through the whole SDK: nothing is lost by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from simulation.simulated_engine import ListSource, declaration, item
from support.endpoints import Live
from support.proxy import Recorded, RecordingProxy

from reconciler.aws import session
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import PassReport, TableStatus
from reconciler.settings import load
from reconciler.wiring import App

pytestmark = pytest.mark.dynamodb_local
SEED = (item("1"), item("2"))


def flipped(body: bytes) -> bytes:
    """One letter of a value is another one: whole, valid JSON, and only the checksum tells."""
    return body.replace(b"ACTIVE", b"ACTIVF", 1) if b"ACTIVE" in body else body[:-2] + b" }"


GARBLED: dict[str, Callable[[bytes], bytes]] = {
    "half of the bytes that were promised": lambda body: body[: len(body) // 2],
    "nothing of the bytes that were promised": lambda _: b"",
    "a wrong checksum": flipped,
    "not UTF-8": lambda body: body.replace(b'":', b'\xff\xfe":', 1),
    "a page of HTML": lambda body: b"<html>please log in</html>".ljust(len(body)),
    "zeroes": lambda body: bytes(len(body)),
    "another document": lambda body: b"{}".ljust(len(body)),
}


@pytest.fixture
def environment(local: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[App, ListSource, RecordingProxy]]:
    """``users`` and ``orders`` are ours, and ``orders`` is declared no more."""
    monkeypatch.setattr(session, "ATTEMPTS", 2)
    with RecordingProxy(local.url) as proxy:
        settings = load({"endpoint_url": proxy.url, "timeout": "60s", "workers": "1"}, one_shot=True)
        app = App(settings, one_shot=True, read_only=False, endpoint_url=proxy.url)
        source = ListSource()
        app.__dict__["source"] = source
        users = declaration("users", seed=SEED)
        source.declarations = (users, declaration("orders"))
        assert app.converge("once").verdict.value == "in_sync"
        local.client.delete_item(TableName="users", Key={"pk": {"S": "1"}})
        source.declarations = (users,)
        proxy.clear()
        yield app, source, proxy
        app.close()


def blocked(report: PassReport) -> set[Reason | None]:
    return {step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED}


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED)
def test_an_unreadable_description_is_an_error_of_its_table_and_stops_every_delete(
    local: Live, environment: tuple[App, ListSource, RecordingProxy], garbled: Callable[[bytes], bytes]
) -> None:
    app, _, proxy = environment
    proxy.garble = lambda asked, body: garbled(body) if _about(asked, "DescribeTable", "users") else None
    report = app.reconciler.run_pass("interval")
    found = {table.name: table for table in report.tables}
    assert found["users"].status is TableStatus.ERROR
    assert blocked(report) == {Reason.INVALID_ANSWER}
    assert proxy.mutating(ignore_table="reconciler_state") == []
    proxy.garble = None
    assert app.reconciler.run_pass("interval").summary()["delete"] == 1
    assert sorted(local.client.list_tables()["TableNames"]) == ["reconciler_state", "users"]


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED)
def test_an_unreadable_scan_is_never_emptiness(
    local: Live, environment: tuple[App, ListSource, RecordingProxy], garbled: Callable[[bytes], bytes]
) -> None:
    app, _, proxy = environment
    local.client.put_item(TableName="orders", Item={"pk": {"S": "mine"}})
    proxy.garble = lambda asked, body: garbled(body) if _about(asked, "Scan", "orders") else None
    report = app.reconciler.run_pass("interval")
    assert {table.name: table.status for table in report.tables}["orders"] is TableStatus.ERROR
    assert proxy.mutating(ignore_table="reconciler_state") == []


@pytest.mark.parametrize("garbled", GARBLED.values(), ids=GARBLED)
def test_a_delete_with_an_unreadable_answer_is_not_retried_before_the_table_is_described(
    local: Live, environment: tuple[App, ListSource, RecordingProxy], garbled: Callable[[bytes], bytes]
) -> None:
    app, _, proxy = environment
    proxy.garble = lambda asked, body: garbled(body) if asked.operation == "DeleteTable" else None
    report = app.converge("once")
    assert proxy.operations.count("DeleteTable") == 1
    assert "orders" not in local.client.list_tables()["TableNames"]
    assert report.error is None


class Dropped:
    """A ``Fault``: the first sendings of an operation are lost, before the endpoint got them or after it answered."""

    def __init__(self, operation: str, times: int, *, applied: bool) -> None:
        self.operation, self.times, self.applied = operation, times, applied
        self.arrivals: list[Recorded] = []

    def arrived(self, request: Recorded) -> None:
        self.arrivals.append(request)
        if not self.applied:
            self._drop(request)

    def answered(self, request: Recorded) -> None:
        if self.applied:
            self._drop(request)

    def _drop(self, request: Recorded) -> None:
        if request.operation == self.operation and self.times:
            self.times -= 1
            raise ConnectionAbortedError


@pytest.mark.parametrize("applied", [False, True], ids=["never applied", "applied, and its answer lost"])
def test_a_lost_delete_is_decided_again_after_reading_identity_and_lease(
    local: Live, environment: tuple[App, ListSource, RecordingProxy], applied: bool
) -> None:
    app, _, proxy = environment
    proxy.fault = fault = Dropped("DeleteTable", 2, applied=applied)
    app.converge("once")
    words = [_word(request) for request in fault.arrivals]
    deletes = [position for position, word in enumerate(words) if word == "delete"]
    assert len(deletes) == (1 if applied else 3)
    for before, position in zip([0, *deletes], deletes, strict=False):
        assert [word for word in words[before + 1 : position] if word in ("look", "renew")][-2:] == ["look", "renew"]
    assert "orders" not in local.client.list_tables()["TableNames"]


def test_a_table_recreated_after_a_lost_delete_stays(
    local: Live, environment: tuple[App, ListSource, RecordingProxy]
) -> None:
    app, _, proxy = environment
    proxy.fault = fault = Dropped("DeleteTable", 1, applied=True)
    app.reconciler.run_pass("interval")
    local.client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    app.converge("once")
    assert [request.operation for request in fault.arrivals].count("DeleteTable") == 1
    assert "orders" in local.client.list_tables()["TableNames"]


def _about(asked: Recorded, operation: str, table: str) -> bool:
    return asked.operation == operation and asked.tables == (table,)


def _word(request: Recorded) -> str:
    if _about(request, "DescribeTable", "orders"):
        return "look"
    members: dict[str, Any] = request.body.get("Item") or {}
    if request.operation == "PutItem" and members.get("record") == {"S": "lease"}:
        return "renew"
    return "delete" if request.operation == "DeleteTable" else ""
