"""The sentences on tables that destroy leaves: each reason reads well for one table and for several."""

from __future__ import annotations

import pytest

from reconciler.model.records import InventoryEntry, Ownership
from reconciler.planning.staying_tables import staying_tables

RULE = "destroy deletes only tables that this stack created"


@pytest.mark.parametrize(
    ("ownership", "one", "several"),
    [
        ("adopted", "it existed before this stack managed it", "they existed before this stack managed them"),
        (
            "intent",
            "it may be the table of others: no response to its creation arrived",
            "they may be the tables of others: no response to their creation arrived",
        ),
        (
            "state_lost",
            "it is recorded by its owner tag alone, because the state was lost",
            "they are recorded by their owner tag alone, because the state was lost",
        ),
        ("released", "it was released", "they were released"),
        (None, "it has no record in this stack", "they have no record in this stack"),
    ],
)
def test_each_reason_is_a_sentence_for_one_and_for_several(ownership: Ownership | None, one: str, several: str) -> None:
    def said(*names: str) -> tuple[str, ...]:
        entries = {name: InventoryEntry(name, name, ownership, "n") for name in names} if ownership else {}
        return staying_tables(entries, frozenset(names), ())

    assert said("a") == (f"a stays: {one}, and {RULE}",)
    assert said("a", "b") == (f"2 tables stay, because {several} and {RULE}: a, b",)
