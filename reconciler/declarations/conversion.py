"""A sound document → ``TableSpec``, and an observed table → the document that declares it.

Each feature converts its own fields. Called by ``assemble`` and ``writer``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from reconciler.declarations.document.table_document import IAM_FIELDS, TableDocument
from reconciler.declarations.features import FEATURES
from reconciler.declarations.placeholders import escape, mapped
from reconciler.model.table import TableSpec


def table_spec(document: TableDocument, name: str) -> TableSpec:
    """The table as the facets compare it; absence stays None, an empty list stays empty."""
    return TableSpec(name=name, **{feature.name: feature.to_model(document) for feature in FEATURES})


def table_document(spec: TableSpec, base_name: str) -> dict[str, Any]:
    """The document under ``base_name``, in the order in which people read one. Fields without a value are left out."""
    document: dict[str, Any] = {"table_name": base_name}
    for feature in FEATURES:
        document |= feature.from_model(spec)
    return {name: _escaped(name, value) for name, value in document.items() if value not in (None, [], {})}


def _escaped(name: str, value: Any) -> Any:
    """The value as a declaration spells it, where a placeholder would be refused."""
    return mapped(value, partial(escape, policy=name in IAM_FIELDS))
