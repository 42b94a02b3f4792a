"""The table of shapes in the package is botocore's, and answers are read with it as botocore's parser reads them."""

from __future__ import annotations

import json
import random
from typing import Any

import lean_model
import pytest
from botocore.parsers import JSONParser
from botocore.retries import quota, standard
from support.model_values import Values

from reconciler.aws.lean import retries
from reconciler.aws.lean.answer import Answer
from reconciler.aws.lean.clock import ServerClock
from reconciler.aws.lean.model import shapes
from reconciler.aws.lean.reading import AnswerReader
from reconciler.aws.validator import service_model

ROUNDS = 60
MODEL = service_model()
OPERATIONS = sorted(MODEL.operation_names)
ERRORS = sorted(shape.name for shape in MODEL.error_shapes)


def test_the_table_is_made_from_the_installed_botocore() -> None:
    assert lean_model.TARGET.read_text() == lean_model.made(), "run scripts/lean_model.py"


def blurred(value: Any, chance: random.Random) -> Any:
    """The answer with members that no model knows, and with nulls, as a later version of the service may send."""
    if isinstance(value, dict):
        made = {name: blurred(member, chance) for name, member in value.items()}
        if made and chance.random() < 0.2:
            made[chance.choice(sorted(made))] = None
        return {**made, "OfLaterVersions": {"a": [1]}} if chance.random() < 0.2 else made
    if isinstance(value, list):
        return [blurred(each, chance) for each in value]
    return value


def parsed(body: bytes, shape: Any, status: int = 200) -> dict[str, Any]:
    answer: dict[str, Any] = JSONParser().parse({"body": body, "headers": {}, "status_code": status}, shape)
    answer.pop("ResponseMetadata")
    return answer


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_is_read_as_botocore_reads_it(operation: str) -> None:
    shape, chance = MODEL.operation_model(operation).output_shape, random.Random(operation)
    if shape is None:
        assert not shapes().has_output(operation)
        assert shapes().read(operation, {"Any": 1}) == {}
        return
    for _ in range(ROUNDS):
        content = Values(chance.getrandbits(64), on_the_wire=True).value(shape)
        for said in (content, blurred(content, chance)):
            body = json.dumps(said).encode()
            try:
                theirs = parsed(body, shape)
            except (AttributeError, TypeError, ValueError) as broken:
                with pytest.raises(type(broken)):
                    shapes().read(operation, json.loads(body))
            else:
                assert shapes().read(operation, json.loads(body)) == theirs


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("status", [400, 500])
def test_an_error_is_read_as_botocore_reads_it(code: str, status: int) -> None:
    chance = random.Random(code)
    shape = MODEL.shape_for(code)
    reader = AnswerReader(shapes(), ServerClock())
    for prefix in ("com.amazonaws.dynamodb.v20120810#", "", "com.amazon.coral.validate#"):
        content = Values(chance.getrandbits(64), on_the_wire=True).value(shape)
        body = json.dumps({"__type": f"{prefix}{code}", **content}).encode()
        theirs = parsed(body, None, status) | parsed(body, shape, 200)
        outcome = reader.read("TransactWriteItems", Answer(status, {}, body, reusable=True))
        outcome.answer.pop("ResponseMetadata")
        assert outcome.answer == theirs


def test_an_error_page_is_read_as_botocore_reads_it() -> None:
    reader = AnswerReader(shapes(), ServerClock())
    for status, body in (
        (502, b"<html><body>Bad Gateway</body></html>"),
        (503, b"  "),
        (404, b"not here"),
        (400, b'{"Message":"upper"}'),
        (413, b""),
        (301, b'{"__type":"a:b"}'),
    ):
        outcome = reader.read("ListTables", Answer(status, {}, body, reusable=True))
        outcome.answer.pop("ResponseMetadata")
        assert outcome.answer == parsed(body, None, status)


def test_retries_cost_and_pause_as_much_as_those_of_botocore() -> None:
    checker, backoff = standard.RetryQuotaChecker, standard.ExponentialBackoff
    assert quota.RetryQuota.INITIAL_CAPACITY == retries.CAPACITY
    assert (checker._RETRY_COST, checker._THROTTLING_RETRY_COST) == (retries.COST, retries.THROTTLING_COST)
    assert checker._NO_RETRY_INCREMENT == 1
    assert (backoff._MAX_BACKOFF, backoff._BASE) == (retries.LONGEST_PAUSE, 2)
    assert backoff._RETRY_AFTER_HEADER == retries.RETRY_AFTER
    assert backoff._RETRY_AFTER_MAX_ADDITIONAL == retries.LONGER_AT_MOST
    assert backoff._DEFAULT_BACKOFF_CONFIG["throttling_base_scale"] == retries.THROTTLING_PAUSE
    assert backoff._SERVICE_BACKOFF_CONFIG["dynamodb"] == {"non_throttling_base_scale": retries.PAUSE}
    assert set(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES) == retries.THROTTLING_CODES
    assert set(standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES) == retries.TRANSIENT_CODES
    assert set(standard.TransientRetryableChecker._TRANSIENT_STATUS_CODES) == retries.TRANSIENT_STATUSES
    assert standard.ThrottlingStatusCodeChecker._THROTTLING_STATUS_CODES == [retries.THROTTLING_STATUS]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_same_errors_are_worth_a_retry(operation: str) -> None:
    conditions = standard.StandardRetryConditions(max_attempts=4)
    detector = standard.ThrottlingErrorDetector(standard.RetryEventAdapter())
    modelled, retried = shapes().modelled_errors(operation), shapes().retried
    codes = {*retries.THROTTLING_CODES, *retries.TRANSIENT_CODES, *ERRORS, "Unheard", None}
    for status in (400, 404, 429, 500, 501, 502, 503, 504):
        for code in codes:
            context = standard.RetryContext(
                attempt_number=1,
                operation_model=MODEL.operation_model(operation),
                parsed_response={"Error": {"Code": code}},
                http_response=type("Said", (), {"status_code": status, "headers": {}})(),
            )
            throttled = retries.throttled(code, status, modelled, retried)
            mine = throttled or retries.transient(code, status, modelled, retried)
            assert mine == conditions.is_retryable(context), (code, status)
            if mine:
                assert throttled == detector.is_throttling_error_from_context(context), (code, status)
