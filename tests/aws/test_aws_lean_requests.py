"""A request of the lean client is botocore's: the same bytes of its body, the same signature, the same refusals."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from types import MappingProxyType, SimpleNamespace
from typing import Any
from unittest import mock

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ParamValidationError
from botocore.serialize import create_serializer
from support.model_values import Values

from reconciler.aws.lean.address import parse
from reconciler.aws.lean.client import request_head
from reconciler.aws.lean.model import shapes
from reconciler.aws.lean.signer import Signer
from reconciler.aws.validator import service_model

ROUNDS = 100
MODEL = service_model()
OPERATIONS = sorted(MODEL.operation_names)
ADDRESSES = (
    "https://dynamodb.eu-central-1.amazonaws.com",
    "http://localhost:8000",
    "http://[::1]:8000/",
    "https://example.com:443/prefix/of-it_1/",
    "http://10.0.0.7",
)


def by_botocore(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    serializer = create_serializer("json", include_validation=True)
    made: dict[str, Any] = serializer.serialize_to_request(params, MODEL.operation_model(operation))
    return made


def signed_by_botocore(request: AWSRequest, keys: Credentials, region: str, at: datetime) -> dict[str, str]:
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=at.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(keys, "dynamodb", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def lines(text: str) -> dict[str, str]:
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in text.split("\r\n") if line)}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_body_and_signature_are_those_of_botocore(operation: str) -> None:
    model, table, chance = MODEL.operation_model(operation), shapes(), random.Random(operation)
    target = f"{table.target}{operation}"
    for seed in range(ROUNDS):
        params = Values(chance.getrandbits(64)).value(model.input_shape)
        params |= dict.fromkeys([model.idempotent_members[0]], "t") if model.idempotent_members else {}
        theirs = by_botocore(operation, copy.deepcopy(params))
        assert theirs["headers"] == {"X-Amz-Target": target, "Content-Type": table.content_type}
        body = table.serialize(operation, params)
        assert body == theirs["body"], params

        address = parse(chance.choice(ADDRESSES))
        assert address is not None
        region = chance.choice(("eu-central-1", "us-gov-west-1"))
        token = chance.choice((None, "token/with+signs==", "  two  words "))
        keys = Credentials(f"AKID{seed}", f"s/e+cret{seed}", token)
        at = datetime(2026, 1, 1 + seed % 28, seed % 24, 59, 7, tzinfo=UTC)
        request = AWSRequest("POST", address.url, headers=dict(theirs["headers"]), data=body)
        wanted = signed_by_botocore(request, keys, region, at)
        signer = Signer(region, address.host, address.path, table.content_type)
        mine = lines(signer.headers(keys.get_frozen_credentials(), at.strftime("%Y%m%dT%H%M%SZ"), target, body))
        assert (mine["authorization"], mine["x-amz-date"]) == (wanted["authorization"], wanted["x-amz-date"])
        assert mine.get("x-amz-security-token", "").split() == (token or "").split()


def test_the_signed_headers_are_those_that_are_sent() -> None:
    head = lines(request_head("/", "localhost:8000", "application/x-amz-json-1.0", "ua").partition("\r\n")[2])
    assert head == {
        "host": "localhost:8000",
        "content-type": "application/x-amz-json-1.0",
        "user-agent": "ua",
        "accept-encoding": "identity",
    }


def test_a_key_is_derived_anew_for_another_day_or_another_secret() -> None:
    signer = Signer("us-east-1", "h", "/", "c")

    def signature(secret: str, day: str) -> str:
        keys = SimpleNamespace(access_key="a", secret_key=secret, token=None)
        return signer.headers(keys, f"{day}T000000Z", "t", b"").partition("Signature=")[2]

    first = signature("one", "20260101")
    assert len({first, signature("two", "20260101"), signature("one", "20260102")}) == 3
    assert signature("one", "20260101") == first


def test_a_line_break_in_a_key_begins_no_header() -> None:
    keys = SimpleNamespace(access_key="a\r\nX-Evil: 1", secret_key="s", token="t\r\nX-Evil: 2")
    text = Signer("us-east-1", "h", "/", "c").headers(keys, "20260101T000000Z", "t", b"")
    assert set(lines(text)) == {"x-amz-date", "authorization", "x-amz-security-token"}


def spoiled(value: Any, chance: random.Random) -> Any:
    """The same with one thing wrong, or only odd, somewhere in it."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(sorted(value))
        if chance.random() < 0.3:
            return {key: member for key, member in value.items() if key != name}
        return {**value, name: spoiled(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], spoiled(value[place], chance), *value[place + 1 :]]
    odd = (None, "", "x", 0, -1, 2**70, True, 1.5, b"bytes", [], {}, [None], {"Unknown": 1}, {"S": "a", "N": "1"})
    return chance.choice((*odd, bytearray(b"b"), ("a", "tuple"), datetime(2026, 1, 1, tzinfo=UTC)))


def outcome(make: Callable[[], str | bytes]) -> Any:
    """The members of the body, or the kind of refusal and its words."""
    try:
        return json.loads(make())
    except ParamValidationError as refused:
        return str(refused)
    except (TypeError, ValueError, RuntimeError, OverflowError, AttributeError) as error:
        return type(error)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_botocore_refuses_is_refused_in_its_words(operation: str) -> None:
    input_shape = MODEL.operation_model(operation).input_shape
    if input_shape is None or not input_shape.members:
        return
    chance = random.Random(operation)
    tokens = {name: "t" for name in ("ClientRequestToken", "ClientToken") if name in input_shape.members}
    for _ in range(ROUNDS):
        params = spoiled(Values(chance.getrandbits(64)).value(input_shape), chance)
        if isinstance(params, dict):
            whole = {**params, **tokens}
            theirs = outcome(lambda whole=whole: by_botocore(operation, copy.deepcopy(whole))["body"])
            assert outcome(lambda whole=whole: shapes().serialize(operation, whole)) == theirs


def test_a_transaction_gets_a_token_of_its_own_so_that_a_second_sending_is_recognised() -> None:
    params: dict[str, Any] = {"TransactItems": [{"Put": {"TableName": "t", "Item": {"pk": {"S": "a"}}}}]}
    bodies = [json.loads(shapes().serialize("TransactWriteItems", params)) for _ in range(2)]
    assert bodies[0]["ClientRequestToken"] != bodies[1]["ClientRequestToken"]
    given = json.loads(shapes().serialize("TransactWriteItems", {**params, "ClientRequestToken": "mine"}))
    assert given["ClientRequestToken"] == "mine"


def test_mappings_and_tuples_anywhere_have_the_body_of_dicts_and_lists() -> None:
    item = {
        "pk": {"S": "a"},
        "tags": {"SS": ["x", "y"]},
        "more": {"M": {"raw": {"B": b"\x00\xff"}, "no": {"NULL": True}}},
    }
    plain = {"TransactItems": [{"Put": {"TableName": "t", "Item": item}}], "ClientRequestToken": "token"}
    frozen = MappingProxyType(
        {
            "TransactItems": (
                {
                    "Put": MappingProxyType(
                        {
                            "TableName": "t",
                            "Item": MappingProxyType(
                                {**item, "tags": {"SS": ("x", "y")}, "more": MappingProxyType(item["more"])}
                            ),
                        }
                    )
                },
            ),
            "ClientRequestToken": "token",
        }
    )
    table = shapes()
    assert table.serialize_any("TransactWriteItems", frozen) == table.serialize_any("TransactWriteItems", plain)


def test_a_request_is_left_as_it_was() -> None:
    params = {"TransactItems": ({"Put": {"TableName": "t", "Item": {"pk": {"S": "a"}}}},)}
    before = copy.deepcopy(params)
    shapes().serialize_any("TransactWriteItems", params)
    assert params == before
