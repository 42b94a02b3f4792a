"""Sources of credentials that hang, drip, fail or run out: each call ends in time and says what was waited for."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.fakes import Quiet
from support.raw_server import RawServer
from support.raw_server import http as answered
from support.scripted import Canned, ScriptedServer, answer

from reconciler.aws import call_deadline, session, signing
from reconciler.aws.flavor import clock_skew
from reconciler.aws.session import Connection, connect
from reconciler.model.errors import Denied, SettingsError

HEALTHY = Canned(200, b"healthy: dynamodb.eu-west-1.amazonaws.com ")
ENDED_SECONDS = 45.0
"""The limit of these tests is 2 s; without it a source would hang for a minute or for ever."""
ROLE = "role_arn = arn:aws:iam::111122223333:role/deploy\n"
KEYS = "aws_access_key_id = a\naws_secret_access_key = b\n"
SSO = (
    "[profile dev]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n"
    "sso_account_id = 111122223333\nsso_role_name = Dev\nregion = eu-west-1\n"
)
Prepare = Callable[[pytest.MonkeyPatch, Path, str], None]


def silent(server: RawServer) -> None:
    """Accepts, and never answers."""
    server.answer = lambda _: waiting(server)


def waiting(server: RawServer) -> Iterable[bytes]:
    server.over.wait(120)
    return ()


def dripping(server: RawServer) -> None:
    """A byte of the answer every fifth of a second."""

    def drip(_: bytes) -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        while not server.over.wait(0.2):
            yield b" "

    server.answer = drip


def profile(text: str) -> Prepare:
    def prepare(patch: pytest.MonkeyPatch, folder: Path, url: str) -> None:
        (folder / "config").write_text(text)
        patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
        patch.setenv("AWS_PROFILE", "dev")
        patch.setenv("HOME", str(folder))
        for service in ("STS", "SSO", "SSO_OIDC"):
            patch.setenv(f"AWS_ENDPOINT_URL_{service}", url)

    return prepare


def container(patch: pytest.MonkeyPatch, folder: Path, url: str) -> None:
    del folder
    patch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/credentials")


def metadata(patch: pytest.MonkeyPatch, folder: Path, url: str) -> None:
    del folder
    patch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    patch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
    patch.setenv("AWS_METADATA_SERVICE_TIMEOUT", "60")


def web_identity(patch: pytest.MonkeyPatch, folder: Path, url: str) -> None:
    (folder / "token").write_text("a.b.c")
    patch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(folder / "token"))
    patch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/x")
    patch.setenv("AWS_ENDPOINT_URL_STS", url)


def sso(patch: pytest.MonkeyPatch, folder: Path, url: str) -> None:
    profile(SSO)(patch, folder, url)
    cache = folder / "cache"
    cache.mkdir()
    patch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(cache))
    patch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(cache))
    name = hashlib.sha1(b"https://corp.example/start", usedforsecurity=False).hexdigest()
    until = (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (cache / f"{name}.json").write_text(json.dumps({"accessToken": "t", "expiresAt": until, "region": "eu-west-1"}))


def process(command: str) -> Prepare:
    return profile(f"[profile dev]\nregion = eu-west-1\ncredential_process = {command}\n")


ASSUMED = f"[profile dev]\nregion = eu-west-1\n{ROLE}source_profile = base\n[profile base]\n"
SLEEPING = "credential_process = /bin/sleep 120\n"
HANGING: dict[str, tuple[Prepare, Callable[[RawServer], None], str]] = {
    "credential_process that sleeps": (process("/bin/sleep 120"), silent, "credential_process of the profile"),
    "credential_process that waits for input": (process("/bin/sh -c 'sleep 120'"), silent, "credential_process"),
    "a container's endpoint that is silent": (container, silent, "the container's credentials endpoint"),
    "a container's endpoint that drips": (container, dripping, "the container's credentials endpoint"),
    "IMDS that is silent": (metadata, silent, "the instance metadata service (IMDS)"),
    "IMDS that drips": (metadata, dripping, "the instance metadata service (IMDS)"),
    "STS that is silent, for a web identity": (web_identity, silent, "STS (AssumeRoleWithWebIdentity)"),
    "STS that drips, for a web identity": (web_identity, dripping, "STS (AssumeRoleWithWebIdentity)"),
    "STS that is silent, for a role": (profile(ASSUMED + KEYS), silent, "STS (AssumeRole)"),
    "STS that drips, for a role": (profile(ASSUMED + KEYS), dripping, "STS (AssumeRole)"),
    "the source of a role that sleeps": (profile(ASSUMED + SLEEPING), silent, "STS (AssumeRole) or the source"),
    "SSO that is silent": (sso, silent, "the SSO service"),
    "SSO that drips": (sso, dripping, "the SSO service"),
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return monkeypatch


@pytest.mark.parametrize(("prepare", "behave", "source"), HANGING.values(), ids=HANGING)
def test_a_source_that_hangs_is_named_and_given_up(
    bare: pytest.MonkeyPatch,
    tmp_path: Path,
    prepare: Prepare,
    behave: Callable[[RawServer], None],
    source: str,
) -> None:
    bare.setattr(signing, "LOAD_SECONDS", 2.0)
    with RawServer(lambda _: ()) as issuer, ScriptedServer(HEALTHY) as server:
        behave(issuer)
        prepare(bare, tmp_path, issuer.url)
        began = time.monotonic()
        with pytest.raises(SettingsError) as raised:
            connect(server.url, "eu-west-1", 2, Quiet()).identify()
        assert time.monotonic() - began < ENDED_SECONDS
        assert [line for line in server.authorizations if line] == [], "nothing is signed"
    assert f"AWS credentials cannot be loaded: {source}" in str(raised.value)
    assert "did not answer within 2 s" in str(raised.value)
    assert "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(raised.value)


def issued(minutes: float) -> bytes:
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {"AccessKeyId": "ASIAX", "SecretAccessKey": "s", "Token": "t", "Expiration": until}
    return answered("200 OK", json.dumps(keys).encode(), "Content-Type: application/json")


FAILING: dict[str, tuple[Callable[[RawServer], None], str]] = {
    "silent": (silent, "the container's credentials endpoint did not answer within"),
    "dripping": (dripping, "the container's credentials endpoint did not answer within"),
    "refusing": (lambda server: setattr(server, "answer", lambda _: [answered("403 Forbidden")]), "403"),
    "an error page": (
        lambda server: setattr(server, "answer", lambda _: [answered("200 OK", b"<html>")]),
        "cannot be loaded",
    ),
    "keys that are out of date": (
        lambda server: setattr(server, "answer", lambda _: [issued(-60)]),
        "expired",
    ),
}


@pytest.mark.parametrize(("behave", "messages"), FAILING.values(), ids=FAILING)
def test_renewing_while_a_call_is_signed_ends_within_the_call(
    bare: pytest.MonkeyPatch, tmp_path: Path, behave: Callable[[RawServer], None], messages: str
) -> None:
    replies = {"ListTables": answer({"TableNames": []})}
    with (
        RawServer(lambda _: [issued(5)]) as issuer,
        ScriptedServer(lambda _, operation: replies.get(operation, HEALTHY)) as server,
    ):
        container(bare, tmp_path, issuer.url)
        bare.setenv("AWS_ENDPOINT_URL_STS", server.url)
        connection: Connection = connect(server.url, "eu-west-1", 2, Quiet())
        connection.identify()
        assert connection.tables.list_tables() == ()
        signed = len([line for line in server.authorizations if line])
        behave(issuer)
        if "did not answer" in messages:
            bare.setattr(signing, "LOAD_SECONDS", 2.0)
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(Denied) as raised:
                connection.tables.list_tables()
            assert time.monotonic() - began < ENDED_SECONDS
            assert raised.value.code == "CredentialsNotLoaded"
            assert messages in str(raised.value)
        assert len([line for line in server.authorizations if line]) == signed, "nothing is signed by a stand-in"
        bare.setattr(signing, "LOAD_SECONDS", 15.0)
        bare.setattr(session, "RENEWED_SECONDS", 0.0)
        issuer.answer = lambda _: [issued(60)]
        assert connection.tables.list_tables() == ()


def test_a_source_may_not_take_longer_than_the_call(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replies = {"ListTables": answer({"TableNames": []})}
    with (
        RawServer(lambda _: [issued(5)]) as issuer,
        ScriptedServer(lambda _, operation: replies.get(operation, HEALTHY)) as server,
    ):
        container(bare, tmp_path, issuer.url)
        bare.setenv("AWS_ENDPOINT_URL_STS", server.url)
        connection = connect(server.url, "eu-west-1", 2, Quiet())
        connection.identify()
        silent(issuer)
        bare.setattr(signing, "LOAD_SECONDS", 600.0)
        bare.setattr(call_deadline, "CALL_SECONDS", 1.0)
        with pytest.raises(Denied, match="the container's credentials endpoint did not answer within"):
            connection.tables.list_tables()


def test_the_clock_of_the_endpoint_is_read_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    dated = Canned(200, HEALTHY.body, (("Date", "Sun, 01 Jan 2023 00:00:00 GMT"),))
    with ScriptedServer(dated) as server, ScriptedServer(Canned(502, b"")) as proxy:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        skew = clock_skew(connect(server.url, "eu-west-1", 2, Quiet()).get())
        assert skew is not None
        assert skew > timedelta(days=365).total_seconds()
        assert proxy.seen == []


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 99 Jan 2023 00:00:00 GMT"])
def test_an_endpoint_without_a_date_header_is_accepted(date: str) -> None:
    headers = (("Date", date),) if date else ()
    with ScriptedServer(Canned(200, b"", headers)) as server:
        assert clock_skew(connect(server.url, "eu-west-1", 2, Quiet()).get()) is None
