"""What indexes copy. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.rules.indexes import all_indexes, vector_indexes
from reconciler.parsing.place import Finding


def projections(document: TableDocument) -> Iterator[Finding]:
    """INCLUDE names 1 to 20 attributes; ALL and KEYS_ONLY name none."""
    for path, index in (*all_indexes(document), *vector_indexes(document)):
        kind, names = index.projection.projection_type, index.projection.non_key_attributes
        place = (*path, "projection", "non_key_attributes")
        if kind == "INCLUDE" and not names:
            yield Finding(place, "is missing, which INCLUDE needs", "Name the attributes to copy, or use KEYS_ONLY.")
        elif kind != "INCLUDE" and names is not None:
            yield Finding(place, f"is given with {kind}", "Remove it, or use INCLUDE.")
        elif names and len(set(names)) > 20:
            yield Finding(place, f"has {len(set(names))} attributes", "DynamoDB allows 20 an index; ALL has no limit.")


def projections_in_total(document: TableDocument) -> Iterator[Finding]:
    """The INCLUDE lists of a table name at most 100 attributes together, counted once for each index."""
    total = sum(len(set(index.projection.non_key_attributes or [])) for _, index in all_indexes(document))
    if total > 100:
        path = ("global_secondary_indexes",) if document.global_secondary_indexes else ("local_secondary_indexes",)
        yield Finding(
            path, f"project {total} attributes by INCLUDE", "DynamoDB allows 100 over all indexes of a table."
        )
