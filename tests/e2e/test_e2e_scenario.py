"""The main job as a user runs it: the command line, class files in a folder, and a DynamoDB Local that is watched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.endpoints import Live
from support.proxy import RecordingProxy
from support.waiting import PATIENCE

pytestmark = pytest.mark.dynamodb_local
STATE = "reconciler_state"
BUNDLED = Path(__file__).parents[2] / "desired_state"


class User:
    """Somebody with a folder of declarations and the command line."""

    def __init__(self, folder: Path, proxy: RecordingProxy, client: Any) -> None:
        self.folder, self.proxy, self.client = folder, proxy, client
        shutil.copytree(BUNDLED, folder / "desired_state", ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def declarations(self) -> Path:
        return self.folder / "desired_state" / "table_configs"

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """One command in that folder, in a process of its own."""
        self.proxy.clear()
        return subprocess.run(
            [sys.executable, "-m", "reconciler", *words, "--endpoint-url", self.proxy.url],
            cwd=self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def writes(self) -> list[str]:
        return [request.operation for request in self.proxy.mutating(ignore_table=STATE)]

    def tables(self) -> set[str]:
        return set(self.client.list_tables()["TableNames"]) - {STATE}

    def count(self, table: str) -> int:
        count: int = self.client.scan(TableName=table, ConsistentRead=True)["Count"]
        return count


@pytest.fixture
def user(local: Live, tmp_path: Path) -> Iterator[User]:
    with RecordingProxy(local.url) as proxy:
        yield User(tmp_path, proxy, local.client)


def seeds(name: str) -> int:
    return len(json.loads((BUNDLED / "seeds" / f"{name}.json").read_text()))


def test_from_an_empty_endpoint_to_converged_through_every_kind_of_drift(user: User) -> None:
    first = user.run("--once")
    assert first.returncode == 0, first.stderr
    assert user.tables() == {"users", "projects_details"}
    assert (user.count("users"), user.count("projects_details")) == (seeds("users"), seeds("projects_details"))
    assert "Done: 2 created" in first.stdout

    second = user.run("--once")
    assert second.returncode == 0
    assert user.writes() == []

    user.client.delete_table(TableName="users")
    assert user.run("preview", "--expect-no-changes").returncode == 2
    assert user.writes() == []
    repaired = user.run("--once")
    assert repaired.returncode == 0
    assert user.count("users") == seeds("users")

    user.client.create_table(
        TableName="strangers",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    projects = user.declarations / "projects_table.py"
    kept = projects.read_text()
    projects.unlink()
    (user.folder / "desired_state" / "seeds" / "projects_details.json").unlink()
    pruned = user.run("--once")
    assert pruned.returncode == 0, pruned.stderr
    assert user.tables() == {"users", "strangers"}
    assert user.writes() == ["DeleteTable"]

    projects.write_text(kept)
    assert user.run("--once").returncode == 0
    shutil.rmtree(user.folder / "desired_state")
    (user.folder / "desired_state").mkdir()
    emptied = user.run("--once")
    assert emptied.returncode == 1
    assert "desired_state" in emptied.stderr
    assert user.writes() == []
    assert user.tables() == {"users", "strangers", "projects_details"}


def test_preview_creates_nothing_not_even_the_state_table(user: User) -> None:
    shown = user.run("preview", "-o", "json")
    document = json.loads(shown.stdout)
    assert shown.returncode == 0
    assert document["summary"]["create"] == document["summary"]["seed"] == 2
    assert document["endpoint"]["flavor"] == "dynamodb-local"
    assert user.proxy.mutating() == []
    assert user.client.list_tables()["TableNames"] == []


def test_an_environment_gives_isolated_names_that_never_touch_each_other(user: User) -> None:
    assert user.run("--once").returncode == 0
    assert user.run("--once", "--environment", "prod").returncode == 0
    assert user.tables() == {"users", "projects_details", "users-prod", "projects_details-prod"}
    (user.declarations / "projects_table.py").unlink()
    (user.folder / "desired_state" / "seeds" / "projects_details.json").unlink()
    assert user.run("--once", "--environment", "prod").returncode == 0
    assert user.tables() == {"users", "projects_details", "users-prod"}


def test_a_changed_key_of_a_table_with_foreign_items_needs_permission(user: User) -> None:
    assert user.run("--once").returncode == 0
    user.client.put_item(TableName="users", Item={"pk": {"S": "precious"}})
    users = user.declarations / "users_table.py"
    users.write_text(users.read_text().replace('"AttributeType": "S"', '"AttributeType": "N"'))
    (user.folder / "desired_state" / "seeds" / "users.json").unlink()
    blocked = user.run("--once", RECONCILER_DATA_LOSS="never")
    assert blocked.returncode == 2
    assert "`reconciler replace users`" in blocked.stdout
    assert user.writes() == []
    refused = user.run("replace", "users", "--yes")
    assert (refused.returncode, "pk" in refused.stderr) == (1, True), "no item has a number as its key"
    assert user.writes() == []
    assert user.count("users") == seeds("users") + 1
    blocked = user.run("--once")
    assert (blocked.returncode, "`reconciler up users`" in blocked.stdout) == (2, True)
    assert user.writes() == []
    assert user.run("up", "--yes").returncode == 2, "nobody named the table whose items would be lost"
    assert user.writes() == []
    assert user.run("up", "users", "--yes").returncode == 0
    assert user.writes() == ["DeleteTable", "CreateTable"]
    definitions = user.client.describe_table(TableName="users")["Table"]["AttributeDefinitions"]
    assert definitions == [{"AttributeName": "pk", "AttributeType": "N"}]


def test_broken_python_writes_nothing_and_names_file_and_line(user: User) -> None:
    (user.declarations / "orders_table.py").write_text("class OrdersTableConfig:\n    TABLE_NAME = \n")
    broken = user.run("--once")
    assert broken.returncode == 1
    assert "table_configs/orders_table.py:2" in broken.stderr
    assert user.proxy.operations == []


def test_seeding_commands_clear_and_reseed(user: User) -> None:
    assert user.run("--once").returncode == 0
    assert user.run("clear", "users").returncode == 0
    assert user.count("users") == 0
    assert user.run("--once").returncode == 0
    assert user.count("users") == 0
    assert user.run("seed", "users").returncode == 0
    assert user.count("users") == seeds("users")


def test_a_suspended_stack_writes_nothing_and_names_resume(user: User) -> None:
    assert user.run("suspend").returncode == 0
    stopped = user.run("--once")
    assert stopped.returncode == 2
    assert "reconciler resume" in stopped.stderr
    assert user.tables() == set()
    assert user.run("resume").returncode == 0
    assert user.run("--once").returncode == 0


def test_destroy_deletes_only_owned_tables_and_up_recreates_them(user: User) -> None:
    assert user.run("--once").returncode == 0
    user.client.create_table(
        TableName="strangers",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert user.run("destroy").returncode == 1, "off a terminal it needs --yes"
    assert user.run("destroy", "--yes").returncode == 0
    assert user.tables() == {"strangers"}
    assert user.run("--once").returncode == 2
    assert user.run("up", "--yes").returncode == 0
    assert user.tables() == {"users", "projects_details", "strangers"}


def test_a_released_table_stays_and_is_not_touched(user: User) -> None:
    assert user.run("--once").returncode == 0
    assert user.run("release", "users").returncode == 0
    user.client.delete_table(TableName="users")
    assert user.run("--once").returncode == 0
    assert user.tables() == {"projects_details"}


def test_an_endpoint_that_is_down_is_one_sentence_after_the_wait(user: User) -> None:
    user.proxy.clear()
    down = subprocess.run(
        [sys.executable, "-m", "reconciler", "--once", "--endpoint-url", "http://127.0.0.1:9", "--wait", "1s"],
        cwd=user.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert down.returncode == 1
    (sentence,) = [line for line in down.stderr.splitlines() if "Nothing answers" in line]
    assert "http://127.0.0.1:9" in sentence


def test_an_access_key_id_that_dynamodb_local_refuses_is_named_before_the_first_call(user: User) -> None:
    refused = user.run("--once", AWS_ACCESS_KEY_ID="my-key", AWS_SECRET_ACCESS_KEY="x")
    assert refused.returncode == 1
    assert "letters and digits" in refused.stderr
    assert user.proxy.operations == []


def test_doctor_and_status_write_nothing(user: User) -> None:
    assert user.run("doctor").returncode == 0
    assert user.proxy.mutating() == []
    assert user.run("--once").returncode == 0
    doctor = user.run("doctor", "-o", "json")
    assert doctor.returncode == 0
    reported = json.loads(doctor.stdout)
    shown = {setting["name"]: (setting["value"], setting["origin"]) for setting in reported["settings"]}
    assert shown["max_deletes"] == ("no cap", "default for dynamodb-local")
    names = {finding["name"] for finding in reported["findings"]}
    assert {"declarations", "endpoint", "clock", "state table", "ListTables", "ttl", "tags"} <= names
    client = next(finding for finding in reported["findings"] if finding["name"] == "client")
    assert client["detail"].startswith(("the lean client: ", "boto3: "))
    status = user.run("status", "--all")
    assert status.returncode == 0
    assert "users: in_sync" in status.stdout
    assert user.proxy.mutating() == []
