"""Another DynamoDB Local answers at the same URL, with its own tables and state table: nothing is written there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from simulation.simulated_engine import ListSource, declaration, item
from support.endpoints import DynamoDBLocal, dynamodb_local_or_skip, wipe
from support.switch_proxy import SwitchProxy

from reconciler.model.report import Verdict
from reconciler.settings.loading import load
from reconciler.wiring import App

pytestmark = pytest.mark.dynamodb_local
SEED = tuple(item(f"{number:04}") for number in range(120))
USERS, ORDERS = declaration("users", seed=SEED), declaration("orders")


@pytest.fixture(scope="module")
def second() -> Iterator[DynamoDBLocal]:
    with dynamodb_local_or_skip() as server:
        yield server


def opened(url: str) -> tuple[App, ListSource]:
    settings = load({"endpoint_url": url, "timeout": "20s", "workers": "1"}, one_shot=True)
    app = App(settings, one_shot=True, read_only=False, endpoint_url=url)
    app.__dict__["source"] = source = ListSource()
    source.declarations = (declaration("users"), ORDERS)
    return app, source


def content(client: Any) -> dict[str, Any]:
    """Every table with its identity and items; of the lease, which a tool there renews, nothing."""
    names = client.list_tables()["TableNames"]
    return {
        name: (
            client.describe_table(TableName=name)["Table"]["CreationDateTime"],
            sorted(map(str, client.scan(TableName=name, ConsistentRead=True)["Items"])),
        )
        for name in names
    }


@pytest.fixture
def ends(dynamodb_local: DynamoDBLocal, second: DynamoDBLocal, elsewhere: Path) -> tuple[Any, Any]:
    """On both, ``users`` and ``orders`` were made by the tool and ``orders`` holds an item."""
    clients = dynamodb_local.client(), second.client()
    for client, url in zip(clients, (dynamodb_local.url, second.url), strict=True):
        wipe(client)
        app, _ = opened(url)
        assert app.converge("once").verdict is Verdict.IN_SYNC
        app.close()
        client.put_item(TableName="orders", Item={"pk": {"S": "mine"}})
        client.put_item(TableName="users", Item={"pk": {"S": "mine"}}) if client is clients[1] else None
    return clients


def asks(operation: str, table: str) -> Callable[[bytes], bool]:
    return lambda request: f".{operation}\r".encode() in request and table.encode() in request


def nth(number: int, when: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    seen = [0]

    def counted(request: bytes) -> bool:
        seen[0] += when(request)
        return seen[0] >= number

    return counted


MOMENTS: dict[str, Callable[[], Callable[[bytes], bool]]] = {
    "between two passes": lambda: lambda _: False,
    "at the first request of a pass": lambda: lambda _: True,
    "while the state is read": lambda: asks("Scan", "reconciler_state"),
    "while a table is looked at": lambda: asks("DescribeTable", "users"),
    "while the table that goes is looked at": lambda: asks("DescribeTable", "orders"),
    "while its items are counted": lambda: asks("Scan", "orders"),
    "at the delete": lambda: asks("DeleteTable", "orders"),
    "at the first items": lambda: asks("TransactWriteItems", '"TableName": "users"'),
    "at the second hundred items": lambda: nth(2, asks("TransactWriteItems", '"TableName": "users"')),
}


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_nothing_is_pruned_written_or_cleared_at_the_other_endpoint(
    ends: tuple[Any, Any],
    dynamodb_local: DynamoDBLocal,
    second: DynamoDBLocal,
    moment: Callable[[], Callable[[bytes], bool]],
) -> None:
    before = content(ends[1])
    with SwitchProxy(dynamodb_local.url, second.url) as proxy:
        app, source = opened(proxy.url)
        app.reconciler.run_pass("interval")
        assert not proxy.switched
        source.declarations = (USERS,)
        proxy.when = moment()
        if moment is MOMENTS["between two passes"]:
            proxy.switch()
        for _ in range(3):
            report = app.reconciler.run_pass("interval")
            if proxy.switched:
                assert content(ends[1]) == before
        assert proxy.switched
        assert report.verdict is Verdict.ERROR
        app.close()
        assert content(ends[1]) == before
