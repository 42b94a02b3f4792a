"""A table that is still declared somewhere below the folder is never deleted.

Uses real folders with the simulated DynamoDB. The tables at the end decide the result.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine.test_engine_removals import CARTS, DOC, ORDERS, USERS, assert_not_removed, converged, messages
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import write

from reconciler.declarations import remains
from reconciler.model.report import Verdict

CLASS = HEAD + SCHEMA + GET_SCHEMA
BOTH_CLASSES = CLASS.replace("users", "carts").replace("Users", "Carts") + "\n\n" + CLASS
Change = Callable[[Path], None]


def indented(text: str, sign: str = "    ") -> str:
    return "".join(f"{sign}{line}\n" for line in text.splitlines())


def moved(to: str, name: str = "users.yaml") -> Change:
    def change(root: Path) -> None:
        target = root / to
        target.parent.mkdir(parents=True, exist_ok=True)
        (root / name).rename(target)

    return change


def now(**files: str) -> Change:
    """Each file's new text; ``users_yaml=""`` removes ``users.yaml``."""

    def change(root: Path) -> None:
        for key, text in files.items():
            name = ".".join(key.rsplit("_", 1))
            (root / name).unlink(missing_ok=True)
            if text:
                write(root, {name: text})

    return change


def emptied(to: str) -> Change:
    """A container engine makes a folder where a file to be mounted is missing."""

    def change(root: Path) -> None:
        (root / "users.yaml").unlink()
        (root / to).mkdir(parents=True)

    return change


def packed(root: Path) -> None:
    write(root, {".old/users.yaml.gz": gzip.compress((root / "users.yaml").read_bytes())})
    (root / "users.yaml").unlink()


def linked(root: Path) -> None:
    (root / "users.yaml").unlink()
    (root / ".#users.yaml").symlink_to("somebody@somewhere.1234")


ORDERS_DOC = DOC.format("orders")
YAML: dict[str, Change] = {
    "hidden": moved(".users.yaml"),
    "a hidden backup": moved(".users.yaml.bak"),
    "a hidden swap file": moved(".users.yaml.swp"),
    "a document": moved("users.md"),
    "a stub": moved("users.pyi"),
    "bytecode": moved("users.pyc"),
    "without a suffix": moved("users"),
    "in capitals and hidden": moved(".USERS.YML"),
    "in a hidden folder": moved(".old/users.yaml"),
    "in the cache of a tool": moved(".cache/users.yaml"),
    "as bytecode that is none": moved("__pycache__/users.cpython-311.pyc"),
    "hidden in UTF-16": lambda root: (
        write(root, {".a": (root / "users.yaml").read_text().encode("utf-16")}),
        (root / "users.yaml").unlink(),
    )[1],
    "under another name in a hidden folder": moved(".old/2024/a.txt"),
    "in __pycache__": moved("__pycache__/users.yaml"),
    "packed into a hidden folder": packed,
    "under another name as a document": moved("notes.md"),
    "among the seeds": moved("seeds/users.yaml"),
    "the lock of an editor": linked,
    "as an empty folder": emptied("users.yaml.bak"),
    "as an empty folder without a suffix": emptied("users"),
    "as an empty folder in a hidden one": emptied(".attic/x/users.yaml"),
    "under x- in another file": now(users_yaml="", orders_yaml=ORDERS_DOC + "x-users:\n" + indented(USERS)),
    "in comments of another file": now(users_yaml="", orders_yaml=ORDERS_DOC + indented(USERS, "# ")),
    "behind a comment sign without space": now(users_yaml="", orders_yaml=ORDERS_DOC + indented(USERS, "#")),
    "in comments behind ---": now(users_yaml="", orders_yaml=ORDERS_DOC + "---\n" + indented(USERS, "# ")),
    "a document under x- of a file with others": now(
        users_yaml="", orders_yaml=ORDERS_DOC + "---\nx-users:\n" + indented(USERS)
    ),
    "in the description of another one": now(
        users_yaml="", orders_yaml=ORDERS_DOC + "description: |\n" + indented(USERS)
    ),
    "as JSON in a text of another one": now(
        users_yaml="", orders_yaml=ORDERS_DOC + 'description: "{\\"TableName\\": \\"users\\"}"\n'
    ),
    "as a quoted key in comments": now(users_yaml="", orders_yaml=ORDERS_DOC + '# "TableName": "users",\n'),
    "in a comment of a class file": now(users_yaml="", extra_py='NAME = 1\n# TABLE_NAME = "users"\n'),
    "in the text of a class file": now(users_yaml="", extra_py=f'"""Former:\n\n{USERS}"""\nNAME = 1\n'),
    "as Terraform": now(**{"users_yaml": "", ".main_tf": 'resource "aws_dynamodb_table" "u" {\n  name = "users"\n}\n'}),
    "as a resource of Kubernetes in a hidden file": now(
        users_yaml="",
        extra_yaml="# kind: Table\n# metadata:\n#   name: users\n# spec: {forProvider: {hashKey: pk}}\nx-empty: {}\n",
    ),
}


@pytest.mark.parametrize("case", YAML)
@pytest.mark.parametrize("how", ["once", "daemon"])
def test_a_table_declared_in_another_place_is_never_removed(case: str, how: str, tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.yaml": ORDERS_DOC, "carts.yaml": CARTS})
    sim.dynamodb.journal.clear()
    YAML[case](tmp_path)
    assert_not_removed(sim, how)


TWO = "import os\n\n\n" + BOTH_CLASSES
FIRST = BOTH_CLASSES[: BOTH_CLASSES.index("\n\nclass Users") + 1]
CLASSES: dict[str, str] = {
    "under a condition": f"import os\n\n\n{FIRST}\n\nif os.environ.get('X'):\n{indented(CLASS)}",
    "nested in the other class": FIRST + indented(CLASS),
    "in a list": FIRST + "\n\nclass Maker:\n    pass\n\n\nTABLES = [{'table_name': 'users', 'hash': 'pk'}]\n",
    "behind a swallowed ImportError": (
        f"{FIRST}\n\ntry:\n    import no_such_module_here\n\n{indented(CLASS)}except ImportError:\n    pass\n"
    ),
    "in comments": FIRST + indented(CLASS, "# "),
    "in comments, named by its method": (
        FIRST
        + "# class Other:\n#     def get_table_name(cls, environment=None):\n#         return f'users-{environment}'\n"
    ),
    "in a text": f"{FIRST}\n\nOLD = '''\n{CLASS}'''\n",
    "in a function": f"{FIRST}\n\ndef later():\n{indented(CLASS)}    return UsersTable\n",
    "its class under a condition, its name from elsewhere": (
        f"import os\n\nNAME = 'us' + 'ers'\n\n{FIRST}\n\nif os.environ.get('X'):\n"
        + indented(CLASS.replace('"users"', "NAME"))
    ),
}


@pytest.mark.parametrize("case", CLASSES)
def test_a_class_that_is_not_loaded_never_removes_its_table(case: str, tmp_path: Path) -> None:
    sim = converged(tmp_path, {"both.py": TWO, "orders.json": ORDERS})
    sim.dynamodb.journal.clear()
    write(tmp_path, {"both.py": CLASSES[case]})
    report = sim.once()
    assert report.verdict is Verdict.ERROR
    assert messages(report).startswith("both.py:")
    assert "theirs" in sim.dynamodb.tables["users"].items
    assert sim.dynamodb.journal == []


@pytest.mark.parametrize("name", ["users.pyi", "users.pyc", "users.md", ".users.py", "__pycache__/users.pyc"])
def test_a_class_file_under_another_name_never_removes_its_table(name: str, tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.py": CLASS, "orders.json": ORDERS})
    moved(name, "users.py")(tmp_path)
    assert sim.once().verdict is Verdict.ERROR
    assert "theirs" in sim.dynamodb.tables["users"].items


HOLLOW = {
    "an empty mapping": CARTS + "---\n{}\n",
    "cut at the marks": CARTS + "---\n",
    "null": CARTS + "---\nnull\n",
    "an empty document first": "{}\n---\n" + CARTS,
    "a comment": CARTS + "---\n# moved\n",
}


@pytest.mark.parametrize("case", HOLLOW)
def test_an_emptied_document_is_an_error(case: str, tmp_path: Path) -> None:
    sim = converged(tmp_path, {"t.yaml": CARTS + "---\n" + USERS, "orders.json": ORDERS})
    write(tmp_path, {"t.yaml": HOLLOW[case]})
    report = sim.once()
    assert report.verdict is Verdict.ERROR
    assert "declared the table users and now has an empty document" in messages(report)
    assert "theirs" in sim.dynamodb.tables["users"].items


REFERENCE = "references: [{table: users, attribute: user_id}]\n"
GONE: dict[str, dict[str, Any]] = {
    "a reference in a comment": {"orders.yaml": f"# {REFERENCE}{ORDERS_DOC}"},
    "prose in a comment": {"orders.yaml": f"# The table users is gone; its name was users.\n{ORDERS_DOC}"},
    "its seed": {"seeds/users.json": '[{"pk": "1", "table_name": "users"}]'},
    "a seed that names it": {"seeds/orders.json": '[{"pk": "1", "table_name": "users"}]'},
    "a longer name": {"carts.yaml": DOC.format("users_v2") + "description: 'table_name: users.old'\n"},
    "bytecode that Python left": {"__pycache__/users.cpython-311.pyc": b"\xa7\r\r\n\0\0\0\0users table_name: users"},
    "the history of git": {".git/objects/x": USERS, ".git/users.yaml": USERS},
    "an environment": {".venv/users.yaml": USERS, "env/pyvenv.cfg": "", "env/users.md": USERS},
    "caches of tools": {".mypy_cache/3.11/users.data.json": "{}"},
    "a tag with that value": {"carts.yaml": CARTS + "tags: {name: users}\n"},
    "another file of that name": {"more/users.yaml": CARTS},
    "a document of that name elsewhere": {"notes/users.md": "About users.\n"},
    "pictures": {"other.png": b"\x89PNG\0\0\0\0\0\0\0\0\0\0\0\0\0table_name: users"},
}


@pytest.mark.parametrize("case", GONE)
def test_what_defines_no_table_does_not_keep_a_removed_one(case: str, tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.yaml": ORDERS_DOC, "carts.yaml": CARTS})
    if "carts" in str(GONE[case].get("more/users.yaml", "")):
        (tmp_path / "carts.yaml").unlink()
    (tmp_path / "users.yaml").unlink()
    write(tmp_path, GONE[case])
    report = sim.once()
    assert report.verdict is Verdict.IN_SYNC, messages(report)
    assert "users" not in sim.dynamodb.tables
    assert "theirs" in sim.dynamodb.tables["orders"].items


def test_a_class_that_now_declares_another_table_does_not_keep_the_former_one(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.py": CLASS, "orders.json": ORDERS})
    write(tmp_path, {"users.py": CLASS.replace('"users"', '"people"')})
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sorted(sim.dynamodb.tables) == ["orders", "people"]


def test_a_base_name_that_another_declaration_has_does_not_keep_the_former_table(tmp_path: Path) -> None:
    named = '    TABLE_NAME = "users"\n' + SCHEMA + GET_SCHEMA
    name = "    @classmethod\n    def get_table_name(cls, environment=None):\n        return 'NAME'\n"
    schema = named.replace("return dict(cls.SCHEMA)", "return {**cls.SCHEMA, 'table_name': cls.get_table_name()}")
    sim = converged(tmp_path, {"users.py": HEAD + schema + name.replace("NAME", "users-dev"), "orders.json": ORDERS})
    assert "users-dev" in sim.dynamodb.tables
    write(tmp_path, {"users.py": HEAD + schema + name.replace("NAME", "app-users-dev")})
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sorted(sim.dynamodb.tables) == ["app-users-dev", "orders"]


def test_declarations_behind_links_do_not_keep_a_removed_table(tmp_path: Path) -> None:
    """A ConfigMap: every file is a link into a hidden folder."""
    write(tmp_path, {"..2024/users.py": CLASS, "..2024/orders.json": ORDERS})
    (tmp_path / "..data").symlink_to("..2024")
    for name in ("users.py", "orders.json"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    sim = converged(tmp_path, {})
    write(tmp_path, {"..2024/users.py": CLASS.replace('"users"', '"people"')})
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sorted(sim.dynamodb.tables) == ["orders", "people"]


def test_an_unreadable_folder_keeps_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.json": ORDERS})
    (tmp_path / "users.yaml").unlink()
    write(tmp_path, {".notes": "x" * 2000})
    monkeypatch.setattr(remains, "FILE_LIMIT", 1000)
    assert messages(sim.once()).startswith(".notes: is larger than ")
    monkeypatch.setattr(remains, "FILES_MOST", 1)
    assert "so a definition of the table users" in messages(sim.once())
    monkeypatch.undo()
    (tmp_path / ".notes").unlink()
    assert "theirs" in sim.dynamodb.tables["users"].items
    assert sim.once().verdict is Verdict.IN_SYNC
    assert "users" not in sim.dynamodb.tables


def test_the_error_names_the_line_and_disappears_with_the_definition(tmp_path: Path) -> None:
    sim = converged(tmp_path, {"users.yaml": USERS, "orders.yaml": ORDERS_DOC})
    moved(".users.yaml")(tmp_path)
    assert messages(sim.once()) == (
        ".users.yaml:1:1: still defines the table users, but is not read as a declaration. To remove the table, "
        "delete this definition as well; `reconciler release users` keeps the table unmanaged."
    )
    (tmp_path / ".users.yaml").unlink()
    assert sim.once().verdict is Verdict.IN_SYNC
    assert "users" not in sim.dynamodb.tables
