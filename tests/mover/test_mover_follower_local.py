"""A table follows another one on the real DynamoDB Local, under live writers, with several kills."""

from __future__ import annotations

import json
import random
import threading
from typing import Any

import pytest
from simulation.clock import CountingRandom
from simulation.simulated_engine import AllValid, ListSource, Silent
from support.connected import connected
from support.endpoints import Live
from support.markdown import ROOT
from support.proxy import RecordingProxy
from support.specs import keys

from reconciler.engine.context import EngineContext
from reconciler.model.identity import Endpoint, Flavor
from reconciler.model.table import TableSpec
from reconciler.mover.conflicts import ConflictRule
from reconciler.mover.follower import Follower
from reconciler.mover.follower_types import Pair, Side
from reconciler.planning.observe import identity_of
from reconciler.seeding.digest import canonical
from reconciler.state.state_table import StateTable
from reconciler.system import SystemClock, Threads

OLD, NEW = "orders", "orders-g2"
ITEMS, WRITES = 90, 120
KILLS = (25, 60, 110, 170)


class Killed(BaseException):
    """The process died."""


class Deadly:
    """A port of one process, which dies at one of its calls, in whatever thread."""

    def __init__(self, port: Any, calls: list[int], at: int | None) -> None:
        self._port, self._calls, self._at = port, calls, at

    def __getattr__(self, name: str) -> Any:
        made = getattr(self._port, name)
        if not callable(made):
            return made

        def through(*given: Any, **named: Any) -> Any:
            self._calls.append(1)
            if self._at is not None and len(self._calls) >= self._at:
                raise Killed
            return made(*given, **named)

        return through


class Writers:
    """Applications that know what they wrote. Each has its own items, so that their models can be added up."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.model: dict[str, dict[str, Any]] = {}
        self.table = OLD
        self.failures: list[BaseException] = []

    def put(self, name: str, customer: str, version: int) -> None:
        item = {"id": {"S": name}, "customer": {"S": customer}, "version": {"N": str(version)}}
        former = self.model.get(name)
        moves = self.table == NEW and former is not None and former["customer"] != item["customer"]
        if moves and former is not None:
            deletion = {"Delete": {"TableName": NEW, "Key": {part: former[part] for part in ("customer", "id")}}}
            self.client.transact_write_items(TransactItems=[deletion, {"Put": {"TableName": NEW, "Item": item}}])
        else:
            self.client.put_item(TableName=self.table, Item=item)
        self.model[name] = item

    def delete(self, name: str) -> None:
        item = self.model.pop(name, None)
        if item is not None:
            names = ("id",) if self.table == OLD else ("customer", "id")
            self.client.delete_item(TableName=self.table, Key={part: item[part] for part in names})

    def write(self, number: int) -> None:
        dice = random.Random(number)
        try:
            for version in range(WRITES):
                name = f"w{number}-{dice.randrange(40)}"
                if dice.random() < 0.2:
                    self.delete(name)
                else:
                    self.put(name, f"c{dice.randrange(6)}", version)
        except BaseException as error:  # noqa: BLE001 - a thread has nowhere to raise it
            self.failures.append(error)


class Scene:
    def __init__(self, live: Live) -> None:
        self.live = live
        self.connection = connected(live.url)
        for name, key in ((OLD, ("id S",)), (NEW, ("customer S", "id S"))):
            elements = keys(*key)
            live.client.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": each.attribute, "KeyType": each.role} for each in elements],
                AttributeDefinitions=[
                    {"AttributeName": each.attribute, "AttributeType": each.type} for each in elements
                ],
                BillingMode="PAY_PER_REQUEST",
            )
        described = {name: live.client.describe_table(TableName=name)["Table"] for name in (OLD, NEW)}
        old = Side(OLD, identity_of(described[OLD]), TableSpec(OLD, keys("id S")))
        new = Side(NEW, identity_of(described[NEW]), TableSpec(NEW, keys("customer S", "id S")))
        self.pair = Pair(old, new, ConflictRule("fail", ("id",)))
        self.store = StateTable(
            self.connection.state_client(), "reconciler_state", "default/default", holder="one", clock=SystemClock()
        )
        self.store.ensure()
        assert self.store.acquire_lease() is not None
        self.stop = threading.Event()

    def follower(self, kill: int | None = None, *, back: bool = False) -> Follower:
        """A process, which is killed at a call or not."""
        calls: list[int] = []
        ports = EngineContext(
            Deadly(self.connection.tables, calls, kill),
            Deadly(self.connection.items, calls, kill),
            self.store,
            ListSource(()),
            SystemClock(self.stop),
            CountingRandom(),
            Silent(),
            Threads(4, self.stop),
            AllValid(),
            Endpoint(self.live.url, "us-east-1", "000000000000", "aws", Flavor.DYNAMODB_LOCAL),
        )
        return Follower(
            ports,
            Deadly(self.connection.mover_items, calls, kill),
            Deadly(self.connection.mover_streams, calls, kill),
            self.pair.reversed() if back else self.pair,
            recorded=self.store.load().checkpoints,
            started_as="back" if back else "forth",
        )

    def items(self, table: str) -> dict[str, str]:
        pages = self.live.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return {item["id"]["S"]: canonical(item) for page in pages for item in page["Items"]}


@pytest.mark.dynamodb_local
def test_nothing_is_lost_on_dynamodb_local_with_live_writers_and_kills(local: Live) -> None:
    scene, killed = Scene(local), 0
    writers = [Writers(local.client) for _ in range(3)]
    for number in range(ITEMS):
        writers[0].put(f"s{number}", f"c{number % 7}", 0)
    for table, back in ((OLD, False), (NEW, True)):
        scene.follower(back=back).capture(items=ITEMS, workers=3)
        threads = []
        for number, each in enumerate(writers):
            each.table = table
            threads.append(threading.Thread(target=each.write, args=(number + 10 * back,)))
            threads[-1].start()
        for kill in (*KILLS, None):
            killed += _is_killed(scene.follower(kill, back=back), copies=not back)
        for thread in threads:
            thread.join()
        assert [failure for each in writers for failure in each.failures] == []
        follower = scene.follower(back=back)
        assert follower.drain(SystemClock(scene.stop).now()).finished
        found = follower.verify(fenced=True)
        wanted = {name: canonical(item) for each in writers for name, item in each.model.items()}
        assert (found.equal, found.repaired, found.items) == (True, 0, len(wanted))
        assert scene.items(OLD) == scene.items(NEW) == wanted
    assert killed >= len(KILLS)


@pytest.mark.dynamodb_local
def test_following_a_table_needs_no_more_than_its_policy(local: Live) -> None:
    policy = json.loads((ROOT / "deploy" / "iam" / "replace.json").read_text(encoding="utf-8"))
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}
    with RecordingProxy(local.url) as proxy:
        scene = Scene(Live(proxy.url, local.client))
        writer = Writers(local.client)
        writer.put("a", "c1", 0)
        writer.put("b", "c1", 0)
        follower = scene.follower()
        follower.capture()
        assert follower.copy().finished
        writer.put("a", "c2", 1)
        writer.delete("b")
        assert follower.replay().finished
        # One change alone is read by another operation than several.
        writer.put("a", "c3", 2)
        assert follower.replay().finished
        assert follower.verify(fenced=True).equal
        sent = {
            f"dynamodb:{operation}"
            for request in proxy.requests
            if request.tables != ("reconciler_state",)
            for operation in (
                [f"{verb}Item" for part in request.body["TransactItems"] for verb in part]
                if request.operation == "TransactWriteItems"
                else [request.operation]
            )
            if " " not in operation
        }
    # Every command lists tables once, to find out what the endpoint is.
    assert sent - {"dynamodb:ListTables"} == allowed


def _is_killed(follower: Follower, *, copies: bool) -> bool:
    try:
        if copies:
            ran = follower.copy()
            assert ran.finished, ran
        ran = follower.replay()
        assert not ran.problems.any
        assert not ran.trimmed
        assert ran.error is None, ran.error
    except Killed:
        return True
    return False
