"""P11: clean tables for each test of an application: the pytest plugin against fixtures that are written by hand.

Each contender is a run of pytest over the same tests. A test writes one item and counts the items of one table. What is
measured is setup, call and teardown of a test after the first one, which starts servers and imports.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from support.dynamodb_local.fetch import fetch

from benchmarks.context import Bench, Goal
from benchmarks.figures import Row, compared
from benchmarks.harness import BenchmarkError, Contender
from benchmarks.processes import environment, run

TABLES = 5
ITEMS = 500
FEW_ITEMS = 20
SLOW_TESTS = 10
"""Tests of the references at most: the figure is that of one test, and a hundred of them take minutes."""
PLUGIN, RECREATE, TRUNCATE = "pytest plugin", "delete, create, seed", "truncate, seed"

TEST = """
import boto3
import pytest

client = boto3.client("dynamodb")


@pytest.mark.parametrize("turn", range({tests}))
def test_it_is_clean({fixture}, turn):
    assert client.scan(TableName="table0", Select="COUNT")["Count"] == {items}
    client.put_item(TableName="table0", Item={{"pk": {{"S": "of this test"}}}})
    client.delete_item(TableName="table1", Key={{"pk": {{"S": "0"}}}})
"""
TIMES = """
import collections, json

SECONDS = collections.defaultdict(float)


def pytest_runtest_logreport(report):
    SECONDS[report.nodeid] += report.duration


def pytest_sessionfinish():
    with open("seconds.json", "w") as file:
        json.dump(list(SECONDS.values()), file)
"""
BY_HAND = """
import boto3
import pytest

client = boto3.client("dynamodb")
NAMES = [f"table{{number}}" for number in range({tables})]
ITEMS = [{{"pk": {{"S": str(number)}}, "text": {{"S": "x" * 100}}}} for number in range({items})]


def create():
    for name in NAMES:
        client.create_table(
            TableName=name,
            KeySchema=[{{"AttributeName": "pk", "KeyType": "HASH"}}],
            AttributeDefinitions=[{{"AttributeName": "pk", "AttributeType": "S"}}],
            BillingMode="PAY_PER_REQUEST",
        )


def write(name, requests):
    for start in range(0, len(requests), 25):
        client.batch_write_item(RequestItems={{name: requests[start : start + 25]}})


def seed():
    for name in NAMES:
        write(name, [{{"PutRequest": {{"Item": item}}}} for item in ITEMS])


@pytest.fixture
def recreated():
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    create()
    seed()


@pytest.fixture
def truncated():
    if not client.list_tables()["TableNames"]:
        create()
    for name in NAMES:
        pages = client.get_paginator("scan").paginate(TableName=name)
        keys = [{{"pk": item["pk"]}} for page in pages for item in page["Items"]]
        write(name, [{{"DeleteRequest": {{"Key": key}}}} for key in keys])
    seed()
"""


def measured(bench: Bench) -> Iterator[Row]:
    """Many items first, then as few as a small project has."""
    sizes = (ITEMS, FEW_ITEMS) if bench.sizes.whole else (min(ITEMS, bench.sizes.items),)
    for items in sizes:
        contenders = [
            Contender(PLUGIN, partial(_plugin, bench, items)),
            Contender(RECREATE, partial(_by_hand, bench, items, "recreated")),
            Contender(TRUNCATE, partial(_by_hand, bench, items, "truncated")),
        ]
        samples = bench.samples(contenders, 60, warm=False)
        scenario = f"a test with {TABLES} clean tables of {items} items"
        yield from compared("P11", scenario, "ms", samples, (RECREATE, TRUNCATE))


def _plugin(bench: Bench, items: int) -> float:
    folder = bench.folder()
    declared = folder / "desired_state"
    (declared / "seeds").mkdir(parents=True)
    for number in range(TABLES):
        name = f"table{number}"
        (declared / f"{name}.yaml").write_text(
            f"TableName: {name}\nKeySchema: [{{AttributeName: pk, KeyType: HASH}}]\n"
            "AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\nBillingMode: PAY_PER_REQUEST\n",
            encoding="utf-8",
        )
        lines = (json.dumps({"pk": str(each), "text": "x" * 100}) for each in range(items))
        (declared / "seeds" / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    variables = environment(folder, DYNAMODB_LOCAL_HOME=str(fetch().folder))
    return _seconds(folder, variables, TEST.format(tests=bench.sizes.tests, fixture="seeded_tables", items=items))


def _by_hand(bench: Bench, items: int, fixture: str) -> float:
    folder = bench.folder()
    endpoint = bench.endpoint(f"tests {fixture}")
    (folder / "conftest_tables.py").write_text(BY_HAND.format(tables=TABLES, items=items), encoding="utf-8")
    test = TEST.format(tests=min(bench.sizes.tests, SLOW_TESTS), fixture=fixture, items=items)
    imported = f"from conftest_tables import {fixture}  # noqa: F401\n"
    return _seconds(folder, environment(folder, endpoint.url), f"{imported}{test}")


def _seconds(folder: Path, variables: dict[str, str], test: str) -> float:
    """Milliseconds of a test, the median of those after the first."""
    (folder / "conftest.py").write_text(TIMES, encoding="utf-8")
    (folder / "test_clean.py").write_text(test, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    asked = ["-p", "dynamodb", "--dynamodb", "local"] if "DYNAMODB_LOCAL_HOME" in variables else []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *asked]
    # Other plugins that are installed here have no part in it.
    run(command, folder, {**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    seconds: list[float] = json.loads((folder / "seconds.json").read_text(encoding="utf-8"))
    if len(seconds) < 2:
        raise BenchmarkError("fewer than two tests were measured")
    return statistics.median(seconds[1:]) * 1000


GOAL = Goal(
    "P11", "Clean tables for a test", "10 × faster than delete, create and seed; never slower than truncation", measured
)
