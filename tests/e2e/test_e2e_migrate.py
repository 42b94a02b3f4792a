"""The command migrate at real endpoints: every verb, what it prints, and what an independent client reads back."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.bundled_daemon import ready, running, seeds, until
from support.endpoints import Live
from support.endpoints import client as endpoint_client
from support.tool import Run, Tool
from support.waiting import PATIENCE, eventually

USERS = """\
table_name: users
key_schema: [{AttributeName: id, KeyType: HASH}]
attribute_definitions: [{AttributeName: id, AttributeType: S}]
"""
ADD_STATUS = """\
table = "users"
where = "attribute_not_exists(#s)"
names = {"#s": "status"}


def up(item):
    return {"status": "adult" if item["age"] >= 18 else "minor"}


def down(item):
    return {"status": None}
"""
UNFINISHED = {
    "markdown": ("## DynamoDB: migration unfinished (default)", "| users | migration unfinished |"),
    "junit": ('failures="1"', '<failure message="migration unfinished">'),
    "sarif": ('"ruleId": "migration-unfinished"', "users: 0001_ratio is begun on users and not finished"),
    "github": ("::warning file=", "users: 0001_ratio is begun on users and not finished"),
}
"""What each format of a report says while a migration is not finished."""


class Project:
    """A project with the table ``users`` of some items, at one endpoint."""

    def __init__(self, endpoint: Live, folder: Path, items: int = 5) -> None:
        self.tool = Tool(endpoint.url, folder)
        self.client = endpoint.client
        self.tool.write("users.yaml", USERS)
        assert self.tool.once().exit_code == 0
        for number in range(items):
            item = {"id": {"S": f"u{number}"}, "age": {"N": str(number * 9)}}
            self.client.put_item(TableName="users", Item=item)

    def write(self, name: str, text: str = ADD_STATUS) -> None:
        path = self.tool.folder / "migrations" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def migrate(self, *words: str) -> Run:
        return self.tool.run("migrate", *words)

    def items(self) -> dict[str, dict[str, Any]]:
        found = self.client.scan(TableName="users", ConsistentRead=True)["Items"]
        return {item["id"]["S"]: {name: value for name, value in item.items() if name != "id"} for item in found}


@pytest.fixture
def project(endpoint: Live, tmp_path: Path) -> Project:
    return Project(endpoint, tmp_path)


def test_up_status_down_and_what_they_print(project: Project) -> None:
    before = project.items()
    project.write("0001_add_status.py")
    pending = project.migrate("status")
    assert (pending.exit_code, pending.stdout) == (2, "0001_add_status: pending\n")
    up = project.migrate("up")
    assert (up.exit_code, up.stdout) == (0, "0001_add_status: applied to users (5 changed)\n"), up.stderr
    kinds = [item["status"]["S"] for _, item in sorted(project.items().items())]
    assert kinds == ["minor", "minor", "adult", "adult", "adult"]
    status = project.migrate("status")
    assert status.exit_code == 0
    assert status.stdout.startswith("0001_add_status: applied to users, 20")
    assert project.migrate("up").stdout == "Nothing to do: every migration is applied.\n"
    assert project.migrate("verify").stdout == "0001_add_status: 5 items of users read, 0 left to change\n"
    asked = project.migrate("down")
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert "Add --yes" in asked.stderr
    down = project.migrate("down", "--yes")
    assert (down.exit_code, down.stdout) == (0, "0001_add_status: undone on users (5 changed)\n"), down.stderr
    assert project.items() == before


def test_a_dry_run_shows_counts_examples_and_an_estimate_and_writes_nothing(project: Project) -> None:
    before = project.items()
    project.write("0001_add_status.py")
    shown = project.migrate("up", "--dry-run")
    assert shown.exit_code == 2, shown.stderr
    first, second, *examples = shown.stdout.splitlines()
    assert first == "0001_add_status: about 5 of 5 items of users change (5 sampled: 5 changed)"
    assert second.startswith("  about ")
    assert "write units" in second
    assert "  id 'u1': status (none) → 'minor'" in examples
    assert project.items() == before
    assert project.migrate("status").exit_code == 2
    limited = project.migrate("up", "--dry-run", "--max-wcu", "1", "-o", "json")
    (entry,) = json.loads(limited.stdout)["migrations"]
    assert (entry["changes"], entry["write_units"], entry["seconds"]) == (5, 5.0, 5.0)
    assert entry["examples"][0]["before"] == {"status": None}


def test_a_changed_applied_file_is_an_error_that_names_file_and_remedy(project: Project) -> None:
    project.write("0001_add_status.py")
    project.migrate("up")
    project.write("0001_add_status.py", ADD_STATUS + "\n")
    project.write("0002_more.py", "table = 'users'\ndef up(item):\n    return {'more': 1}\n")
    refused = project.migrate("up")
    assert refused.exit_code == 1
    assert "migrations/0001_add_status.py: was changed after it was applied to users" in refused.stderr
    assert "Restore the file" in refused.stderr
    assert all("more" not in item for item in project.items().values())


def test_an_item_that_fails_is_named_with_the_line_and_the_run_can_go_on(project: Project) -> None:
    project.write("0001_ratio.py", "table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // item['age']}\n")
    dry = project.migrate("up", "--dry-run")
    assert dry.exit_code == 1
    (error,) = (line for line in dry.stdout.splitlines() if "error" in line)
    assert error.startswith("  error: migrations/0001_ratio.py:5: up(): item ")
    assert error.endswith("Correct it, then run the command again."), "nothing was begun that could continue"
    failed = project.migrate("up")
    assert failed.exit_code == 1
    assert "0001_ratio: not finished on users" in failed.stdout
    assert (
        'migrations/0001_ratio.py:5: up(): item {"id":{"S":"u0"}} of users: up() raised DivisionByZero' in failed.stdout
    )
    fixed = "table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // (item['age'] or 1)}\n"
    project.write("0001_ratio.py", fixed)
    assert project.migrate("up").exit_code == 0
    assert project.items()["u0"]["r"] == {"N": "90"}


def test_an_unfinished_migration_shows_in_status_and_preview_until_it_is_continued(project: Project) -> None:
    project.write("0001_ratio.py", "table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // item['age']}\n")
    assert project.migrate("up").exit_code == 1
    said = "0001_ratio is begun on users and not finished: `reconciler migrate up` continues it."
    last = "Migration unfinished on 1 table; 1 table as declared."
    for command, code in (("status", 0), ("preview", 0), ("run --once", 0), ("up --yes", 0)):
        ended = project.tool.run(*command.split())
        assert (ended.exit_code, ended.stdout.splitlines()[-1]) == (code, last), command
        assert ended.stdout.count(said) == 1, command
        assert said not in ended.stderr, command
        assert "in sync" not in ended.stdout.lower(), command
    document = json.loads(project.tool.run("status", "-o", "json").stdout)
    assert (document["tables"][0]["migrations"], document["summary"]["migrating"]) == ([said], 1)
    assert project.tool.preview_expecting_no_changes().exit_code == 2
    assert project.tool.run("preview", "users", "--expect-no-changes").exit_code == 2
    for form, words in UNFINISHED.items():
        text = project.tool.run("preview", "--expect-no-changes", "-o", form).stdout
        assert all(each in text for each in words), (form, text)
    fixed = "table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // (item['age'] or 1)}\n"
    project.write("0001_ratio.py", fixed)
    assert project.migrate("up").exit_code == 0
    assert project.tool.preview_expecting_no_changes().exit_code == 0
    assert "0001_ratio is begun" not in project.tool.run("status").stdout
    assert project.tool.once().stdout.splitlines()[-1] == "In sync: 1 table as declared."


def test_what_is_said_of_a_migration_that_was_begun_works_when_its_file_has_gone_or_changed(project: Project) -> None:
    faulty = "table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // item['age']}\n"
    project.write("0001_ratio.py", faulty)
    assert project.migrate("up").exit_code == 1
    file = project.tool.folder / "migrations" / "0001_ratio.py"
    file.unlink()
    gone = "and its file is gone: restore it, then `reconciler migrate up`"
    status, up, preview = project.migrate("status"), project.migrate("up"), project.tool.run("preview")
    assert (status.exit_code, up.exit_code) == (1, 1)
    assert f"0001_ratio: started, not finished, {gone} resumes it" in status.stdout.splitlines()
    assert f"0001_ratio is begun on users and not finished, {gone} continues it." in preview.stdout
    for each in (status.stdout, up.stderr):
        assert "migrations/0001_ratio.py: is gone, but it was begun on users" in each
        assert "applied" not in each
    file.write_text(faulty)
    assert project.migrate("status").stdout.splitlines() == [
        "0001_ratio: started, not finished; `reconciler migrate up` resumes it"
    ]
    file.write_text("table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // (item['age'] or 1)}\n")
    changed = "and its file has changed since: `reconciler migrate up` starts again at the first item"
    assert project.migrate("status").stdout.splitlines() == [f"0001_ratio: started, not finished, {changed}"]
    assert f"0001_ratio is begun on users and not finished, {changed}." in project.tool.run("preview").stdout
    ended = project.migrate("up")
    assert ended.exit_code == 0
    assert "from the first item again, because its file has changed since it was begun" in ended.stdout
    assert project.migrate("status").exit_code == 0


def test_a_migration_that_another_process_runs_is_not_advised_to_be_continued(project: Project) -> None:
    sleeping = ADD_STATUS.replace("    return", "    time.sleep(3)\n    return", 1)
    project.write("0001_slow.py", f"import time\n{sleeping}")
    words = ("migrate", "up", "--endpoint-url", project.tool.url, "--workers", "1")
    started = forked.start(*words, folder=project.tool.folder)
    said = f"0001_slow is being applied on users by {socket.gethostname()}:{started.pid}."
    seen: list[str] = []

    def shown() -> bool:
        seen[:] = [line.strip() for line in project.tool.run("status").stdout.splitlines()]
        return any(line.startswith("0001_slow is") for line in seen)

    eventually(shown, lambda: str(seen), PATIENCE)
    assert said in seen
    assert "In sync" not in "\n".join(seen)
    assert "`reconciler migrate up`" not in "\n".join(seen)
    os.kill(started.pid, signal.SIGINT)
    started.communicate(PATIENCE)
    after = project.tool.run("status").stdout
    assert "0001_slow is begun on users and not finished: `reconciler migrate up` continues it." in after


def test_migrations_that_were_never_begun_show_in_status_and_are_no_drift(project: Project) -> None:
    project.write("0001_a.py")
    project.write("0002_b.py", ADD_STATUS.replace("status", "group"))
    project.write("_shared.py", "")
    said = "2 migrations of items are not applied: 0001_a, 0002_b. `reconciler migrate up` runs them."
    status = project.tool.run("status")
    assert status.exit_code == 0
    assert said in status.stdout.splitlines()
    assert status.stdout.endswith("In sync: 1 table as declared.\n")
    document = json.loads(project.tool.run("status", "-o", "json").stdout)
    assert (document["verdict"], document["pending_migrations"]) == ("in_sync", ["0001_a", "0002_b"])
    assert project.tool.preview_expecting_no_changes().exit_code == 0
    assert project.migrate("up", "--to", "1").exit_code == 0
    assert "1 migration of items is not applied: 0002_b." in project.tool.run("status").stdout
    assert project.migrate("up").exit_code == 0
    assert "not applied" not in project.tool.run("status").stdout
    project.client.delete_table(TableName="users")
    project.client.get_waiter("table_not_exists").wait(TableName="users", WaiterConfig={"Delay": 1})
    assert project.tool.once().exit_code == 0
    assert said in project.tool.run("status").stdout.splitlines(), "the items of the new table are not migrated"


def test_a_migration_that_was_begun_on_a_table_before_it_was_created_again_is_not_unfinished(project: Project) -> None:
    project.write("0001_ratio.py", "table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // item['age']}\n")
    assert project.migrate("up").exit_code == 1
    project.client.delete_table(TableName="users")
    project.client.get_waiter("table_not_exists").wait(TableName="users", WaiterConfig={"Delay": 1})
    assert "0001_ratio" not in project.tool.run("preview").stderr
    assert project.tool.once().exit_code == 0
    assert "0001_ratio is begun" not in project.tool.run("status").stdout
    assert project.tool.preview_expecting_no_changes().exit_code == 0


def test_seed_clear_and_migrate_are_runs_of_their_own_name(project: Project) -> None:
    project.tool.write("seeds/users.json", '[{"id": "s1", "age": 3}]')
    assert project.tool.run("seed").exit_code == 0
    assert project.tool.run("seed").exit_code == 0
    assert project.tool.run("clear", "--yes").exit_code == 0
    project.write("0001_ratio.py", "table = 'users'\n\n\ndef up(item):\n    return {'r': 90 // item['age']}\n")
    assert project.migrate("up").exit_code == 1
    project.write("0001_ratio.py", "table = 'users'\n\n\ndef up(item):\n    return {'r': 1}\n")
    assert project.migrate("up").exit_code == 0
    told = project.tool.run("status").stdout
    assert "migrate  changed  Migrated items: 0001_ratio (users)" in told
    assert "migrate  error  Migration of items not finished: 0001_ratio (users)" in told
    runs = json.loads(project.tool.run("status", "-o", "json").stdout)["runs"]
    assert [(run["trigger"], run["verdict"], run["wrote"]) for run in runs] == [
        ("migrate", "in_sync", True),
        ("migrate", "error", True),
        ("clear", "in_sync", True),
        ("seed", "in_sync", True),
        ("once", "in_sync", True),
    ], "a command that found nothing to do leaves no entry"
    assert runs[1]["error"] == "0001_ratio is not finished on users: 1 item failed"
    assert (runs[2]["summary"]["clear"], runs[3]["summary"]["seed"]) == (1, 1)
    assert project.migrate("up").stdout == "Nothing to do: every migration is applied.\n"


def test_a_migration_that_is_refused_or_raises_leaves_a_failed_run(project: Project) -> None:
    project.write("0001_add_status.py")
    assert project.migrate("up").exit_code == 0
    project.write("0002_more.py", "table = 'orders'\ndef up(item):\n    return {'more': 1}\n")
    project.tool.write("orders.yaml", USERS.replace("users", "orders"))
    refused = project.migrate("up")
    assert refused.exit_code == 1
    assert "0002_more: table orders does not exist. Run `reconciler up` first." in refused.stderr
    project.client.delete_table(TableName="users")
    project.client.get_waiter("table_not_exists").wait(TableName="users", WaiterConfig={"Delay": 1})
    assert project.migrate("up", "--to", "1").exit_code == 1
    runs = json.loads(project.tool.run("status", "-o", "json").stdout)["runs"]
    assert [(run["trigger"], run["verdict"], run.get("error")) for run in runs] == [
        ("migrate", "error", f"{name} is not finished on {table}: table {table} does not exist. {remedy}")
        for name, table, remedy in (
            ("0001_add_status", "users", "Run `reconciler up` first."),
            ("0002_more", "orders", "Run `reconciler up` first."),
        )
    ] + [("migrate", "in_sync", None), ("once", "in_sync", None)]
    shown = project.tool.run("status").stdout
    assert "0002_more is not finished on orders: table orders does not exist." in shown


def test_new_writes_a_file_that_runs(project: Project) -> None:
    written = project.migrate("new", "add_status")
    assert (written.exit_code, written.stdout) == (
        0,
        "Wrote migrations/0001_add_status.py. Fill in up(item), then run `reconciler migrate up --dry-run`.\n",
    ), written.stderr
    assert project.migrate("up").stdout == "0001_add_status: applied to users (5 done)\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sideways",), "unknown action 'sideways'; expected up, down, status, new, verify"),
        (("new",), "`migrate new` needs a name"),
        (("up", "x"), "`migrate up` takes no name"),
        (("status", "--dry-run"), "`migrate status` has no --dry-run"),
        (("down", "--to", "1"), "--to belongs to `migrate up`"),
        (("up", "--to", "9"), "--to: unknown migration '9'; there are: none"),
    ],
)
def test_a_wrong_line_exits_with_1_and_says_what_is_right(project: Project, words: tuple[str, ...], said: str) -> None:
    ended = project.migrate(*words)
    assert ended.exit_code == 1
    assert said in ended.stderr


def test_where_without_a_placeholder_for_a_reserved_word_is_refused_before_a_write(local: Live, tmp_path: Path) -> None:
    project = Project(local, tmp_path)
    project.write("0001_a.py", "table = 'users'\nwhere = 'status = = :x'\ndef up(item):\n    return {'a': 1}\n")
    refused = project.migrate("up")
    assert refused.exit_code == 1
    assert "FilterExpression" in refused.stdout + refused.stderr
    assert all("a" not in item for item in project.items().values())


def test_a_large_item_and_binary_keys_are_migrated(local: Live, tmp_path: Path) -> None:
    project = Project(local, tmp_path, items=0)
    big = {"id": {"S": "big"}, "age": {"N": "1"}, "blob": {"B": b"x" * 400_000}}
    project.client.put_item(TableName="users", Item=big)
    project.write("0001_add_status.py")
    assert project.migrate("up").exit_code == 0
    assert project.items()["big"]["status"] == {"S": "minor"}
    assert project.items()["big"]["blob"] == big["blob"]
    project.write("0002_more.py", "table = 'users'\ndef up(item):\n    return {'more': 'y' * 20_000}\n")
    assert "makes the item 42" in project.migrate("up").stdout


def test_an_index_is_ready_only_after_its_backfill(project: Project) -> None:
    project.write("0001_add_status.py")
    keys = "[{AttributeName: status, KeyType: HASH}]"
    index = f"{{index_name: by_status, key_schema: {keys}, projection: {{projection_type: ALL}}"
    attributes = USERS.replace("AttributeType: S}]", "AttributeType: S}, {AttributeName: status, AttributeType: S}]")
    project.tool.write("users.yaml", f"{attributes}global_secondary_indexes: [{index}, backfill: 0001_add_status}}]\n")
    once = project.tool.once()
    assert once.exit_code == 2, once.stderr
    preview = project.tool.run("preview")
    assert "index by_status is ACTIVE; its backfill 0001_add_status is pending" in preview.stdout
    assert "reconciler migrate up" in preview.stdout
    assert project.client.scan(TableName="users", IndexName="by_status")["Count"] == 0
    assert project.migrate("up").exit_code == 0
    assert project.tool.preview_expecting_no_changes().exit_code == 0
    assert project.client.scan(TableName="users", IndexName="by_status")["Count"] == 5


def test_the_api_lists_migrations_and_runs_them_only_when_it_is_asked_to(local: Live, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    text = "table = 'users'\n\n\ndef up(item):\n    return {'migrated': True}\n"
    (folder / "0001_mark.py").write_text(text)

    def marked() -> int:
        found = local.client.scan(TableName="users", ConsistentRead=True)["Items"]
        return sum("migrated" in item for item in found)

    with running(tmp_path, local.url, RECONCILER_INTERVAL="1h") as daemon:
        until(lambda: ready(daemon), daemon=daemon)
        (entry,) = daemon.data("migrations/status")["item_migrations"]
        assert (entry["name"], entry["status"]) == ("0001_mark", "pending")
        said = "1 migration of items is not applied: 0001_mark. `reconciler migrate up` runs it."
        assert daemon.data("status")["item_migrations"] == {"pending": ["0001_mark"], "messages": [said]}
        assert "<code>reconciler migrate up</code> runs it." in daemon.get("/")[1]
        assert daemon.post("migrations/run")[1]["success"] is True
        assert marked() == 0
        status, answer = daemon.post("migrations/run", {"items": True})
        assert (status, answer["success"]) == (200, True), answer
        assert answer["message"].endswith("Applied to items: 0001_mark.")
        assert daemon.data("status")["item_migrations"] == {"pending": [], "messages": []}
        assert marked() == seeds("users") > 0
        (entry,) = daemon.data("migrations/status")["item_migrations"]
        assert (entry["status"], entry["table"], entry["counts"]["changed"]) == ("applied", "users", seeds("users"))
        (folder / "0001_mark.py").write_text(text + "\n")
        (entry,) = daemon.data("migrations/status")["item_migrations"]
        assert entry["status"] == "changed"
        status, answer = daemon.post("migrations/run", {"items": True})
        assert (status, answer["success"]) == (200, False)
        assert "was changed after it was applied" in answer["message"]
        (folder / "unnumbered.py").write_text(text)
        _, shown = daemon.get("/api/v1/migrations/status")
        assert "The migrations of items cannot be read: " in json.loads(shown)["message"]


def test_where_may_name_the_key(project: Project) -> None:
    text = (
        "table = 'users'\nwhere = 'id = :one'\nvalues = {':one': 'u1'}\n\n\ndef up(item):\n    return {'one': True}\n"
    )
    project.write("0001_one.py", text)
    up = project.migrate("up")
    assert (up.exit_code, up.stdout) == (0, "0001_one: applied to users (1 changed, 4 skipped)\n"), up.stderr
    assert [key for key, item in project.items().items() if "one" in item] == ["u1"]


class Writers:
    """Threads that put, change, delete and move items of old shape, each with its own keys and its own model."""

    def __init__(self, url: str, count: int) -> None:
        self._stop = threading.Event()
        self.models: list[dict[str, dict[str, Any]]] = [{} for _ in range(count)]
        self.writes = 0
        self._clients = [endpoint_client(url) for _ in range(count)]
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def fill(self, count: int) -> None:
        for number, model in enumerate(self.models):
            for each in range(count):
                self._put(number, f"w{number}-{each}", model, each)

    def expected(self) -> dict[str, dict[str, Any]]:
        return {key: item for model in self.models for key, item in model.items()}

    def _write(self, number: int) -> None:
        model, rng = self.models[number], random.Random(number)
        while not self._stop.is_set():
            key = rng.choice(sorted(model)) if model else f"w{number}-0"
            self.writes += 1
            match rng.randrange(4):
                case 0:
                    self._put(number, f"w{number}-{rng.randrange(1000)}", model, rng.randrange(1, 50))
                case 1 if key in model:
                    self._clients[number].delete_item(TableName="users", Key={"id": {"S": key}})
                    del model[key]
                case 2 if key in model:
                    self._move(number, key, f"m{number}-{self.writes}", model)
                case _ if key in model:
                    self._note(number, key, model, f"note {self.writes}")

    def _put(self, number: int, key: str, model: dict[str, dict[str, Any]], price: int) -> None:
        model[key] = {"id": {"S": key}, "price": {"N": str(price)}}
        self._clients[number].put_item(TableName="users", Item=model[key])

    def _note(self, number: int, key: str, model: dict[str, dict[str, Any]], text: str) -> None:
        model[key] = {**model[key], "note": {"S": text}}
        self._clients[number].update_item(
            TableName="users",
            Key={"id": {"S": key}},
            UpdateExpression="SET note = :note",
            ConditionExpression="attribute_exists(id)",
            ExpressionAttributeValues={":note": {"S": text}},
        )

    def _move(self, number: int, key: str, to: str, model: dict[str, dict[str, Any]]) -> None:
        """One transaction: the item goes, another one with its price comes in old shape."""
        item = {"id": {"S": to}, "price": model[key]["price"]}
        self._clients[number].transact_write_items(
            TransactItems=[
                {"Delete": {"TableName": "users", "Key": {"id": {"S": key}}}},
                {"Put": {"TableName": "users", "Item": item}},
            ]
        )
        del model[key]
        model[to] = item


CENTS = """\
table = "users"


def up(item):
    return {"price": item["price"] * 100, "unit": "cent"}


def done(item):
    return item.get("unit") == "cent"
"""


def test_with_live_writers_nothing_is_lost_resurrected_or_changed_twice(local: Live, tmp_path: Path) -> None:
    project = Project(local, tmp_path, items=0)
    writers = Writers(local.url, 3)
    writers.fill(150)
    project.write("0001_cents.py", CENTS)
    with writers:
        up = project.migrate("up", "--workers", "3")
    assert up.exit_code == 0, up.stdout + up.stderr
    assert writers.writes > 0
    found, expected = project.items(), writers.expected()
    assert found.keys() == expected.keys()
    for key, wanted in expected.items():
        item = found[key]
        price = int(wanted["price"]["N"])
        price_now = str(price * 100 if "unit" in item else price)
        right = {"price": {"N": price_now}, **({"unit": {"S": "cent"}} if "unit" in item else {})}
        note = {"note": wanted["note"]} if "note" in wanted else {}
        assert item == {**right, **note}, (key, wanted)
    assert project.migrate("verify").exit_code in (0, 2)


def test_a_signal_stops_it_between_two_items_and_the_next_run_goes_on(local: Live, tmp_path: Path) -> None:
    project = Project(local, tmp_path, items=30)
    project.write("0001_add_status.py")
    slow = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "migrate", "up", "--max-wcu", "2"],
        cwd=tmp_path,
        env={**os.environ, "AWS_ENDPOINT_URL_DYNAMODB": local.url, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: sum("status" in item for item in project.items().values()) >= 3)
    slow.send_signal(signal.SIGINT)
    out, err = slow.communicate(timeout=PATIENCE)
    assert slow.returncode == 130, (out, err)
    recorded = forked.run("status", "--endpoint-url", local.url, folder=tmp_path, timeout=PATIENCE).stdout
    assert "migrate  interrupted  Migration of items not finished: 0001_add_status (users)" in recorded
    left = sum("status" not in item for item in project.items().values())
    assert left > 10
    again = project.migrate("up")
    assert (again.exit_code, again.stdout) == (
        0,
        f"0001_add_status: applied to users ({left} changed, {30 - left} skipped)\n",
    ), again.stderr


def test_a_condition_that_dynamodb_refuses_is_named_and_begins_nothing(project: Project) -> None:
    project.write("0001_word.py", ADD_STATUS.replace("#s)", "status)"))
    for words in (["migrate", "up"], ["migrate", "up", "--dry-run"]):
        refused = project.tool.run(*words)
        assert refused.exit_code == 1
        assert "migrations/0001_word.py:2: where: is refused: " in refused.stderr
        assert "names = {'#s': 'status'}" in refused.stderr
    assert "0001_word: pending" in project.tool.run("migrate", "status").stdout
    project.write("0001_word.py")
    assert project.tool.run("migrate", "up").exit_code == 0


def test_the_first_files_may_go_once_they_are_applied(project: Project) -> None:
    project.write("0001_status.py")
    project.write("0002_more.py", "table = 'users'\ndef up(item):\n    return {'more': 1}\n")
    project.tool.run("migrate", "up")
    (project.tool.folder / "migrations" / "0001_status.py").unlink()
    status = project.tool.run("migrate", "status")
    assert (status.exit_code, "applied, but its file is gone" in status.stdout) == (0, True)
    (project.tool.folder / "migrations" / "0002_more.py").unlink()
    assert project.tool.run("migrate", "status").exit_code == 0


def test_the_page_does_not_say_in_sync_while_a_migration_is_not_finished(local: Live, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    with running(tmp_path, local.url, RECONCILER_INTERVAL="1h") as daemon:
        until(lambda: ready(daemon) and "In sync: 2 tables as declared" in daemon.get("/")[1], daemon=daemon)
        folder.mkdir()
        (folder / "0001_mark.py").write_text("table = 'users'\n\n\ndef up(item):\n    return {'n': 1 / 0}\n")
        assert daemon.post("migrations/run", {"items": True})[1]["success"] is False

        def told() -> bool:
            page = daemon.get("/")[1]
            return "Migration unfinished; 2 tables as declared" in page and "In sync: 2 tables" not in page

        until(told, daemon=daemon)
        assert "0001_mark is begun on" in daemon.get("/")[1]
        message = json.loads(daemon.get("/api/v1/status")[1])["message"]
        assert message == "Migration unfinished; 2 tables as declared"
        (folder / "0001_mark.py").write_text("table = 'users'\n\n\ndef up(item):\n    return {'n': 1}\n")
        assert daemon.post("migrations/run", {"items": True})[1]["success"] is True
        until(lambda: "In sync: 2 tables as declared" in daemon.get("/")[1], daemon=daemon)
