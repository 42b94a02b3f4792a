"""What CreateTable cannot do without. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import REQUIRED, TableDocument
from reconciler.parsing.place import Finding

_REMEDIES = {
    "table_name": "Add table_name: the name of the table.",
    "key_schema": 'Add key_schema, such as [{"AttributeName": "pk", "KeyType": "HASH"}].',
    "attribute_definitions": 'Add attribute_definitions, such as [{"AttributeName": "pk", "AttributeType": "S"}].',
}


def required(document: TableDocument) -> Iterator[Finding]:
    """``table_name``, ``key_schema`` and ``attribute_definitions`` are there."""
    for name in REQUIRED:
        if name not in document.model_fields_set:
            yield Finding((name,), "is missing", _REMEDIES[name])
        elif getattr(document, name) in (None, [], ""):
            yield Finding((name,), "is empty", _REMEDIES[name])
