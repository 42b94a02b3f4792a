"""Two folders that were given one stack: neither deletes the tables of the other while its file is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.endpoints import Live
from support.shop import Shop

TABLE = """\
table_name: {name}
key_schema: [{{AttributeName: id, KeyType: HASH}}]
attribute_definitions: [{{AttributeName: id, AttributeType: S}}]
"""
ONE = {"id": {"S": "1"}}
JOINT = ("--stack", "joint")
EAGER = ("--prune", "owned", "--prune-grace", "0s", "--data-loss", "allow", "--max-deletes", "100")


class Folder(Shop):
    """One of the folders; each of its tables has a file."""

    def declare(self, *names: str) -> None:
        folder = self.folder / "desired_state"
        shutil.rmtree(folder)
        folder.mkdir()
        for name in names:
            (folder / f"{name}.yaml").write_text(TABLE.format(name=name))


def folder(local: Live, path: Path) -> Folder:
    path.mkdir()
    return Folder(local, path)


@pytest.fixture
def folders(local: Live, tmp_path: Path) -> tuple[Folder, Folder]:
    """Folder ``a`` with two tables, ``b`` with one; each table has been created, with an item."""
    a, b = (folder(local, tmp_path / name) for name in ("a", "b"))
    a.declare("users", "orders")
    b.declare("carts")
    a.tool("--once", *JOINT)
    b.tool("--once", *JOINT, code=2)
    for name in ("users", "orders", "carts"):
        a.put(name, ONE)
    return a, b


@pytest.mark.parametrize("filled", [True, False], ids=["with items", "without items"])
def test_neither_deletes_what_the_other_declares(folders: tuple[Folder, Folder], filled: bool) -> None:
    a, b = folders
    if not filled:
        for name in a.tables:
            a.live.client.delete_item(TableName=name, Key=ONE)
    for one, other, name in ((a, b, "carts"), (b, a, "users"), (a, b, "carts")):
        said = one.tool("--once", *JOINT, *EAGER, code=2)
        assert "blocked (foreign_declarations)" in said
        assert f"{name}.yaml in {other.folder}/desired_state declares the table" in said
    assert a.tables == ["carts", "orders", "users"]


def test_destroy_in_one_folder_leaves_the_tables_of_the_other(folders: tuple[Folder, Folder]) -> None:
    a, _ = folders
    a.tool("destroy", "--yes", *JOINT, code=2)
    assert a.tables == ["carts"]
    assert a.held("carts") == [ONE]


def test_a_table_that_was_removed_in_its_own_folder_goes(folders: tuple[Folder, Folder]) -> None:
    a, b = folders
    a.declare("users")
    a.tool("--once", *JOINT, *EAGER, code=2)
    assert b.tables == ["carts", "users"]


def test_a_folder_that_is_gone_holds_nothing_back(folders: tuple[Folder, Folder]) -> None:
    a, b = folders
    shutil.rmtree(b.folder)
    a.tool("--once", *JOINT, *EAGER)
    assert a.tables == ["orders", "users"]


def test_a_project_that_has_moved_removes_its_tables_as_before(folders: tuple[Folder, Folder], tmp_path: Path) -> None:
    a, b = folders
    shutil.rmtree(b.folder)
    a.folder.rename(tmp_path / "moved")
    a.folder = tmp_path / "moved"
    a.declare("users")
    a.tool("--once", *JOINT, *EAGER)
    assert a.tables == ["users"]


def test_an_older_copy_of_the_project_holds_nothing_back(folders: tuple[Folder, Folder], tmp_path: Path) -> None:
    a, b = folders
    shutil.rmtree(b.folder)
    shutil.copytree(a.folder, tmp_path / "copy")
    a.folder = tmp_path / "copy"
    a.declare("users")
    a.tool("--once", *JOINT, *EAGER)
    assert a.tables == ["users"]


def test_a_person_may_confirm_it(folders: tuple[Folder, Folder]) -> None:
    a, _ = folders
    a.tool("up", "carts", "--yes", *JOINT)
    assert a.tables == ["orders", "users"]
