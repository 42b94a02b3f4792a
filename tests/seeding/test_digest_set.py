"""The compact set of digests behaves as a set, also where its numbers collide and grow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.seeding.digest_set import DigestSet

# Few low bits, so that many fall into one place, and the two numbers with a meaning of their own.
DIGESTS = st.integers(0, 40).flatmap(
    lambda low: st.integers(0, 3).map(lambda high: (high << 60 | low).to_bytes(8, "big"))
)
CHANGES = st.lists(st.tuples(st.booleans(), DIGESTS), max_size=300)


@given(CHANGES)
def test_it_holds_what_a_set_holds(changes: list[tuple[bool, bytes]]) -> None:
    ours, theirs = DigestSet(), set[bytes]()
    for adds, digest in changes:
        (ours.add if adds else ours.discard)(digest)
        (theirs.add if adds else theirs.discard)(digest)
        assert len(ours) == len(theirs)
        assert (digest in ours) == adds
    assert ours == theirs
    assert sorted(ours) == sorted(theirs)


@given(st.frozensets(DIGESTS), st.frozensets(DIGESTS))
def test_it_is_compared_and_joined_as_a_set(one: frozenset[bytes], other: frozenset[bytes]) -> None:
    assert (DigestSet(one) | DigestSet(other)) == one | other
    assert (DigestSet(one) - other) == one - other
    assert (DigestSet(one) & other) == one & other
    assert (DigestSet(one) <= DigestSet(other)) == (one <= other)


def test_a_hundred_thousand_digests_are_found_again() -> None:
    digests = [(number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8, "big") for number in range(100_000)]
    found = DigestSet(digests)
    assert len(found) == 100_000
    assert all(digest in found for digest in digests)
    assert b"12345678" not in found
    assert "12345678" not in found
