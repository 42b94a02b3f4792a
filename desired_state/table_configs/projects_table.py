"""The table ``projects_details``: project information and tracking."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

from ..settings import name_in_environment


class ProjectsTableConfig:
    """Projects, one item each, found by ``pk`` alone; ``owner`` and ``members`` hold the ``pk`` of users."""

    TABLE_NAME = "projects_details"

    SCHEMA: ClassVar[dict[str, Any]] = {
        "table_name": TABLE_NAME,
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "attribute_definitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "billing_mode": "PAY_PER_REQUEST",
    }

    @classmethod
    def get_table_name(cls, environment: str | None = None) -> str:
        """``projects_details``, or ``projects_details-<environment>`` where one is given."""
        return name_in_environment(cls.TABLE_NAME, environment)

    @classmethod
    def get_schema(cls, environment: str | None = None) -> dict[str, Any]:
        """The parameters of CreateTable in snake_case; a copy of its own for every caller."""
        return {**deepcopy(cls.SCHEMA), "table_name": cls.get_table_name(environment)}

    @classmethod
    def get_description(cls) -> str:
        """What the table is for."""
        return "Project information and tracking"
