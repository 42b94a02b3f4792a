"""Protection of a replica from being taken out of its global table (UpdateTable)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.declarations.document.field_model import Aliases, FieldModel
from reconciler.declarations.features.base import Feature, Members
from reconciler.declarations.features.replicas import is_global
from reconciler.model.table import TableSpec


class DisassociationProtectionFields(FieldModel):
    """Protection of the global table by the service."""

    disassociation_protection_enabled: Annotated[bool | None, Aliases(("disassociation_protection",))] = Field(
        default=None, description="DynamoDB refuses to take this replica out of its global table."
    )


def to_model(document: DisassociationProtectionFields) -> bool | None:
    """Whether it is on."""
    return document.disassociation_protection_enabled


def from_model(spec: TableSpec) -> Members:
    """The protection of a global table, where it is on."""
    on = is_global(spec) and spec.disassociation_protection
    return {"disassociation_protection_enabled": on or None}


DISASSOCIATION_PROTECTION = Feature(
    "disassociation_protection", DisassociationProtectionFields, (), to_model, from_model
)
