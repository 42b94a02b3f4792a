"""The breaker's counts while a facet is still changing: it reads as done, and may yet end as FAILED."""

from __future__ import annotations

import pytest
from support.specs import IDENTITY

from reconciler.model.records import Attempts
from reconciler.planning.breaker import settle

PATH = "contributor_insights.enabled"
TRIED = Attempts("subject", IDENTITY, {PATH: 1}, {PATH: "true"})


@pytest.mark.parametrize(
    ("changing", "forgotten"), [(frozenset({"contributor_insights"}), False), (frozenset({"ttl"}), True)], ids=str
)
def test_a_write_is_forgotten_only_when_its_change_has_ended(changing: frozenset[str], forgotten: bool) -> None:
    settled = settle(TRIED, (), changing)
    assert (settled is not None) is forgotten
