"""Vector indexes. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.sources.document.table import TableDocument
from reconciler.sources.place import Finding
from reconciler.sources.rules.billing_mode import is_provisioned
from reconciler.sources.rules.indexes import vector_indexes


def vector_index_count(document: TableDocument) -> Iterator[Finding]:
    """At most 5."""
    count = len(document.vector_indexes or [])
    if count > 5:
        yield Finding(("vector_indexes",), f"has {count} indexes", "DynamoDB allows 5 a table.")


def vector_billing(document: TableDocument) -> Iterator[Finding]:
    """Only a table that is billed on demand has vector indexes."""
    if is_provisioned(document) and document.vector_indexes:
        given = (name for name in ("provisioned_throughput", "auto_scaling") if getattr(document, name) is not None)
        without = "".join(f" and remove {name}" for name in given)
        remedy = f"Set billing_mode to PAY_PER_REQUEST{without}, or remove the vector indexes."
        yield Finding(("vector_indexes",), "are given, but the table is provisioned", remedy)


def vector_attributes(document: TableDocument) -> Iterator[Finding]:
    """The vectors do not stand in an attribute of the table's key."""
    keys = {element.attribute_name for element in document.key_schema or []}
    for path, index in vector_indexes(document):
        name = index.vector_attribute.attribute_name
        if name in keys:
            place = (*path, "vector_attribute", "attribute_name")
            yield Finding(place, f"is {name!r}, which is in the key of the table", "Keep vectors in another attribute.")


def vector_dimensions(document: TableDocument) -> Iterator[Finding]:
    """All indexes over one attribute have the same dimensions."""
    first: dict[str, int] = {}
    for path, index in vector_indexes(document):
        name = index.vector_attribute.attribute_name
        known = first.setdefault(name, index.dimensions)
        if index.dimensions != known:
            reason = f"is {index.dimensions}, but another index over {name!r} has {known}"
            yield Finding((*path, "dimensions"), reason, "Use the same for all indexes over one attribute.")


def vector_search(document: TableDocument) -> Iterator[Finding]:
    """A search schema has elements, each of another attribute and none of the vectors', and at most one HASH."""
    for path, index in vector_indexes(document):
        place = (*path, "search_schema")
        elements = index.search_schema
        if elements is None:
            continue
        if not elements:
            yield Finding(place, "is empty", "Remove it, or name the attributes to search by.")
        count = sum(element.search_schema_element_type == "HASH" for element in elements)
        if count > 1:
            yield Finding(place, f"has {count} HASH elements", "Give it at most one.")
        names = [element.attribute_name for element in elements]
        for name in dict.fromkeys(name for name in names if names.count(name) > 1):
            yield Finding(place, f"names the attribute {name!r} twice", "Use each attribute once in a search schema.")
        if index.vector_attribute.attribute_name in names:
            reason = f"names {index.vector_attribute.attribute_name!r}, the attribute of the vectors"
            yield Finding(place, reason, "Search by other attributes.")
