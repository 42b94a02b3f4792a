"""The fields that are ours. Asked by ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from reconciler.declarations.document.table import TableDocument
from reconciler.model.table import TableSpec
from reconciler.parsing.place import Finding, did_you_mean

FACETS = tuple(field.name for field in fields(TableSpec) if field.name != "name")


def ignored_paths(document: TableDocument) -> Iterator[Finding]:
    """A path starts with the name of a facet, as previews print it, or with ``*`` for any."""
    for position, path in enumerate(document.lifecycle.ignore_changes if document.lifecycle else []):
        facet = path.split(".")[0]
        if facet not in (*FACETS, "*"):
            suggestion = did_you_mean(facet, FACETS)
            remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Start with one of: {', '.join(FACETS)}."
            where = ("lifecycle", "ignore_changes", position)
            yield Finding(where, f"is {path!r}, which starts with no facet", remedy)
