"""Transactions of seed items through the port: on DynamoDB Local and moto, and against scripted refusals."""

from __future__ import annotations

from typing import Any

import pytest
from support.connected import connected
from support.endpoints import Live
from support.scripted import Canned, ScriptedServer, refusal

from reconciler.aws.item_api import BotoItemApi
from reconciler.model.desired import Put
from reconciler.model.errors import ApiError, Rejected, Unsupported
from reconciler.system import SystemRandom

KEYS = ("pk", "sk")


def one(number: int, **attributes: Any) -> dict[str, Any]:
    return {"pk": {"S": f"user#{number}"}, "sk": {"N": str(number)}, **attributes}


def token() -> str:
    """DynamoDB Local keeps tokens for ten minutes, over all tests."""
    return SystemRandom().token()


def held(endpoint: Live) -> list[dict[str, Any]]:
    found = endpoint.client.scan(TableName="users", ConsistentRead=True)["Items"]
    return sorted(found, key=lambda item: int(item["sk"]["N"]))


def test_items_of_free_keys_are_written_together(users_table: Live, items: BotoItemApi) -> None:
    rich = one(1, raw={"B": b"\x00\xff"}, huge={"N": "12345678901234567890123456789012345678"}, tags={"SS": ["a", "b"]})
    assert items.put_together("users", [rich, one(2)], KEYS, token()).ends == (Put.WRITTEN, Put.WRITTEN)
    found = held(users_table)
    assert [item["sk"]["N"] for item in found] == ["1", "2"]
    assert (found[0]["raw"], found[0]["huge"]) == (rich["raw"], rich["huge"])


def test_where_a_key_is_taken_nothing_is_written_and_that_item_is_named(users_table: Live, items: BotoItemApi) -> None:
    theirs = one(2, by={"S": "others"})
    users_table.client.put_item(TableName="users", Item=theirs)
    put = items.put_together("users", [one(1), one(2), one(3)], KEYS, token())
    assert put.ends == (Put.UNSENT, Put.PRESENT, Put.UNSENT)
    assert not put.whole
    assert held(users_table) == [theirs]


def test_a_token_makes_dynamodb_local_apply_a_transaction_once(local: Live) -> None:
    local.client.create_table(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    items, same = connected(local.url).items, token()
    for _ in range(2):
        assert items.put_together("users", [one(1), one(2)], ("pk",), same).whole
    local.client.delete_item(TableName="users", Key={"pk": one(1)["pk"]})
    assert items.put_together("users", [one(1), one(2)], ("pk",), same).whole
    assert len(held(local)) == 1
    assert not items.put_together("users", [one(1), one(2)], ("pk",), token()).whole


def cancelled(*codes: str) -> Canned:
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


@pytest.mark.parametrize(
    ("codes", "ends"),
    [
        (("None", "ConditionalCheckFailed"), (Put.UNSENT, Put.PRESENT)),
        (("TransactionConflict", "None"), (Put.BUSY, Put.UNSENT)),
        (("ThrottlingError", "ProvisionedThroughputExceeded"), (Put.BUSY, Put.BUSY)),
        (("ValidationError", "ItemCollectionSizeLimitExceeded"), (Put.REFUSED, Put.REFUSED)),
        (("SomethingNew", "None"), (Put.REFUSED, Put.UNSENT)),
    ],
)
def test_each_reason_of_a_cancelled_transaction_is_the_end_of_its_item(
    codes: tuple[str, ...], ends: tuple[Put, ...]
) -> None:
    with ScriptedServer(cancelled(*codes)) as server:
        assert connected(server.url).items.put_together("users", [one(1), one(2)], KEYS, token()).ends == ends


@pytest.mark.parametrize("codes", [(), ("ConditionalCheckFailed",), ("None", "None"), ("None",) * 3])
def test_reasons_that_do_not_fit_the_items_are_an_error_and_no_end(codes: tuple[str, ...]) -> None:
    with ScriptedServer(cancelled(*codes)) as server, pytest.raises(ApiError):
        connected(server.url).items.put_together("users", [one(1), one(2)], KEYS, token())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal("UnknownOperationException"), Unsupported),
        (refusal("NotImplemented", status=501), Unsupported),
        (refusal("ValidationException"), Rejected),
    ],
)
def test_an_endpoint_without_transactions_or_a_refusal_of_the_whole_is_an_error(
    answer: Canned, error: type[ApiError]
) -> None:
    with ScriptedServer(answer) as server, pytest.raises(error):
        connected(server.url).items.put_together("users", [one(1), one(2)], KEYS, token())
