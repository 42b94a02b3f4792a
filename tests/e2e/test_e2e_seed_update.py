"""``seed --verify`` and ``seed --update`` at DynamoDB Local, as an independent client sees their effect."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from support import forked
from support.daemon import Daemon
from support.endpoints import Live
from support.proxy import Recorded, RecordingProxy
from support.waiting import PATIENCE

DECLARATION = """\
table_name: things
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
LEASE = 2.0
"""Seconds of the lease of the process that is killed; the next one waits for its end."""
FORMER = [{"pk": "same", "n": 1}, {"pk": "changed", "n": 1}, {"pk": "theirs", "n": 1}, {"pk": "gone", "n": 1}]
PRESENT = [{"pk": "same", "n": 1}, {"pk": "changed", "n": 2}, {"pk": "theirs", "n": 2}, {"pk": "new", "n": 2}]


class Project:
    """One project with a table that was seeded."""

    def __init__(self, endpoint: Live, folder: Path, declaration: str, seed: Any = None) -> None:
        self.endpoint, self.folder = endpoint, folder
        (folder / "desired_state" / "seeds").mkdir(parents=True)
        (folder / "desired_state" / "things.yaml").write_text(declaration)
        if seed is not None:
            self.write(seed)
        assert self.run("--once").returncode == 0

    def write(self, seed: Any) -> None:
        (self.folder / "desired_state" / "seeds" / "things.json").write_text(json.dumps(seed))

    def run(self, *words: str) -> CompletedProcess[str]:
        return forked.run(*words, "--endpoint-url", self.endpoint.url, folder=self.folder, timeout=PATIENCE)

    def items(self) -> dict[str, Any]:
        found = self.endpoint.client.scan(TableName="things", ConsistentRead=True)["Items"]
        return {item["pk"]["S"]: item.get("n", {}).get("N") for item in found}


@pytest.mark.dynamodb_local
def test_a_changed_seed_is_named_by_verify_and_applied_by_update(local: Live, tmp_path: Path) -> None:
    project = Project(local, tmp_path, DECLARATION, FORMER)
    assert project.run("seed", "--verify").returncode == 0
    project.write(PRESENT)
    local.client.put_item(TableName="things", Item={"pk": {"S": "theirs"}, "n": {"N": "7"}})
    before = project.items()
    verified = project.run("seed", "--verify", "things")
    assert verified.returncode == 2, verified.stderr
    assert "things: 1 item as in seeds/things.json, 1 missing, 2 changed; 1 other item." in verified.stderr
    assert project.items() == before, "verify writes nothing"
    updated = project.run("seed", "--update", "things")
    assert updated.returncode == 0, updated.stderr
    assert project.items() == {"same": "1", "changed": "2", "theirs": "7", "new": "2", "gone": "1"}
    assert "1 updated, 1 kept (changed by others)" in updated.stdout
    again = project.run("seed", "--update", "things")
    assert (again.returncode, project.items()["theirs"]) == (0, "7")


@pytest.mark.dynamodb_local
def test_generated_items_are_written_verified_and_the_same_for_another_process(local: Live, tmp_path: Path) -> None:
    generate = "seed: {generate: {count: 30, fields: {pk: uuid4, n: {provider: random_int}}}}\n"
    project = Project(local, tmp_path, DECLARATION + generate)
    assert len(project.items()) == 30
    verified = project.run("seed", "--verify")
    assert verified.returncode == 0, verified.stderr
    assert "things: 30 items as in things.yaml seed.generate" in verified.stderr


class Killer:
    """Kills the process with -9 when its call number ``number`` of one operation was applied, before it is answered."""

    def __init__(self, operation: str, number: int) -> None:
        self._operation, self._left = operation, number
        self._lock = threading.Lock()
        self.process: forked.Forked | None = None

    def arrived(self, request: Recorded) -> None:
        pass

    def answered(self, request: Recorded) -> None:
        with self._lock:
            self._left -= request.operation == self._operation and request.tables == ("things",)
            if self._left <= 0 and self.process is not None:
                self.process.kill()
                raise ConnectionAbortedError


@pytest.mark.dynamodb_local
@pytest.mark.parametrize(("operation", "number"), [("DeleteItem", 1), ("DeleteItem", 140), ("PutItem", 60)])
def test_an_update_that_is_killed_loses_nothing_and_the_next_one_ends_it(
    local: Live, tmp_path: Path, operation: str, number: int
) -> None:
    keys = [f"{each:03}" for each in range(150)]
    project = Project(local, tmp_path, DECLARATION, [{"pk": key, "n": 1} for key in keys])
    local.client.put_item(TableName="things", Item={"pk": {"S": "007"}, "n": {"N": "7"}})
    project.write([{"pk": key, "n": 2} for key in keys])
    killer = Killer(operation, number)
    with RecordingProxy(local.url) as proxy:
        proxy.fault = killer
        words = ("seed", "--update", "--endpoint-url", proxy.url)
        killer.process = forked.start(*words, folder=tmp_path, lease=LEASE)
        assert killer.process.wait(PATIENCE) == -signal.SIGKILL
        proxy.wait_until_still()
    found = project.items()
    assert set(found.values()) <= {"1", "2", "7"}
    assert found["007"] == "7"
    again = forked.start("seed", "--update", "--endpoint-url", local.url, folder=tmp_path, lease=LEASE)
    _, said = again.communicate(PATIENCE)
    assert again.returncode == 0, said
    assert project.items() == {key: "7" if key == "007" else "2" for key in keys}


def test_up_names_a_changed_seed_and_what_applies_it(endpoint: Live, tmp_path: Path) -> None:
    project = Project(endpoint, tmp_path, DECLARATION, FORMER[:2])
    assert "the seed changed" not in project.run("up", "--yes").stderr
    project.write([*PRESENT[:2], PRESENT[3]])
    before = project.items()
    sentence = (
        "things: the seed changed since it was written: 1 item added, 1 changed;"
        " `reconciler seed --update things` applies it"
    )
    in_sync = project.run("up", "--yes")
    assert (in_sync.returncode, sentence in in_sync.stderr) == (0, True), in_sync.stderr
    (tmp_path / "desired_state" / "more.yaml").write_text(DECLARATION.replace("things", "more"))
    created = project.run("up", "--yes")
    assert (created.returncode, created.stderr.count(sentence)) == (0, 1), created.stderr
    assert project.items() == before
    updated = project.run("seed", "--update")
    assert updated.stdout.splitlines()[-1] == "Done: 1 table: 1 item written, 1 present, 1 updated."
    assert "the seed changed" not in project.run("up", "--yes").stderr


def test_once_names_a_changed_seed_and_the_daemon_logs_it_once(endpoint: Live, tmp_path: Path) -> None:
    project = Project(endpoint, tmp_path, DECLARATION, FORMER[:2])
    project.write(PRESENT[:2])
    sentence = "things: the seed changed since it was written: 0 items added, 1 changed; `reconciler seed --update"
    once = project.run("--once")
    assert (once.returncode, once.stderr.count(sentence)) == (0, 1), once.stderr
    with Daemon(tmp_path, endpoint.url, INTERVAL="1s") as daemon:
        log = tmp_path / "daemon.log"
        daemon.until(lambda: sentence in log.read_text(), "the seed is named")
        passes: set[str] = set()

        def three() -> bool:
            passes.add(json.loads(daemon.get("/api/v1/migrations/status"))["data"]["last_pass"])
            return len(passes) == 3

        daemon.until(three, "three passes")
        assert log.read_text().count("the seed changed since") == 1
    assert project.items() == {"same": "1", "changed": "1"}
