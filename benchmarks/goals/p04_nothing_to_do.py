"""P4: whole commands that find nothing to do, against the barest boto3 script that lists and describes the tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import declared
from benchmarks.context import Bench, Goal
from benchmarks.endpoint import Endpoint
from benchmarks.figures import Row, compared
from benchmarks.goals.commands import in_sync
from benchmarks.harness import Contender
from benchmarks.peers.installed import bare_boto3, call
from benchmarks.processes import environment, run, tool

SCRIPT = "boto3 script"
PEER_ROUNDS = 3
COMMANDS = (("--once",), ("preview",), ("status",))


def measured(bench: Bench) -> Iterator[Row]:
    """Whole processes, and the limit for the calls alone."""
    folder, endpoint = in_sync(bench)
    tables = bench.sizes.declared
    contenders = [Contender("limit", partial(_limit, endpoint, tables))]
    contenders.append(Contender(SCRIPT, partial(_process, bare_boto3("describe", 1, tables), folder, endpoint.url)))
    for words in COMMANDS:
        command = partial(_process, [*tool(), *words], folder, endpoint.url)
        contenders.append(Contender(f"reconciler {' '.join(words)}", command))
    template = declared.template(bench.folder() / "template.yaml", declared.names(tables)).parent
    for peer in bench.peers_that("check"):
        assert peer.check is not None
        check = partial(_peer, partial(call, peer, peer.check(tables), endpoint.url, template))
        contenders.append(Contender(peer.name, check, optional=True, rounds=PEER_ROUNDS))
    samples = bench.samples(contenders, 60, warm=bench.sizes.whole)
    yield from compared("P4", f"nothing to do, {tables:,} tables, whole process", "s", samples, (SCRIPT,))


def _limit(endpoint: Endpoint, tables: int) -> float:
    raw = endpoint.raw
    described = raw.prepared("DescribeTable", ({"TableName": name} for name in declared.names(tables)))
    return raw.send(raw.prepared("ListTables", [{}])) + raw.send(described)


def _process(command: list[str], folder: Path, url: str) -> float:
    return run(command, folder, environment(folder, url)).seconds


def _peer(called: partial[tuple[float, float]]) -> float:
    return called()[0]


GOAL = Goal("P4", "Commands with nothing to do", "0.7 × the boto3 script, whole process", measured)
