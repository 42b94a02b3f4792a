"""What the records say of items: by content and by the identity of the table, and never more than was recorded."""

from __future__ import annotations

import pytest

from reconciler.model.identity import Identity
from reconciler.model.records import SeedPart, SeedRecord
from reconciler.seeding.provenance import item_digest, pack, part_name, provenance, unpack

HERE, OTHER = Identity("id-1", "arn:users", "2026-01-01"), Identity("id-2", "arn:users", "2026-02-02")
A, B, C = (item_digest({"pk": {"S": key}}) for key in "abc")
RECORD = SeedRecord("users", "started", "d", "seeds/users.json", HERE, written=pack([A]), uncertain=pack([A, B]))
PART = SeedPart(part_name("users", 1), HERE, pack([C]))


def test_uncertain_items_are_never_counted_as_written() -> None:
    found = provenance(RECORD, {}, HERE)
    assert (found.written, found.uncertain, found.possible) == ({A}, {B}, {A, B})


def test_parts_of_the_same_table_belong_to_it() -> None:
    assert provenance(RECORD, {PART.name: PART}, HERE).written == {A, C}


@pytest.mark.parametrize(
    "part",
    [
        SeedPart(part_name("users", 1), OTHER, pack([C])),
        SeedPart(part_name("users", 1), None, pack([C])),
        SeedPart(part_name("users2", 1), HERE, pack([C])),
        SeedPart(part_name("user", 1), HERE, pack([C])),
    ],
    ids=["another table of the name", "no identity", "a longer name", "a shorter name"],
)
def test_parts_of_another_table_do_not(part: SeedPart) -> None:
    assert provenance(RECORD, {part.name: part}, HERE).written == {A}


@pytest.mark.parametrize("identity", [OTHER, None])
def test_nothing_is_known_of_another_table_of_the_name(identity: Identity | None) -> None:
    assert provenance(RECORD, {PART.name: PART}, identity).possible == frozenset()


def test_nothing_is_known_without_a_record() -> None:
    assert provenance(None, {PART.name: PART}, HERE).possible == frozenset()


DIFFERENT = {
    "a value": {"pk": {"S": "a"}, "v": {"S": "2"}},
    "a type": {"pk": {"S": "a"}, "v": {"N": "1"}},
    "an attribute more": {"pk": {"S": "a"}, "v": {"S": "1"}, "w": {"S": "1"}},
    "an attribute less": {"pk": {"S": "a"}},
    "an attribute of another name": {"pk": {"S": "a"}, "V": {"S": "1"}},
    "an empty text": {"pk": {"S": "a"}, "v": {"S": ""}},
    "a key": {"pk": {"S": "b"}, "v": {"S": "1"}},
    "a null": {"pk": {"S": "a"}, "v": {"NULL": True}},
    "a list": {"pk": {"S": "a"}, "v": {"L": [{"S": "1"}]}},
    "a set": {"pk": {"S": "a"}, "v": {"SS": ["1"]}},
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_digest_is_of_the_whole_item(name: str) -> None:
    assert item_digest(DIFFERENT[name]) != item_digest({"pk": {"S": "a"}, "v": {"S": "1"}})


def test_equal_numbers_and_sets_have_equal_digests() -> None:
    first = {"pk": {"N": "1.0"}, "s": {"NS": ["1", "2.50"]}, "t": {"SS": ["a", "b"]}}
    assert item_digest(first) == item_digest({"t": {"SS": ["b", "a"]}, "s": {"NS": ["2.5", "1"]}, "pk": {"N": "1"}})


@pytest.mark.parametrize("text", ["AAAA", "no base64", "AAAAAAAAAAE", "é"])
def test_an_invalid_packed_digest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(text)
