"""Table names that an f-string built from None are refused, unless the word is in the source."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.class_files import GET_SCHEMA, HEAD, SCHEMA
from support.folders import load, sentences, write

TEMPLATE = """
import os
class UsersTable:
    TABLE_NAME = {base}
    SCHEMA = {{
        "key_schema": [{{"AttributeName": "pk", "KeyType": "HASH"}}],
        "attribute_definitions": [{{"AttributeName": "pk", "AttributeType": "S"}}],
    }}
    @classmethod
    def get_table_name(cls, environment{default}):
        {body}
    @classmethod
    def get_schema(cls, environment{default}):
        return {{**cls.SCHEMA, "table_name": cls.get_table_name(environment)}}
"""
GIVE = "Pass --environment NAME (RECONCILER_ENVIRONMENT)"
OTHERWISE = "Set the missing value, or pass --environment NAME (RECONCILER_ENVIRONMENT)."

REFUSED = {
    "a suffix": ("", "return f'{cls.TABLE_NAME}-{environment}'", "users-None", GIVE),
    "a suffix of the default": (" = None", "return f'{cls.TABLE_NAME}-{environment}'", "users-None", GIVE),
    "a prefix": ("", "return f'{environment}-{cls.TABLE_NAME}'", "None-users", GIVE),
    "between two words": ("", "return f'app_{environment}_users'", "app_None_users", GIVE),
    "a dot": ("", "return f'{environment}.users'", "None.users", GIVE),
    "no separator": ("", "return f'users{environment}'", "usersNone", GIVE),
    "str()": ("", "return 'users-' + str(environment)", "users-None", GIVE),
    "format": ("", "return '{}-{}'.format(cls.TABLE_NAME, environment)", "users-None", GIVE),
    "percent": ("", "return '%s-%s' % (cls.TABLE_NAME, environment)", "users-None", GIVE),
    "lower case": ("", "return f'users_{environment}'.lower()", "users_none", GIVE),
    "upper case": ("", "return f'users-{environment}'.upper()", "USERS-NONE", GIVE),
    "the word as a fallback": ("", "return 'users-' + (environment or 'None')", "users-None", GIVE),
    "twice": ("", "return f'{environment}-users-{environment}'", "None-users-None", GIVE),
    "a variable that is not set": (
        "=None",
        "return f\"users-{os.environ.get('NO_SUCH_STAGE')}\"",
        "users-None",
        OTHERWISE,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_name_made_of_none_is_refused(case: str, tmp_path: Path) -> None:
    default, body, name, remedy = REFUSED[case]
    write(tmp_path, {"users_table.py": TEMPLATE.format(base="'users'", default=default, body=body)})
    (sentence,) = sentences(tmp_path)
    assert sentence.startswith(f"users_table.py:3:1: table_name: invalid name '{name}'; it contains None. {remedy}")


def test_the_base_name_or_another_value_may_be_the_one_that_is_missing(tmp_path: Path) -> None:
    body = "return f'{cls.TABLE_NAME}-{environment}'"
    write(tmp_path, {"users_table.py": TEMPLATE.format(base="None", default="=None", body=body)})
    (sentence,) = sentences(tmp_path, "prod")
    assert sentence == (
        "users_table.py:3:1: table_name: invalid name 'None-prod'; it contains None. "
        "Set the missing value; --environment is 'prod'."
    )


def test_a_name_of_get_schema_alone_is_refused_too(tmp_path: Path) -> None:
    schema = GET_SCHEMA.replace("dict(cls.SCHEMA)", "dict(cls.SCHEMA, table_name=f'users-{environment}')")
    (sentence,) = sentences(write(tmp_path, {"users_table.py": HEAD + SCHEMA + schema}))
    assert "invalid name 'users-None'; it contains None" in sentence


ACCEPTED = {
    "an environment": ("", "return f'{cls.TABLE_NAME}-{environment}'", "'users'", "prod", "users-prod"),
    "an environment that holds the word": (
        "",
        "return f'users-{environment}'",
        "'users'",
        "nonesuch",
        "users-nonesuch",
    ),
    "a fallback in lower case": ("", "return 'users-' + (environment or 'none')", "'users'", None, "users-none"),
    "a base name with the word": ("=None", "return cls.TABLE_NAME", "'users-None'", None, "users-None"),
    "a word that begins so": ("=None", "return cls.TABLE_NAME", "'Nonesuch-x'", None, "Nonesuch-x"),
    "a base name and no suffix": (
        "",
        "return cls.TABLE_NAME if environment is None else 'x'",
        "'users'",
        None,
        "users",
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_literal_name_with_none_is_accepted(case: str, tmp_path: Path) -> None:
    default, body, base, environment, name = ACCEPTED[case]
    write(tmp_path, {"users_table.py": TEMPLATE.format(base=base, default=default, body=body)})
    assert [each.spec.name for each in load(tmp_path, environment).declarations] == [name]
