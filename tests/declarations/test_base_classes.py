"""Base classes are no tables, whatever their SCHEMA holds; a real table is never skipped for what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import load, sentences, write

from reconciler.model.errors import DeclarationError

KEYS = (
    '"key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}], '
    '"attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}]'
)
GET_SCHEMA = (
    "    @classmethod\n    def get_schema(cls, environment=None):\n"
    "        return {**Base.SCHEMA, **cls.SCHEMA, 'table_name': cls.TABLE_NAME}\n"
)
NAME = "    @classmethod\n    def get_table_name(cls, environment=None): "
USERS = f"from .base import Base\nclass Users(Base):\n    TABLE_NAME = 'users'\n    SCHEMA = {{{KEYS}}}\n"
NAMED = f"{USERS}{NAME}return 'users'\n"
OWNER = "    @classmethod\n    def owner(cls): return 'me'\n"
ABSTRACT = "from abc import ABC, abstractmethod\nclass Base(ABC):\n"
OWN = "    @classmethod\n    @abstractmethod\n    def owner(cls): ...\n"

SKIPPED = {
    "an abstract name": (
        ABSTRACT
        + "    SCHEMA = {'billing_mode': 'PAY_PER_REQUEST'}\n"
        + GET_SCHEMA
        + "    @classmethod\n    @abstractmethod\n    def get_table_name(cls, environment=None): ...\n",
        NAMED,
    ),
    "abstract, with keys": (ABSTRACT + f"    SCHEMA = {{{KEYS}}}\n" + GET_SCHEMA + OWN, USERS + OWNER),
    "abstract, complete": (
        ABSTRACT + f"    TABLE_NAME = 'base'\n    SCHEMA = {{{KEYS}}}\n" + GET_SCHEMA + OWN,
        USERS + OWNER,
    ),
    "abstract, without SCHEMA": (ABSTRACT + GET_SCHEMA.replace("**Base.SCHEMA, ", "") + OWN, USERS + OWNER),
    "marked abstract": (f"class Base:\n    abstract = True\n    SCHEMA = {{{KEYS}}}\n" + GET_SCHEMA, USERS),
    "marked as SQLAlchemy does": (
        f"class Base:\n    __abstract__ = True\n    SCHEMA = {{{KEYS}}}\n" + GET_SCHEMA,
        USERS,
    ),
    "a protocol": (
        "from typing import Protocol\nclass Base(Protocol):\n    SCHEMA = {'billing_mode': 'PAY_PER_REQUEST'}\n"
        + GET_SCHEMA,
        USERS,
    ),
    "an empty SCHEMA": ("class Base:\n    SCHEMA = {}\n" + GET_SCHEMA, USERS),
    "a SCHEMA of None": ("class Base:\n    SCHEMA = None\n" + GET_SCHEMA.replace("**Base.SCHEMA, ", ""), USERS),
    "a name to be given": (f"class Base:\n    TABLE_NAME: str\n    SCHEMA = {{{KEYS}}}\n" + GET_SCHEMA, USERS),
    "a name of None": (f"class Base:\n    TABLE_NAME = None\n    SCHEMA = {{{KEYS}}}\n" + GET_SCHEMA, USERS),
    "a name of nothing, with a suffix": (
        f"class Base:\n    TABLE_NAME = ''\n    SCHEMA = {{{KEYS}}}\n"
        + GET_SCHEMA
        + NAME
        + "return cls.TABLE_NAME and f'{cls.TABLE_NAME}'\n",
        USERS,
    ),
    "a name that is not implemented": (
        f"class Base:\n    SCHEMA = {{{KEYS}}}\n" + GET_SCHEMA + NAME + "raise NotImplementedError\n",
        NAMED,
    ),
    "a generic base": (
        "from typing import Generic, TypeVar\nT = TypeVar('T')\n"
        "class Base(Generic[T]):\n    SCHEMA = {'billing_mode': 'PAY_PER_REQUEST'}\n"
        + GET_SCHEMA.replace("cls.TABLE_NAME", "cls.get_table_name()")
        + NAME
        + "return cls.TABLE_NAME\n",
        USERS.replace("(Base)", "(Base[int])"),
    ),
}


@pytest.mark.parametrize("case", SKIPPED)
def test_a_base_class_is_not_a_table(case: str, tmp_path: Path) -> None:
    base, users = SKIPPED[case]
    write(tmp_path, {"__init__.py": "", "base.py": base, "users_table.py": users})
    assert [each.spec.name for each in load(tmp_path).declarations] == ["users"]


PLAIN_GET_SCHEMA = "    @classmethod\n    def get_schema(cls, environment=None): return dict(cls.SCHEMA)\n"
TABLE = f"    SCHEMA = {{'table_name': 'users', {KEYS}}}\n{PLAIN_GET_SCHEMA}"
MORE = "class More(Users):\n    abstract = True\n"
DEMANDED = "Users: does not implement owner, which its base class requires. Implement owner."
IMPLEMENT = "If it is a base class, add `abstract = True` to it."

NEVER_SKIPPED = {
    "a method that the base demands is missing": (
        ABSTRACT + OWN + "class Users(Base):\n" + TABLE,
        f"a.py:6:1: {DEMANDED} {IMPLEMENT}",
    ),
    "the same, though others inherit from it": (
        ABSTRACT + OWN + "class Users(Base):\n" + TABLE + "class More(Users):\n    abstract = True\n",
        f"a.py:6:1: {DEMANDED} {IMPLEMENT}",
    ),
    "an abstract method in a table": (
        ABSTRACT.replace("Base", "Users") + TABLE + OWN,
        "a.py:2:1: Users: has a complete SCHEMA, but is abstract (owner), and no class inherits from it. ",
    ),
    "a SCHEMA that was lost": (
        "class Users:\n    TABLE_NAME = 'users'\n" + PLAIN_GET_SCHEMA.replace("dict(cls.SCHEMA)", "{}"),
        f"a.py:1:1: Users: has a get_schema but no SCHEMA. Add the dict SCHEMA. {IMPLEMENT}",
    ),
    "a SCHEMA under another name": (
        "class Users:\n" + TABLE.replace("SCHEMA =", "SCHEMAS ="),
        f"a.py:1:1: Users: has a get_schema but no SCHEMA. Add the dict SCHEMA. {IMPLEMENT}",
    ),
    "a SCHEMA that was emptied": (
        "class UsersBase:\n" + TABLE + "    SCHEMA = {}\n",
        "a.py:1:1: SCHEMA: is empty. Fill it, or remove the class.",
    ),
    "a SCHEMA that became None": (
        "class BaseUsers:\n" + TABLE + "    SCHEMA = None\n",
        "a.py:1:1: SCHEMA: expected a dict, found nothing. Write the schema as a dict.",
    ),
    "keys and a name that fails, though others inherit": (
        "class Users:\n" + TABLE.replace("'table_name': 'users', ", "") + NAME + "return cls.TABLE_NAME\n" + MORE,
        "a.py:6:5: get_table_name: raises AttributeError: type object 'Users' has no attribute 'TABLE_NAME'. ",
    ),
    "a name without keys, though others inherit": (
        "class Users:\n    SCHEMA = {'table_name': 'users'}\n" + PLAIN_GET_SCHEMA + MORE,
        "a.py:1:1: key_schema: is required.",
    ),
    "a variable that is not set, though others inherit": (
        "import os\nclass Users:\n"
        + TABLE.replace("'table_name': 'users', ", "")
        + NAME
        + "return os.environ['NO_SUCH_STAGE']\nclass More(Users):\n    abstract = True\n",
        (
            "a.py:7:5: get_table_name: raises KeyError: 'NO_SUCH_STAGE'; the environment "
            "variable NO_SUCH_STAGE is not set."
        ),
    ),
}


@pytest.mark.parametrize("case", NEVER_SKIPPED)
def test_a_table_is_never_skipped_for_what_its_class_lacks(case: str, tmp_path: Path) -> None:
    source, expected = NEVER_SKIPPED[case]
    other = "class Other:\n" + TABLE.replace("users", "others")
    found = sentences(write(tmp_path, {"a.py": source, "b.py": other}))
    assert found
    assert found[0].startswith(expected)


def test_a_table_that_another_one_inherits_from_is_read(tmp_path: Path) -> None:
    source = "class Users:\n" + TABLE + "class More(Users):\n    SCHEMA = {**Users.SCHEMA, 'table_name': 'more'}\n"
    assert [each.spec.name for each in load(write(tmp_path, {"a.py": source})).declarations] == ["more", "users"]


SILENT = {
    "a class without SCHEMA": ("class Users:\n    TABLE_NAME = 'users'\n", "; found class Users without SCHEMA"),
    "a class without get_schema": ("class Users:\n    SCHEMA = {'x': 1}\n", "; found class Users without get_schema"),
    "an abstract class": (ABSTRACT + TABLE + OWN + "    abstract = True\n", "; found class Base, which is abstract"),
    "functions alone": ("def helper(): return {}\n", ""),
    "imports alone": ("from json import JSONDecoder\n", ""),
}


@pytest.mark.parametrize("name", ["users_table.py", "tables.py"])
@pytest.mark.parametrize("case", SILENT)
def test_the_only_file_says_why_it_declares_nothing(case: str, name: str, tmp_path: Path) -> None:
    source, found = SILENT[case]
    messages = f"{name}: declares nothing: it has no class with a dict SCHEMA and a get_schema{found}. "
    with pytest.raises(DeclarationError) as refused:
        load(write(tmp_path, {name: source}))
    (problem,) = refused.value.problems
    assert str(problem).startswith(messages)
    assert refused.value.warnings == ()
