"""The digests of items that yielded: written, read again, replaced by those of another attempt, and damaged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.model.errors import StateError
from reconciler.model.identity import Identity
from reconciler.model.records import Checkpoint, Generation, GenerationPhase
from reconciler.mover.generation_yielded import OF_A_PART, recall, remember

NOW = datetime(2026, 10, 1, tzinfo=UTC)
OLD = Identity("old", "arn", "1")
RECORD = Generation("orders", GenerationPhase.FENCE, 2, "orders", "orders-g2", OLD, ("customer HASH S",), NOW)


class Store:
    def __init__(self) -> None:
        self.kept: dict[str, Checkpoint] = {}

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        self.kept[checkpoint.name] = checkpoint

    def drop_checkpoint(self, name: str) -> None:
        del self.kept[name]


def kept(digests: set[int]) -> tuple[Store, Generation]:
    store = Store()
    remember(store, store.kept, RECORD, digests)
    return store, replace(RECORD, yielded=len(digests))


@pytest.mark.parametrize("count", [0, 1, OF_A_PART, OF_A_PART + 1])
def test_what_was_remembered_is_recalled(count: int) -> None:
    digests = {number * 2**100 for number in range(count)}
    store, record = kept(digests)
    assert recall(store, store.kept, record) == digests
    assert all(len(str(each.data)) < 300_000 for each in store.kept.values())


def test_another_attempt_forgets_the_former_one() -> None:
    store, _ = kept(set(range(OF_A_PART + 5)))
    remember(store, dict(store.kept), RECORD, {7})
    assert recall(store, store.kept, replace(RECORD, yielded=1)) == {7}


def test_missing_digests_are_an_error() -> None:
    store, record = kept(set(range(OF_A_PART + 5)))
    store.kept.pop(max(store.kept))
    with pytest.raises(StateError, match=f"has {OF_A_PART:,} of {OF_A_PART + 5:,} digests.*--keep"):
        recall(store, store.kept, record)


@pytest.mark.parametrize("text", ["abc", "ab*c", "é", ""])
def test_damaged_digests_are_an_error(text: str) -> None:
    store, record = kept({1, 2})
    (name,) = store.kept
    store.kept[name] = replace(store.kept[name], data={"digests": text})
    with pytest.raises(StateError, match=r"has 0 of 2 digests.*--keep"):
        recall(store, store.kept, record)


@pytest.mark.parametrize(
    "other",
    [
        replace(RECORD, old_identity=Identity("another", "arn", "2")),
        replace(RECORD, started=datetime(2026, 10, 2, tzinfo=UTC)),
        replace(RECORD, new="orders-g3"),
    ],
    ids=["another table", "another start", "another generation"],
)
def test_digests_of_other_work_are_void(other: Generation) -> None:
    store, record = kept({1, 2})
    with pytest.raises(StateError, match="has 0 of 2"):
        recall(store, store.kept, replace(other, yielded=record.yielded))
