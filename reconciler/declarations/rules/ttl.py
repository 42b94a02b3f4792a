"""Time to live. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.parsing.place import Finding


def ttl_attribute(document: TableDocument) -> Iterator[Finding]:
    """Enabled, it needs the attribute that holds the time."""
    if document.time_to_live and document.time_to_live.enabled and not document.time_to_live.attribute_name:
        remedy = "Name the attribute that holds the time, or set enabled to false."
        yield Finding(("time_to_live", "attribute_name"), "is missing, which an enabled time to live needs", remedy)
