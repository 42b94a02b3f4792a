"""Migration files: functions or a class, private imports, and errors with file, line, field and remedy."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.declarations.item_migrations import (
    checksums,
    load_migrations,
    write_migration,
)
from reconciler.declarations.locate import migration_names, migrations_folder
from reconciler.model.errors import DeclarationError, UsageError
from reconciler.mover.migration_file import MigrationFile, ReadItem

GOOD = 'table = "users"\n\n\ndef up(item):\n    return {"status": "active"}\n'
BASE = "desired_state"


def write(folder: Path, **files: str) -> None:
    (folder / "migrations").mkdir(exist_ok=True)
    (folder / BASE).mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "migrations" / f"{name.lstrip('n')}.py").write_text(text)


def load(folder: Path) -> tuple[MigrationFile, ...]:
    return load_migrations(folder / "migrations", folder / BASE)


def problem(folder: Path, text: str, name: str = "n0001_a") -> str:
    write(folder, **{name: text})
    with pytest.raises(DeclarationError) as raised:
        load(folder)
    (found,) = raised.value.problems
    return str(found)


def test_functions_of_a_module_are_a_migration(tmp_path):
    write(
        tmp_path,
        n0007_add_status='table = "users"\nwhere = "attribute_not_exists(#s)"\nnames = {"#s": "status"}\n'
        'values = {":n": 1}\n\ndef up(item):\n    return {"n": item["n"] + 1}\n\n'
        "def down(item):\n    return {}\n\ndef done(item):\n    return True\n",
    )
    (found,) = load(tmp_path)
    assert (found.name, found.number, found.table) == ("0007_add_status", 7, "users")
    assert found.file == "../migrations/0007_add_status.py"
    assert found.where is not None
    assert (found.where.names, found.where.values) == ({"#s": "status"}, {":n": {"N": "1"}})
    assert found.up(ReadItem({"n": {"N": "1"}})) == {"n": Decimal(2)}
    assert found.lines == {"table": 1, "where": 2, "names": 3, "values": 4, "up": 6, "down": 9, "done": 12}


def test_a_class_with_up_and_down_is_a_migration(tmp_path):
    text = (
        "class AddStatusMigration:\n    table = 'users'\n\n    def up(self, item):\n        return {'status': 'x'}\n\n"
        "    def down(self, item):\n        return {'status': None}\n\n    def where(self, i):\n        return True\n"
    )
    write(tmp_path, n0001_a=text)
    (found,) = load(tmp_path)
    assert found.up(ReadItem({})) == {"status": "x"}
    assert found.down is not None
    assert found.selects is not None
    assert found.lines == {"table": 2, "up": 4, "down": 7, "where": 10}


def test_files_are_in_the_order_of_their_numbers(tmp_path):
    write(tmp_path, n0010_b=GOOD, n0002_a=GOOD, n9_c=GOOD)
    assert [each.name for each in load(tmp_path)] == ["0002_a", "9_c", "0010_b"]
    assert migration_names(tmp_path / "migrations") == ("0002_a", "9_c", "0010_b")


def test_without_a_folder_there_is_no_migration(tmp_path):
    assert load(tmp_path) == ()
    assert migration_names(tmp_path / "migrations") == ()


def test_the_checksum_is_that_of_the_content_whatever_its_line_ends(tmp_path):
    write(tmp_path, n0001_a=GOOD)
    unix = load(tmp_path)[0].checksum
    (tmp_path / "migrations" / "0001_a.py").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert load(tmp_path)[0].checksum == unix == checksums(tmp_path / "migrations", tmp_path)["0001_a"].content
    write(tmp_path, n0001_a=GOOD + "\n")
    assert load(tmp_path)[0].checksum != unix


def test_a_file_that_changed_is_loaded_anew_and_nothing_is_left_under_its_name(tmp_path):
    write(
        tmp_path,
        _helper="VALUE = 1\n",
        n0001_a=GOOD.replace('"active"', "_helper.VALUE").join(["import _helper\n", ""]),
    )
    write(tmp_path, n0001_a="from ._helper import VALUE\ntable = 'users'\ndef up(item):\n    return {'v': VALUE}\n")
    (tmp_path / "migrations" / "__init__.py").write_text("")
    assert load(tmp_path)[0].up({}) == {"v": 1}
    write(tmp_path, _helper="VALUE = 2\n")
    assert load(tmp_path)[0].up({}) == {"v": 2}
    assert not [name for name in sys.modules if "0001_a" in name and not name.startswith("_declared_")]


def test_helpers_and_other_files_are_not_migrations(tmp_path):
    write(tmp_path, _helper="x = 1\n", n0001_a=GOOD, __init__="")
    (tmp_path / "migrations" / "README.md").write_text("# Notes\n")
    assert [each.name for each in load(tmp_path)] == ["0001_a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def up(item):\n    return {}\n", "0001_a.py: table: is required. Write the name of a declared table"),
        ("\ntable = 7\ndef up(item): return {}\n", "0001_a.py:2: table: is required"),
        ("table = 'users'\n", "0001_a.py: up: is required. Write `def up(item): return {...}`, or a class"),
        ("table = 'users'\nup = 7\n", "0001_a.py: up: is required"),
        (
            "table = 'users'\ndef up(): return {}\n",
            "0001_a.py:2: up: does not take one item. Write `def up(item):`. Tables",
        ),
        (
            "table = 'users'\ndef up(a, b): return {}\n",
            "0001_a.py:2: up: does not take one item. Write `def up(item):`.",
        ),
        (GOOD + "def down(): return {}\n", "0001_a.py:6: down: does not take one item"),
        (GOOD + "done = True\n", "0001_a.py:6: done: is bool; expected a function. Write `def done(item):`."),
        (GOOD + "where = 7\n", "0001_a.py:6: where: is int; expected a text or a function"),
        (GOOD + "where = ''\n", "0001_a.py:6: where: is str; expected a text or a function"),
        (GOOD + "where = 'a = :rv0'\nvalues = {':rv0': 1}\n", "0001_a.py:7: values: has the placeholder ':rv0'"),
        (GOOD + "where = 'a = :x'\nvalues = {'x': 1}\n", "0001_a.py:7: values: has the placeholder 'x'"),
        (GOOD + "where = 'a = :x'\nvalues = {':x': set()}\n", "0001_a.py:7: values: :x is an empty set"),
        (GOOD + "class M:\n    def up(self, item): return {}\n", "has both up() and the class M with up(). Keep one"),
        (
            "class A:\n    def up(self, i): ...\nclass B:\n    def up(self, i): ...\n",
            "has several classes with up(): A and B",
        ),
        ("class M:\n    def __init__(self, x): ...\n    def up(self, i): ...\n", "M: cannot be made: TypeError"),
        (
            "class CreateUsers:\n    table = 'u'\n    def up(self):\n        pass\n",
            "0001_a.py:3: up: does not take one item",
        ),
        ("table = 'users'\ndef up(item)\n", "0001_a.py:2:13: is not Python: expected ':'. Correct the syntax."),
        ("import nothing_like_this\n", "0001_a.py:1:1: cannot be loaded: ModuleNotFoundError"),
        ("\n\nraise SystemExit(1)\n", "0001_a.py:3:1: calls exit"),
    ],
)
def test_what_is_no_migration_is_an_error_with_its_line_and_what_to_do(tmp_path, text, said):
    found = problem(tmp_path, text)
    assert found.startswith("../migrations/0001_a.py")
    assert said in found


def test_a_file_without_a_number_is_an_error(tmp_path):
    assert problem(tmp_path, GOOD, "add_status") == (
        "../migrations/add_status.py: has no number, so it has no place in the order. "
        "Name it like 0007_add_status.py, or begin the name of a helper with '_'."
    )


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    write(tmp_path)
    (tmp_path / "outside.py").write_text(GOOD)
    (tmp_path / "migrations" / "0001_a.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(DeclarationError, match="is a link to a path outside"):
        load(tmp_path)


def test_all_problems_are_reported_at_once(tmp_path):
    write(tmp_path, n0001_a="table = 'users'\n", n0002_b="def up(item): return {}\n", n0003_c=GOOD)
    with pytest.raises(DeclarationError) as raised:
        load(tmp_path)
    assert [each.file for each in raised.value.problems] == ["../migrations/0001_a.py", "../migrations/0002_b.py"]


def test_the_folder_is_beside_the_declarations_unless_it_is_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app" / "config").mkdir(parents=True)
    assert migrations_folder(None, "app/config") == tmp_path / "app" / "migrations"
    assert migrations_folder("elsewhere", "app/config") == Path("elsewhere")
    assert migrations_folder(None, "bundled") == Path("migrations")


def test_a_new_file_has_the_next_number_and_loads(tmp_path):
    write(tmp_path)
    folder = tmp_path / "migrations"
    assert write_migration(folder, "add_status", "users").name == "0001_add_status.py"
    assert write_migration(folder, "split_name", "users").name == "0002_split_name.py"
    assert [(each.name, each.table) for each in load(tmp_path)] == [
        ("0001_add_status", "users"),
        ("0002_split_name", "users"),
    ]
    assert load(tmp_path)[0].up(ReadItem({})) == {}


@pytest.mark.parametrize("name", ["", "7_x", "a b", "../x", "a.py"])
def test_a_new_file_needs_a_plain_name(tmp_path, name):
    with pytest.raises(UsageError, match="invalid name"):
        write_migration(tmp_path, name, "users")
    assert list(tmp_path.iterdir()) == []


BODIES = {
    "another table": (GOOD.replace("users", "people"), True),
    "other quotes": (GOOD.replace('"users"', "'people'"), True),
    "another function": (GOOD.replace("active", "idle"), False),
    "a comment": (GOOD + "# more\n", False),
}


@pytest.mark.parametrize("case", BODIES)
def test_the_checksum_of_the_body_leaves_the_name_of_the_table_out(tmp_path, case):
    text, same = BODIES[case]
    write(tmp_path, n0001_a=GOOD, n0002_b=text)
    first, second = load(tmp_path)
    assert first.checksum != second.checksum
    assert (first.checksums.body == second.checksums.body) is same


def test_the_table_of_a_class_is_left_out_as_well_whatever_the_line_ends(tmp_path):
    text = 'class M:\n    table: str = "{}"  # ä\n\n    def up(self, item):\n        return {{"table": "users"}}\n'
    write(tmp_path, n0001_a=text.format("users"))
    (tmp_path / "migrations" / "0002_b.py").write_bytes(text.format("people").replace("\n", "\r\n").encode())
    (tmp_path / "migrations" / "0003_c.py").write_bytes(text.format("people").replace("\n", "\r").encode())
    first, second, third = load(tmp_path)
    assert first.checksums.body == second.checksums.body == third.checksums.body


def test_a_table_that_is_no_text_is_part_of_the_body(tmp_path):
    write(tmp_path, n0001_a=GOOD.replace('"users"', '"us" + "ers"'), n0002_b=GOOD.replace('"users"', '"peo" + "ple"'))
    first, second = load(tmp_path)
    assert first.checksums.body != second.checksums.body


def test_a_file_that_is_no_python_has_checksums(tmp_path):
    write(tmp_path, n0001_a="table = (\n")
    found = checksums(tmp_path / "migrations", tmp_path)["0001_a"]
    assert found.content == found.body
