"""Endpoints of the campaign ``migrations``: the simulated data plane, and DynamoDB Local."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mover.memory_items import MemoryCalls
from simulation.clock import VirtualClock
from simulation.simulated_dynamodb import SimulatedDynamoDB
from support.connected import connected
from support.endpoints import client, wipe

from reconciler.model.change import Call
from reconciler.model.identity import Endpoint, Flavor

CREATE = {
    "TableName": "users",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class Simulated:
    """The project's own model of the service, in memory."""

    endpoint = Endpoint("http://localhost:8000", "eu-central-1", "111122223333", "aws", Flavor.MOTO)

    def reset(self) -> None:
        self.dynamodb = SimulatedDynamoDB(VirtualClock(), delay=0.0, has_tags=True, strict=False)
        self.dynamodb.write(Call("CreateTable", CREATE))
        self.calls = MemoryCalls(self.dynamodb)

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "CreateTable":
            return dict(self.dynamodb.write(Call(operation, params)))
        return self.calls.call(operation, params)

    def put(self, item: Mapping[str, Any]) -> None:
        self._items[_place(item["pk"]["S"])] = dict(item)

    def change(self, key: str, attributes: Mapping[str, Any]) -> bool:
        item = self._items.get(_place(key))
        if item is not None:
            self._items[_place(key)] = {**item, **attributes}
        return item is not None

    def delete(self, key: str) -> None:
        self._items.pop(_place(key), None)

    def items(self) -> dict[str, dict[str, Any]]:
        return {item["pk"]["S"]: dict(item) for item in self._items.values()}

    @property
    def _items(self) -> dict[str, Any]:
        items: dict[str, Any] = self.dynamodb.tables["users"].items
        return items


def _place(key: str) -> str:
    return repr([{"S": key}])


class Local:
    """DynamoDB Local by the product's own client; writers use a boto3 client."""

    endpoint = Endpoint("http://localhost:8000", "us-east-1", "000000000000", "aws", Flavor.DYNAMODB_LOCAL)

    def __init__(self, url: str) -> None:
        self._client = client(url)
        self._calls = connected(url).state_client()

    def reset(self) -> None:
        wipe(self._client)
        self._client.create_table(**CREATE)

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return self._calls.call(operation, params)

    def put(self, item: Mapping[str, Any]) -> None:
        self._client.put_item(TableName="users", Item=dict(item))

    def change(self, key: str, attributes: Mapping[str, Any]) -> bool:
        names = {f"#{name}": name for name in attributes}
        try:
            self._client.update_item(
                TableName="users",
                Key={"pk": {"S": key}},
                UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def delete(self, key: str) -> None:
        self._client.delete_item(TableName="users", Key={"pk": {"S": key}})

    def items(self) -> dict[str, dict[str, Any]]:
        pages = self._client.get_paginator("scan").paginate(TableName="users", ConsistentRead=True)
        return {item["pk"]["S"]: item for page in pages for item in page["Items"]}
