"""Every goal is measured on two tables: the runners work, their rows are complete, and nobody is forgotten.

Commands run through a fork server, so that they cost no start; the daemon is the real process.
"""

import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from support.endpoints import DynamoDBLocal, dynamodb_local_or_skip, wipe
from support.fork_server import ForkServer

from benchmarks import context, processes
from benchmarks.context import Bench, Sizes
from benchmarks.figures import Row
from benchmarks.goals import GOALS, p03_create, p10_modules
from benchmarks.raw import RawClient

TINY = Sizes(1, 2, 2, 0, 2, 2, 30, 2, 2, tests=3, copied=60, whole=False)
BY_NUMBER = {goal.number: goal for goal in GOALS}
pytestmark = pytest.mark.dynamodb_local


@pytest.fixture(scope="module")
def servers(dynamodb_local: DynamoDBLocal) -> Iterator[list[DynamoDBLocal]]:
    """A goal uses at most two endpoints at once."""
    with dynamodb_local_or_skip() as second:
        yield [dynamodb_local, second]


@pytest.fixture(scope="module")
def commands() -> Iterator[ForkServer]:
    with ForkServer() as server:
        yield server


@pytest.fixture
def bench(servers: list[DynamoDBLocal], commands: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    free = list(servers)

    class Shared:
        """An endpoint out of those that run already."""

        def __enter__(self) -> Any:
            self.server = free.pop()
            wipe(self.server.client())
            self.url = self.server.url
            self.raw = RawClient(self.url)
            return self

        def __exit__(self, *_: object) -> None:
            self.raw.__exit__()
            free.append(self.server)

    def forked(command: list[str], *, cwd: Any, env: dict[str, str], check: bool, **options: Any) -> Any:
        start = processes.tool()
        if command[: len(start)] != start or "PYTHONPROFILEIMPORTTIME" in env:
            return subprocess.run(command, check=check, cwd=cwd, env=env, **options)
        commands.begin(*command[len(start) :], folder=cwd, variables=env)
        code = commands.end()
        return SimpleNamespace(returncode=code, stdout=commands.output, stderr=commands.output)

    monkeypatch.setattr(context, "Endpoint", Shared)
    monkeypatch.setattr(p03_create, "Endpoint", Shared)
    monkeypatch.setattr(processes, "subprocess", SimpleNamespace(run=forked, TimeoutExpired=subprocess.TimeoutExpired))
    monkeypatch.setattr(p10_modules, "OFFLINE", (("--version",),))
    monkeypatch.setattr(p10_modules, "ONLINE", ())
    with Bench(TINY) as prepared:
        yield prepared


def rows(bench: Bench, number: str) -> list[Row]:
    found = list(BY_NUMBER[number].measure(bench))
    assert all(row.goal == number and row.low <= row.median <= row.high for row in found)
    assert bench.notes == []
    return found


def contenders(found: list[Row]) -> set[str]:
    return {row.contender for row in found}


def test_p1(bench):
    found = rows(bench, "P1")
    assert contenders(found) == {"limit", "reconciler, a pass", "boto3, 8 threads", "boto3, sequential"}
    passes = [row for row in found if row.contender == "reconciler, a pass"]
    assert [set(row.ratios) for row in passes] == [{"limit", "boto3, 8 threads"}, set()]
    assert passes[1].unit == "ms"


def test_p2(bench):
    found = {row.scenario: row for row in rows(bench, "P2")}
    described = found["DescribeTable per pass, 2 tables"]
    assert described.median == 2 + 1  # the state table
    assert found["ListTables per pass, 2 tables"].ratios == {"page": 1.0}
    assert found["DescribeTimeToLive per pass, 2 tables with a TTL and a tag"].ratios == {"table": 1.0}


def test_p3(bench):
    found = rows(bench, "P3")
    assert contenders(found) == {"limit", "reconciler --once", "boto3, 8 threads"}


def test_p4(bench):
    expected = {"limit", "boto3 script", "reconciler --once", "reconciler preview", "reconciler status"}
    assert contenders(rows(bench, "P4")) == expected


def test_p5(bench):
    found = rows(bench, "P5")
    assert {"bare Python", "import boto3"} < contenders(found)
    assert sum(row.contender.endswith(", again") for row in found) == 2


def test_p6(bench):
    found = rows(bench, "P6")
    assert {"limit", "reconciler seed", "boto3 batch_writer, overwrites"} < contenders(found)
    assert {row.unit for row in found} == {"items/s"}


def test_p7(bench):
    (row,) = rows(bench, "P7")
    assert row.unit == "MB"
    assert row.scenario.endswith(f"after {TINY.passes} passes")
    assert 20 < row.median < 1000


def test_p8(bench):
    found = rows(bench, "P8")
    assert [row.contender for row in found] == ["limit", "reconciler, a pass", "reconciler, a pass"]
    assert found[1].ratios["calls ÷ connections × latency"] > 0.9
    assert found[1].median >= 0.01


def test_p9(bench):
    found = rows(bench, "P9")
    assert sum(row.contender.startswith("GET /metrics") for row in found) == 2
    assert all(row.rounds == TINY.requests for row in found)


def test_p10(bench):
    (row,) = rows(bench, "P10")
    assert (row.unit, row.contender) == ("modules", "reconciler --version")
    assert row.ratios["bare Python"] > 1


def test_p11(bench):
    found = rows(bench, "P11")
    assert contenders(found) == {"pytest plugin", "delete, create, seed", "truncate, seed"}
    (plugin,) = (row for row in found if row.contender == "pytest plugin")
    assert set(plugin.ratios) == {"delete, create, seed", "truncate, seed"}


def test_p12(bench):
    *rates, memory = rows(bench, "P12")
    raw = {"raw conditional puts", "raw transactions of 100 conditional puts"}
    assert contenders(rates) == {"limit", *raw, "reconciler replace, its copy"}
    assert {row.unit for row in rates} == {"items/s"}
    assert (memory.unit, set(memory.ratios)) == ("MB", {"after a tenth"})


def test_every_goal_has_a_test():
    assert {name for name in globals() if name.startswith("test_p")} == {f"test_p{n}" for n in range(1, 13)}
    assert len(BY_NUMBER) == 12
