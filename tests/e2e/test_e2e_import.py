"""import on real endpoints: what was made by hand is declared, nothing is touched, and a preview finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from moto.dynamodb.models.table import Table
from support.endpoints import Live
from support.tool import Tool

S, T = [{"AttributeName": "pk", "AttributeType": "S"}], {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
CARTS = """
table_name: carts
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
"""
HASH = [{"AttributeName": "pk", "KeyType": "HASH"}]


def make(endpoint: Live, name: str, **members: Any) -> None:
    plain = {"KeySchema": HASH, "AttributeDefinitions": S, "BillingMode": "PAY_PER_REQUEST"}
    endpoint.client.create_table(**{"TableName": name, **plain, **members})
    endpoint.client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def by_hand(endpoint: Live) -> None:
    """Three tables as people make them."""
    make(endpoint, "users")
    make(
        endpoint,
        "orders.v2",
        BillingMode="PROVISIONED",
        ProvisionedThroughput=T,
        AttributeDefinitions=[*S, {"AttributeName": "mail", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_mail",
                "KeySchema": [{"AttributeName": "mail", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
                "ProvisionedThroughput": T,
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    make(endpoint, "sessions", DeletionProtectionEnabled=True)
    endpoint.client.update_time_to_live(
        TableName="sessions", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    endpoint.client.put_item(TableName="users", Item={"pk": {"S": "mine"}})


def seen(endpoint: Live) -> dict[str, Any]:
    names = [name for name in endpoint.client.list_tables()["TableNames"] if name != "reconciler_state"]
    return {name: endpoint.client.describe_table(TableName=name)["Table"] for name in names}


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "desired_state").rglob("*.*"))


@pytest.mark.parametrize(
    ("form", "files"),
    [
        ("python", ["orders_v2_table.py", "sessions_table.py", "users_table.py"]),
        ("yaml", ["orders_v2.yaml", "sessions.yaml", "users.yaml"]),
    ],
)
def test_existing_tables_are_declared_unchanged_and_then_nothing_is_written(
    endpoint: Live, tmp_path: Path, form: str, files: list[str]
) -> None:
    by_hand(endpoint)
    before, tool = seen(endpoint), Tool(endpoint.url, tmp_path)
    done = tool.run("import", "--all", "--format", form)
    assert (done.exit_code, written(tmp_path)) == (0, files), done.stderr
    quiet = tool.preview_expecting_no_changes()
    assert (quiet.exit_code, quiet.stdout.splitlines()[-1]) == (0, "In sync: 3 tables as declared."), quiet.stdout
    assert tool.once().exit_code == 0
    assert seen(endpoint) == before
    again = tool.run("import", "--all", "--format", form)
    assert (again.exit_code, again.stdout.strip()) == (0, "every table is declared already; nothing was written")


def test_what_was_imported_is_never_deleted_when_its_file_goes(endpoint: Live, tmp_path: Path) -> None:
    by_hand(endpoint)
    tool = Tool(endpoint.url, tmp_path)
    assert tool.run("import", "--all").exit_code == 0
    (tmp_path / "desired_state" / "users_table.py").unlink()
    assert tool.once().exit_code == 0
    assert endpoint.client.scan(TableName="users")["Items"] == [{"pk": {"S": "mine"}}]


def test_named_again_after_an_interrupted_import_the_rest_is_written(moto: Live, tmp_path: Path) -> None:
    for name in ("users", "a.b-c", "a.b_c"):
        make(moto, name)
    tool, folder, names = Tool(moto.url, tmp_path), tmp_path / "desired_state", ("a.b-c", "a.b_c", "users")
    assert tool.run("import", *names).exit_code == 0
    whole = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    (folder / "users_table.py").unlink()
    (folder / "a_b_c_2_table.py").unlink()
    again = tool.run("import", *names)
    assert again.exit_code == 0, again.stderr
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == whole


def test_a_released_table_is_managed_again_once_it_is_imported(endpoint: Live, tmp_path: Path) -> None:
    by_hand(endpoint)
    tool = Tool(endpoint.url, tmp_path)
    assert tool.run("import", "users").exit_code == 0
    assert tool.run("release", "users").exit_code == 0
    declared = tmp_path / "desired_state" / "users_table.py"
    declared.unlink()
    assert tool.run("import", "users", "--format", "yaml").exit_code == 0
    file = tmp_path / "desired_state" / "users.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "deletion_protection: true\n", encoding="utf-8")
    assert tool.once().exit_code == 0
    assert seen(endpoint)["users"]["DeletionProtectionEnabled"] is True


def test_a_table_of_another_stack_is_not_touched(endpoint: Live, tmp_path: Path) -> None:
    by_hand(endpoint)
    theirs = Tool(endpoint.url, tmp_path / "theirs")
    theirs.write("carts.yaml", CARTS)
    assert theirs.run("--once", RECONCILER_STACK="shop").exit_code == 0
    ours = Tool(endpoint.url, tmp_path)
    refused = ours.run("import", "carts")
    assert (refused.exit_code, "stack shop" in refused.stderr) == (1, True), refused.stderr
    assert ours.run("import", "--all").exit_code == 0
    assert written(tmp_path) == ["orders_v2_table.py", "sessions_table.py", "users_table.py"]


def test_with_an_environment_the_base_name_is_declared(endpoint: Live, tmp_path: Path) -> None:
    make(endpoint, "users-prod")
    tool = Tool(endpoint.url, tmp_path)
    refused = tool.run("import", "users-prod", "--environment", "test")
    assert (refused.exit_code, "is not a table of environment 'test'" in refused.stderr) == (1, True)
    done = tool.run("import", "users-prod", "--environment", "prod")
    assert (done.exit_code, written(tmp_path)) == (0, ["users_table.py"])
    quiet = tool.run("preview", "--expect-no-changes", "--environment", "prod")
    assert quiet.exit_code == 0, quiet.stdout


def test_a_table_that_is_changing_is_reported_and_the_rest_is_imported(
    moto: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 while one is CREATING, which another import can have; what is DELETING is no more than said."""
    describe, statuses = Table.describe, {"users": "CREATING", "sessions": "DELETING"}

    def described(table: Table, base_key: str = "TableDescription") -> dict[str, Any]:
        answer: dict[str, Any] = describe(table, base_key)
        answer[base_key]["TableStatus"] = statuses.get(table.name, "ACTIVE")
        return answer

    by_hand(moto)
    monkeypatch.setattr(Table, "describe", described)
    tool = Tool(moto.url, tmp_path)
    done = tool.run("import", "--all")
    assert (done.exit_code, written(tmp_path)) == (2, ["orders_v2_table.py"]), done.stderr
    assert "skipped: users is CREATING; import it when it is ACTIVE\n" in done.stdout
    assert "skipped: sessions is DELETING: there will be nothing to import\n" in done.stdout
    del statuses["users"]
    again = tool.run("import", "--all")
    assert (again.exit_code, written(tmp_path)) == (0, ["orders_v2_table.py", "users_table.py"]), again.stderr


def test_with_an_environment_all_are_the_tables_of_it(moto: Live, tmp_path: Path) -> None:
    for name in ("users-prod", "users-test", "orders"):
        make(moto, name)
    done = Tool(moto.url, tmp_path).run("import", "--all", "--environment", "prod")
    assert (done.exit_code, written(tmp_path)) == (0, ["users_table.py"]), done.stderr
    assert "skipped: orders is not a table of environment 'prod'" in done.stdout


def test_where_writing_is_refused_nothing_is_on_disk(moto: Live, tmp_path: Path) -> None:
    by_hand(moto)
    tool = Tool(moto.url, tmp_path)
    not_here = tool.run("import", "--all", RECONCILER_ALLOWED_ACCOUNTS="444455556666")
    assert (not_here.exit_code, "is not in RECONCILER_ALLOWED_ACCOUNTS" in not_here.stderr) == (1, True), (
        not_here.stderr
    )
    assert not (tmp_path / "desired_state").exists()
    assert "reconciler_state" not in moto.client.list_tables()["TableNames"]
    assert tool.run("import", "carts-of-nobody").exit_code == 1
    assert "reconciler_state" not in moto.client.list_tables()["TableNames"]


REFUSED = {
    "no table is named": ((), "Name the tables, or give --all for every undeclared table."),
    "a name and --all": (("users", "--all"), "Name the tables"),
    "no such table": (("users", "nope"), "there is no table nope at"),
    "declared otherwise": (("carts",), "carts is declared already, in carts.yaml:2"),
    "the state table": (("reconciler_state",), "reconciler_state is a state table and must not be declared"),
    "an unknown form": (("users", "--format", "xml"), "'xml' is not one of"),
    "the bundled set": (("users", "--desired-state", "bundled"), "cannot write to the bundled declarations"),
}


def test_tables_that_cannot_be_imported_are_reported_and_nothing_is_written(moto: Live, tmp_path: Path) -> None:
    by_hand(moto)
    tool = Tool(moto.url, tmp_path)
    assert tool.run("import", "sessions", "--format", "yaml").exit_code == 0
    again = tool.run("import", "sessions")
    assert (again.exit_code, again.stdout.strip()) == (0, "every table is declared already; nothing was written")
    make(moto, "carts", DeletionProtectionEnabled=True)
    tool.write("carts.yaml", CARTS + "deletion_protection: false\n")
    for case, (words, sentence) in REFUSED.items():
        done = tool.run("import", *words)
        assert (done.exit_code, sentence in done.stderr) == (1, True), (case, done.stderr)
    (tmp_path / "desired_state" / "users.yaml").write_text("table_name: mine\n", encoding="utf-8")
    broken = tool.run("import", "users")
    assert (broken.exit_code, "key_schema" in broken.stderr) == (1, True), broken.stderr
    assert written(tmp_path) == ["carts.yaml", "sessions.yaml", "users.yaml"]
