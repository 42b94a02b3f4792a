"""The features that are on a table, and those that a new table in its place would not have. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.facets import BY_NAME, FACETS
from reconciler.facets.base import Removal
from reconciler.model.change import Change, Hazard
from reconciler.model.table import TableSpec


def removals(spec: TableSpec, observed: TableSpec) -> Iterator[tuple[str, Removal]]:
    """The name of each feature that is on, and how to remove it: declaring it off would change something.

    A feature that nothing removes is on where its facet says so.
    """
    for facet in FACETS:
        present = getattr(observed, facet.name)
        removal = facet.removal(observed) if present is not None else None
        if removal is None or (removal.line is not None and removal.value == present):
            continue
        if removal.line is None or any(facet.diff(with_value(spec, facet.name, removal.value), observed)):
            yield facet.name, removal


def missing_after_replacement(spec: TableSpec, observed: TableSpec) -> Iterator[Change]:
    """What is on the table and not declared: a table that is created in its place does not have it.

    Undeclared means unmanaged, and what is unmanaged stays; but CreateTable gets what is declared.
    """
    for name, removal in removals(spec, observed):
        # A table with replicas is not replaced with its items at all, and that is said elsewhere.
        if name == "replicas" or getattr(spec, name) is not None:
            continue
        if removal.line is None:
            yield _missing(Change(name, name, "on", None))
            continue
        for change in BY_NAME[name].diff(with_value(spec, name, removal.value), observed):
            yield _missing(change)


def with_value(spec: TableSpec, name: str, value: Any) -> TableSpec:
    """The same table with another value of a facet."""
    return replace(spec, **{name: value})


def _missing(change: Change) -> Change:
    if change.hazard is Hazard.NONE:
        return replace(change, after=None, unsafe=None)
    why = f"{change.path} is not declared, so the new table does not have it; declare it to keep it"
    return replace(change, after=None, hazard=Hazard.DISRUPTION, unsafe=why)
