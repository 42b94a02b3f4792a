"""The test endpoints behave as the other tests expect."""

from __future__ import annotations

import pytest
from support.endpoints import DynamoDBLocal, Live, dynamodb_local_or_skip
from support.proxy import RecordingProxy

TABLE = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.mark.parametrize("time", ["first", "second"])
def test_an_endpoint_fixture_starts_without_tables(endpoint: Live, time: str) -> None:
    assert endpoint.client.list_tables()["TableNames"] == []
    endpoint.client.create_table(**TABLE, DeletionProtectionEnabled=True)


def test_the_proxy_journals_operations_with_their_tables(endpoint: Live) -> None:
    from support.endpoints import client

    with RecordingProxy(endpoint.url) as proxy:
        through = client(proxy.url)
        through.create_table(**TABLE)
        through.put_item(TableName="users", Item={"pk": {"S": "a"}})
        through.describe_table(TableName="users")
        assert proxy.operations == ["CreateTable", "PutItem", "DescribeTable"]
        assert [request.operation for request in proxy.mutating()] == ["CreateTable", "PutItem"]
        assert proxy.mutating(ignore_table="users") == []
        proxy.clear()
        assert proxy.requests == []


def test_a_restarted_dynamodb_local_has_lost_its_tables() -> None:
    with dynamodb_local_or_skip() as server:
        assert isinstance(server, DynamoDBLocal)
        client = server.client()
        client.create_table(**TABLE)
        server.restart()
        assert client.list_tables()["TableNames"] == []
