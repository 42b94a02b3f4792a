"""Variables for the code under test, and those of the user again afterwards."""

from __future__ import annotations

import os

import pytest

from reconciler.pytest_plugin.environment import Environment, changed, variables


def test_the_variables_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB", raising=False)
    before, environment = dict(os.environ), Environment()
    environment.apply(variables("http://127.0.0.1:1", "pytest", "eu-west-1"))
    environment.apply(variables("http://127.0.0.1:2", "pytest", "eu-west-1"))
    assert os.environ["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:2"
    assert (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_REGION"]) == ("pytest", "eu-west-1")
    assert "AWS_PROFILE" not in os.environ
    environment.restore()
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("former", "set_to"),
    [("", "127.0.0.1,localhost"), ("a.example", "a.example,127.0.0.1,localhost"), ("127.0.0.1,localhost,b", None)],
)
def test_no_proxy_is_asked_for_this_machine(former: str, set_to: str | None) -> None:
    made = variables("http://127.0.0.1:1", "pytest", "eu-west-1", {"NO_PROXY": former} if former else {})
    assert made["NO_PROXY"] == (set_to or former)


def test_another_process_gets_them_too() -> None:
    made = changed({"AWS_PROFILE": "x", "HOME": "/h"}, {"AWS_PROFILE": None, "AWS_REGION": "r"})
    assert made == {"HOME": "/h", "AWS_REGION": "r"}
