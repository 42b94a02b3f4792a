"""What is missing is said in a sentence: Java, Maven and npm, the network, a cache, a server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.plugin_run import Project

from reconciler.pytest_plugin import cache
from reconciler.pytest_plugin.installation import Missing, fetch, find, version
from reconciler.pytest_plugin.local_server import LocalServer


def program(folder: Path, name: str, text: str) -> None:
    """A program of that name in ``folder``."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_without_java(project: Project, tmp_path: Path) -> None:
    project.variables |= {"PATH": str(tmp_path), "DYNAMODB_RECONCILER_RUN": ""}
    project.write(
        "test_app.py",
        "import os, pathlib\nplan = os.environ['DYNAMODB_RECONCILER_RUN']\n"
        "pathlib.Path('folder').write_text(plan.split(':', 2)[2])\n"
        "def test_tables(tables):\n    pass\n",
    )
    output = project.fails("--dynamodb", "local")
    assert not Path((project.folder / "folder").read_text(encoding="utf-8")).exists()
    assert "DynamoDB Local needs Java 17 or newer, and there is no `java`." in output
    assert "Run with --dynamodb moto, which needs no Java." in output
    assert "Traceback" not in output


def test_java_that_is_too_old(project: Project, tmp_path: Path) -> None:
    old = "echo 'java.lang.UnsupportedClassVersionError: software/amazon' >&2; exit 1"
    program(tmp_path, "java", old)
    (tmp_path / "DynamoDBLocal.jar").touch()
    project.variables |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DYNAMODB_LOCAL_HOME": str(tmp_path)}
    project.write("test_app.py", "def test_tables(tables):\n    pass\n")
    assert "DynamoDB Local needs Java 17 or newer, and `java` is older." in project.fails()


def test_nothing_stays_of_a_run_that_is_interrupted_before_its_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(server: LocalServer, order: object) -> None:
        raise KeyboardInterrupt

    program(tmp_path, "java", "exit 0")
    (tmp_path / "DynamoDBLocal.jar").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DYNAMODB_LOCAL_HOME", str(tmp_path))
    monkeypatch.setattr(LocalServer, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        LocalServer(tmp_path / "run", 0).join(tmp_path, None)
    assert not (tmp_path / "run").exists()


def test_without_maven_and_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "java", "exit 0")
    with pytest.raises(Missing, match="there is neither `mvn` nor `npm`"):
        find(tmp_path / "cache", environ={})


@pytest.mark.parametrize("fetcher", ["mvn", "npm"])
def test_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fetcher: str) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, fetcher, r"printf '\033[0m[\033[1;31mERROR\033[m] Unknown host\n' >&2; exit 1")
    with pytest.raises(
        Missing, match=f"could not fetch DynamoDB Local {version()}: .ERROR. Unknown host\nCheck the net"
    ):
        fetch(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]


def test_the_folder_of_the_variable_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "java", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "DynamoDBLocal.jar").touch()
    (tmp_path / "DynamoDBLocal_lib").mkdir()
    found = find(tmp_path / "cache", environ={"DYNAMODB_LOCAL_HOME": str(tmp_path)})
    assert found.folder == tmp_path
    assert f"-Djava.library.path={tmp_path / 'DynamoDBLocal_lib'}" in found.command()
    with pytest.raises(Missing, match=r"holds no DynamoDBLocal\.jar"):
        find(tmp_path / "cache", environ={"DYNAMODB_LOCAL_HOME": str(tmp_path / "DynamoDBLocal_lib")})


def test_the_package_of_npm_is_found_above_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "java", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    emulator = tmp_path / "node_modules" / "amplify-dynamodb-simulator" / "emulator"
    emulator.mkdir(parents=True)
    (emulator / "DynamoDBLocal.jar").touch()
    assert find(tmp_path / "cache", tmp_path / "packages" / "api", environ={}).folder == emulator


def test_an_unusable_cache_is_replaced_by_a_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache.folder() == tmp_path / "temporary" / f"dynamodb-reconciler-cache-{os.getuid()}"
    (tmp_path / "open" / "dynamodb-reconciler").mkdir(parents=True)
    (tmp_path / "open" / "dynamodb-reconciler").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "open"))
    assert cache.folder().parent == tmp_path / "temporary"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "dynamodb-reconciler"


def test_a_server_that_does_not_answer(project: Project) -> None:
    project.variables["RECONCILER_WAIT"] = "0s"
    project.write("test_app.py", "def test_tables(tables):\n    pass\n")
    output = project.fails("--dynamodb", "http://127.0.0.1:1")
    assert "--dynamodb http://127.0.0.1:1: " in output
    assert "Traceback" not in output


def test_only_the_newest_templates_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_TEMPLATES", 2)
    for number in range(3):
        cache.store(tmp_path / f"{number}.db", b"x")
        os.utime(tmp_path / f"{number}.db", (number, number))
    cache.store(tmp_path / "3.db", b"y")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.db", "3.db"]
    assert cache.load(tmp_path / "3.db") == b"y"
    assert cache.load(tmp_path / "0.db") is None
