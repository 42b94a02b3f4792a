"""A leader stopped by SIGSTOP in mid-pass, past its lease, while a rival takes over: it wakes and changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.endpoints import Live
from support.proxy import MUTATING, Recorded, RecordingProxy
from support.tool import Tool
from support.waiting import PATIENCE

pytestmark = pytest.mark.dynamodb_local
TERM, TIMEOUT = 6, 8
"""Seconds of the lease in these processes, half a minute otherwise; and when the leader's run is over."""
TOOL = f"""
import sys
from datetime import timedelta
from reconciler.state.state_table import StateTable
StateTable.__init__.__kwdefaults__["lease_term"] = timedelta(seconds={TERM})
from reconciler.__main__ import main
sys.exit(main())
"""
USERS = """
table_name: users
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
Point = Callable[[Recorded, list[Recorded]], bool]


def record(request: Recorded) -> str:
    members = request.body.get("Item") or request.body.get("Key") or {}
    return str(members.get("record", {}).get("S", ""))


def leads(before: list[Recorded]) -> bool:
    return any(r.operation == "PutItem" and record(r) == "lease" for r in before)


def the_last_look(request: Recorded, before: list[Recorded]) -> bool:
    return leads(before) and request.operation == "DescribeTable" and request.tables == ("orders",)


def the_renewal_of_the_lease(request: Recorded, before: list[Recorded]) -> bool:
    """The check of the token itself: it has passed, and its answer comes only after the pause."""
    leases = [r for r in before if r.operation == "PutItem" and record(r) == "lease"]
    return request.operation == "PutItem" and record(request) == "lease" and len(leases) == 1


def the_intent_of_a_create(request: Recorded, _: list[Recorded]) -> bool:
    return request.operation == "PutItem" and record(request) == "table#new"


DELETING: dict[str, Point] = {
    "at the last look at the table": the_last_look,
    "after the token was checked": the_renewal_of_the_lease,
}


class Leader:
    """One run through a proxy: at a point the process is stopped, and the answer to its request waits until it goes on.

    It is the ``Fault`` of that proxy.
    """

    def __init__(self, proxy: RecordingProxy, folder: Path, point: Point) -> None:
        self.proxy, self.reached, self.may_answer = proxy, threading.Event(), threading.Event()
        self._point = point
        proxy.fault = self
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "RECONCILER_TIMEOUT": f"{TIMEOUT}s"}
        command = [sys.executable, "-c", TOOL, "--once", "--endpoint-url", proxy.url, "--workers", "1"]
        self.process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def arrived(self, request: Recorded) -> None:
        """Every request is passed on."""

    def answered(self, request: Recorded) -> None:
        if not self.reached.is_set() and self._point(request, self.proxy.requests[:-1]):
            self._stop()

    def _stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        self.reached.set()
        assert self.may_answer.wait(120)

    def go_on(self) -> str:
        self.may_answer.set()
        self.process.send_signal(signal.SIGCONT)
        out, _ = self.process.communicate(timeout=120)
        return out


def rival(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", TOOL, "--once", "--endpoint-url", url]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=120)


def declare(folder: Path, *names: str) -> Path:
    tool = Tool("", folder)
    for name in names:
        tool.write(f"{name}.yaml", USERS.replace("users", name))
    return folder


def changed(requests: list[Recorded]) -> list[str]:
    return [f"{r.operation} {r.tables}" for r in requests if r.operation in MUTATING and r.tables != (STATE,)]


STATE = "reconciler_state"


def assert_held_back(leader: Leader, messages: str) -> None:
    """Its deadline passed while it was stopped: it ends its pass with the step deferred, or is abandoned."""
    abandoned = f"error: the deadline of {TIMEOUT} s passed while a call waited for its answer" in messages
    assert leader.process.returncode == (1 if abandoned else 2), messages


@pytest.mark.parametrize("point", DELETING.values(), ids=DELETING)
def test_a_leader_stopped_past_its_lease_does_not_delete_when_it_wakes(
    local: Live, tmp_path: Path, point: Point
) -> None:
    both = declare(tmp_path / "both", "users", "orders")
    assert rival(both, local.url).returncode == 0
    local.client.put_item(TableName="orders", Item={"pk": {"S": "mine"}})
    fewer, more = declare(tmp_path / "fewer", "users"), declare(tmp_path / "more", "users", "orders", "extra")
    with RecordingProxy(local.url) as proxy:
        leader = Leader(proxy, fewer, point)
        assert leader.reached.wait(PATIENCE), "the leader was about to delete"
        stopped = time.monotonic()
        taken = rival(more, local.url)
        assert taken.returncode == 0, taken.stdout + taken.stderr
        time.sleep(max(0.0, stopped + TIMEOUT + 1 - time.monotonic()))
        proxy.clear()
        messages = leader.go_on()
        assert changed(proxy.requests) == []
    assert_held_back(leader, messages)
    assert [item["pk"]["S"] for item in local.client.scan(TableName="orders")["Items"]] == ["mine"]


def test_a_leader_stopped_past_its_lease_does_not_create_when_it_wakes(local: Live, tmp_path: Path) -> None:
    assert rival(declare(tmp_path / "one", "users"), local.url).returncode == 0
    with RecordingProxy(local.url) as proxy:
        leader = Leader(proxy, declare(tmp_path / "more", "users", "new"), the_intent_of_a_create)
        assert leader.reached.wait(PATIENCE), "the leader was about to create"
        stopped = time.monotonic()
        taken = rival(declare(tmp_path / "other", "users", "extra"), local.url)
        assert taken.returncode == 0, taken.stdout + taken.stderr
        time.sleep(max(0.0, stopped + TIMEOUT + 1 - time.monotonic()))
        proxy.clear()
        messages = leader.go_on()
        assert changed(proxy.requests) == []
    assert_held_back(leader, messages)
    tokens = local.client.get_item(TableName=STATE, Key={"scope": {"S": "default/default"}, "record": {"S": "lease"}})
    assert json.loads(tokens["Item"]["token"]["N"]) == 3, "the first run's, the leader's, and the rival's"
