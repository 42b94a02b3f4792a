"""The options of the plugin, read from the command line and from the ini file. Called by ``plugin``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import pytest

LOCAL, MOTO = "local", "moto"
ANY = "*"
"""In ``dynamodb_allow``, every endpoint."""
KEY = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True)
class Options:
    """``server`` is ``local``, ``moto`` or a URL. ``explicit`` tells that the user chose it.

    ``root`` is pytest's root folder, from which ``desired_state`` is found; ``None`` leaves that to the settings of
    the reconciler. ``allow`` are URLs of further endpoints that the code under test may call, or ``ANY``. ``named_by``
    tells in a message what names the folder of the declarations.
    """

    server: str
    explicit: bool
    root: Path
    desired_state: str | None = None
    environment: str | None = None
    parameters: tuple[str, ...] = ()
    seed_set: str | None = None
    region: str = "us-east-1"
    delay: bool = False
    allow: tuple[str, ...] = ()
    named_by: str = "The ini option dynamodb_desired_state"

    @property
    def url(self) -> str | None:
        """The URL of a server that the user started; ``None`` for one of our own."""
        return None if self.server in (LOCAL, MOTO) else self.server


class OptionError(Exception):
    """A wrong option: where it was written, what was expected, what to write."""


def add(parser: pytest.Parser) -> None:
    """Declare all options."""
    group = parser.getgroup("dynamodb", "DynamoDB tables as declared (dynamodb-reconciler)")
    group.addoption(
        "--dynamodb",
        metavar="local|moto|URL",
        help="where the tables of the tests are: DynamoDB Local (the default), moto, or a server that runs already",
    )
    group.addoption(
        "--dynamodb-delay",
        action="store_true",
        help="DynamoDB Local keeps new tables in CREATING for a while, as AWS does",
    )
    for name, kind, help in (
        ("dynamodb", "string", "default of --dynamodb"),
        ("dynamodb_desired_state", "string", "folder with the declarations, from the root folder of pytest"),
        ("dynamodb_environment", "string", "environment whose table names are used"),
        ("dynamodb_parameters", "linelist", "values for templates, one NAME=VALUE a line"),
        ("dynamodb_seed_set", "string", "set of seeds: a folder below `seeds`"),
        ("dynamodb_region", "string", "AWS region that the code under test uses (us-east-1)"),
        ("dynamodb_allow", "linelist", "URLs of further AWS endpoints that the tests may call, one a line; * for all"),
    ):
        parser.addini(name, help, type=kind, default=[] if kind == "linelist" else "")  # type: ignore[arg-type]


def read(config: pytest.Config) -> Options:
    """The options of this run. Raises ``OptionError``."""
    given, written = config.known_args_namespace.dynamodb, str(config.getini("dynamodb"))
    server = given or written or LOCAL
    origin = "--dynamodb" if given else "dynamodb (ini)"
    if server not in (LOCAL, MOTO):
        _check_url(server, origin)
    delay = bool(config.known_args_namespace.dynamodb_delay)
    if delay and server != LOCAL:
        raise OptionError(f"--dynamodb-delay: works with DynamoDB Local alone, not with {server}. Leave it out.")
    desired_state = _text(config, "dynamodb_desired_state")
    parameters = tuple(config.getini("dynamodb_parameters"))
    for each in parameters:
        if "=" not in each:
            raise OptionError(f"dynamodb_parameters (ini): invalid value {each!r}; expected NAME=VALUE.")
    return Options(
        server=server.rstrip("/"),
        explicit=bool(given or written or desired_state),
        root=config.rootpath,
        desired_state=desired_state,
        environment=_text(config, "dynamodb_environment"),
        parameters=parameters,
        seed_set=_text(config, "dynamodb_seed_set"),
        region=_text(config, "dynamodb_region") or "us-east-1",
        delay=delay,
        allow=tuple(_allowed(each) for each in config.getini("dynamodb_allow")),
    )


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL; equal where two URLs lead to one server."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def _text(config: pytest.Config, name: str) -> str | None:
    return str(config.getini(name)).strip() or None


def _allowed(url: str) -> str:
    if url != ANY:
        _check_url(url, "dynamodb_allow (ini)")
    return url


def _check_url(url: str, origin: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise OptionError(
            f"{origin}: invalid value {url!r}; expected local, moto or a URL such as http://localhost:8000."
        )
