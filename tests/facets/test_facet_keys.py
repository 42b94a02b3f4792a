"""The facet keys: read with types, compared in order, never changed in place."""

from __future__ import annotations

import pytest
from support.responses import answers, defined
from support.specs import keys, observed, spec

from reconciler.facets.keys import KeysFacet
from reconciler.model.change import Call, Hazard
from reconciler.model.errors import Malformed

FACET = KeysFacet()


def test_definitions_come_in_any_order_and_give_the_types() -> None:
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    seen = FACET.observe(answers(KeySchema=schema, AttributeDefinitions=defined(email="B", sk="N", pk="S")))
    assert seen == keys("pk S", "sk N")


def test_a_key_attribute_without_definition_is_a_malformed_answer() -> None:
    with pytest.raises(Malformed, match="pk has no AttributeDefinition"):
        FACET.observe(answers(AttributeDefinitions=defined(other="S")))


@pytest.mark.parametrize(
    ("desired", "seen"),
    [
        (spec("id S"), spec()),
        (spec("pk N"), spec()),
        (spec("pk S", "sk S"), spec()),
        (spec("pk S", "sk S"), spec("pk S", "sk B")),
        (spec("pk S", "sk S"), spec("sk S", "pk S")),
    ],
)
def test_another_key_is_one_change_that_replaces_the_table(desired, seen) -> None:
    (change,) = FACET.diff(desired, seen)
    assert (change.path, change.hazard) == ("keys", Hazard.REPLACEMENT)
    assert "every item in it is lost" in (change.unsafe or "")
    assert FACET.request(change, desired, observed(seen)) == Call("DeleteTable", {"TableName": "subject"})


def test_before_and_after_read_as_key_schema_with_types() -> None:
    (change,) = FACET.diff(spec("pk S", "sk N"), spec())
    assert change.before == [{"AttributeName": "pk", "KeyType": "HASH", "AttributeType": "S"}]
    assert change.after[1] == {"AttributeName": "sk", "KeyType": "RANGE", "AttributeType": "N"}


def test_the_same_key_is_not_a_change() -> None:
    assert list(FACET.diff(spec("pk S", "sk N"), spec("pk S", "sk N"))) == []
