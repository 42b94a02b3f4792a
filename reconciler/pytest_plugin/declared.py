"""The declared tables: their names and seeds, and the engine that creates them. Called by the backends."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.pytest_plugin.environment import SECRET, changed, variables
from reconciler.pytest_plugin.options import Options

if TYPE_CHECKING:
    from reconciler.model.desired import Declaration, DesiredState
    from reconciler.settings import Settings
    from reconciler.wiring import App

STACK = "pytest"
STATE_TABLE = "reconciler_pytest_state"
ACCOUNTS = "000000000000,123456789012"
"""The accounts of DynamoDB Local and of moto."""
CONVERGE_SECONDS = 300
OUTSIDE = ("RECONCILER_METRICS_FILE", "RECONCILER_PUSH_GATEWAY", "RECONCILER_MODE", "RECONCILER_ALLOWED_ACCOUNTS")
"""Settings of the environment that belong to another use of the tool than tests."""


class NotDeclared(Exception):
    """The declarations cannot be used; the text lists every problem."""


class Content(StrEnum):
    """What a test begins with: no table, or the declared tables without items, with their seeds, or migrated too."""

    BLANK = "blank"
    EMPTY = "empty"
    SEEDED = "seeded"
    MIGRATED = "migrated"


@cache
def _session(key: str, region: str) -> Any:
    """One session for all clients, because each new one parses the description of the service again: 60 ms."""
    import boto3.session

    return boto3.session.Session(key, SECRET, region_name=region)


@dataclass(frozen=True)
class Server:
    """An endpoint and the access key ID to use there, which chooses the namespace in DynamoDB Local."""

    url: str
    key: str
    region: str

    def client(self, service: str = "dynamodb", **options: Any) -> Any:
        """A new boto3 client, of a session that reads no keys and no Region from environment and files."""
        return _session(self.key, self.region).client(service, endpoint_url=self.url, **options)

    def resource(self, **options: Any) -> Any:
        """The resource of boto3."""
        return _session(self.key, self.region).resource("dynamodb", endpoint_url=self.url, **options)


class Declared:
    """The desired state of the tests. Nothing is read before the first use."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @cached_property
    def settings(self) -> Settings:
        """The reconciler's settings for the tests, with the options of the plugin before all others."""
        from reconciler.model.errors import SettingsError
        from reconciler.settings.loading import load

        environ = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
        try:
            settings = load(self._flags(), one_shot=True, environ=environ, cwd=self._options.root)
        except SettingsError as error:
            raise NotDeclared(str(error)) from error
        location = settings.desired_state
        if location != "bundled" and not location.startswith("package:"):
            location = str(self._options.root / location)
        # The keys of a .env file belong to its endpoint, not to that of the tests.
        return replace(settings, desired_state=location, sdk_variables={})

    @property
    def exists(self) -> bool:
        """Whether there is anything to read; a project may want an empty DynamoDB alone."""
        location = self.settings.desired_state
        return self._options.desired_state is not None or not Path(location).is_absolute() or Path(location).exists()

    @cached_property
    def state(self) -> DesiredState:
        """The declarations and seeds. Raises ``NotDeclared``."""
        from reconciler import wiring
        from reconciler.model.errors import DeclarationError, ReconcilerError
        from reconciler.presentation.paths import seen_from_here

        try:
            return wiring.desired_state(self.settings)
        except DeclarationError as error:
            base = self.settings.desired_state
            problems = "\n".join(str(seen_from_here(problem, base)) for problem in error.problems)
            raise NotDeclared(f"{problems}\n{self._options.named_by} names the folder of the declarations.") from error
        except ReconcilerError as error:
            raise NotDeclared(str(error)) from error

    @property
    def names(self) -> Mapping[str, str]:
        """The name of each table by its base name."""
        return {each.base_name: each.spec.name for each in self.state.declarations}

    def declaration(self, name: str) -> Declaration | None:
        """The declaration with this name or base name."""
        return self.state.named(name)

    def digest(self, content: Content, *more: str) -> str:
        """What tables and their items depend on, as a name for a file."""
        options = self._options
        if content is Content.MIGRATED:
            more = (*more, *self._migrations())
        parts = [
            *(__version__, self.state.digest, options.environment, options.parameters, options.seed_set),
            *(options.region, self.settings.environment, self.settings.parameter, self.settings.seed_set, *more),
            [(each.spec.name, each.seed.digest if each.seed else None) for each in self.state.declarations],
        ]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]

    def create(self, server: Server, content: Content) -> None:
        """Create the tables at an endpoint, where nothing but they remain. Raises ``NotDeclared``."""
        self.converge(server, seeds=content is not Content.EMPTY)
        if content is Content.MIGRATED:
            self.migrate(server)
        client = server.client()
        client.update_table(TableName=STATE_TABLE, DeletionProtectionEnabled=False)
        client.delete_table(TableName=STATE_TABLE)
        client.get_waiter("table_not_exists").wait(TableName=STATE_TABLE, WaiterConfig={"Delay": 1})

    def converge(self, server: Server, *, seeds: bool) -> None:
        """Let the engine create the tables at an endpoint, in a process of its own.

        There it has a clock that no test has frozen, and none of its threads stay. Raises ``NotDeclared``.
        """
        # Its errors have file and line, and need no other process.
        _ = self.state
        ended = self._run(server, ("run", "--once"), seed="empty" if seeds else "never")
        if ended.returncode:
            raise NotDeclared(f"The tables could not be created (exit {ended.returncode}).\n{_told(ended)}")

    def migrate(self, server: Server) -> None:
        """Let the engine run the migrations of items. Raises ``NotDeclared``."""
        ended = self._run(server, ("migrate", "up"))
        if ended.returncode:
            said = (ended.stderr or ended.stdout).strip()
            raise NotDeclared(f"The items could not be migrated (exit {ended.returncode}).\n{said}")

    def _run(self, server: Server, words: tuple[str, ...], **more: str) -> subprocess.CompletedProcess[str]:
        """A command of the reconciler at an endpoint."""
        flags = {**self._flags(), "endpoint_url": server.url, "region": server.region, "state_table": STATE_TABLE}
        flags |= {"desired_state": self.settings.desired_state, **more}
        command = [sys.executable, "-P", "-m", "reconciler", *words, "--quiet", "--output", "json"]
        for name, value in flags.items():
            values = value if isinstance(value, list) else [value]
            command += [word for each in values for word in (f"--{name.replace('_', '-')}", str(each))]
        paths = os.pathsep.join(path for path in sys.path if path)
        changes = {**variables(server.url, server.key, server.region), **dict.fromkeys(OUTSIDE), "PYTHONPATH": paths}
        return subprocess.run(
            command,
            check=False,
            cwd=self._options.root,
            env=changed(os.environ, changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CONVERGE_SECONDS,
        )

    def _migrations(self) -> Iterator[str]:
        """The digest of each file of the migrations, helpers included."""
        from reconciler.declarations.locate import migrations_folder

        folder = Path(self._options.root, migrations_folder(self.settings.migrations, self.settings.desired_state))
        for path in sorted(folder.rglob("*.py")):
            yield f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()}"

    @contextmanager
    def opened(self, server: Server) -> Iterator[App]:
        """The engine in this process, which only reads."""
        from reconciler import wiring

        settings = replace(
            self.settings,
            endpoint_url=server.url,
            region=server.region,
            state_table=STATE_TABLE,
            embedded=False,
        )
        with wiring.open_app(settings, one_shot=True, read_only=True) as app:
            yield app

    def _flags(self) -> dict[str, Any]:
        options = self._options
        flags: dict[str, Any] = {
            "stack": STACK,
            "mode": "enforce",
            "prune": "never",
            "allowed_accounts": ACCOUNTS,
            "push_gateway": "",
            "metrics_file": "",
        }
        if options.desired_state:
            location = options.desired_state
            relative = location != "bundled" and not location.startswith("package:")
            flags["desired_state"] = str(options.root / location) if relative else location
        if options.environment:
            flags["environment"] = options.environment
        if options.seed_set:
            flags["seed_set"] = options.seed_set
        if options.parameters:
            flags["parameter"] = list(options.parameters)
        return flags


class UnknownTable(KeyError):
    """No table of this base name is declared."""

    def __str__(self) -> str:
        # That of a KeyError is the repr of the sentence, in quotes.
        return str(self.args[0])


class Tables(Mapping[str, str]):
    """The name of each declared table by its base name; ``table`` has the resource of boto3.

    Another name raises ``UnknownTable``, a ``KeyError`` that lists the declared ones.
    """

    def __init__(self, names: Mapping[str, str], server: Server) -> None:
        self._names = dict(names)
        self._server = server

    def __getitem__(self, base_name: str) -> str:
        try:
            return self._names[base_name]
        except KeyError:
            # pytest loads the plugin everywhere; only this sentence needs the engine.
            from reconciler.parsing.source_location import did_you_mean

            close = did_you_mean(str(base_name), self._names)
            remedy = f"Did you mean {close}?" if close else f"Declared are: {', '.join(sorted(self._names)) or 'none'}."
            raise UnknownTable(f"no table {base_name!r} is declared. {remedy}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Tables({self._names})"

    def table(self, base_name: str) -> Any:
        """The ``Table`` of boto3's resource, which takes and returns plain Python values."""
        name = self[base_name]
        return self._server.resource().Table(name)


def _told(ended: subprocess.CompletedProcess[str]) -> str:
    """The errors of the engine: from its report, else what it printed."""
    try:
        report = json.loads(ended.stdout)
    except ValueError:
        return (ended.stderr or ended.stdout).strip()
    lines = [report["error"]] if report.get("error") else []
    for table in report.get("tables", ()):
        lines += [f"{table['name']}: {table['error']}"] if table.get("error") else []
        for step in table.get("steps", ()):
            if step.get("message") and step["status"] in ("failed", "blocked", "deferred"):
                lines.append(f"{table['name']}: {step['status']}: {step['message']}")
    return "\n".join(dict.fromkeys(lines)) or ended.stderr.strip()
