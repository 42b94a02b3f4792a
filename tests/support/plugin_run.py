"""Runs pytest with the plugin of this project on a small project, as a user does. Used by ``tests/pytest_plugin``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.dynamodb_local.fetch import fetch
from support.endpoints import need_dynamodb_local
from support.waiting import PATIENCE

TABLES = """
TableName: users
KeySchema: [{AttributeName: pk, KeyType: HASH}]
AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: city, AttributeType: S}]
BillingMode: PAY_PER_REQUEST
StreamSpecification: {StreamEnabled: true, StreamViewType: NEW_IMAGE}
GlobalSecondaryIndexes:
  - {IndexName: by_city, KeySchema: [{AttributeName: city, KeyType: HASH}], Projection: {ProjectionType: ALL}}
---
TableName: orders
KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: N}]
BillingMode: PAY_PER_REQUEST
"""
USERS = '[{"pk": "1", "name": "Ada", "age": 36}, {"pk": "2", "name": "Bob"}]'
MIGRATION = 'table = "users"\n\n\ndef up(item):\n    return {"v": 2}\n'
OPTIONS = "[pytest]\naddopts = -q -p no:cacheprovider\n"


class Project:
    """A project in ``folder`` with two declared tables, one of them with a seed."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self.variables = dict(variables)
        self.write("desired_state/tables.yaml", TABLES)
        self.write("desired_state/seeds/users.json", USERS)
        self.write("migrations/0001_add_v.py", MIGRATION)
        self.write("pytest.ini", OPTIONS)

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def options(self, *lines: str) -> None:
        """Add lines to the ini file."""
        self.write("pytest.ini", OPTIONS + "".join(f"{line}\n" for line in lines))

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """pytest as a process in a group of its own."""
        command = [sys.executable, "-m", "pytest", *words]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environ | self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, *words: str) -> tuple[int, str]:
        """Exit code and output of pytest."""
        with self.started(*words) as process:
            output, _ = process.communicate(timeout=PATIENCE * 2)
        return process.returncode, output

    def passes(self, *words: str) -> str:
        """The output of a run in which every test must pass."""
        code, output = self.run(*words)
        assert code == 0, output
        return output

    def fails(self, *words: str) -> str:
        """The output of a run that must not pass."""
        code, output = self.run(*words)
        assert code != 0, output
        return output


@pytest.fixture(scope="session")
def plugin_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all runs, as a user has it."""
    return tmp_path_factory.mktemp("plugin-cache")


@pytest.fixture
def project(tmp_path: Path, plugin_cache: Path) -> Project:
    """A project whose runs may use moto, or a server that is named by its URL."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, {"XDG_CACHE_HOME": str(plugin_cache)})


@pytest.fixture
def local_project(project: Project) -> Project:
    """A project whose runs start a DynamoDB Local of their own."""
    need_dynamodb_local()
    project.variables["DYNAMODB_LOCAL_HOME"] = str(fetch().folder)
    return project
