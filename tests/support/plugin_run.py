"""Runs pytest with the plugin of this project on a small project, as a user does. Used by ``tests/pytest_plugin``.

A run in this process costs what its servers cost. One in a process of its own costs two seconds more, with every plugin
that is installed here; it is for what depends on processes and on the start of pytest.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import boto3
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
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PLUGIN = ("-p", "dynamodb")
"""The plugin by the name of its entry point, where pytest loads no others."""


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
    def started(self, *words: str, alone: bool = True) -> Iterator[subprocess.Popen[str]]:
        """pytest as a process in a group of its own; ``alone`` without the other plugins that are installed here."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        environ |= (ALONE if alone else {}) | self.variables
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *(PLUGIN if alone else ()), *words],
            cwd=self.folder,
            env=environ,
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

    def as_process(self, *words: str, alone: bool = False) -> str:
        """The output of a run in a process of its own, in which every test must pass."""
        with self.started(*words, alone=alone) as process:
            output, _ = process.communicate(timeout=PATIENCE * 2)
        assert process.returncode == 0, output
        return output

    def run(self, *words: str) -> tuple[int, str]:
        """Exit code and output of a run in this process.

        Not by ``pytester``: it forgets every module that a run imported, so that later ones meet two of each class.
        """
        output = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(output):
            for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
                patch.delenv(name)
            for name, value in {**ALONE, **self.variables}.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "path", list(sys.path))
            # boto3 keeps the keys of the first client for all that follow.
            patch.setattr(boto3, "DEFAULT_SESSION", None)
            code = pytest.main([*PLUGIN, "-p", "no:faulthandler", *words])
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(f"{self.folder}{os.sep}"):
                del sys.modules[name]
        return int(code), output.getvalue()

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
