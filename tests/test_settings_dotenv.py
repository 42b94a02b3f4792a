"""What stands in ``.env`` beside an endpoint is used with it: one file means one database."""

from __future__ import annotations

from pathlib import Path

import pytest

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
def test_the_file_goes_with_its_endpoint(
    tmp_path: Path, file: dict[str, str], environ: dict[str, str], url: str | None, used: dict[str, str]
) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in file.items()))
    settings = load({}, one_shot=True, environ=environ, cwd=tmp_path)
    assert settings.endpoint_url == url
    assert settings.sdk_variables == used
