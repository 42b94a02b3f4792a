"""The lists in messages about unknown fields and facets, read from the models."""

from __future__ import annotations

from dataclasses import fields

from reconciler.declarations.document.table import TableDocument
from reconciler.model.table import TableSpec

TABLE_FIELDS = ", ".join(TableDocument.model_fields)
FACET_NAMES = ", ".join(field.name for field in fields(TableSpec) if field.name != "name")
