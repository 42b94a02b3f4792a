"""Invalid settings: each is reported with setting, origin, reason and remedy, and without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.errors import SettingsError
from reconciler.settings import load

NOTHING: Mapping[str, Any] = {}


def refused(tmp_path: Path, flags: Mapping[str, Any] = NOTHING, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(flags, one_shot=False, environ=environ, cwd=tmp_path)
    return str(caught.value)


MALFORMED: dict[str, tuple[dict[str, str], str]] = {
    "a duration with an unknown unit": (
        {"RECONCILER_INTERVAL": "5x"},
        "interval: '5x' from RECONCILER_INTERVAL is not a duration. Write a duration such as 5m, 1h30m or 0s",
    ),
    "a negative duration": ({"RECONCILER_WAIT": "-5m"}, "wait: '-5m' from RECONCILER_WAIT is negative."),
    "an interval of nothing": ({"RECONCILER_INTERVAL": "0s"}, "must be longer than nothing"),
    "a duration without end": ({"RECONCILER_WAIT": "999999h"}, "is longer than ten years"),
    "a timeout of nothing": ({"RECONCILER_TIMEOUT": "0"}, "timeout: '0' from RECONCILER_TIMEOUT must be longer"),
    "a jitter over all": ({"RECONCILER_JITTER": "150%"}, "is not a share between 0% and 100%"),
    "a jitter that is no share": ({"RECONCILER_JITTER": "x%"}, "is not a share between 0% and 100%"),
    "a word that is no choice": (
        {"RECONCILER_DATA_LOSS": "yes"},
        "data_loss: 'yes' from RECONCILER_DATA_LOSS is not one of its values. Use one of never, emulator, allow.",
    ),
    "an unknown mode": ({"RECONCILER_MODE": "dry"}, "Use one of enforce, observe."),
    "an unknown prune": ({"RECONCILER_PRUNE": "all"}, "Use one of never, owned."),
    "an unknown level": ({"RECONCILER_LOG_LEVEL": "loud"}, "Use one of debug, info, warning, error."),
    "a word for a number": ({"RECONCILER_WORKERS": "ten"}, "workers: 'ten' from RECONCILER_WORKERS is not a whole"),
    "no workers": ({"RECONCILER_WORKERS": "0"}, "must be at least 1. Use a whole number, at least 1."),
    "a negative cap": ({"RECONCILER_MAX_DELETES": "-1"}, "max_deletes: '-1' from RECONCILER_MAX_DELETES must be at"),
    "a port out of range": ({"RECONCILER_HTTP_PORT": "70000"}, "must be at most 65535"),
    "an account that is none": ({"RECONCILER_ALLOWED_ACCOUNTS": "123456789012,prod"}, "is not an AWS account id"),
    "an endpoint without a scheme": ({"AWS_ENDPOINT_URL": "localhost:8000"}, "is not an http:// or https:// URL"),
    "an endpoint without a host": ({"DYNAMODB_ENDPOINT": "http://"}, "from DYNAMODB_ENDPOINT is not an http://"),
    "an endpoint with a bad port": ({"AWS_ENDPOINT_URL": "http://h:99999"}, "is not a URL"),
    "a stack with a slash": ({"RECONCILER_STACK": "a/b"}, "is not a name of letters, digits"),
    "an environment with a space": ({"RECONCILER_ENVIRONMENT": "a b"}, "is not a name of letters, digits"),
    "a state table no one can have": ({"RECONCILER_STATE_TABLE": "a"}, "is not a table name that DynamoDB accepts"),
    "a switch that is neither": ({"RECONCILER_EMBEDDED": "maybe"}, "is neither true nor false"),
    "a region with a space": ({"RECONCILER_REGION": "eu west"}, "is not a region"),
    "token auth without a token": ({"RECONCILER_API_AUTH": "token"}, "needs a token"),
    "two tokens": ({"RECONCILER_API_TOKEN": "a", "RECONCILER_API_TOKEN_FILE": "b"}, "are both set"),
    "a token file that is not there": ({"RECONCILER_API_TOKEN_FILE": "nowhere"}, "cannot be read: No such file"),
    "a misspelt variable": ({"RECONCILER_INTERVALL": "5m"}, "Unknown setting RECONCILER_INTERVALL. Did you mean"),
    "a variable like nothing": ({"RECONCILER_QQQQQQ": "1"}, "Unknown setting RECONCILER_QQQQQQ. Remove it"),
    "the variable that is no longer read": ({"RECONCILER_TABLE_ENVIRONMENT": "x"}, "Did you mean RECONCILER_ENVIRON"),
    "a config file that is not there": ({"RECONCILER_CONFIG": "no.toml"}, "RECONCILER_CONFIG names no.toml, which is"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_it_is_refused_with_setting_origin_reason_and_remedy(what: str, tmp_path: Path) -> None:
    environ, sentence = MALFORMED[what]
    assert sentence in refused(tmp_path, **environ)


def test_a_bad_flag_is_named_as_a_flag(tmp_path: Path) -> None:
    assert refused(tmp_path, {"prune_grace": "soon"}).startswith("prune_grace: 'soon' from --prune-grace is not a")


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text("intervall = '5m'\nworkers = 'x'\n")
    lines = refused(tmp_path, RECONCILER_PRUNE="all").splitlines()
    assert lines == [
        "reconciler.toml: Unknown setting intervall. Did you mean interval?",
        "prune: 'all' from RECONCILER_PRUNE is not one of its values. Use one of never, owned.",
        "workers: 'x' from reconciler.toml: workers is not a whole number. Use a whole number.",
    ]


BROKEN_FILES = {
    "is not TOML": b"interval = ",
    "cannot be read": b"stack = '\xff'",
    "did you mean prune_grace": b"prune-grace = '5m'",
    "desired_state: 5 from": b"desired_state = 5",
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
    assert message == "--embedded and --endpoint-url contradict one another. Give one of them."


@pytest.mark.parametrize("content", ["", " \n", "two words", "with\ttab", "ümlaut"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content)
    message = refused(tmp_path, RECONCILER_API_TOKEN_FILE="token")
    assert "api_token" in message
    assert not content.strip() or content not in message
