"""Deletion protection (CreateTable.DeletionProtectionEnabled)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members
from reconciler.model.table import TableSpec


class DeletionProtectionFields(FieldModel):
    """Protection of the table by the service."""

    deletion_protection_enabled: Annotated[bool | None, Aliases(("deletion_protection", "DeletionProtection"))] = Field(
        default=None, description="DynamoDB itself refuses to delete the table."
    )


def to_model(document: DeletionProtectionFields) -> bool | None:
    """Whether it is on."""
    return document.deletion_protection_enabled


def from_model(spec: TableSpec) -> Members:
    """The protection, where it is on."""
    return {"deletion_protection_enabled": spec.deletion_protection or None}


DELETION_PROTECTION = Feature("deletion_protection", DeletionProtectionFields, (), to_model, from_model)
