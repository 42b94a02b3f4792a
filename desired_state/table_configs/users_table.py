"""The table ``users``: user management and authentication."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

from ..settings import name_in_environment


class UsersTableConfig:
    """Users, one item each, found by ``pk`` alone."""

    TABLE_NAME = "users"

    SCHEMA: ClassVar[dict[str, Any]] = {
        "table_name": TABLE_NAME,
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "billing_mode": "PAY_PER_REQUEST",
    }

    @classmethod
    def get_table_name(cls, environment: str | None = None) -> str:
        """``users``, or ``users-<environment>`` where one is given."""
        return name_in_environment(cls.TABLE_NAME, environment)

    @classmethod
    def get_schema(cls, environment: str | None = None) -> dict[str, Any]:
        """The parameters of CreateTable in snake_case; a copy of its own for every caller."""
        return {**deepcopy(cls.SCHEMA), "table_name": cls.get_table_name(environment)}

    @classmethod
    def get_description(cls) -> str:
        """What the table is for."""
        return "User management and authentication"
