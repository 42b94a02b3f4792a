"""Class files of any project: the documented form word for word, imports of their own package, nothing left over."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.class_files import DOCUMENTED, GET_SCHEMA, GET_TABLE_NAME, HEAD, SCHEMA
from support.folders import load, write

from reconciler.model.table import Billing, KeyElement, TableSpec

WITHOUT_SUFFIX = DOCUMENTED.replace('environment: str = "local"', "environment=None").replace(
    'return f"{cls.TABLE_NAME}-{environment}"',
    'return f"{cls.TABLE_NAME}-{environment}" if environment else cls.TABLE_NAME',
)
KEYWORD = WITHOUT_SUFFIX.replace("(cls, env", "(cls, *, env").replace("name(env", "name(environment=env")
REQUIRED = DOCUMENTED.replace('environment: str = "local"', "environment: str")


def names(folder: Path, environment: str | None = None) -> list[str]:
    return [declaration.spec.name for declaration in load(folder, environment).declarations]


def test_the_documented_class_file_is_read_word_for_word(tmp_path: Path) -> None:
    (declaration,) = load(write(tmp_path, {"app/config/table_configs/new_table.py": DOCUMENTED})).declarations
    assert declaration.base_name == "new_table"
    assert declaration.description == "Description of the new table"
    assert str(declaration.origin) == "app/config/table_configs/new_table.py:3"
    assert declaration.spec == TableSpec(
        "new_table-local", (KeyElement("pk", "HASH", "S"),), billing=Billing("PAY_PER_REQUEST")
    )


SHAPES = {
    "a default of local, no environment": (DOCUMENTED, None, "new_table-local"),
    "a default of local, an environment": (DOCUMENTED, "prod", "new_table-prod"),
    "a default of None, no environment": (WITHOUT_SUFFIX, None, "new_table"),
    "a default of None, an environment": (WITHOUT_SUFFIX, "prod", "new_table-prod"),
    "an argument that is required, no environment": (
        REQUIRED.replace('return f"{cls.TABLE_NAME}-{environment}"', 'return f"{cls.TABLE_NAME}-{environment or 0}"'),
        None,
        "new_table-0",
    ),
    "an argument that is required, an environment": (REQUIRED, "prod", "new_table-prod"),
    "a keyword alone, no environment": (KEYWORD, None, "new_table"),
    "a keyword alone, an environment": (KEYWORD, "prod", "new_table-prod"),
    "no get_table_name": (HEAD + SCHEMA + GET_SCHEMA, "prod", "users"),
    "methods without classmethod": (
        HEAD + SCHEMA + "    def get_schema(self, environment=None):\n        return self.SCHEMA\n",
        None,
        "users",
    ),
    "a static method": (
        HEAD + SCHEMA + "    @staticmethod\n    def get_schema(environment=None):\n        return UsersTable.SCHEMA\n",
        None,
        "users",
    ),
    "a method without argument": (
        HEAD + SCHEMA + "    @classmethod\n    def get_schema(cls):\n        return cls.SCHEMA\n",
        "prod",
        "users",
    ),
}


@pytest.mark.parametrize("case", SHAPES)
def test_a_class_receives_the_environment_only_where_one_is_set(case: str, tmp_path: Path) -> None:
    source, environment, expected = SHAPES[case]
    assert names(write(tmp_path, {"new_table.py": source}), environment) == [expected]


PACKAGE = {
    "app/__init__.py": "",
    "app/config/__init__.py": "from .settings import SUFFIX\n",
    "app/config/settings.py": "SUFFIX = 'v2'\n",
    "app/config/table_configs/__init__.py": "from .users_table import UsersTable\n__all__ = ['UsersTable']\n",
}
IMPORTS = {
    "relative": "from ..settings import SUFFIX\n",
    "relative to the package": "from .. import SUFFIX\n",
    "absolute from the package root": "from app.config.settings import SUFFIX\n",
    "absolute, the whole module": "import app.config.settings\nSUFFIX = app.config.settings.SUFFIX\n",
    "absolute, under another name": "import json, app.config.settings as own\nSUFFIX = own.SUFFIX\n",
    "absolute, the package alone": "import app\nfrom app import config\nSUFFIX = app.config.SUFFIX\n",
    "late": "def late():\n    from ..settings import SUFFIX\n    return SUFFIX\nSUFFIX = late()\n",
}


@pytest.mark.parametrize("how", IMPORTS)
@pytest.mark.parametrize("below", ["app/config", "app/config/table_configs"])
def test_a_foreign_package_may_import_its_own_modules(how: str, below: str, tmp_path: Path) -> None:
    source = IMPORTS[how] + HEAD + SCHEMA + GET_SCHEMA.replace("cls.SCHEMA", "cls.SCHEMA, table_name=f'users-{SUFFIX}'")
    write(tmp_path, {**PACKAGE, "app/config/table_configs/users_table.py": source})
    assert names(tmp_path / below) == ["users-v2"]


def test_files_without_any_package_may_import_one_another_relatively(tmp_path: Path) -> None:
    write(tmp_path, {"sub/users_table.py": "from ..base import *\n" + HEAD.replace(":", "(Base):"), "base.py": ""})
    write(tmp_path, {"base.py": "class Base:\n    SCHEMA = {}\n" + GET_SCHEMA})
    write(tmp_path, {"sub/users_table.py": "from ..base import Base\n" + HEAD.replace(":", "(Base):") + SCHEMA})
    assert names(tmp_path) == ["users"]


def test_a_package_named_like_a_standard_module_does_not_hide_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"json/__init__.py": "", "json/users_table.py": "import json\njson.dumps(1)\n" + HEAD + SCHEMA + GET_SCHEMA},
    )
    assert names(tmp_path / "json") == ["users"]


def test_files_and_folders_need_no_python_names(tmp_path: Path) -> None:
    write(tmp_path, {"v1.2/my-users.table.py": HEAD + SCHEMA + GET_SCHEMA})
    assert names(tmp_path) == ["users"]


def test_classes_of_other_modules_and_repeated_names_count_once(tmp_path: Path) -> None:
    users = HEAD + SCHEMA + GET_SCHEMA + "Alias = UsersTable\n"
    write(tmp_path, {"__init__.py": "from .users_table import *\n", "users_table.py": users})
    write(tmp_path, {"other.py": "from .users_table import UsersTable\n"})
    assert names(tmp_path) == ["users"]


def test_each_load_uses_changed_code_even_with_equal_size_and_mtime(tmp_path: Path) -> None:
    package = {"__init__.py": "", "helper.py": "NAME = 'users-1'\n"}
    source = "from .helper import NAME\n" + HEAD + SCHEMA.replace('"users"', "NAME") + GET_SCHEMA
    write(tmp_path / "app", {**package, "users_table.py": source})
    assert names(tmp_path / "app") == ["users-1"]
    write(tmp_path / "app", {"helper.py": "NAME = 'users-2'\n"})
    assert names(tmp_path / "app") == ["users-2"]


def test_nothing_is_written_and_nothing_stays_imported(tmp_path: Path) -> None:
    write(tmp_path, {**PACKAGE, "app/config/table_configs/users_table.py": HEAD + SCHEMA + GET_SCHEMA})
    before, files = set(sys.modules), sorted(tmp_path.rglob("*"))
    path, finders, bytecode, stdout = list(sys.path), list(sys.meta_path), sys.dont_write_bytecode, sys.stdout
    load(tmp_path / "app" / "config")
    assert sorted(tmp_path.rglob("*")) == files
    assert not [name for name in set(sys.modules) - before if "app" in name or name.startswith("_declared")]
    assert (sys.path, sys.meta_path, sys.dont_write_bytecode, sys.stdout) == (path, finders, bytecode, stdout)


def test_what_a_class_file_prints_does_not_reach_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {"users_table.py": "print('hello')\n" + HEAD + SCHEMA + GET_SCHEMA})
    load(tmp_path)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_the_users_schema_is_not_shared_with_the_result(tmp_path: Path) -> None:
    source = "KEEP = []\n" + HEAD + SCHEMA + GET_SCHEMA + "    def __init_subclass__(cls):\n        pass\n"
    write(tmp_path, {"users_table.py": source})
    assert load(tmp_path).declarations == load(tmp_path).declarations


def test_tuples_sets_and_enumerations_of_python_are_read_as_lists_and_strings(tmp_path: Path) -> None:
    source = """
from enum import Enum
class Mode(Enum):
    ON_DEMAND = "PAY_PER_REQUEST"
class UsersTable:
    SCHEMA = {
        "table_name": "users",
        "key_schema": ({"AttributeName": "pk", "KeyType": "HASH"},),
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "billing_mode": Mode.ON_DEMAND,
        "global_secondary_indexes": [{
            "IndexName": "all_of_it", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": {"b", "a"}},
        }],
    }
    @classmethod
    def get_schema(cls, environment=None):
        return cls.SCHEMA
"""
    (declaration,) = load(write(tmp_path, {"users_table.py": source})).declarations
    assert declaration.spec.billing == Billing("PAY_PER_REQUEST")
    assert declaration.spec.global_indexes is not None
    assert declaration.spec.global_indexes[0].projection.non_key_attributes == {"a", "b"}


def test_the_name_that_get_table_name_returns_is_the_tables_name(tmp_path: Path) -> None:
    source = HEAD + '    TABLE_NAME = "people"\n' + SCHEMA + GET_SCHEMA + GET_TABLE_NAME + '        return "users"\n'
    (declaration,) = load(write(tmp_path, {"users_table.py": source})).declarations
    assert (declaration.base_name, declaration.spec.name) == ("people", "users")


WARNED = {
    "a table file without class": ("users_table.py", "x = 1\n"),
    "a table file whose class has no schema": ("users_table.py", "class Users:\n    TABLE_NAME = 'users'\n"),
    "a YAML file of comments": ("notes.yaml", "# nothing yet\n"),
    "a YAML file of other things": ("compose.yaml", "services: {}\n"),
    "a JSON file of other things": ("package.json", '{"name": "x", "description": "y", "version": "1"}'),
    "a JSON Schema": ("table.schema.json", '{"$schema": "x", "title": "y", "type": "object", "properties": {}}'),
}


@pytest.mark.parametrize("case", WARNED)
def test_a_file_that_declares_nothing_is_a_warning_where_it_looks_like_a_declaration(case: str, tmp_path: Path) -> None:
    path, content = WARNED[case]
    write(tmp_path, {"other.py": HEAD + SCHEMA + GET_SCHEMA, path: content})
    desired = load(tmp_path)
    assert [declaration.spec.name for declaration in desired.declarations] == ["users"]
    (warning,) = desired.warnings
    assert warning.startswith(f"{path}: declares nothing: ")


def test_other_python_files_that_declare_nothing_are_not_warned_about(tmp_path: Path) -> None:
    write(tmp_path, {"users_table.py": HEAD + SCHEMA + GET_SCHEMA, "settings.py": "x = 1\n", "__init__.py": ""})
    assert load(tmp_path).warnings == ()
