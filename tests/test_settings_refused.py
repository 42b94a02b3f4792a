"""Invalid settings: each is reported with setting, origin, reason and remedy, and without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.errors import SettingsError
from reconciler.settings.loading import load

NOTHING: Mapping[str, Any] = {}


def refused(tmp_path: Path, flags: Mapping[str, Any] = NOTHING, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(flags, one_shot=False, environ=environ, cwd=tmp_path)
    return str(caught.value)


INVALID: dict[str, tuple[dict[str, str], str]] = {
    "a duration with an unknown unit": (
        {"RECONCILER_INTERVAL": "5x"},
        "RECONCILER_INTERVAL: invalid value '5x'; expected a duration. Write it like 5m, 1h30m or 30s",
    ),
    "a negative duration": (
        {"RECONCILER_WAIT": "-5m"},
        "RECONCILER_WAIT: invalid value '-5m'; expected a duration of at least 0s.",
    ),
    "an interval of nothing": (
        {"RECONCILER_INTERVAL": "0s"},
        "expected a duration longer than 0s. Write it like 5m, 1h30m or 30s; ",
    ),
    "a negative interval": (
        {"RECONCILER_INTERVAL": "-5s"},
        "expected a duration longer than 0s. Write it like 5m, 1h30m",
    ),
    "a timeout that is none": ({"RECONCILER_TIMEOUT": "soon"}, "expected a duration. Write it like 5m, 1h30m or 30s; "),
    "a duration without end": ({"RECONCILER_WAIT": "999999h"}, "expected a duration of at most ten years"),
    "a timeout of nothing": (
        {"RECONCILER_TIMEOUT": "0"},
        "RECONCILER_TIMEOUT: invalid value '0'; expected a duration longer",
    ),
    "a jitter over all": ({"RECONCILER_JITTER": "150%"}, "expected a share from 0% to 100% or a duration"),
    "a jitter that is no share": ({"RECONCILER_JITTER": "x%"}, "expected a share from 0% to 100% or a duration"),
    "a word that is no choice": (
        {"RECONCILER_DATA_LOSS": "yes"},
        "RECONCILER_DATA_LOSS: invalid value 'yes'; expected never, emulator or allow.",
    ),
    "a misspelt choice": ({"RECONCILER_DATA_LOSS": "emulater"}, "never, emulator or allow. Did you mean emulator?"),
    "an unknown mode": ({"RECONCILER_MODE": "dry"}, "expected enforce or observe."),
    "an unknown prune": ({"RECONCILER_PRUNE": "all"}, "expected never or owned."),
    "an unknown level": ({"RECONCILER_LOG_LEVEL": "loud"}, "expected debug, info, warning or error."),
    "a word for a number": ({"RECONCILER_WORKERS": "ten"}, "RECONCILER_WORKERS: invalid value 'ten'; expected a whole"),
    "no workers": ({"RECONCILER_WORKERS": "0"}, "expected a whole number from 1 to 200."),
    "a negative cap": (
        {"RECONCILER_MAX_DELETES": "-1"},
        "RECONCILER_MAX_DELETES: invalid value '-1'; expected a whole number of at least 0.",
    ),
    "a port out of range": ({"RECONCILER_HTTP_PORT": "70000"}, "expected a whole number from 0 to 65535."),
    "an account that is none": (
        {"RECONCILER_ALLOWED_ACCOUNTS": "123456789012,prod"},
        "expected AWS account IDs of 12 digits",
    ),
    "an endpoint without a scheme": (
        {"AWS_ENDPOINT_URL": "localhost:8000"},
        "expected an http:// or https:// URL with a host.",
    ),
    "an endpoint without a host": (
        {"DYNAMODB_ENDPOINT": "http://"},
        "DYNAMODB_ENDPOINT: invalid value 'http://'; expected an http://",
    ),
    "an endpoint with a bad port": (
        {"AWS_ENDPOINT_URL": "http://h:99999"},
        "expected an http:// or https:// URL. Write it like",
    ),
    "a stack with a slash": ({"RECONCILER_STACK": "a/b"}, "expected a name of 1 to 100 letters, digits"),
    "an environment with a space": ({"RECONCILER_ENVIRONMENT": "a b"}, "expected a name of 1 to 100 letters, digits"),
    "a state table no one can have": ({"RECONCILER_STATE_TABLE": "a"}, "expected a table name of 3 to 255 letters"),
    "a switch that is neither": ({"RECONCILER_EMBEDDED": "maybe"}, "expected true or false"),
    "a region with a space": ({"RECONCILER_REGION": "eu west"}, "expected an AWS Region. Write it like eu-west-1."),
    "token auth without a token": ({"RECONCILER_API_AUTH": "token"}, "RECONCILER_API_AUTH: 'token' needs a token"),
    "two tokens": (
        {"RECONCILER_API_TOKEN": "a", "RECONCILER_API_TOKEN_FILE": "b"},
        "RECONCILER_API_TOKEN and RECONCILER_API_TOKEN_FILE are both set",
    ),
    "a token file that is not there": ({"RECONCILER_API_TOKEN_FILE": "nowhere"}, "nowhere: No such file"),
    "a misspelt variable": ({"RECONCILER_INTERVALL": "5m"}, "Unknown setting RECONCILER_INTERVALL. Did you mean"),
    "a variable like nothing": ({"RECONCILER_QQQQQQ": "1"}, "Unknown setting RECONCILER_QQQQQQ. Remove it"),
    "the variable that is no longer read": ({"RECONCILER_TABLE_ENVIRONMENT": "x"}, "Did you mean RECONCILER_ENVIRON"),
    "a config file that is not there": ({"RECONCILER_CONFIG": "no.toml"}, "RECONCILER_CONFIG: no.toml is not a file."),
}


@pytest.mark.parametrize("what", INVALID)
def test_it_is_refused_with_setting_origin_reason_and_remedy(what: str, tmp_path: Path) -> None:
    environ, sentence = INVALID[what]
    assert sentence in refused(tmp_path, **environ)


def test_a_bad_flag_is_named_as_a_flag(tmp_path: Path) -> None:
    assert refused(tmp_path, {"prune_grace": "soon"}).startswith("--prune-grace: invalid value 'soon'; expected")


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text("intervall = '5m'\nworkers = 'x'\n")
    lines = refused(tmp_path, RECONCILER_PRUNE="all").splitlines()
    assert lines == [
        "reconciler.toml: Unknown setting intervall. Did you mean interval?",
        "RECONCILER_PRUNE: invalid value 'all'; expected never or owned.",
        "reconciler.toml: workers: invalid value 'x'; expected a whole number from 1 to 200.",
    ]


BROKEN_FILES = {
    "invalid TOML": b"interval = ",
    "cannot be read": b"stack = '\xff'",
    "did you mean prune_grace": b"prune-grace = '5m'",
    "desired_state: invalid value 5; expected a text": b"desired_state = 5",
}


@pytest.mark.parametrize("sentence", BROKEN_FILES)
def test_a_broken_file_is_refused(sentence: str, tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_bytes(BROKEN_FILES[sentence])
    message = refused(tmp_path)
    assert sentence.lower() in message.lower()
    assert "reconciler.toml" in message


def test_an_unknown_key_of_pyproject_is_named_with_its_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reconciler]\nmod = 'observe'\n[tool.other]\nx = 1\n")
    assert refused(tmp_path) == "pyproject.toml: Unknown setting tool.reconciler.mod. Did you mean mode?"


def test_two_flags_that_contradict_are_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, {"embedded": True, "endpoint_url": "http://h:1"})
    assert message == "--embedded and --endpoint-url exclude each other. Remove one of them."


@pytest.mark.parametrize("content", ["", " \n", "two words", "with\ttab", "ümlaut"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content)
    message = refused(tmp_path, RECONCILER_API_TOKEN_FILE="token")
    assert "RECONCILER_API_TOKEN_FILE" in message
    assert not content.strip() or content not in message


def test_a_syntax_error_of_the_settings_file_is_a_place_that_a_terminal_makes_clickable(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text('stack = "a"\ninterval = ]\n')
    assert refused(tmp_path) == "reconciler.toml:2:12: invalid TOML: invalid value. Correct the file."
