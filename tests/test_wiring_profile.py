"""What the wiring gives to the SDK: the profile that a setting chooses, and nothing else where none does."""

from __future__ import annotations

import os

import pytest

from reconciler.settings import Settings
from reconciler.wiring import open_app

KEYS = {"AWS_ACCESS_KEY_ID": "own", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@pytest.fixture(autouse=True)
def own_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def test_a_profile_takes_the_place_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "another")
    with open_app(Settings(profile="shop"), one_shot=True, read_only=True):
        assert os.environ["AWS_PROFILE"] == "shop"
        assert [name for name in KEYS if name in os.environ] == []


def test_without_a_profile_the_keys_stay() -> None:
    with open_app(Settings(), one_shot=True, read_only=True):
        assert {name: os.environ.get(name) for name in KEYS} == KEYS
        assert "AWS_PROFILE" not in os.environ
