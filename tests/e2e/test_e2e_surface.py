"""What people and programs read: the stack of a report, and why there was nothing to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.endpoints import Live
from support.tool import Run, Tool

TABLE = (
    "table_name: {name}\nkey_schema: [{{AttributeName: {key}, KeyType: HASH}}]\n"
    "attribute_definitions: [{{AttributeName: {key}, AttributeType: S}}]\n"
)


class Project(Tool):
    """A folder whose stack is called ``shop`` unless it is said otherwise."""

    def run(self, *words: str, **variables: str) -> Run:
        return super().run(*words, **{"RECONCILER_STACK": "shop", **variables})


def project(live: Live, folder: Path, *tables: str, key: str = "pk") -> Project:
    made = Project(live.url, folder)
    for name in tables:
        made.write(f"{name}.yaml", TABLE.format(name=name, key=key))
        made.write(f"seeds/{name}.json", json.dumps([{key: "a"}, {key: "b"}]))
    return made


def make(live: Live, *names: str) -> None:
    for name in names:
        live.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def test_every_report_names_its_stack(moto: Live, tmp_path: Path) -> None:
    tool = project(moto, tmp_path, "users")
    for words in ("preview", "--once", "seed", "clear", "up -y", "status", "destroy -y"):
        done = tool.run(*words.split(), "-o", "json")
        assert json.loads(done.stdout)["stack"] == "shop", (words, done.stdout)
    for words in ("--once", "seed", "clear"):
        done = tool.run(*words.split(), "-o", "junit")
        assert "Stack default" not in done.stdout, (words, done.stdout)
        done = tool.run(*words.split())
        assert "Stack default" not in done.stdout, (words, done.stdout)
    tool.write("users.yaml", "table_name: [\n")
    early = tool.run("--once", "-o", "json")
    assert (early.exit_code, json.loads(early.stdout)["stack"]) == (1, "shop"), early.stderr
    unsettled = tool.run("preview", "-o", "json", RECONCILER_INTERVAL="nonsense")
    assert (unsettled.exit_code, json.loads(unsettled.stdout)["stack"]) == (1, None), unsettled.stderr


def test_import_reports_why_there_was_nothing_to_import(moto: Live, tmp_path: Path) -> None:
    mine = Project(moto.url, tmp_path / "mine")
    mine.folder.mkdir()
    empty = mine.run("import", "--all")
    assert (empty.exit_code, empty.stdout) == (0, f"there is no table to import at {moto.url}; nothing was written\n")
    theirs = project(moto, tmp_path / "theirs", "orders", "users")
    assert theirs.run("--once", RECONCILER_STACK="billing").exit_code == 0
    others = mine.run("import", "--all")
    assert (others.exit_code, "declared already" in others.stdout) == (0, False), others.stdout
    for name in ("orders", "users"):
        assert re.search(rf"skipped: .*{name} .* stack billing, environment default; ", others.stdout), others.stdout
    assert others.stdout.endswith("\nnothing was written\n")
    document = json.loads(mine.run("import", "--all", "-o", "json").stdout)
    assert [each["table"] for each in document["passed_over"]] == ["orders", "users"]
    elsewhere = mine.run("import", "--all", "--environment", "prod")
    assert (elsewhere.exit_code, "declared already" in elsewhere.stdout) == (0, False), elsewhere.stdout
    declared = theirs.run("import", "--all", RECONCILER_STACK="billing")
    assert declared.stdout == "every table is declared already; nothing was written\n"


@pytest.mark.parametrize("words", ["import orders", "seed orders", "clear orders"])
def test_a_verb_on_a_table_of_another_stack_names_the_command_once(moto: Live, tmp_path: Path, words: str) -> None:
    theirs = project(moto, tmp_path / "theirs", "orders")
    assert theirs.run("--once", RECONCILER_STACK="billing").exit_code == 0
    mine = project(moto, tmp_path / "mine", *([] if words.startswith("import") else ["orders"]))
    mine.folder.mkdir(exist_ok=True)
    done = mine.run(*words.split(), *(["-y"] if words.startswith("clear") else []))
    messages = done.stdout + "\n".join(line for line in done.stderr.splitlines() if not line.startswith("{"))
    assert done.exit_code == 1, messages
    assert "command below" not in messages
    assert messages.count("`RECONCILER_STACK=billing reconciler release orders`") == 1, messages
