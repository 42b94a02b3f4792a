"""``clear`` while somebody adds an attribute to an item and the connection fails: no addition is lost silently."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.endpoints import Live
from support.proxy import Recorded, RecordingProxy

pytestmark = pytest.mark.dynamodb_local
DECLARATION = """\
table_name: things
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
KEY = {"pk": {"S": "b"}}
WHOLE = {"pk": {"S": "b"}, "v": {"N": "1"}, "precious": {"S": "user data"}}
Refusal = tuple[int, str] | None


class Race:
    """The tool at a proxy; just before its delete of item ``b`` arrives, somebody adds ``precious`` to that item."""

    def __init__(self, local: Live, folder: Path, proxy: RecordingProxy) -> None:
        self.client, self.folder, self.proxy = local.client, folder, proxy
        (folder / "desired_state" / "seeds").mkdir(parents=True)
        (folder / "desired_state" / "things.yaml").write_text(DECLARATION)
        seed = [{"pk": key, "v": 1} for key in "abc"]
        (folder / "desired_state" / "seeds" / "things.json").write_text(json.dumps(seed))
        self.deletes = 0
        self.puts = 0
        self.on_delete: Callable[[], Refusal] = lambda: None
        self.on_put: Callable[[], Refusal] = lambda: None
        self.lose_answer = False
        self.process: forked.Forked | None = None
        assert self.run("--once")[0] == 0
        proxy.clear()
        proxy.answer_instead = self._instead
        proxy.fault = self

    def _instead(self, asked: Recorded) -> Refusal:
        if asked.operation == "DeleteItem" and asked.body.get("Key") == KEY:
            self.deletes += 1
            if self.deletes == 1:
                change = {"UpdateExpression": "SET precious=:x", "ExpressionAttributeValues": {":x": WHOLE["precious"]}}
                self.client.update_item(TableName="things", Key=KEY, **change)
                return self.on_delete()
        if asked.operation == "PutItem" and asked.tables == ("things",):
            self.puts += 1
            return self.on_put()
        return None

    def arrived(self, request: Recorded) -> None:
        """Nothing is dropped on its way to the endpoint."""

    def answered(self, request: Recorded) -> None:
        if self.lose_answer and request.operation == "DeleteItem" and request.body.get("Key") == KEY:
            self.lose_answer = False
            raise ConnectionAbortedError

    def applied(self, status: int, code: str) -> Refusal:
        """The delete is carried out, and answered by an error."""
        self.client.delete_item(TableName="things", Key=KEY)
        return status, code

    def start(self, *words: str) -> forked.Forked:
        self.process = forked.start(*words, "--endpoint-url", self.proxy.url, folder=self.folder)
        return self.process

    def run(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=150)
        return process.returncode, out, err

    def item(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.client.get_item(TableName="things", Key=KEY, ConsistentRead=True).get(
            "Item"
        )
        return found

    def keys(self) -> set[str]:
        return {each["pk"]["S"] for each in self.client.scan(TableName="things", ConsistentRead=True)["Items"]}


def logged(err: str) -> Any:
    """The item in the first line of the log that holds one."""
    event = next(event for event in map(_event, err.splitlines()) if '{"pk"' in event)
    return json.JSONDecoder().raw_decode(event[event.index('{"pk"') :])[0]


def _event(line: str) -> str:
    return str(json.loads(line)["event"]) if line.startswith("{") else ""


@pytest.fixture
def race(local: Live, tmp_path: Path) -> Iterator[Race]:
    with RecordingProxy(local.url) as proxy:
        yield Race(local, tmp_path, proxy)


LOST: dict[str, tuple[int, str]] = {
    "a server error": (500, "InternalServerError"),
    "an unavailable service": (503, "ServiceUnavailable"),
    "a throttled request": (400, "ThrottlingException"),
    "an unknown server error": (502, ""),
}


@pytest.mark.parametrize("answer", [None, *LOST])
def test_a_delete_whose_answer_is_lost_is_a_failure_that_names_the_item(race: Race, answer: str | None) -> None:
    if answer is None:
        race.lose_answer = True
    else:
        race.on_delete = lambda: race.applied(*LOST[answer])
    code, out, err = race.run("clear", "-y", "-o", "json")
    assert code == 1, out + err
    (table,) = json.loads(out)["tables"]
    (step,) = table["steps"]
    assert step["status"] == "failed"
    assert "removed" in step["message"]
    assert "is unknown" in step["message"]
    assert "pk 'b'" in step["message"]
    assert "2 removed" in step["message"]
    assert "already gone" not in step["message"]
    assert race.deletes == 1
    assert race.keys() == set()


PUT_BACK_FAILS: dict[str, tuple[int, str]] = {
    "a server error": (500, "InternalServerError"),
    "throttled": (400, "ProvisionedThroughputExceededException"),
    "refused": (400, "ValidationException"),
    "forbidden": (400, "AccessDeniedException"),
}


@pytest.mark.parametrize("answer", PUT_BACK_FAILS)
def test_an_item_that_cannot_be_put_back_is_reported_whole(race: Race, answer: str) -> None:
    race.on_put = lambda: PUT_BACK_FAILS[answer]
    code, out, err = race.run("clear", "-y")
    assert code == 1, out + err
    assert race.item() is None
    assert logged(err) == WHOLE
    messages = "".join(out.split())
    assert '"precious":{"S":"userdata"}' in messages, out


def test_a_key_that_a_rival_took_stays_as_it_is_and_the_removed_item_is_reported_whole(race: Race) -> None:
    rival = {"pk": KEY["pk"], "by": {"S": "a rival"}}

    def taken() -> Refusal:
        race.client.put_item(TableName="things", Item=rival)
        return None

    race.on_put = taken
    code, out, err = race.run("clear", "-y")
    assert code == 1, out + err
    assert race.item() == rival
    assert '"precious":{"S":"userdata"}' in "".join(out.split())


def test_an_attribute_added_in_the_meantime_is_kept(race: Race) -> None:
    code, out, err = race.run("clear", "-y")
    assert code == 0, out + err
    assert "2 removed, 1 kept (changed since)" in out
    assert race.item() == WHOLE
    assert race.deletes == 1


@pytest.mark.parametrize("signals", [1, 2, 4])
def test_signals_between_the_delete_and_the_put_back_do_not_lose_the_item(race: Race, signals: int) -> None:
    def interrupted() -> Refusal:
        assert race.process is not None
        for _ in range(signals):
            os.kill(race.process.pid, signal.SIGINT)
            time.sleep(0.4)
        return None

    race.on_put = interrupted
    code, out, err = race.run("clear", "-y")
    assert code == 130, out + err
    assert race.item() == WHOLE
    assert race.puts == 1


def test_a_process_that_is_killed_before_the_put_back_leaves_the_item_in_its_log(race: Race) -> None:
    def killed() -> Refusal:
        assert race.process is not None
        os.kill(race.process.pid, signal.SIGKILL)
        return 500, "InternalServerError"

    race.on_put = killed
    code, _, err = race.run("clear", "-y")
    assert code == -signal.SIGKILL
    assert logged(err) == WHOLE
