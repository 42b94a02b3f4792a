"""The text of a UUID is what the module ``uuid`` makes of the same bits."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.identifiers import uuid4_text


@pytest.mark.parametrize("bits", [0, 2**128 - 1])
def test_the_extremes_have_version_and_variant(bits: int) -> None:
    assert uuid4_text(bits) == str(uuid.UUID(int=bits, version=4))


@given(st.integers(0, 2**128 - 1))
def test_any_bits_give_the_text_of_a_uuid_of_version_4(bits: int) -> None:
    assert uuid4_text(bits) == str(uuid.UUID(int=bits, version=4))
