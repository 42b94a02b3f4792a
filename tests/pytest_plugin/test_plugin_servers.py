"""The same tests of an application pass at every kind of server: declared tables, seeds, resets, variables."""

from __future__ import annotations

import pytest
from support.endpoints import Live, MotoServer
from support.plugin_run import Project

SCENARIO = """
import json, os, time
import boto3
import pytest

client = boto3.client("dynamodb")  # as a Lambda function does it, before any fixture


def count(table):
    return client.scan(TableName=table, Select="COUNT", ConsistentRead=True)["Count"]


@pytest.mark.parametrize("turn", range(3))
def test_each_test_starts_with_the_seed(seeded_tables, turn):
    assert dict(seeded_tables) == {"users": "users", "orders": "orders"}
    assert count("users") == 2
    client.put_item(TableName="users", Item={"pk": {"S": "3"}})
    client.delete_item(TableName="users", Key={"pk": {"S": "1"}})
    client.put_item(TableName="orders", Item={"pk": {"S": "1"}, "sk": {"N": "1"}})
    assert (count("users"), count("orders")) == (2, 1)


def test_tables_are_empty(tables, dynamodb):
    assert (count("users"), count("orders")) == (0, 0)
    assert dynamodb.describe_table(TableName="users")["Table"]["GlobalSecondaryIndexes"][0]["IndexName"] == "by_city"
    tables.table("users").put_item(Item={"pk": "1", "city": "Rome"})
    assert count("users") == 1


def test_a_test_without_content_of_its_own_has_empty_tables(dynamodb_resource):
    assert dynamodb_resource.Table("users").scan()["Count"] == 0


def test_a_seeded_item_is_as_declared(seeded_tables, assert_items):
    assert_items("users", [{"pk": "1", "name": "Ada", "age": 36}, {"pk": "2", "name": "Bob"}])
    assert_items("users")
    assert_items("users", [{"pk": "2", "name": "?"}], subset=True, ignore=["name"])


def test_a_deleted_table_is_noticed(seeded_tables, dynamodb, assert_in_sync):
    dynamodb.delete_table(TableName="users")
    with pytest.raises(pytest.fail.Exception, match="1 to create"):
        assert_in_sync(seeded_tables)


def test_a_deleted_table_is_back_in_the_next_test(seeded_tables, assert_in_sync):
    assert_in_sync(seeded_tables)
    assert_in_sync()
    assert_in_sync("users")


def test_a_snapshot_can_be_restored(seeded_tables, dynamodb_snapshot, dynamodb_restore, assert_items):
    client.put_item(TableName="users", Item={"pk": {"S": "3"}})
    middle = dynamodb_snapshot()
    client.delete_item(TableName="users", Key={"pk": {"S": "3"}})
    dynamodb_restore(middle)
    assert count("users") == 3
    client.delete_item(TableName="users", Key={"pk": {"S": "3"}})
    client.delete_item(TableName="users", Key={"pk": {"S": "1"}})
    dynamodb_restore(middle)
    assert count("users") == 3


def test_a_frozen_clock_hinders_nothing(
    monkeypatch, seeded_tables, dynamodb_restore, dynamodb_snapshot, assert_in_sync, assert_items
):
    client.put_item(TableName="users", Item={"pk": {"S": "3"}})
    kept = dynamodb_snapshot()
    with monkeypatch.context() as frozen:
        for name in ("time", "monotonic", "perf_counter"):
            frozen.setattr(time, name, lambda: 1_000_000_000.0)
        client.delete_item(TableName="users", Key={"pk": {"S": "3"}})
        dynamodb_restore(kept)
        assert_in_sync(seeded_tables)
        assert_items("users", [{"pk": "3"}], subset=True)


@pytest.mark.parametrize("turn", range(2))
def test_migrations_were_applied(migrated_tables, assert_items, turn):
    assert_items("users", [{"pk": "1", "name": "Ada", "age": 36, "v": 2}, {"pk": "2", "name": "Bob", "v": 2}])
    client.put_item(TableName="users", Item={"pk": {"S": "1"}})


def test_the_variables_are_for_the_code_under_test(dynamodb_endpoint):
    assert os.environ["AWS_ENDPOINT_URL_DYNAMODB"] == dynamodb_endpoint
    assert os.environ["AWS_ACCESS_KEY_ID"].isalnum()
    assert "AWS_PROFILE" not in os.environ
    assert "AWS_SESSION_TOKEN" not in os.environ


def test_no_other_endpoint_can_be_reached(tables):
    with pytest.raises(Exception, match="ListTables was not sent to https://dynamodb.us-east-1.amazonaws.com:443"):
        boto3.client("dynamodb", endpoint_url="https://dynamodb.us-east-1.amazonaws.com").list_tables()
    with pytest.raises(Exception, match="dynamodb_allow"):
        boto3.client("s3").list_buckets()
"""
STREAMS = """

@pytest.mark.parametrize("turn", range(2))
def test_a_stream_has_the_writes_of_this_test_alone(tables, dynamodb_streams, turn):
    client.put_item(TableName="users", Item={"pk": {"S": f"turn {turn}"}})
    (stream,) = dynamodb_streams.list_streams(TableName="users")["Streams"]
    shards = dynamodb_streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    found = []
    for shard in shards:
        start = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = dynamodb_streams.get_shard_iterator(StreamArn=stream["StreamArn"], **start)["ShardIterator"]
        found += dynamodb_streams.get_records(ShardIterator=iterator)["Records"]
    assert [each["dynamodb"]["Keys"]["pk"]["S"] for each in found] == [f"turn {turn}"]
"""


@pytest.mark.dynamodb_local
def test_at_a_server_of_the_run(local_project: Project) -> None:
    """With every plugin that is installed here. The cache cannot be written, which costs the template alone."""
    local_project.options("dynamodb = local")
    local_project.variables |= {"XDG_CACHE_HOME": "/proc/cache", "TMPDIR": str(local_project.folder)}
    local_project.write("test_app.py", SCENARIO + STREAMS)
    local_project.as_process()
    assert list(local_project.folder.glob("dynamodb-reconciler-cache-*/templates/seeded-*.db"))


def test_at_moto(project: Project) -> None:
    project.write("test_app.py", SCENARIO)
    project.passes("--dynamodb", "moto")


def test_at_moto_of_the_user(project: Project, moto_server: MotoServer) -> None:
    moto_server.restart()
    project.write("test_app.py", SCENARIO)
    project.passes("--dynamodb", moto_server.url)
    assert moto_server.client().list_tables()["TableNames"] == []


@pytest.mark.dynamodb_local
def test_at_a_dynamodb_local_of_the_user(project: Project, local: Live) -> None:
    project.write("test_app.py", SCENARIO)
    project.passes("--dynamodb", local.url)
    assert local.client.list_tables()["TableNames"] == []
