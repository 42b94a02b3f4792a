"""Several processes: xdist's workers, two runs at once, a run that is killed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from support.plugin_run import Project
from support.waiting import PATIENCE, eventually

pytestmark = pytest.mark.dynamodb_local

EACH_NOTES = """
import json, os, pathlib
import boto3
import pytest

client = boto3.client("dynamodb")


@pytest.mark.parametrize("number", range(12))
def test_a_worker_sees_its_own_writes_alone(seeded_tables, dynamodb_endpoint, number):
    client.put_item(TableName="orders", Item={"pk": {"S": "1"}, "sk": {"N": str(number)}})
    assert client.scan(TableName="orders")["Count"] == 1
    assert client.scan(TableName="users")["Count"] == 2
    note = {"endpoint": dynamodb_endpoint, "key": os.environ["AWS_ACCESS_KEY_ID"]}
    pathlib.Path(f"note-{number}.json").write_text(json.dumps(note))
"""
WAITS = """
import json, os, pathlib, time


def test_it_is_killed(seeded_tables, dynamodb, dynamodb_endpoint):
    folder = os.environ["DYNAMODB_RECONCILER_RUN"].split(":", 2)[2]
    pathlib.Path("ready.json").write_text(json.dumps({"folder": folder}))
    time.sleep(600)
"""


def notes(folder: Path) -> list[dict[str, str]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("note-*.json")]


def test_workers_share_a_server_and_two_runs_at_once_do_not_meet(local_project: Project) -> None:
    """One run with four workers that was told of the plugin, and one with two whose first fixture starts the server."""
    local_project.write("one/test_app.py", EACH_NOTES.replace("note-", "one/note-"))
    text = EACH_NOTES.replace("note-", "two/note-").replace(
        "client = boto3", "def client_of_a_test():\n    return boto3"
    )
    local_project.write("two/test_app.py", text.replace(" client.", " client_of_a_test()."))
    workers = ("-p", "xdist", "-n")
    with (
        local_project.started(*workers, "4", "--dynamodb", "local", "one") as first,
        local_project.started(*workers, "2", "two") as second,
    ):
        outputs = [process.communicate(timeout=PATIENCE * 2)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), outputs
    one, two = (notes(local_project.folder / name) for name in ("one", "two"))
    for found, count in ((one, 4), (two, 2)):
        assert len(found) == 12
        assert len({note["endpoint"] for note in found}) == 1
        assert {note["key"] for note in found} == {f"pytestgw{number}" for number in range(count)}
    assert one[0]["endpoint"] != two[0]["endpoint"]


def test_a_killed_run_leaves_nothing_behind(local_project: Project) -> None:
    local_project.options("dynamodb = local")
    local_project.write("test_app.py", WAITS)
    ready = local_project.folder / "ready.json"
    with local_project.started() as process:
        eventually(lambda: ready.exists() and ready.read_text(encoding="utf-8").endswith("}"))
        folder = Path(json.loads(ready.read_text(encoding="utf-8"))["folder"])
        servers = using(folder)
        assert servers
        os.killpg(process.pid, signal.SIGKILL)
    eventually(lambda: not folder.exists())
    eventually(lambda: not using(folder))


def using(folder: Path) -> list[str]:
    """The processes that have the folder in their command line."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(str(folder).encode() in word for word in words):
            found.append(each.parent.name)
    return found
