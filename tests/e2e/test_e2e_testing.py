"""Tests in any language reset the tables of a daemon over HTTP: with the recipes of the guide, as they are printed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.bundled_daemon import BUNDLED, Daemon
from support.endpoints import Live
from support.waiting import PATIENCE, eventually

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "pytest.md"


@pytest.fixture
def daemon(tmp_path: Path, endpoint: Live) -> Iterator[Daemon]:
    """A daemon beside an emulator that lets tests reset items."""
    shutil.copytree(BUNDLED, tmp_path / "desired_state")
    daemon = Daemon(tmp_path, endpoint.url, RECONCILER_TESTING="true")
    try:
        eventually(lambda: daemon.get("/readyz")[0] == 200)
        yield daemon
    finally:
        daemon.end()


def users(endpoint: Live) -> list[Any]:
    found = endpoint.client.scan(TableName="users", ConsistentRead=True)["Items"]
    return sorted(found, key=lambda item: item["pk"]["S"])


def disturb(endpoint: Live) -> None:
    """What a test of an application does."""
    first = users(endpoint)[0]["pk"]
    endpoint.client.put_item(TableName="users", Item={"pk": {"S": "of a test"}})
    endpoint.client.put_item(TableName="users", Item={"pk": first, "changed": {"BOOL": True}})
    endpoint.client.delete_item(TableName="users", Key={"pk": users(endpoint)[-1]["pk"]})


def test_a_reset_and_a_snapshot(daemon: Daemon, endpoint: Live) -> None:
    seed = users(endpoint)
    disturb(endpoint)
    status, answer = daemon.post("testing/snapshot")
    assert (status, answer["success"]) == (200, True)
    disturbed = users(endpoint)
    assert disturbed != seed
    status, answer = daemon.post("testing/reset", {"content": "seed"})
    assert (status, answer["success"]) == (200, True)
    assert users(endpoint) == seed
    assert "2 tables reset" in answer["message"]
    daemon.post("testing/reset", {"content": "empty", "tables": ["users"]})
    assert users(endpoint) == []
    daemon.post("testing/reset")
    assert users(endpoint) == disturbed
    endpoint.client.delete_table(TableName="users")
    assert daemon.post("testing/reset", {"content": "seed"})[0] == 200
    assert users(endpoint) == seed


def snippet(heading: str) -> str:
    """The code below a heading of the guide."""
    found = re.search(rf"### {heading}\n\n```\w+\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def javascript(folder: Path, port: int) -> list[str]:
    """The runner of node has the functions of Jest and Vitest."""
    code = snippet("Jest and Vitest").replace("8002", str(port))
    head = 'import { beforeEach, test } from "node:test";\n'
    (folder / "recipe.test.mjs").write_text(f'{head}{code}\ntest("runs", () => {{}});\n', encoding="utf-8")
    return ["node", "--test", "recipe.test.mjs"]


def java(folder: Path, port: int) -> list[str]:
    """What the code takes from JUnit is written down here."""
    code = snippet("JUnit").replace("8002", str(port))
    (folder / "Recipe.java").write_text(
        f"""
import java.net.URI;
import java.net.http.*;

class Recipe {{
    @interface BeforeEach {{}}

    static void assertEquals(Object expected, Object actual, String message) {{
        if (!expected.equals(actual)) throw new AssertionError(message);
    }}

{code}
    public static void main(String[] words) throws Exception {{
        new Recipe().reset();
    }}
}}
""",
        encoding="utf-8",
    )
    return ["java", "Recipe.java"]


def curl(folder: Path, port: int) -> list[str]:
    """The request of the table, by whatever can send one."""
    return ["curl", "--fail", "--silent", "-X", "POST", f"http://127.0.0.1:{port}/api/v1/testing/reset"]


RECIPES: dict[str, Callable[[Path, int], list[str]]] = {"curl": curl, "node": javascript, "javac": java}
"""By the program that they need. That for Go is left to its formatter: compiling net/http takes half a minute."""


@pytest.mark.parametrize("tool", [tool for tool in RECIPES if shutil.which(tool)] or ["curl"])
def test_a_recipe_of_the_guide_resets_the_tables(tool: str, tmp_path: Path, moto: Live) -> None:
    shutil.copytree(BUNDLED, tmp_path / "desired_state")
    daemon = Daemon(tmp_path, moto.url, RECONCILER_TESTING="true")
    try:
        eventually(lambda: daemon.get("/readyz")[0] == 200)
        seed = users(moto)
        disturb(moto)
        folder = tmp_path / "recipe"
        folder.mkdir()
        ended = subprocess.run(
            RECIPES[tool](folder, daemon.port),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert users(moto) == seed
    finally:
        daemon.end()


@pytest.mark.parametrize("program", [name for name in ("gofmt",) if shutil.which(name)] or ["true"])
def test_the_recipe_for_go_is_formatted_go(program: str, tmp_path: Path) -> None:
    code = f"package recipe\n\n{snippet('Go')}"
    (tmp_path / "recipe.go").write_text(code, encoding="utf-8")
    ended = subprocess.run([program, "-l", "recipe.go"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
