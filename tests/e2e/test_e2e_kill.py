"""Killed with -9 at every mutating call, before and after the server applied it, and started again: nothing is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.endpoints import Live
from support.proxy import RecordingProxy

pytestmark = pytest.mark.dynamodb_local
SEED = [{"pk": f"order#{number}", "total": 10.25} for number in range(4)]
DECLARATION = """\
table_name: orders
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
time_to_live: {attribute: expires}
stream_specification: {StreamEnabled: true, StreamViewType: KEYS_ONLY}
"""
FIRST_RUN_WRITES = 15
"""Of the state table and its records, the table, its TTL, the seed: measured below, so that no call is left out."""


def converge(folder: Path, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "reconciler", "--once", "--endpoint-url", url, "--workers", "1"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    declared = tmp_path / "desired_state"
    (declared / "seeds").mkdir(parents=True)
    (declared / "orders.yaml").write_text(DECLARATION)
    (declared / "seeds" / "orders.json").write_text(json.dumps(SEED))
    return tmp_path


def as_declared(dynamodb: Any) -> None:
    table = dynamodb.describe_table(TableName="orders")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    ttl = dynamodb.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires")
    items = dynamodb.scan(TableName="orders", ConsistentRead=True)["Items"]
    assert sorted(item["pk"]["S"] for item in items) == [item["pk"] for item in SEED]
    assert {item["total"]["N"] for item in items} == {"10.25"}


def inventory(dynamodb: Any) -> str:
    key = {"scope": {"S": "default/default"}, "record": {"S": "table#orders"}}
    ownership: str = dynamodb.get_item(TableName="reconciler_state", Key=key)["Item"]["ownership"]["S"]
    return ownership


def test_a_first_run_makes_as_many_writes_as_are_killed_below(local: Live, folder: Path) -> None:
    with RecordingProxy(local.url) as proxy:
        assert converge(folder, proxy.url).wait(60) == 0
        assert len(proxy.mutating()) == FIRST_RUN_WRITES
    as_declared(local.client)


@pytest.mark.parametrize("number", range(1, FIRST_RUN_WRITES + 1))
@pytest.mark.parametrize("when", ["before", "applied"])
def test_killed_and_started_again_it_converges_and_the_table_is_ours(
    local: Live, folder: Path, when: str, number: int
) -> None:
    with RecordingProxy(local.url) as proxy:
        victim: subprocess.Popen[bytes] | None = None

        def kill(moment: str, count: int) -> None:
            if (moment, count) == (when, number) and victim is not None:
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                raise ConnectionAbortedError

        proxy.on_write = kill
        victim = converge(folder, proxy.url)
        assert victim.wait(60) == -signal.SIGKILL
    _lease_runs_out(local.client)
    assert converge(folder, local.url).wait(60) == 0
    as_declared(local.client)
    assert inventory(local.client) == "created"


def _lease_runs_out(dynamodb: Any) -> None:
    """A killed holder keeps its lease for half a minute; here it runs out at once."""
    key = {"scope": {"S": "default/default"}, "record": {"S": "lease"}}
    try:
        dynamodb.update_item(
            TableName="reconciler_state",
            Key=key,
            UpdateExpression="SET expires = :past",
            ConditionExpression="attribute_exists(expires)",
            ExpressionAttributeValues={":past": {"S": "2020-01-01T00:00:00.000000+00:00"}},
        )
    except (dynamodb.exceptions.ResourceNotFoundException, dynamodb.exceptions.ConditionalCheckFailedException):
        return
