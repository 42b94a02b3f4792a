"""The token is compared in constant time: always whole digests, by the library function."""

from __future__ import annotations

import hmac

import pytest

from reconciler.http import access

GUESSES = ["", "s", "secret", "secret-and-more", "sec", "\udcff", "x" * 10_000]


def test_every_guess_is_compared_as_a_digest_of_fixed_length(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(access.hmac, "compare_digest", spy)
    assert [access.same_secret(guess, "secret") for guess in GUESSES] == [
        False,
        False,
        True,
        False,
        False,
        False,
        False,
    ]
    assert len(compared) == len(GUESSES)
    assert {(len(one), len(other)) for one, other in compared} == {(32, 32)}
    assert all(b"secret" not in one + other for one, other in compared)
