"""Local secondary indexes. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.keys import KeyElementPart
from reconciler.declarations.rules.key_shape import key_shape
from reconciler.parsing.place import Finding, Path


def local_index_count(document: TableDocument) -> Iterator[Finding]:
    """At most 5."""
    count = len(document.local_secondary_indexes or [])
    if count > 5:
        yield Finding(("local_secondary_indexes",), f"has {count} indexes", "DynamoDB allows 5 a table.")


def local_index_keys(document: TableDocument) -> Iterator[Finding]:
    """The table's partition key with a sort key of its own, and only where the table has a sort key."""
    indexes = document.local_secondary_indexes or []
    if indexes and document.key_schema and not _attribute(document.key_schema, "RANGE"):
        reason = "needs a table with a sort key, which this table has not"
        yield Finding(("local_secondary_indexes",), reason, "Add a RANGE element to key_schema, or use global indexes.")
    for position, index in enumerate(indexes):
        path: Path = ("local_secondary_indexes", position, "key_schema")
        yield from key_shape(index.key_schema, path, most=1)
        if not _attribute(index.key_schema, "RANGE"):
            yield Finding(path, "has no RANGE element", "Add the sort key of the index.")
        hash_name, wanted = _attribute(index.key_schema, "HASH"), _attribute(document.key_schema or [], "HASH")
        if hash_name and wanted and hash_name != wanted:
            yield Finding(path, f"has the partition key {hash_name!r}", f"Use the table's own, {wanted!r}.")


def _attribute(keys: list[KeyElementPart], role: str) -> str | None:
    return next((element.attribute_name for element in keys if element.key_type == role), None)
