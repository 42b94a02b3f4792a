"""Items through the port, and what an independent client finds afterwards, on both engines."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from support.connected import connected
from support.endpoints import Live
from support.fakes import Quiet
from support.scripted import ScriptedServer, answer

from reconciler.aws.item_api import BotoItemApi
from reconciler.aws.session import connect
from reconciler.aws.validator import OfflineValidator
from reconciler.model.change import Call
from reconciler.model.desired import Removal
from reconciler.model.errors import (
    Ambiguous,
    ApiError,
    ConditionFailed,
    LeaseLost,
    Malformed,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unreachable,
)

RICH: dict[str, Any] = {
    "pk": {"S": "user#1"},
    "sk": {"N": "7"},
    "price": {"N": "0.10"},
    "huge": {"N": "12345678901234567890123456789012345678"},
    "raw": {"B": b"\x00\xff"},
    "tags": {"SS": ["b", "a"]},
    "sizes": {"NS": ["1", "2.5"]},
    "nothing": {"NULL": True},
    "on": {"BOOL": False},
    "list": {"L": [{"S": "x"}, {"M": {"deep": {"N": "1"}}}]},
    "name": {"S": "a reserved word"},
}
KEYS = ("pk", "sk")


def held(endpoint: Live) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = endpoint.client.scan(TableName="users", ConsistentRead=True)["Items"]
    return found


def test_an_item_is_written_where_its_key_is_free(users_table: Live, items: BotoItemApi) -> None:
    assert items.put_if_absent("users", RICH, KEYS)
    (item,) = held(users_table)
    assert set(item) == set(RICH)
    assert item["huge"] == RICH["huge"]
    assert item["raw"] == {"B": b"\x00\xff"}


def test_an_existing_item_is_never_overwritten(users_table: Live, items: BotoItemApi) -> None:
    theirs = {"pk": RICH["pk"], "sk": {"N": "7"}, "by": {"S": "somebody"}}
    users_table.client.put_item(TableName="users", Item=theirs)
    assert not items.put_if_absent("users", RICH, KEYS)
    assert held(users_table) == [theirs]


def test_the_same_hash_key_with_another_range_key_is_free(users_table: Live, items: BotoItemApi) -> None:
    assert items.put_if_absent("users", RICH, KEYS)
    assert items.put_if_absent("users", {**RICH, "sk": {"N": "8"}}, KEYS)
    assert len(held(users_table)) == 2


def test_an_item_that_is_unchanged_is_deleted(users_table: Live, items: BotoItemApi) -> None:
    users_table.client.put_item(TableName="users", Item=RICH)
    respelt = {**RICH, "price": {"N": "0.1"}, "tags": {"SS": ["a", "b"]}, "sizes": {"NS": ["2.50", "1"]}}
    assert items.remove_if_equal("users", respelt, KEYS) is Removal.REMOVED
    assert held(users_table) == []


CHANGED: dict[str, dict[str, Any]] = {
    "a value": {"name": {"S": "another"}},
    "a type": {"price": {"S": "0.10"}},
    "an attribute more": {"added": {"S": "by somebody"}},
    "a member deep inside": {"list": {"L": [{"S": "x"}, {"M": {"deep": {"N": "2"}}}]}},
    "a set": {"tags": {"SS": ["a", "b", "c"]}},
    "the order of a list": {"list": {"L": [{"M": {"deep": {"N": "1"}}}, {"S": "x"}]}},
    "a falsehood": {"on": {"BOOL": True}},
    "the last of 38 digits": {"huge": {"N": "12345678901234567890123456789012345679"}},
    "the last bit": {"raw": {"B": b"\x00\xfe"}},
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_an_item_that_somebody_changed_is_kept(users_table: Live, items: BotoItemApi, change: dict[str, Any]) -> None:
    users_table.client.put_item(TableName="users", Item={**RICH, **change})
    assert items.remove_if_equal("users", RICH, KEYS) is Removal.CHANGED
    assert len(held(users_table)) == 1


def test_an_attribute_less_keeps_the_item_too(users_table: Live, items: BotoItemApi) -> None:
    users_table.client.put_item(TableName="users", Item={name: RICH[name] for name in KEYS})
    assert items.remove_if_equal("users", RICH, KEYS) is Removal.CHANGED
    assert len(held(users_table)) == 1


def test_a_missing_item_is_not_deleted_again(items: BotoItemApi) -> None:
    assert items.remove_if_equal("users", RICH, KEYS) is Removal.GONE


def test_an_item_that_changes_between_the_read_and_the_delete_is_kept(users_table: Live, items: BotoItemApi) -> None:
    users_table.client.put_item(TableName="users", Item={**RICH, "name": {"S": "changed meanwhile"}})
    inner = connected(users_table.url).state_client()

    class Stale:
        def call(self, operation: str, params: Any) -> Any:
            return {"Item": RICH} if operation == "GetItem" else inner.call(operation, params)

    end = BotoItemApi(Stale()).remove_if_equal("users", RICH, KEYS)  # type: ignore[arg-type]
    assert end is Removal.CHANGED
    assert len(held(users_table)) == 1


RACED: dict[str, tuple[dict[str, Any] | None, Removal]] = {
    "nothing": ({}, Removal.REMOVED),
    "a text is added": ({"more": {"S": "x"}}, Removal.CHANGED),
    "a number is added": ({"more": {"N": "1"}}, Removal.CHANGED),
    "an empty text is added": ({"more": {"S": ""}}, Removal.CHANGED),
    "a null is added": ({"more": {"NULL": True}}, Removal.CHANGED),
    "a map is added": ({"more": {"M": {"a": {"L": []}}}}, Removal.CHANGED),
    "binary is added": ({"more": {"B": b"\x00"}}, Removal.CHANGED),
    "two attributes are added": ({"a": {"S": "x"}, "b": {"BOOL": False}}, Removal.CHANGED),
    "a time to live is added": ({"expires_at": {"N": "1893456000"}}, Removal.CHANGED),
    "a value changes": ({"name": {"S": "another"}}, Removal.CHANGED),
    "a value changes and one is added": ({"name": {"S": "another"}, "more": {"S": "x"}}, Removal.CHANGED),
    "a number is spelt otherwise": ({"price": {"N": "0.1"}}, Removal.REMOVED),
    "it is removed": (None, Removal.GONE),
}


@pytest.mark.parametrize("race", RACED)
@pytest.mark.parametrize("attributes", [0, 200])
def test_an_item_changed_between_read_and_delete_is_kept_by_clear(
    users_table: Live, items: BotoItemApi, race: str, attributes: int
) -> None:
    change, expected = RACED[race]
    written = {**RICH, **{f"attribute-{number}": {"N": str(number)} for number in range(attributes)}}
    users_table.client.put_item(TableName="users", Item=written)
    inner, key = connected(users_table.url).state_client(), {name: written[name] for name in KEYS}
    after: list[dict[str, Any]] = []

    class Raced:
        def call(self, operation: str, params: Any) -> Any:
            answer = inner.call(operation, params)
            if operation == "GetItem" and not after:
                if change is None:
                    users_table.client.delete_item(TableName="users", Key=key)
                else:
                    users_table.client.put_item(TableName="users", Item={**written, **change})
                after.extend(held(users_table) or [{}])
            return answer

    assert BotoItemApi(Raced()).remove_if_equal("users", written, KEYS) is expected  # type: ignore[arg-type]
    assert held(users_table) == (after if expected is Removal.CHANGED else [])


ADDED = RICH | {"more": {"S": "x"}}
TAKEN = ConditionFailed("PutItem", "c", "taken")
DOWN = Unreachable("PutItem", "ConnectionError", "nobody answers")
LOST = Ambiguous("DeleteItem", "ConnectionClosedError", "the connection was closed")
SLOW = Throttled("PutItem", "ThrottlingException", "slow down")
WHOLE = '"more":{"S":"x"}'


def test_an_item_whose_key_was_taken_again_is_not_written_over_it() -> None:
    rival = {"pk": RICH["pk"], "sk": RICH["sk"], "by": {"S": "a rival"}}
    caller = Noted({"Item": RICH}, {"Attributes": ADDED}, TAKEN, {"Item": rival})
    with pytest.raises(OutcomeUnknown, match="another item has its key now") as raised:
        BotoItemApi(caller).remove_if_equal("users", RICH, KEYS)  # type: ignore[arg-type]
    assert WHOLE in str(raised.value)
    operation, request = caller.requests[2]
    assert (operation, request["Item"]) == ("PutItem", ADDED)
    assert request["ConditionExpression"] == "attribute_not_exists(#key)"


def test_an_item_that_a_first_sending_has_put_back_is_not_reported_as_lost() -> None:
    caller = Noted({"Item": RICH}, {"Attributes": ADDED}, LOST, TAKEN, {"Item": ADDED})
    assert BotoItemApi(caller).remove_if_equal("users", RICH, KEYS) is Removal.CHANGED  # type: ignore[arg-type]


ENDS: dict[str, tuple[list[dict[str, Any] | Exception], type[ApiError], str]] = {
    "the answer is lost and the item is gone": ([LOST, {}], OutcomeUnknown, "no item with this key any more"),
    "the answer is no proof and the item is gone": (
        [Malformed("DeleteItem", "MalformedAnswer", "the answer lacks Attributes"), {}],
        OutcomeUnknown,
        "lacks Attributes",
    ),
    "the answer is lost and another item is there": ([LOST, {"Item": ADDED}], OutcomeUnknown, "another item has this"),
    "the answer is lost and nothing can be read": ([LOST, DOWN], OutcomeUnknown, "could not be read again"),
    "the answer is lost and the item is there as it was": ([LOST, {"Item": RICH}], Ambiguous, "connection was closed"),
    "it is throttled": ([SLOW], Throttled, "slow down"),
    "nobody answers the put-back": ([{"Attributes": ADDED}, DOWN, DOWN, DOWN], OutcomeUnknown, WHOLE),
    "the put-back is throttled": ([{"Attributes": ADDED}, SLOW, SLOW, SLOW], OutcomeUnknown, WHOLE),
    "the put-back is refused": (
        [{"Attributes": ADDED}, *[Rejected("PutItem", "ValidationException", "no")] * 3],
        OutcomeUnknown,
        WHOLE,
    ),
    "the lease is lost before the put-back": (
        [{"Attributes": ADDED}, *[LeaseLost("PutItem", "LeaseLost", "over")] * 3],
        OutcomeUnknown,
        WHOLE,
    ),
    "the put-back is lost and cannot be read": (
        [{"Attributes": ADDED}, TAKEN, DOWN, TAKEN, DOWN, TAKEN, DOWN],
        OutcomeUnknown,
        WHOLE,
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_delete_without_a_usable_answer_counts_neither_as_removed_nor_as_missing(end: str) -> None:
    answers, kind, words = ENDS[end]
    caller = Noted({"Item": RICH}, *answers)
    with pytest.raises(ApiError) as raised:
        BotoItemApi(caller).remove_if_equal("users", RICH, KEYS)  # type: ignore[arg-type]
    assert type(raised.value) is kind
    assert words in str(raised.value)
    assert [operation for operation, _ in caller.requests].count("DeleteItem") == 1


def test_an_item_that_is_not_put_back_is_named_whole_in_the_log_before_anything_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caller = Noted({"Item": RICH}, {"Attributes": ADDED}, Crashed())
    with pytest.raises(Crashed):
        BotoItemApi(caller).remove_if_equal("users", RICH, KEYS)  # type: ignore[arg-type]
    written = json.loads(caplog.text[caplog.text.index('{"pk"') :].splitlines()[0])
    assert written == {**ADDED, "raw": {"B": base64.b64encode(b"\x00\xff").decode()}}


class Crashed(BaseException):
    """The process ends here."""


def test_an_item_that_cannot_be_put_back_is_an_error_that_is_not_tried_again() -> None:
    caller = Noted({"Item": RICH}, {"Attributes": ADDED}, *[DOWN] * 3)
    with pytest.raises(OutcomeUnknown, match="could not be written to users again"):
        BotoItemApi(caller).remove_if_equal("users", RICH, KEYS)  # type: ignore[arg-type]


def test_every_item_of_a_table_is_read_over_all_pages(users_table: Live, items: BotoItemApi) -> None:
    large = {"text": {"S": "x" * 300_000}}
    for number in range(8):
        users_table.client.put_item(TableName="users", Item={"pk": {"S": f"{number}"}, "sk": {"N": "1"}, **large})
    assert sorted(one["pk"]["S"] for one in items.all_items("users")) == [str(number) for number in range(8)]


def test_a_scan_whose_page_leads_to_itself_ends_as_malformed() -> None:
    page = {"Items": [{"pk": {"S": "x"}}], "LastEvaluatedKey": {"pk": {"S": "x"}}}
    with pytest.raises(Malformed):
        list(BotoItemApi(Noted(*[page] * 5)).all_items("users"))  # type: ignore[arg-type]


def test_an_item_with_hundreds_of_attributes_can_be_deleted(users_table: Live, items: BotoItemApi) -> None:
    wide = {"pk": {"S": "wide"}, "sk": {"N": "1"}, **{f"attribute-{n}": {"N": str(n)} for n in range(400)}}
    assert items.put_if_absent("users", wide, KEYS)
    assert items.remove_if_equal("users", wide, KEYS) is Removal.REMOVED
    assert held(users_table) == []


def test_the_first_items_are_as_many_as_were_asked_for(users_table: Live, items: BotoItemApi) -> None:
    assert items.first_items("users", 1) == ()
    for number in range(5):
        users_table.client.put_item(TableName="users", Item={"pk": {"S": f"user#{number}"}, "sk": {"N": "1"}})
    assert len(items.first_items("users", 1)) == 1
    assert len(items.first_items("users", 3)) == 3
    assert len(items.first_items("users", 50)) == 5


def test_a_missing_table_is_not_an_empty_one(endpoint: Live) -> None:
    with pytest.raises(NotFound):
        connected(endpoint.url).items.first_items("nothing", 1)


def test_an_empty_page_with_a_key_does_not_prove_a_table_empty() -> None:
    pages = [
        answer({"Count": 0, "Items": [], "LastEvaluatedKey": {"pk": {"S": "x"}}}),
        answer({"Count": 1, "Items": [{"pk": {"S": "y"}}]}),
    ]
    with ScriptedServer(lambda *_: pages.pop(0)) as server:
        items = connect(server.url, None, 2, Quiet()).items
        assert items.first_items("users", 1) == ({"pk": {"S": "y"}},)
        assert server.seen == ["Scan", "Scan"]


class Noted:
    """A caller that notes each request and answers as it is told."""

    def __init__(self, *answers: dict[str, Any] | BaseException) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.requests.append((operation, dict(params)))
        answered = self.answers.pop(0)
        if isinstance(answered, BaseException):
            raise answered
        return answered


def test_emptiness_is_read_consistently_page_by_page() -> None:
    caller = Noted({"Items": [], "LastEvaluatedKey": {"pk": {"S": "x"}}}, {"Items": []})
    assert BotoItemApi(caller).first_items("users", 1) == ()  # type: ignore[arg-type]
    first = {"TableName": "users", "ConsistentRead": True, "Limit": 1}
    assert caller.requests == [("Scan", first), ("Scan", first | {"ExclusiveStartKey": {"pk": {"S": "x"}}})]


def test_the_write_of_a_seed_item_is_conditioned_on_its_key_being_free() -> None:
    caller = Noted({})
    assert BotoItemApi(caller).put_if_absent("users", RICH, KEYS)  # type: ignore[arg-type]
    ((operation, request),) = caller.requests
    assert operation == "PutItem"
    assert request["ConditionExpression"] == "attribute_not_exists(#key)"
    assert request["ExpressionAttributeNames"] == {"#key": "pk"}


def test_no_delete_is_sent_for_a_changed_item() -> None:
    caller = Noted({"Item": RICH | {"more": {"S": "x"}}})
    assert BotoItemApi(caller).remove_if_equal("users", RICH, KEYS) is Removal.CHANGED  # type: ignore[arg-type]
    assert [(operation, request["ConsistentRead"]) for operation, request in caller.requests] == [("GetItem", True)]


def test_the_delete_of_a_seed_item_is_conditioned_on_every_attribute() -> None:
    caller = Noted({"Item": RICH}, {"Attributes": RICH})
    assert BotoItemApi(caller).remove_if_equal("users", RICH, KEYS) is Removal.REMOVED  # type: ignore[arg-type]
    operation, request = caller.requests[-1]
    assert (operation, request["ReturnValues"]) == ("DeleteItem", "ALL_OLD")
    names = request.get("ExpressionAttributeNames", {})
    assert set(names.values()) == set(RICH)
    assert all(f"{name} = :v{name[2:]}" in request["ConditionExpression"] for name in names)


def test_a_scan_without_its_count_proves_nothing() -> None:
    with ScriptedServer(answer({"Items": []})) as server, pytest.raises(Malformed):
        connect(server.url, None, 2, Quiet()).items.first_items("users", 1)


PLANNED = {
    "a good call": (Call("DeleteTable", {"TableName": "users"}), None),
    "a missing member": (Call("DeleteTable", {}), "TableName"),
    "a misspelt member": (Call("DeleteTable", {"TableName": "users", "Tabel": "x"}), "Tabel"),
    "a wrong type": (Call("DeleteTable", {"TableName": 5}), "TableName"),
    "tuples for lists": (Call("TagResource", {"ResourceArn": "arn", "Tags": ({"Key": "a", "Value": "b"},)}), None),
    "an unknown operation": (Call("DropTable", {}), "DropTable"),
}


@pytest.mark.parametrize(("call", "named"), PLANNED.values(), ids=PLANNED)
def test_planned_calls_are_checked_offline(call: Call, named: str | None) -> None:
    problem = OfflineValidator().problem(call)
    assert problem is None if named is None else named in (problem or "")


def test_pages_have_the_named_attributes_of_as_many_items_as_wanted(users_table: Live, items: BotoItemApi) -> None:
    for number in range(5):
        users_table.client.put_item(
            TableName="users",
            Item={"pk": {"S": f"u{number}"}, "sk": {"N": "1"}, "name": {"S": "n"}, "more": {"S": "x"}},
        )
    pages = list(items.pages("users", ("pk", "name"), 2, None))
    assert [len(page) for page in pages if page] == [2, 2, 1]
    assert {tuple(sorted(item)) for page in pages for item in page} == {("name", "pk")}
    assert [len(page) for page in items.pages("users", ("pk",), 2, 3)] == [2, 1]


def test_keys_that_an_item_has_are_found(users_table: Live, items: BotoItemApi) -> None:
    users_table.client.put_item(TableName="users", Item={"pk": {"S": "u1"}, "sk": {"N": "1"}, "name": {"S": "n"}})
    wanted = [{"pk": {"S": name}, "sk": {"N": "1"}} for name in ("u1", "u2")]
    assert items.find_keys("users", wanted) == (wanted[0],)


def test_keys_that_stay_unprocessed_are_sent_again() -> None:
    one, two = {"pk": {"S": "1"}}, {"pk": {"S": "2"}}
    left = {"users": {"Keys": [two]}}
    caller = Noted(
        {"Responses": {"users": [one]}, "UnprocessedKeys": left}, {"Responses": {"users": [two]}, "UnprocessedKeys": {}}
    )
    assert BotoItemApi(caller).find_keys("users", [one, two]) == (one, two)  # type: ignore[arg-type]
    with pytest.raises(Throttled):
        BotoItemApi(Noted(*[{"Responses": {}, "UnprocessedKeys": left}] * 8)).find_keys("users", [two])  # type: ignore[arg-type]


def test_an_item_is_found_by_its_partition_key_or_that_of_an_index(users_table: Live, items: BotoItemApi) -> None:
    users_table.client.create_table(
        TableName="mails",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "mail")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_mail",
                "KeySchema": [{"AttributeName": "mail", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    users_table.client.put_item(TableName="mails", Item={"pk": {"S": "u1"}, "mail": {"S": "a@b"}})
    assert items.has_item("mails", None, "pk", {"S": "u1"})
    assert not items.has_item("mails", None, "pk", {"S": "u2"})
    assert items.has_item("mails", "by_mail", "mail", {"S": "a@b"})
    assert not items.has_item("mails", "by_mail", "mail", {"S": "c@d"})
