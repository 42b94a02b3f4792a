"""The table's own key. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.rules.key_shape import key_shape
from reconciler.parsing.place import Finding


def table_keys(document: TableDocument) -> Iterator[Finding]:
    """One HASH element, then at most one RANGE element."""
    if document.key_schema:
        yield from key_shape(document.key_schema, ("key_schema",), most=1)
