"""A variable that is called like a setting without its prefix is named once, with what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.app import main
from reconciler.settings import SETTINGS
from reconciler.settings.layers import DISTINCTIVE
from reconciler.settings.loading import load

TOLD = {
    "a choice": ("PRUNE", "never"),
    "a duration": ("PRUNE_GRACE", "1h"),
    "consent": ("DATA_LOSS", "never"),
    "the mode": ("MODE", "observe"),
    "the cap": ("MAX_DELETES", "0"),
    "the accounts": ("ALLOWED_ACCOUNTS", "123456789012"),
    "the endpoint": ("ENDPOINT_URL", "http://localhost:8000"),
    "the folder": ("DESIRED_STATE", "tables"),
}


@pytest.mark.parametrize("place", ["", ".env: "])
@pytest.mark.parametrize("what", TOLD)
def test_it_is_named_with_the_right_name(what: str, place: str, tmp_path: Path) -> None:
    name, value = TOLD[what]
    if place:
        (tmp_path / ".env").write_text(f"{name}={value}\n")
    found = load({}, one_shot=True, environ={} if place else {name: value}, cwd=tmp_path)
    sentence = f"has no effect: settings begin with RECONCILER_. Write RECONCILER_{name}={value}."
    assert found.warnings == (f"{place}{name}={value} {sentence}",)
    assert found.origins[name.lower()] == "default"


QUIET = {
    "a value of another program": {"PRUNE": "yes", "MODE": "production", "SEED": "42", "MAX_DELETES": "many"},
    "names that many programs read": {
        "ENVIRONMENT": "dev",
        "PORT": "8002",
        "HTTP_PORT": "80",
        "LOG_LEVEL": "info",
        "INTERVAL": "60s",
        "TIMEOUT": "30s",
        "STACK": "shop",
        "REGION": "eu-west-1",
        "API_TOKEN": "hunter2",
        "LOG_FORMAT": "json",
    },
    "nothing": {"PRUNE": "", "DATA_LOSS": ""},
    "credentials in a URL": {"ENDPOINT_URL": "http://me:hunter2@db:8000"},
    "a setting that is given beside it": {"PRUNE": "never", "RECONCILER_PRUNE": "owned"},
}


@pytest.mark.parametrize("what", QUIET)
def test_nothing_is_said_about(what: str, tmp_path: Path) -> None:
    assert load({}, one_shot=True, environ=QUIET[what], cwd=tmp_path).warnings == ()


def test_a_name_in_both_places_is_told_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PRUNE=owned\nDATA_LOSS=never\n")
    found = load({}, one_shot=True, environ={"PRUNE": "never"}, cwd=tmp_path)
    assert [sentence.partition(" has")[0] for sentence in found.warnings] == ["PRUNE=never", ".env: DATA_LOSS=never"]


def test_every_distinctive_name_is_a_setting() -> None:
    assert {name.lower() for name in DISTINCTIVE} <= set(SETTINGS)


def test_a_command_warns_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRUNE", "never")
    main(["diff", "env:dev", "env:prod"])
    assert capsys.readouterr().err.count("warning: PRUNE=never has no effect") == 1
