"""Configured credentials that cannot be loaded: reported with cause and remedy, and ignored on an emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.endpoints import Live
from support.fakes import Quiet
from support.scripted import Canned, ScriptedServer, answer

from reconciler.aws import signing
from reconciler.aws.session import connect
from reconciler.model.errors import SettingsError
from reconciler.model.identity import Flavor

SSO = """[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Dev
region = eu-west-1
[sso-session corp]
sso_start_url = https://corp.example.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access
"""
OLD_SSO = """[profile dev]
sso_start_url = https://corp.example.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = Dev
region = eu-west-1
"""
ROLE = "role_arn = arn:aws:iam::111122223333:role/deploy\n"
KEYS = "aws_access_key_id = a\naws_secret_access_key = b\n"
Prepare = Callable[[pytest.MonkeyPatch, Path], None]


def config(text: str, profile: str = "dev") -> Prepare:
    def prepare(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        path = folder / "config"
        path.write_text(text)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
        monkeypatch.setenv("AWS_PROFILE", profile)
        monkeypatch.setenv("HOME", str(folder))

    return prepare


def variables(**values: str) -> Prepare:
    def prepare(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return prepare


def process(command: str) -> Prepare:
    return config(f"[profile dev]\nregion = eu-west-1\ncredential_process = {command}\n")


EXPIRED = json.dumps({"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": "2020-01-01T00:00:00Z"})
CASES: dict[str, tuple[Prepare, str]] = {
    "an SSO login that has run out": (config(SSO), "aws sso login --profile dev"),
    "an SSO login of the old form": (config(OLD_SSO), "aws sso login --profile dev"),
    "a web identity token that is not mounted": (
        variables(AWS_WEB_IDENTITY_TOKEN_FILE="/nonexistent/token", AWS_ROLE_ARN="arn:aws:iam::111122223333:role/x"),
        "/nonexistent/token: No such file",
    ),
    "STS that cannot be reached": (
        config(f"[profile dev]\nregion = eu-west-1\n{ROLE}source_profile = base\n[profile base]\n{KEYS}"),
        "cannot be loaded",
    ),
    "a credential_process that fails": (process("/bin/sh -c 'echo no >&2; exit 3'"), "custom-process"),
    "a credential_process that prints no JSON": (process("/bin/echo hello"), "cannot be loaded"),
    "a credential_process that is not there": (process("/nonexistent/helper"), "/nonexistent/helper"),
    "a credential_process that never ends": (process("/bin/sleep 30"), "did not answer within"),
    "a credential_process of another version": (process("/bin/echo '{\"Version\": 9}'"), "ersion"),
    "a credential_process with expired keys": (process(f"/bin/echo '{EXPIRED}'"), "expired"),
    "a profile that is not there": (config("[profile other]\n", "dev"), "dev"),
    "a file of settings that is malformed": (config("this is no ini file\n["), "AWS_CONFIG_FILE"),
    "a role without a source of credentials": (config(f"[profile dev]\n{ROLE}"), "role"),
    "profiles that refer to one another": (
        config(f"[profile dev]\n{ROLE}source_profile = b\n[profile b]\n{ROLE}source_profile = dev\n"),
        "cannot be loaded",
    ),
    "half a key": (variables(AWS_ACCESS_KEY_ID="local"), "AWS_SECRET_ACCESS_KEY"),
    "credentials of a container that nobody gives": (
        variables(AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:1/credentials"),
        "cannot be loaded",
    ),
    "none at all": (variables(), "AWS_ACCESS_KEY_ID"),
}
HEALTHY = Canned(200, b"healthy: dynamodb.eu-west-1.amazonaws.com ")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(signing, "LOAD_SECONDS", 3.0)
    return monkeypatch


@pytest.mark.parametrize("name", CASES)
def test_outside_emulators_they_are_a_problem_with_cause_and_remedy(
    name: str, bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare, messages = CASES[name]
    prepare(bare, tmp_path)
    with ScriptedServer(HEALTHY) as server:
        url = server.url if name != "none at all" else server.url.replace("http:", "https:")
        connection = connect(url, "eu-west-1", 2, Quiet())
        if name == "none at all":
            connection._endpoint_url = None
        with pytest.raises(SettingsError) as raised:
            connection.identify()
        assert [line for line in server.authorizations if line] == [], "nothing is signed"
    assert messages in str(raised.value)


@pytest.mark.parametrize("name", [name for name in CASES if name != "none at all"])
def test_on_an_emulator_local_keys_serve_with_a_notice(
    name: str, moto: Live, bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare, messages = CASES[name]
    prepare(bare, tmp_path)
    connection = connect(moto.url, "eu-west-1", 2, Quiet())
    assert connection.identify().flavor is Flavor.MOTO
    assert connection.tables.list_tables() == ()
    assert "using local/local, because this is an emulator" in connection.notices[-1]
    assert messages in connection.notices[-1]


def test_corrected_credentials_are_used_by_the_next_attempt(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    CASES["a profile that is not there"][0](bare, tmp_path)
    replies = {"ListTables": answer({"TableNames": []})}
    with ScriptedServer(lambda _, operation: replies.get(operation, HEALTHY)) as server:
        connection = connect(server.url, "eu-west-1", 2, Quiet())
        with pytest.raises(SettingsError):
            connection.identify()
        (tmp_path / "config").write_text(f"[profile dev]\n{KEYS}")
        assert connection.identify().flavor is Flavor.AWS
        assert "Credential=a/" in server.authorizations[-1]


def test_without_credentials_and_endpoint_both_ways_out_are_offered(bare: pytest.MonkeyPatch) -> None:
    connection = connect(None, "eu-west-1", 2, Quiet())
    with pytest.raises(SettingsError) as raised:
        connection.identify()
    assert "--endpoint-url http://localhost:8000" in str(raised.value)
    assert "--embedded" in str(raised.value)


def test_without_a_region_and_endpoint_both_ways_out_are_offered(bare: pytest.MonkeyPatch) -> None:
    bare.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(SettingsError, match="--embedded"):
        connect(None, None, 2, Quiet())


REGIONS = {
    "eu-central-11": "eu-central-1",
    "eu-centrall-1": "eu-central-1",
    "us-eastt-1": "us-east-1",
    "useast1": "us-east-1",
    "eu-west": "eu-west-1",
    "ap-northeast-11": "ap-northeast-1",
    "cn-north-11": "cn-north-1",
    "sa-east1": "sa-east-1",
    "us-gov-west-11": "us-gov-west-1",
    "nowhere": None,
}


@pytest.mark.parametrize(("region", "meant"), REGIONS.items())
def test_an_unknown_region_is_reported_at_once(region: str, meant: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def unresolved(*_: object, **__: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    with pytest.raises(SettingsError) as raised:
        connect(None, region, 2, Quiet()).identify()
    assert repr(region) in str(raised.value)
    assert (f"Did you mean {meant}?" in str(raised.value)) is (meant is not None)
