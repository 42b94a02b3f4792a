"""The pytest plugin: options, hooks and fixtures. The entry point of pytest; imports nothing but pytest and options.

``docs/guides/pytest.md`` describes it. Everything else is imported by the first test that uses a fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from reconciler.pytest_plugin import options

if TYPE_CHECKING:
    from reconciler.pytest_plugin.backend import Backend
    from reconciler.pytest_plugin.declared import Tables
    from reconciler.pytest_plugin.run import Run

T = TypeVar("T")
RUN: pytest.StashKey[Run] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare ``--dynamodb`` and the ini options."""
    options.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the variables before any conftest or test module makes a client, if the plugin was asked for."""
    if early_config.known_args_namespace.help or early_config.known_args_namespace.version:
        return
    run = _run(early_config)
    if run.options.explicit:
        run.prepare()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the server and restore the variables."""
    run = config.stash.get(RUN, None)
    if run is not None:
        run.finish()


def pytest_report_header(config: pytest.Config) -> str | None:
    """The server, where the plugin was asked for."""
    run = config.stash.get(RUN, None)
    if run is None or not run.options.explicit:
        return None
    return f"dynamodb: {run.options.server}{' with delays' if run.options.delay else ''}"


@pytest.fixture(scope="session")
def dynamodb_endpoint(pytestconfig: pytest.Config) -> str:
    """The URL of the server, which runs from now on."""
    run = _run(pytestconfig)
    return _told(lambda: run.start().server.url)


@pytest.fixture
def _dynamodb_backend(request: pytest.FixtureRequest, dynamodb_endpoint: str) -> Backend:
    """The server with the content that the fixtures of this test ask for."""
    del dynamodb_endpoint
    from reconciler.pytest_plugin.declared import Content

    run = _run(request.config)
    names = request.fixturenames
    content = Content.SEEDED if "seeded_tables" in names else Content.EMPTY
    content = Content.MIGRATED if "migrated_tables" in names else content
    return _told(lambda: run.use(content if "tables" in names or run.declared.exists else Content.BLANK))


@pytest.fixture
def dynamodb(_dynamodb_backend: Backend) -> Any:
    """A boto3 client. The declared tables exist, without items unless the test uses ``seeded_tables``."""
    return _dynamodb_backend.server.client()


@pytest.fixture
def dynamodb_resource(_dynamodb_backend: Backend) -> Any:
    """The boto3 resource; see ``dynamodb``."""
    return _dynamodb_backend.server.resource()


@pytest.fixture
def dynamodb_streams(_dynamodb_backend: Backend) -> Any:
    """A boto3 client of DynamoDB Streams; see ``dynamodb``."""
    return _dynamodb_backend.server.client("dynamodbstreams")


@pytest.fixture
def tables(request: pytest.FixtureRequest, _dynamodb_backend: Backend) -> Tables:
    """The declared tables without items: the name of each by its base name."""
    return _tables(request, _dynamodb_backend)


@pytest.fixture
def seeded_tables(request: pytest.FixtureRequest, _dynamodb_backend: Backend) -> Tables:
    """The declared tables with the items of their seeds: the name of each by its base name."""
    from reconciler.pytest_plugin.declared import Content

    if "seeded_tables" not in request.fixturenames:
        # Asked for by ``getfixturevalue``, when the tables already had another content.
        _told(lambda: _dynamodb_backend.reset(Content.SEEDED))
    return _tables(request, _dynamodb_backend)


@pytest.fixture
def migrated_tables(request: pytest.FixtureRequest, _dynamodb_backend: Backend) -> Tables:
    """As ``seeded_tables``, after every migration of items."""
    from reconciler.pytest_plugin.declared import Content

    if "migrated_tables" not in request.fixturenames:
        _told(lambda: _dynamodb_backend.reset(Content.MIGRATED))
    return _tables(request, _dynamodb_backend)


@pytest.fixture
def dynamodb_snapshot(_dynamodb_backend: Backend) -> Callable[[], Any]:
    """A function that returns a snapshot of all tables, for ``dynamodb_restore``."""
    return _dynamodb_backend.snapshot


@pytest.fixture
def dynamodb_restore(_dynamodb_backend: Backend) -> Callable[[Any], None]:
    """A function that brings back a snapshot."""
    return _dynamodb_backend.restore


@pytest.fixture
def assert_in_sync(request: pytest.FixtureRequest, _dynamodb_backend: Backend) -> Callable[..., None]:
    """A function that fails unless the tables are as declared: all, or the named ones."""
    from reconciler.pytest_plugin.checks import in_sync

    declared = _run(request.config).declared

    def check(tables: Mapping[str, str] | Iterable[str] | str = ()) -> None:
        __tracebackhide__ = True
        _fail(_told(lambda: in_sync(declared, _dynamodb_backend.server, tables)))

    return check


@pytest.fixture
def assert_items(request: pytest.FixtureRequest, _dynamodb_backend: Backend) -> Callable[..., None]:
    """A function that fails unless a table has these items; without items, those of its seed."""
    from reconciler.pytest_plugin.checks import items_of

    declared = _run(request.config).declared

    def check(
        table: str,
        items: Iterable[Mapping[str, Any]] | None = None,
        *,
        subset: bool = False,
        ignore: Collection[str] = (),
    ) -> None:
        __tracebackhide__ = True
        _fail(_told(lambda: items_of(declared, _dynamodb_backend.server, table, items, subset=subset, ignore=ignore)))

    return check


def _run(config: pytest.Config) -> Run:
    run = config.stash.get(RUN, None)
    if run is None:
        from reconciler.pytest_plugin.run import Run

        try:
            run = config.stash[RUN] = Run(options.read(config))
        except options.OptionError as error:
            raise pytest.UsageError(str(error)) from error
    run.run_id = str(getattr(config, "workerinput", {}).get("testrunuid", ""))
    return run


def _tables(request: pytest.FixtureRequest, backend: Backend) -> Tables:
    from reconciler.pytest_plugin.declared import Tables

    return _told(lambda: Tables(_run(request.config).declared.names, backend.server))


def _told(work: Callable[[], T]) -> T:
    """The result of ``work``; what is missing or refused fails the test with a sentence, without a traceback."""
    __tracebackhide__ = True
    from reconciler.pytest_plugin.backend import Refused
    from reconciler.pytest_plugin.declared import NotDeclared
    from reconciler.pytest_plugin.installation import Missing

    try:
        return work()
    except (Missing, NotDeclared, Refused) as error:
        reason = str(error)
    pytest.fail(reason, pytrace=False)


def _fail(lines: Iterable[str]) -> None:
    __tracebackhide__ = True
    text = "\n".join(lines)
    if text:
        pytest.fail(text, pytrace=False)
