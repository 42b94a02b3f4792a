"""The files that ``init`` writes: a table class with every method that a class may have, or a document, and a seed."""

from __future__ import annotations

from collections.abc import Mapping

TABLE_CLASS = '''"""Users: one item a user, read by its key."""

from typing import Any


class UsersTableConfig:
    """The class is found by itself; add a table by adding a file like this one."""

    TABLE_NAME = "users"

    SCHEMA = {
        "table_name": TABLE_NAME,
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "billing_mode": "PAY_PER_REQUEST",
    }

    @classmethod
    def get_table_name(cls, environment: str | None = None) -> str:
        """Without an environment the consistent name, with one the isolated name."""
        return f"{cls.TABLE_NAME}-{environment}" if environment else cls.TABLE_NAME

    @classmethod
    def get_schema(cls, environment: str | None = None) -> dict[str, Any]:
        """The members of CreateTable, under the environment's name."""
        return {**cls.SCHEMA, "table_name": cls.get_table_name(environment)}

    @classmethod
    def get_description(cls) -> str:
        """A sentence for people."""
        return "User management and authentication"
'''

SEED = """[
  {"pk": "user#1", "email": "ada@example.com", "name": "Ada", "roles": ["admin"], "active": true},
  {"pk": "user#2", "email": "grace@example.com", "name": "Grace", "roles": ["editor"], "active": true}
]
"""

DOCUMENT = """# Users: one item a user, read by its key. Add a table by adding a file like this one.
# `reconciler schema` prints the JSON Schema of such a file, for completion in an editor.
table_name: users
description: User management and authentication
key_schema:
  - {AttributeName: pk, KeyType: HASH}
attribute_definitions:
  - {AttributeName: pk, AttributeType: S}
billing_mode: PAY_PER_REQUEST
"""

FILES: Mapping[str, Mapping[str, str]] = {
    "python": {"users_table.py": TABLE_CLASS, "seeds/users.json": SEED},
    "yaml": {"users.yaml": DOCUMENT, "seeds/users.json": SEED},
}
"""Texts by path under the folder, by the form of the declaration. Both declare the same table."""
