"""All indexes of a document with their paths, for the rules that concern both kinds."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declarations.document.table import TableDocument
from reconciler.declarations.features.global_indexes import GlobalIndexPart, LocalIndexPart
from reconciler.declarations.features.vector_indexes import VectorIndexPart
from reconciler.parsing.place import Path


def all_indexes(document: TableDocument) -> Iterator[tuple[Path, GlobalIndexPart | LocalIndexPart]]:
    """Global ones first, then local ones."""
    for position, index in enumerate(document.global_secondary_indexes or []):
        yield ("global_secondary_indexes", position), index
    for position, local in enumerate(document.local_secondary_indexes or []):
        yield ("local_secondary_indexes", position), local


def vector_indexes(document: TableDocument) -> Iterator[tuple[Path, VectorIndexPart]]:
    """Vector indexes, which have a search schema in place of a key schema."""
    for position, index in enumerate(document.vector_indexes or []):
        yield ("vector_indexes", position), index
