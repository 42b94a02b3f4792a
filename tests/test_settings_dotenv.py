"""The settings in ``.env`` apply together with its endpoint: one file means one database."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.errors import SettingsError
from reconciler.settings import load

FILE = {
    "AWS_ENDPOINT_URL": "http://localhost:8000",
    "AWS_REGION": "eu-west-3",
    "AWS_ACCESS_KEY_ID": "appkey",
    "AWS_SECRET_ACCESS_KEY": "appsecret",
}
REST = {name: value for name, value in FILE.items() if name != "AWS_ENDPOINT_URL"}
KEYS = {name: value for name, value in REST.items() if name != "AWS_REGION"}
CASES: dict[str, tuple[dict[str, str], dict[str, str], str | None, dict[str, str]]] = {
    "all of it": (FILE, {}, "http://localhost:8000", REST),
    "the Region of the environment": (FILE, {"AWS_REGION": "eu-west-1"}, "http://localhost:8000", KEYS),
    "the other Region of the environment": (FILE, {"AWS_DEFAULT_REGION": "eu-west-1"}, "http://localhost:8000", KEYS),
    "the keys of the environment": (
        FILE,
        {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
        "http://localhost:8000",
        {"AWS_REGION": "eu-west-3"},
    ),
    "the profile of the environment": (
        FILE,
        {"AWS_PROFILE": "dev"},
        "http://localhost:8000",
        {"AWS_REGION": "eu-west-3"},
    ),
    "empty variables are unset": (
        FILE,
        {"AWS_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": ""},
        "http://localhost:8000",
        REST,
    ),
    "an empty endpoint in the environment": (FILE, {"AWS_ENDPOINT_URL": ""}, "http://localhost:8000", REST),
    "an empty endpoint in the file": ({**FILE, "AWS_ENDPOINT_URL": ""}, {}, None, {}),
    "the endpoint of the environment": (FILE, {"AWS_ENDPOINT_URL": "http://db:8000"}, "http://db:8000", {}),
    "no endpoint in the file": (REST, {}, None, {}),
    "configured endpoints are ignored": (FILE, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, None, {}),
    "ignored by the file": ({**FILE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"}, {}, None, {}),
    "not ignored": (FILE, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, "http://localhost:8000", REST),
    "our own variable is not the SDK's to ignore": (
        {"DYNAMODB_ENDPOINT": "http://localhost:8000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {},
        "http://localhost:8000",
        {},
    ),
    "a session token": (
        {**FILE, "AWS_SESSION_TOKEN": "t"},
        {},
        "http://localhost:8000",
        {**REST, "AWS_SESSION_TOKEN": "t"},
    ),
}


@pytest.mark.parametrize(("file", "environ", "url", "used"), CASES.values(), ids=CASES)
def test_the_dotenv_file_applies_only_with_its_endpoint(
    tmp_path: Path, file: dict[str, str], environ: dict[str, str], url: str | None, used: dict[str, str]
) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in file.items()))
    settings = load({}, one_shot=True, environ=environ, cwd=tmp_path)
    assert settings.endpoint_url == url
    assert settings.sdk_variables == used


UNREADABLE = {
    "a colon": ("AWS_ENDPOINT_URL: http://localhost:8000\n", 1, "AWS_ENDPOINT_URL"),
    "a colon and a query": ("AWS_ENDPOINT_URL: http://localhost:8000/?a=b\n", 1, "AWS_ENDPOINT_URL"),
    "a blank": ("A=1\nAWS_ENDPOINT_URL http://localhost:8000\n", 2, "AWS_ENDPOINT_URL"),
    "no value": ("AWS_ENDPOINT_URL\n", 1, "AWS_ENDPOINT_URL"),
    "an open quote": ('AWS_ENDPOINT_URL="http://localhost:8000\n', 1, "AWS_ENDPOINT_URL"),
    "an open quote above": ('NAME="app\nAWS_ENDPOINT_URL="http://localhost:8000"\n', 2, "AWS_ENDPOINT_URL"),
    "text after the quote": ("AWS_REGION='eu-west-3'x\n", 1, "AWS_REGION"),
    "a mode with a colon": ("RECONCILER_MODE: observe\n", 1, "RECONCILER_MODE"),
    "a line of PowerShell": ('$env:AWS_ENDPOINT_URL="http://localhost:8000"\n', 1, "AWS_ENDPOINT_URL"),
    "a line of cmd": ("set AWS_ENDPOINT_URL=http://localhost:8000\n", 1, "AWS_ENDPOINT_URL"),
    "a member of JSON": ('{\n"AWS_ENDPOINT_URL": "http://localhost:8000"\n}\n', 2, "AWS_ENDPOINT_URL"),
    "an item of a list": ("- DYNAMODB_ENDPOINT=http://localhost:8000\n", 1, "DYNAMODB_ENDPOINT"),
}


@pytest.mark.parametrize(("text", "line", "name"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_line_that_cannot_be_read_is_an_error(tmp_path: Path, text: str, line: int, name: str) -> None:
    (tmp_path / ".env").write_text(text)
    with pytest.raises(SettingsError, match=rf"\.env:{line}: {name} cannot be read\. Write {name}=value"):
        load({}, one_shot=True, environ={"AWS_REGION": "eu-west-1"}, cwd=tmp_path)


READABLE = {
    "a comment": "# AWS_ENDPOINT_URL: http://localhost:8000\n",
    "an export": "export AWS_ENDPOINT_URL=http://localhost:8000\n",
    "blanks around": "  AWS_ENDPOINT_URL = 'http://localhost:8000' # local\n",
    "a byte order mark": "\ufeffAWS_ENDPOINT_URL=http://localhost:8000\n",
    "an empty value": "AWS_REGION=\nAWS_ENDPOINT_URL=http://localhost:8000\n",
    "the name in a value": "NOTE=AWS_PROFILE is not used\nURL=$AWS_ENDPOINT_URL\n",
    "lines of the application": "what is this\nNAME='open\n",
}


@pytest.mark.parametrize("text", READABLE.values(), ids=READABLE)
def test_what_can_be_read_or_is_not_ours_is_not_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    url = load({}, one_shot=True, environ={"AWS_REGION": "eu-west-1"}, cwd=tmp_path).endpoint_url
    assert url == ("http://localhost:8000" if "AWS_ENDPOINT_URL" in text and text[0] not in "#N" else None)
