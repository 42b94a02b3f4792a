"""Compares two sets of tables, declared or live, for people: what each has alone, and each field that differs. Pure.

A pass asks what has to be done to a live table; this asks where two sides differ, whichever they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any

from reconciler.facets import FACETS
from reconciler.model.change import Change
from reconciler.model.desired import Declaration
from reconciler.model.json_values import plain
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.table import TableSpec
from reconciler.planning.diff import diff, scaled_paths


class Difference(StrEnum):
    """How a table differs."""

    CHANGED = "changed"
    ONLY_IN_A = "only_in_a"
    ONLY_IN_B = "only_in_b"


@dataclass(frozen=True, slots=True)
class TableDifference:
    """One table; ``changes`` lead from A to B, as ``before`` and ``after``."""

    name: str
    kind: Difference
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared: ``title`` as the user named it, and the tables by the name that both sides know them by.

    ``declared`` is None for live tables, and else has their declarations.
    """

    title: str
    tables: Mapping[str, TableSpec]
    declared: Mapping[str, Declaration] | None = None
    observed: Mapping[str, ObservedTable] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    """Live tables that were not read, because the other side does not declare them."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, by name; ``tables`` is how many tables both sides have."""

    a: str
    b: str
    tables: int
    differences: tuple[TableDifference, ...] = ()
    notes: tuple[str, ...] = ()

    def counted(self, kind: Difference) -> int:
        """How many tables differ in this way."""
        return sum(each.kind is kind for each in self.differences)


def compare(a: Side, b: Side) -> Comparison:
    """The differences of two sides. A live table that the other side does not declare is a note, no difference."""
    found: list[TableDifference] = []
    notes: list[str] = []
    for side, other, kind in ((a, b, Difference.ONLY_IN_A), (b, a, Difference.ONLY_IN_B)):
        if side.others:
            notes.append(f"at {side.title}, and not declared in {other.title}: {', '.join(side.others)}")
        found += [TableDifference(name, kind) for name in sorted(side.tables.keys() - other.tables.keys())]
    both = sorted(a.tables.keys() & b.tables.keys())
    for name in both:
        changes = tuple(_changes(a, b, name))
        if changes:
            found.append(TableDifference(name, Difference.CHANGED, changes))
    found.sort(key=lambda each: each.name)
    return Comparison(a.title, b.title, len(both), tuple(found), tuple(notes))


def _changes(a: Side, b: Side, name: str) -> Iterator[Change]:
    before, after = a.tables[name], replace(b.tables[name], name=a.tables[name].name)
    if (a.declared is None) == (b.declared is None):
        yield from differences(before, after, both_declared=a.declared is not None)
    elif a.declared is None:
        assert b.declared is not None
        yield from diff(after, before, scaled_paths(b.declared[name], a.observed[name]))
    else:
        yield from map(_turned, diff(before, after, scaled_paths(a.declared[name], b.observed[name])))


def differences(before: TableSpec, after: TableSpec, *, both_declared: bool = True) -> Iterator[Change]:
    """Each field that differs between two tables of one kind.

    A feature that one declaration alone declares differs as a whole. Of live tables such a feature is one that an
    endpoint does not have, and is not compared.
    """
    for facet in FACETS:
        old, new = getattr(before, facet.name), getattr(after, facet.name)
        if old == new:
            continue
        if old is None or new is None:
            if both_declared:
                yield Change(facet.name, facet.name, _shown(old), _shown(new))
            continue
        # A facet compares what is declared with what is there: the second look finds what only the first side has.
        forward = tuple(facet.diff(after, before))
        paths = {change.path for change in forward}
        yield from forward
        yield from (turned for turned in map(_turned, facet.diff(before, after)) if turned.path not in paths)


def _turned(change: Change) -> Change:
    return replace(change, before=change.after, after=change.before, unsafe=None)


def _shown(value: Any) -> Any:
    """A whole value without what it does not say; tags as a mapping."""
    pairs = isinstance(value, tuple) and value and all(isinstance(each, tuple) for each in value)
    found = plain(dict(value) if pairs else value)
    if isinstance(found, dict):
        return {name: each for name, each in found.items() if each is not None}
    return found
