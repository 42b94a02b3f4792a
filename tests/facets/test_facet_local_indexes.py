"""The facet local_indexes: any difference replaces the table."""

from __future__ import annotations

import pytest
from support.responses import answers, defined, index
from support.specs import lsi, observed, spec

from reconciler.facets.local_indexes import LocalIndexesFacet
from reconciler.model.change import Hazard

FACET = LocalIndexesFacet()
TABLE = ("pk S", "sk S")


def test_local_indexes_are_read_by_name() -> None:
    described = [index("by_n", "pk", "n", status=None), index("by_date", "pk", "date", status=None)]
    definitions = defined(date="S", n="N", pk="S")
    seen = FACET.observe(answers(LocalSecondaryIndexes=described, AttributeDefinitions=definitions))
    assert seen == (lsi("by_date", "date S"), lsi("by_n", "n N"))


@pytest.mark.parametrize(
    ("desired", "seen", "paths"),
    [
        pytest.param([lsi("by_date", "date S")], [], ["local_indexes.by_date"], id="added"),
        pytest.param([], [lsi("by_date", "date S")], ["local_indexes.by_date"], id="removed"),
        pytest.param(
            [lsi("xyz", "a S")], [lsi("abc", "a S")], ["local_indexes.abc", "local_indexes.xyz"], id="renamed"
        ),
        pytest.param(
            [lsi("by_date", "day N", project="KEYS_ONLY")],
            [lsi("by_date", "day S")],
            ["local_indexes.by_date.keys", "local_indexes.by_date.projection"],
            id="key type and projection",
        ),
    ],
)
def test_any_difference_replaces_the_table(desired, seen, paths) -> None:
    wanted, live = spec(*TABLE, local_indexes=desired), observed(spec(*TABLE, local_indexes=seen))
    changes = list(FACET.diff(wanted, live.spec))
    assert [change.path for change in changes] == paths
    assert {change.hazard for change in changes} == {Hazard.REPLACEMENT}
    assert {FACET.request(change, wanted, live).operation for change in changes} == {"DeleteTable"}


def test_the_order_of_projected_attributes_means_nothing() -> None:
    one, other = lsi("by_date", "date S", project="a b"), lsi("by_date", "date S", project="b a")
    assert list(FACET.diff(spec(*TABLE, local_indexes=[one]), spec(*TABLE, local_indexes=[other]))) == []


def test_local_indexes_are_part_of_create_table() -> None:
    (member,) = FACET.create_members(spec(*TABLE, local_indexes=[lsi("by_date", "date S")]))["LocalSecondaryIndexes"]
    assert member["KeySchema"][1] == {"AttributeName": "date", "KeyType": "RANGE"}
    assert FACET.create_members(spec(*TABLE, local_indexes=[])) == {}
