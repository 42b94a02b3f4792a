"""Seeding and clearing with concurrent writers, by the command line, checked by an independent client."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.endpoints import Live
from support.waiting import PATIENCE

pytestmark = pytest.mark.dynamodb_local
DECLARATION = """\
table_name: things
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
SHAPE: dict[str, Any] = {
    "TableName": "things",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
THREE = [{"pk": "a", "v": 1}, {"pk": "b", "v": 1}, {"pk": "c", "v": 1}]
MANY = [{"pk": f"{number:05}", "v": 1} for number in range(4000)]
MORE = [{"pk": f"{number:05}", "v": 1} for number in range(20_000)]
"""So many that transactions need far more than the two seconds between two looks at the table."""
TERM = 6.0
"""Seconds of the lease in these processes, half a minute otherwise: after a kill the next run waits for its end."""
OTHERS = [{"pk": f"new-{number:03}", "v": 2} for number in range(50)]


class SeedFixture:
    """A folder with one declared table, the command line, and a client of its own."""

    def __init__(self, local: Live, folder: Path) -> None:
        self.local, self.folder, self.client = local, folder, local.client
        (folder / "desired_state" / "seeds").mkdir(parents=True)
        (folder / "desired_state" / "things.yaml").write_text(DECLARATION)

    def seed(self, items: list[dict[str, Any]]) -> None:
        (self.folder / "desired_state" / "seeds" / "things.json").write_text(json.dumps(items))

    def start(self, *words: str) -> forked.Forked:
        return forked.start(*words, "--endpoint-url", self.local.url, folder=self.folder, lease=TERM)

    def run(self, *words: str) -> tuple[int, str]:
        """The exit code, and all that was said."""
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        return process.returncode, out + err

    def keys(self) -> set[str]:
        pages = self.client.get_paginator("scan").paginate(TableName="things", ConsistentRead=True)
        return {item["pk"]["S"] for page in pages for item in page["Items"]}

    def settled_keys(self) -> set[str]:
        """The keys once nothing is added any more: a server completes what a killed process had sent."""
        keys, deadline = self.keys(), time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            time.sleep(1.0)
            before, keys = keys, self.keys()
            if before == keys:
                break
        return keys

    def put(self, key: str, **members: Any) -> None:
        self.client.put_item(TableName="things", Item={"pk": {"S": key}, **members})

    def until_seeded(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if self.client.scan(TableName="things", Select="COUNT", Limit=count)["Count"] >= count:
                    return
            except self.client.exceptions.ResourceNotFoundException:
                pass
            time.sleep(0.05)
        raise AssertionError("nothing was seeded")


@pytest.fixture
def seed_fixture(local: Live, tmp_path: Path) -> SeedFixture:
    return SeedFixture(local, tmp_path)


def test_seed_and_clear_report_what_they_did(seed_fixture: SeedFixture) -> None:
    seed_fixture.seed(THREE)
    assert seed_fixture.run("--once")[0] == 0
    code, messages = seed_fixture.run("seed")
    assert code == 0
    assert "done: 0 written, 3 present, from seeds/things.json" in messages
    seed_fixture.put("a", v={"N": "2"})
    seed_fixture.put("b", v={"N": "1"}, more={"BOOL": True})
    code, messages = seed_fixture.run("clear")
    assert code == 0
    assert "things: 1 removed, 2 kept (changed since)." in messages
    assert "Done: 1 table: 1 item removed, 2 kept." in messages
    assert "seeded," not in messages
    assert seed_fixture.keys() == {"a", "b"}


def test_clear_says_the_same_as_a_document(seed_fixture: SeedFixture) -> None:
    seed_fixture.seed(THREE)
    seed_fixture.run("--once")
    process = seed_fixture.start("clear", "-o", "json")
    report = json.loads(process.communicate(timeout=PATIENCE)[0])
    (step,) = report["tables"][0]["steps"]
    assert (step["action"], step["status"], step["message"]) == ("clear", "done", "3 removed, 0 kept")
    assert report["summary"]["seed"] == 0


def test_an_adopted_table_that_was_never_seeded_keeps_every_item(seed_fixture: SeedFixture) -> None:
    seed_fixture.seed(THREE)
    seed_fixture.client.create_table(**SHAPE)
    for key in "abc":
        seed_fixture.put(key, v={"N": "1"})
    seed_fixture.run("--once")
    code, messages = seed_fixture.run("clear")
    assert (code, seed_fixture.keys()) == (0, {"a", "b", "c"})
    assert "0 removed, 3 kept (not recorded as written by the seed)" in messages


def test_what_seed_found_present_is_kept_by_clear(seed_fixture: SeedFixture) -> None:
    seed_fixture.seed(THREE)
    seed_fixture.client.create_table(**SHAPE)
    seed_fixture.put("b", v={"N": "1"})
    assert "2 written, 1 present" in seed_fixture.run("seed")[1]
    assert "2 removed, 1 kept" in seed_fixture.run("clear")[1]
    assert seed_fixture.keys() == {"b"}


@pytest.mark.parametrize("verb", ["--once", "clear"])
def test_a_table_recreated_during_the_run_is_not_touched(seed_fixture: SeedFixture, verb: str) -> None:
    items = MORE if verb == "--once" else MANY
    seed_fixture.seed(items)
    if verb == "clear":
        assert seed_fixture.run("--once")[0] == 0
    process = seed_fixture.start(verb)
    if verb == "--once":
        seed_fixture.until_seeded(300)
    else:
        deadline = time.monotonic() + PATIENCE
        while len(seed_fixture.keys()) > 3700 and time.monotonic() < deadline:
            time.sleep(0.02)
    seed_fixture.client.delete_table(TableName="things")
    seed_fixture.client.create_table(**SHAPE)
    seed_fixture.put("theirs")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, out + err
    # A check between the two calls finds no table at all.
    assert "things is no longer the same table: " in out + err
    found = seed_fixture.keys()
    assert "theirs" in found
    assert len(found) < len(items) * 3 / 4, "no item is sent two seconds after the table was recreated"
    assert "0 removed" in seed_fixture.run("clear")[1]
    assert seed_fixture.keys() == found


def test_a_killed_seeding_resumes_to_the_seed_and_the_foreign_items(seed_fixture: SeedFixture) -> None:
    seed_fixture.seed(MANY)
    process = seed_fixture.start("--once")
    seed_fixture.until_seeded(300)
    process.kill()
    process.communicate()
    seed_fixture.settled_keys()
    seed_fixture.put("theirs")
    assert seed_fixture.run("--once")[0] == 0
    assert seed_fixture.keys() == {"theirs", *(str(item["pk"]) for item in MANY)}
    code, messages = seed_fixture.run("clear")
    left = seed_fixture.keys()
    assert code == 0
    assert "theirs" in left
    assert len(left) <= 401, "at most four transactions of 100 are not known to be written by the seed"
    assert f"{len(left) - 1} kept" in messages


def test_a_seed_that_changed_after_a_kill_is_not_recorded_as_done(seed_fixture: SeedFixture) -> None:
    seed_fixture.seed(MANY)
    process = seed_fixture.start("--once")
    seed_fixture.until_seeded(120)
    process.kill()
    process.communicate()
    old = seed_fixture.settled_keys()
    seed_fixture.seed(OTHERS)
    code, messages = seed_fixture.run("--once")
    assert code == 2
    assert "of an earlier version of the seed" in messages
    assert seed_fixture.keys() == old | {str(item["pk"]) for item in OTHERS}
    code, messages = seed_fixture.run("--once")
    assert (code, "reconciler seed things" in messages) == (2, True)
