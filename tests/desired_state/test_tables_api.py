"""The API of the documented table configuration: names, schemas, summaries, and tables that appear by themselves."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.class_files import DOCUMENTED

import desired_state
from desired_state.table_configs.projects_table import ProjectsTableConfig
from desired_state.table_configs.users_table import UsersTableConfig
from desired_state.tables import TableConfig, TableNames, UnknownTableError

FOLDER = Path(desired_state.__file__).parent
NAMES = {
    None: ["users", "projects_details"],
    "": ["users", "projects_details"],
    "local": ["users-local", "projects_details-local"],
    "prod": ["users-prod", "projects_details-prod"],
}


@pytest.mark.parametrize("environment", NAMES)
def test_names_are_consistent_without_an_environment_and_isolated_with_one(environment: str | None) -> None:
    users, projects = NAMES[environment]
    assert TableConfig(environment=environment).list_table_names() == [users, projects]
    assert TableNames.get_users_table(environment) == UsersTableConfig.get_table_name(environment) == users
    assert TableNames.get_projects_table(environment) == ProjectsTableConfig.get_table_name(environment) == projects
    assert TableNames.get_table_name("users", environment) == users


def test_names_need_no_argument() -> None:
    assert (TableNames.get_users_table(), TableNames.get_projects_table()) == ("users", "projects_details")
    assert (UsersTableConfig.get_table_name(), TableConfig().get_table_name("users")) == ("users", "users")


@pytest.mark.parametrize(("name", "base"), [("users", "users"), ("projects_details", "projects_details")])
def test_the_schemas_are_the_documented_ones(name: str, base: str) -> None:
    assert TableConfig(environment="local").get_schema(name) == {
        "table_name": f"{base}-local",
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "billing_mode": "PAY_PER_REQUEST",
    }


def test_a_schema_is_found_by_base_name_and_by_full_name() -> None:
    config = TableConfig("prod")
    assert config.get_schema("users-prod") == config.get_schema("users") == UsersTableConfig.get_schema("prod")
    assert config.get_all_schemas() == {name: config.get_schema(name) for name in config.list_available_tables()}
    assert config.list_available_tables() == ["users", "projects_details"]


@pytest.mark.parametrize("get", [UsersTableConfig.get_schema, lambda: TableConfig().get_schema("users")])
def test_changing_one_schema_changes_no_other(get: Any) -> None:
    schema = get()
    schema["key_schema"][0]["AttributeName"] = "other"
    schema["billing_mode"] = "PROVISIONED"
    assert get()["key_schema"] == UsersTableConfig.SCHEMA["key_schema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert get()["billing_mode"] == "PAY_PER_REQUEST"


def test_the_summary_shows_name_description_keys_and_billing() -> None:
    assert TableConfig("prod").get_table_info()["users"] == {
        "table_name": "users-prod",
        "base_name": "users",
        "environment": "prod",
        "description": "User management and authentication",
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "billing_mode": "PAY_PER_REQUEST",
        "config_class": "UsersTableConfig",
    }


UNKNOWN = {
    "get_schema": lambda: TableConfig("prod").get_schema("orders"),
    "get_table_name": lambda: TableConfig("prod").get_table_name("orders"),
    "TableNames": lambda: TableNames.get_table_name("orders", "prod"),
}


@pytest.mark.parametrize("call", UNKNOWN)
def test_an_unknown_table_is_an_error_that_lists_the_known_ones(call: str) -> None:
    with pytest.raises(UnknownTableError) as caught:
        UNKNOWN[call]()
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == "there is no table 'orders'; declared are: users, projects_details"


@pytest.fixture
def copy_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package under another name, so that files can be added to it."""
    copied = tmp_path / "copied_tables"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield copied
    for name in [name for name in sys.modules if name.startswith("copied_tables")]:
        del sys.modules[name]


def test_a_new_table_is_one_new_file(copy_of_the_package: Path) -> None:
    for name in ("zebra", "ant", "new_table"):
        source = DOCUMENTED.replace("new_table", name)
        (copy_of_the_package / "table_configs" / f"{name}_table.py").write_text(source)
    tables = importlib.import_module("copied_tables.tables")
    known = ["users", "projects_details", "ant", "new_table", "zebra"]
    assert tables.TableConfig().list_available_tables() == known
    assert tables.TableConfig("prod").list_table_names() == [f"{name}-prod" for name in known]
    assert tables.TableConfig().get_schema("new_table")["table_name"] == "new_table-local"
    assert tables.TableConfig().get_table_info()["ant"]["description"] == "Description of the new table"


def test_the_documented_edits_of_the_lists_stay_possible(copy_of_the_package: Path) -> None:
    (copy_of_the_package / "table_configs" / "new_table.py").write_text(DOCUMENTED)
    init = copy_of_the_package / "table_configs" / "__init__.py"
    init.write_text(init.read_text() + "from .new_table import NewTableConfig\n__all__ += ['NewTableConfig']\n")
    tables = importlib.import_module("copied_tables.tables")
    assert tables.TableConfig("prod").list_table_names() == ["users-prod", "projects_details-prod", "new_table-prod"]


def seed(name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads((FOLDER / "seeds" / f"{name}.json").read_text(encoding="utf-8"))
    return items


def test_projects_refer_to_users_that_are_seeded() -> None:
    users = {user["pk"] for user in seed("users")}
    projects = seed("projects_details")
    assert 8 <= len(users) <= 12
    assert 8 <= len(projects) <= 12
    assert {project["owner"] for project in projects} <= users
    assert {member for project in projects for member in project["members"]} <= users
