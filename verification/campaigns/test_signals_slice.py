"""A slice of the signal campaign: every command several times."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from campaigns.signals_run import COMMANDS, case, shared_fixture
from support.endpoints import need_dynamodb_local

ROUNDS = 3


@pytest.fixture(scope="module", autouse=True)
def _endpoint() -> Iterator[None]:
    need_dynamodb_local()
    yield
    shared_fixture().__exit__()
    shared_fixture.cache_clear()


@pytest.mark.parametrize("turn", range(ROUNDS))
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_ends_the_command_in_time_and_the_same_command_again_completes_it(name: str, turn: int) -> None:
    figures = case(turn * len(COMMANDS) + list(COMMANDS).index(name))
    assert figures["signals"] == 1
