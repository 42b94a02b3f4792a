"""Names of indexes. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.names import name_fault
from reconciler.declarations.rules.indexes import all_indexes, vector_indexes
from reconciler.parsing.place import Finding


def index_names(document: TableDocument) -> Iterator[Finding]:
    """An index is named by the same rule as a table."""
    for path, index in (*all_indexes(document), *vector_indexes(document)):
        fault = name_fault(index.index_name)
        if fault:
            yield Finding((*path, "index_name"), *fault)


def index_names_differ(document: TableDocument) -> Iterator[Finding]:
    """No two indexes of a table share a name, be they global, local or vector."""
    seen: set[str] = set()
    for path, index in (*all_indexes(document), *vector_indexes(document)):
        if index.index_name in seen:
            reason = f"is {index.index_name!r}, the name of another index of this table"
            yield Finding((*path, "index_name"), reason, "Give each index a name of its own.")
        seen.add(index.index_name)
