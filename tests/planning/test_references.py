"""The order of seeding, and the keys by which references are looked up."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulation.simulated_engine import declaration
from support.specs import gsi, keys

from reconciler.model.desired import Declaration, Reference
from reconciler.planning.references import item_text, links, named_values, seed_order


def table(name: str, *refers: str) -> Declaration:
    return replace(declaration(name), references=tuple(Reference(each, "at") for each in refers))


CASES = {
    "without references, by name": ([table("b"), table("a")], ("a", "b"), ()),
    "a chain": ([table("a", "b"), table("b", "c"), table("c")], ("c", "b", "a"), ()),
    "two that refer to one": ([table("a", "z"), table("b", "z"), table("z")], ("z", "a", "b"), ()),
    "a table that refers to itself": ([table("a", "a")], ("a",), ()),
    "a table that is not declared": ([table("a", "gone")], ("a",), ()),
    "a circle of two": ([table("a", "b"), table("b", "a")], ("b", "a"), (("a", "b", "a"),)),
    "a circle of three beside a chain": (
        [table("a", "b"), table("b", "c"), table("c", "a", "d"), table("d")],
        ("d", "c", "b", "a"),
        (("a", "b", "c", "a"),),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_order_of_seeding(case: str) -> None:
    declared, order, cycles = CASES[case]
    for shuffled in permutations(declared):
        found = seed_order(shuffled)
        assert (found.names, found.cycles) == (order, cycles)


@given(st.lists(st.lists(st.integers(0, 7), max_size=4), min_size=1, max_size=8))
def test_every_table_comes_once_and_after_those_that_it_waits_for(refers: list[list[int]]) -> None:
    declared = [table(f"t{n}", *(f"t{m}" for m in others)) for n, others in enumerate(refers)]
    found = seed_order(declared)
    assert sorted(found.names) == sorted(each.spec.name for each in declared)
    for name, before in found.after.items():
        assert all(found.position(other) < found.position(name) for other in before)
    pairs = {(f"t{n}", f"t{m}") for n, others in enumerate(refers) for m in others if m < len(refers) and m != n}
    cut = {cycle[-2:] for cycle in found.cycles}
    assert {(name, other) for name, before in found.after.items() for other in before} == pairs - cut


def test_a_long_chain_has_an_order() -> None:
    declared = [table(f"t{n:05}", f"t{n + 1:05}") for n in range(5000)]
    assert seed_order(declared).names[0] == "t04999"


def test_the_key_of_a_reference_is_the_partition_key_or_that_of_an_index() -> None:
    users = declaration("users", keys=keys("pk S", "sk N"), global_indexes=(gsi("by_mail", "mail S"),))
    tasks = replace(
        declaration("tasks"),
        references=(
            Reference("users", "owner"),
            Reference("users", "mail", "mail"),
            Reference("users"),
            Reference("users", "x", "sk"),
            Reference("gone", "x"),
        ),
    )
    found = [(link.attribute, link.key.attribute, link.index) for link in links([users, tasks])]
    assert found == [("owner", "pk", None), ("mail", "mail", "by_mail")]


def test_the_values_that_an_attribute_holds() -> None:
    scalar = {"S": "a"}
    assert list(named_values(scalar)) == [scalar]
    assert list(named_values({"NS": ["1", "2"]})) == [{"N": "1"}, {"N": "2"}]
    assert list(named_values({"L": [scalar, {"NULL": True}, {"L": [scalar]}]})) == [scalar]
    for nothing in ({"NULL": True}, {"BOOL": True}, {"M": {"a": scalar}}):
        assert list(named_values(nothing)) == []


def test_an_item_is_named_by_its_key() -> None:
    item = {"pk": {"S": "a'b"}, "sk": {"N": "7"}, "more": {"S": "x"}}
    assert item_text(item, keys("pk S", "sk N")) == 'pk="a\'b", sk=7'
    assert item_text({"pk": {"B": b"\0\1"}}, keys("pk B")) == "pk=binary of 2 bytes"
