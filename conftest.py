"""Fixtures for all tests: endpoints shared by the tests of one worker, and an environment without surprises."""

from __future__ import annotations

import functools
import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from hypothesis import HealthCheck, settings
from support.dynamodb_local.fetch import fetch
from support.endpoints import DynamoDBLocal, Live, MotoServer, dynamodb_local_or_skip, need_dynamodb_local, wipe

from reconciler.__main__ import NEW_OBJECTS
from reconciler.aws.lean import choice

pytest_plugins = ("pytester",)
# Each session reads and parses the service model of DynamoDB (80 ms), and thousands of tests have one of their own.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
FOREIGN = ("AWS_", "RECONCILER_", "DYNAMODB_", "OTEL_")
NEUTRAL = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/nonexistent/aws-config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/aws-credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
    "RECONCILER_STACK": "default",
}
PROXIES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
)
DISPLAY = ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
CLIENT = os.environ.get("RECONCILER_AWS_CLIENT") or choice.AUTO
"""Which client the product takes where a test says nothing, in this process and in those that it starts."""
choice.DEFAULT = CLIENT


def _neutral(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name in PROXIES or name in DISPLAY:
            monkeypatch.delenv(name)
    for name, value in NEUTRAL.items():
        monkeypatch.setenv(name, value)
    if CLIENT != choice.AUTO:
        monkeypatch.setenv("RECONCILER_AWS_CLIENT", CLIENT)


SLOWEST = (
    *(
        "verification/fuzz/test_fuzz_openapi",
        "tests/e2e/test_e2e_page",
        "tests/e2e/test_e2e_daemon",
        "tests/e2e/test_e2e_prov",
    ),
    *("verification/faults", "tests/e2e", "verification", "tests/aws", "tests/monitoring", "tests/state", "tests/cli"),
)
"""Beginnings of paths, the slowest files first; all others follow."""


# Collecting makes millions of objects that stay. Looking through them again and again takes a fifth of its time.
gc.disable()


def pytest_collection_finish() -> None:
    """Set the collected tests aside for good, and collect as seldom as the command line does."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    gc.enable()


RECURSES = (
    *("tests/declarations/", "tests/seeds/", "tests/facets/", "tests/aws/test_aws_answers"),
    *("tests/http/test_http_jobs", "tests/test_parameters_file"),
)
"""Beginnings of the paths of tests that read texts nested deeper than Python recurses."""


@pytest.fixture(autouse=True)
def _collects_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """No garbage of earlier tests is collected where the stack is full: what ends it would find no room and fail."""
    if not request.node.nodeid.startswith(RECURSES):
        yield
        return
    gc.disable()
    yield
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that use DynamoDB Local carry its marker, so that ``-m`` can choose them.

    With several processes the slow files start first. A slow one at the end would leave the other processes idle.
    """
    for item in items:
        if {"dynamodb_local", "local", "delayed_local"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.dynamodb_local)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((n for n, slow in enumerate(SLOWEST) if item.nodeid.startswith(slow)), 99))


@pytest.fixture(scope="session", autouse=True)
def _neutral_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # A shell starts background jobs with SIGINT ignored, and children inherit that: the daemon would never see it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as monkeypatch:
        _neutral(monkeypatch)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _neutral_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    _neutral(monkeypatch)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test runs in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[DynamoDBLocal]:
    """One DynamoDB Local for all tests of this worker; use ``local`` to get it without tables."""
    with dynamodb_local_or_skip() as server:
        yield server


@pytest.fixture(scope="session")
def dynamodb_endpoint(request: pytest.FixtureRequest) -> str:
    """The server of the project's own pytest plugin, from the installation that the other tests use."""
    need_dynamodb_local()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DYNAMODB_LOCAL_HOME", str(fetch().folder))
        url: str = request.getfixturevalue("dynamodb_endpoint")
    return url


@pytest.fixture
def delayed_local() -> Iterator[DynamoDBLocal]:
    """A DynamoDB Local of the test's own, with real CREATING and DELETING states."""
    with dynamodb_local_or_skip(delay=True) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[MotoServer]:
    """One moto server for all tests of this worker; use ``moto`` to get it empty."""
    with MotoServer() as server:
        yield server


@pytest.fixture
def local(dynamodb_local: DynamoDBLocal) -> Live:
    """DynamoDB Local without tables."""
    client = dynamodb_local.client()
    wipe(client)
    return Live(dynamodb_local.url, client)


@pytest.fixture(scope="module")
def module_local(dynamodb_local: DynamoDBLocal) -> Iterator[DynamoDBLocal]:
    """DynamoDB Local without tables for all tests of a file, which may stop and restart it."""
    wipe(dynamodb_local.client())
    yield dynamodb_local
    if not dynamodb_local.runs:
        dynamodb_local.restart()


@pytest.fixture
def moto(moto_server: MotoServer) -> Live:
    """moto's server with nothing in it."""
    moto_server.restart()
    return Live(moto_server.url, moto_server.client())


@pytest.fixture(params=[pytest.param("local", marks=pytest.mark.dynamodb_local), "moto"])
def endpoint(request: pytest.FixtureRequest) -> Live:
    """Each engine in turn, without tables."""
    live: Live = request.getfixturevalue(request.param)
    return live
