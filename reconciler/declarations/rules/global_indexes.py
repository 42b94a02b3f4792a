"""Global secondary indexes. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.rules.key_shape import key_shape
from reconciler.parsing.place import Finding


def global_index_count(document: TableDocument) -> Iterator[Finding]:
    """At most 20, the default quota of a table."""
    count = len(document.global_secondary_indexes or [])
    if count > 20:
        yield Finding(("global_secondary_indexes",), f"has {count} indexes", "DynamoDB allows 20 a table.")


def global_index_keys(document: TableDocument) -> Iterator[Finding]:
    """A key may have several attributes: 1 to 4 HASH, then up to 4 RANGE."""
    for position, index in enumerate(document.global_secondary_indexes or []):
        yield from key_shape(index.key_schema, ("global_secondary_indexes", position, "key_schema"), most=4)
