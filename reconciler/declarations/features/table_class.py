"""The storage class (CreateTable.TableClass)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from reconciler.declarations.document.field_model import FieldModel
from reconciler.declarations.features.base import Feature, Members, Response
from reconciler.model.table import TableClass, TableSpec


class TableClassFields(FieldModel):
    """How items are stored."""

    table_class: Literal["STANDARD", "STANDARD_INFREQUENT_ACCESS"] | None = Field(
        default=None, description="The storage class."
    )


def to_model(document: TableClassFields) -> TableClass | None:
    """The class."""
    return document.table_class


def from_model(spec: TableSpec) -> Members:
    """The class, where it is not that of every new table."""
    return {"table_class": spec.table_class if spec.table_class != "STANDARD" else None}


def _of_response(response: Response) -> tuple[str, Any] | None:
    found = response.get("TableClass")
    return ("TableClass", found) if isinstance(found, str) else None


TABLE_CLASS = Feature("table_class", TableClassFields, (), to_model, from_model, {"TableClassSummary": _of_response})
