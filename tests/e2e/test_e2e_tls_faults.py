"""TLS that cannot be agreed on: exit code 1, one sentence with the cause and the remedy, nothing signed, in time."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from support.certificates import DAY, Authority
from support.raw_server import RawServer
from support.raw_server import http as answered
from support.shell import USERS, Shell
from support.waiting import PATIENCE

from reconciler.aws import call_deadline, flavor, session

ENDED_SECONDS = 60.0
BUNDLE = "AWS_CA_BUNDLE"
NAME_IT = "Name the bundle of its CA by AWS_CA_BUNDLE"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.of(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def shell(elsewhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("RECONCILER_WAIT", "1s")
    monkeypatch.setattr(session, "READ_SECONDS", 1.0)
    monkeypatch.setattr(session, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(session, "ATTEMPTS", 1)
    monkeypatch.setattr(flavor, "PROBE_SECONDS", 1.0)
    monkeypatch.setattr(call_deadline, "CALL_SECONDS", 3.0)
    opened = Shell(elsewhere, capsys)
    opened.write("users.yaml", USERS)
    return opened


def healthy(_: bytes) -> Iterable[bytes]:
    return [answered("200 OK", b"healthy: dynamodb.eu-west-1.amazonaws.com ")]


def old(authority: Authority) -> ssl.SSLContext:
    """A server that knows TLS 1.0 and 1.1 alone."""
    context = authority.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context


CERTIFICATES: dict[str, tuple[Callable[[Authority], ssl.SSLContext], tuple[str, ...]]] = {
    "self-signed": (lambda ca: ca.context(self_signed=True), ("certificate is refused", "self-signed", NAME_IT)),
    "expired": (
        lambda ca: ca.context(since=-3 * DAY, until=-DAY),
        ("certificate is refused", "expired", "Renew the server's certificate, or set the clock of this machine"),
    ),
    "not yet valid": (
        lambda ca: ca.context(since=DAY, until=3 * DAY),
        ("certificate is refused", "not yet valid", "set the clock of this machine"),
    ),
    "of another address": (
        lambda ca: ca.context("10.9.8.7"),
        ("certificate is refused", "mismatch", "Call it by a name in its certificate"),
    ),
    "of a name": (
        lambda ca: ca.context("dynamodb.example.com"),
        ("certificate is refused", "mismatch", "Call it by a name in its certificate"),
    ),
    "of another CA": (
        lambda ca: Authority.of(ca.folder, "others").context(),
        ("certificate is refused", "unable to get local issuer certificate", NAME_IT),
    ),
    "TLS 1.0 and 1.1 alone": (old, ("TLS fails", "Let the server offer TLS 1.2 or later")),
}


def refused(shell: Shell, url: str, server: RawServer, *sentences: str) -> None:
    began = time.monotonic()
    run = shell.run(f"preview --endpoint-url {url}")
    errors = [line for line in run.stderr.splitlines() if line.startswith("error:")]
    assert run.exit_code == 1, run.stdout
    assert len(errors) == 1, run.stderr
    assert url in errors[0]
    for sentence in sentences:
        assert sentence in errors[0]
    assert "Unexpected" not in run.stderr
    assert run.stdout == ""
    assert server.signed == []
    assert time.monotonic() - began < ENDED_SECONDS


@pytest.mark.parametrize(("context", "sentences"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_a_certificate_that_is_not_good_is_named_with_the_remedy(
    shell: Shell,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    context: Callable[[Authority], ssl.SSLContext],
    sentences: tuple[str, ...],
) -> None:
    monkeypatch.setenv(BUNDLE, str(authority.bundle))
    with RawServer(healthy, tls=context(authority)) as server:
        refused(shell, server.url, server, *sentences)


def missing(folder: Path) -> Path:
    return folder / "no-such.pem"


def empty(folder: Path) -> Path:
    (folder / "empty.pem").write_text("")
    return folder / "empty.pem"


def not_pem(folder: Path) -> Path:
    (folder / "page.pem").write_text("<html>sign in</html>")
    return folder / "page.pem"


def half(folder: Path) -> Path:
    (folder / "half.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n")
    return folder / "half.pem"


def directory(folder: Path) -> Path:
    (folder / "certs").mkdir()
    return folder / "certs"


def unreadable(folder: Path) -> Path:
    if os.geteuid() == 0:
        # Root reads everything; a link that leads to itself is read by nobody.
        (folder / "unreadable.pem").symlink_to(folder / "unreadable.pem")
    else:
        (folder / "unreadable.pem").write_text("x")
        (folder / "unreadable.pem").chmod(0)
    return folder / "unreadable.pem"


BUNDLES = {make.__name__: make for make in (missing, empty, not_pem, half, directory, unreadable)}


@pytest.mark.parametrize("make", BUNDLES.values(), ids=BUNDLES)
def test_a_bundle_that_cannot_be_used_is_named(
    shell: Shell, authority: Authority, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path]
) -> None:
    path = make(shell.folder)
    monkeypatch.setenv(BUNDLE, str(path))
    with RawServer(healthy, tls=authority.context()) as server:
        refused(
            shell, server.url, server, f"the CA bundle {path} ", "Name a file of certificates in PEM by AWS_CA_BUNDLE"
        )


@pytest.mark.parametrize("setting", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "ca_bundle of the profile"])
def test_the_setting_that_names_the_bundle_is_named(
    shell: Shell, authority: Authority, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    path = missing(shell.folder)
    if setting.isupper():
        monkeypatch.setenv(setting, str(path))
    else:
        profile = shell.folder / "aws-config"
        profile.write_text(f"[default]\nca_bundle = {path}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    with RawServer(healthy, tls=authority.context()) as server:
        refused(shell, server.url, server, f"the CA bundle {path} ({setting}) cannot be read: No such file")


def test_a_server_that_closes_during_the_handshake_is_not_up(shell: Shell) -> None:
    with RawServer(lambda _: ()) as server:
        url = server.url.replace("http:", "https:")
        refused(shell, url, server, "Nothing answers at", "(waited 1")


def test_a_handshake_that_hangs_is_given_up(shell: Shell) -> None:
    def silent(_: bytes) -> Iterable[bytes]:
        server.over.wait(PATIENCE)
        return ()

    with RawServer(silent) as server:
        refused(shell, server.url.replace("http:", "https:"), server, "Nothing answers at", "(waited 1")


def test_the_right_bundle_is_all_that_is_needed(
    shell: Shell, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUNDLE, str(authority.bundle))
    with RawServer(healthy, tls=authority.context(until=timedelta(days=2))) as server:
        shell.run(f"preview --endpoint-url {server.url}")
        assert server.signed != [], "TLS is agreed on, so that calls are made"
