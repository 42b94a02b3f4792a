"""Every option of the plugin, and what a wrong one says."""

from __future__ import annotations

import re
import sys

import pytest
from support.endpoints import Live
from support.plugin_run import Project

from reconciler.pytest_plugin.declared import Declared
from reconciler.pytest_plugin.options import Options
from reconciler.pytest_plugin.remote import RemoteBackend

NAMED = """
from table_base import named


class Users:
    SCHEMA = {
        "table_name": "users",
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }

    @classmethod
    def get_table_name(cls, environment=None):
        return named("users", environment)

    @classmethod
    def get_schema(cls, environment=None):
        return {**cls.SCHEMA, "table_name": cls.get_table_name(environment)}
"""
TEMPLATE = """
Parameters: {Stage: {Type: String}}
Resources:
  Users:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub users-${Stage}
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
"""


def test_the_options_of_the_ini_file(project: Project, moto: Live) -> None:
    """Folder, environment, set of seeds and Region; a class file imports a module from ``pythonpath``."""
    project.options(
        *(f"dynamodb = {moto.url}", "dynamodb_desired_state = config/tables", "dynamodb_environment = test"),
        *("dynamodb_seed_set = small", "dynamodb_region = eu-west-1", "pythonpath = lib"),
    )
    project.write("lib/table_base.py", "def named(name, environment):\n    return f'{name}-{environment}'\n")
    project.write("config/tables/users_table.py", NAMED)
    project.write("config/tables/seeds/users.json", '[{"pk": "usual"}]')
    project.write("config/tables/seeds/small/users.json", '[{"pk": "small"}]')
    project.write(
        "test_app.py",
        """
import os
def test_options(seeded_tables, dynamodb):
    assert dict(seeded_tables) == {"users": "users-test"}
    assert [item["pk"]["S"] for item in dynamodb.scan(TableName="users-test")["Items"]] == ["small"]
    assert dynamodb.meta.region_name == os.environ["AWS_REGION"] == "eu-west-1"
""",
    )
    project.passes()


def test_parameters_of_templates(project: Project, moto: Live) -> None:
    project.options(
        f"dynamodb = {moto.url}", "dynamodb_desired_state = templates", "dynamodb_parameters =", "  Stage=blue"
    )
    project.write("templates/template.yaml", TEMPLATE)
    project.write("test_app.py", "def test_name(tables):\n    assert list(tables.values()) == ['users-blue']\n")
    project.passes()


@pytest.mark.dynamodb_local
def test_delay_gives_states_that_pass(local_project: Project) -> None:
    local_project.write(
        "test_app.py",
        """
def test_creating(tables, dynamodb):
    assert dynamodb.describe_table(TableName="users")["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    index = {"IndexName": "by_age", "KeySchema": [{"AttributeName": "age", "KeyType": "HASH"}]}
    dynamodb.update_table(
        TableName="users",
        AttributeDefinitions=[{"AttributeName": "age", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[{"Create": {**index, "Projection": {"ProjectionType": "ALL"}}}],
    )
    indexes = dynamodb.describe_table(TableName="users")["Table"]["GlobalSecondaryIndexes"]
    assert {each["IndexName"]: each["IndexStatus"] for each in indexes}["by_age"] == "CREATING"
def test_the_next_test_does_not_see_it(tables, dynamodb):
    assert len(dynamodb.describe_table(TableName="users")["Table"]["GlobalSecondaryIndexes"]) == 1
""",
    )
    local_project.passes("--dynamodb", "local", "--dynamodb-delay")


def test_every_endpoint_may_be_called_where_the_project_says_so(project: Project, moto: Live) -> None:
    project.options("dynamodb = moto", "dynamodb_allow = *")
    project.write(
        "test_app.py",
        f"""
import boto3

def test_a_server_of_the_test(tables):
    other = boto3.client("dynamodb", endpoint_url={moto.url!r})
    assert other.list_tables()["TableNames"] == []
    assert boto3.client("dynamodb").list_tables()["TableNames"]
""",
    )
    project.passes()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param(
            ("--dynamodb", "locl"), "--dynamodb: invalid value 'locl'; expected local, moto or a URL", id="word"
        ),
        pytest.param(("--dynamodb", "http://"), "--dynamodb: invalid value 'http://'", id="url"),
        pytest.param(("--dynamodb", "moto", "--dynamodb-delay"), "works with DynamoDB Local alone", id="delay"),
        pytest.param(("-o", "dynamodb=ftp://x"), "dynamodb (ini): invalid value 'ftp://x'", id="ini"),
        pytest.param(
            ("-o", "dynamodb=moto", "-o", "dynamodb_allow=x"), "dynamodb_allow (ini): invalid value", id="allow"
        ),
        pytest.param(("-o", "dynamodb=moto", "-o", "dynamodb_parameters=x"), "expected NAME=VALUE", id="parameter"),
    ],
)
def test_a_wrong_option_is_named(project: Project, words: tuple[str, ...], reason: str) -> None:
    project.write("test_app.py", "def test_nothing():\n    pass\n")
    assert reason in project.fails(*words)


def test_declarations_with_errors_are_named_with_their_lines(project: Project, moto: Live) -> None:
    project.options(f"dynamodb = {moto.url}")
    project.write("desired_state/tables.yaml", "TableName: users\nKeySchema: 5\n")
    project.write("test_app.py", "def test_tables(tables):\n    pass\n")
    output = project.fails()
    assert re.search(r"^desired_state/tables\.yaml:2:\d+: KeySchema: ", output, re.MULTILINE), output
    assert "Traceback" not in output


def test_without_declarations_there_is_an_empty_server(project: Project) -> None:
    (project.folder / "desired_state").rename(project.folder / "elsewhere")
    project.write(
        "test_app.py",
        """
def test_blank(dynamodb):
    assert dynamodb.list_tables()["TableNames"] == []
def test_declared(tables):
    pass
""",
    )
    output = project.fails("--dynamodb", "moto")
    assert "1 passed, 1 error" in output
    assert "desired_state" in output


def test_tables_of_others_are_left_alone(project: Project, moto: Live) -> None:
    keys = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}
    keys["AttributeDefinitions"] = [{"AttributeName": "pk", "AttributeType": "S"}]
    moto.client.create_table(TableName="users", BillingMode="PAY_PER_REQUEST", **keys)
    moto.client.put_item(TableName="users", Item={"pk": {"S": "precious"}})
    project.write("test_app.py", "def test_seeded(seeded_tables):\n    pass\n")
    output = project.fails("--dynamodb", moto.url)
    assert "users exists there and was not created by a test run" in output
    assert moto.client.scan(TableName="users")["Items"] == [{"pk": {"S": "precious"}}]
    assert moto.client.list_tables()["TableNames"] == ["users"]


def test_two_processes_at_a_server_without_namespaces_are_refused(project: Project, moto: Live) -> None:
    there = Options(moto.url, explicit=True, root=project.folder)
    other = RemoteBackend(there, Declared(there), "other")
    other.start()
    try:
        project.write("test_app.py", "def test_a(tables):\n    pass\n")
        assert "another process of tests uses this server" in project.fails("--dynamodb", moto.url)
    finally:
        other.close()


def test_a_failure_shows_the_differences(project: Project, moto: Live) -> None:
    project.write(
        "test_app.py",
        """
def test_items(seeded_tables, assert_items):
    users = seeded_tables.table("users")
    users.put_item(Item={"pk": "1", "name": "Eve", "age": 36})
    users.put_item(Item={"pk": "3"})
    assert_items("users", [{"pk": "1", "name": "Ada", "age": 36.0}, {"pk": "2", "name": "Bob"}, {"pk": "4"}])
def test_nothing_is_declared_of_it(tables, assert_items):
    assert_items("orders")
""",
    )
    output = project.fails("--dynamodb", moto.url)
    assert "users: 3 items different (3 items, 3 items expected)" in output
    assert '~ pk="1"\n      name: "Eve" → "Ada"\n' in output
    assert '+ pk="4"  is missing' in output
    assert '- pk="3"  is not expected' in output
    assert "orders has no seed. Give assert_items the expected items." in output
    assert "age" not in output


def test_pytest_stays_cheap_where_nobody_uses_the_plugin(project: Project) -> None:
    heavy = {"boto3", "botocore", "pydantic", "reconciler.wiring", "reconciler.model.table", "sqlite3"}
    project.write(
        "test_app.py", f"import sys\ndef test_modules():\n    assert not {heavy!r} & set(sys.modules), sys.version\n"
    )
    output = project.as_process("-p", "no:hypothesispytest", "-p", "no:schemathesis")
    assert "1 passed" in output
    assert sys.version_info >= (3, 11)
