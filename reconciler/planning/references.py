"""References between declared tables: by which key they are looked up, and the order of seeding. Pure.

A table is seeded after the tables that it refers to, and cleared before them. DynamoDB has no foreign keys, so nothing
else depends on references.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.desired import AttributeValue, Declaration
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.table import KeyElement, TableSpec

_SCALARS = ("S", "N", "B")
_SETS = {"SS": "S", "NS": "N", "BS": "B"}


@dataclass(frozen=True, slots=True)
class Link:
    """``attribute`` of items of ``source`` holds ``key`` of items of ``target``.

    ``index`` is the global index of the target whose partition key it is, ``None`` for that of the table.
    """

    source: Declaration
    target: Declaration
    attribute: str
    key: KeyElement
    index: str | None = None


@dataclass(frozen=True, slots=True)
class SeedOrder:
    """The names of all tables, those that are referred to first.

    ``after`` has for each table those that are seeded before it. ``cycles`` are the paths that were cut at their last
    step; the first and the last name of each are the same.
    """

    names: tuple[str, ...]
    after: Mapping[str, frozenset[str]]
    cycles: tuple[tuple[str, ...], ...] = ()

    def position(self, name: str) -> int:
        """The place of a table; -1 for one that is not declared."""
        return self.names.index(name) if name in self.names else -1


def lookups(spec: TableSpec) -> dict[str, tuple[KeyElement, str | None]]:
    """By attribute, the key element by which items can be found, and its index: the table's own key comes first.

    Query needs a value for each attribute of a partition key, so only one of a single attribute can be referred to.
    """
    schemas = [(spec.keys, None), *((index.keys, index.name) for index in spec.global_indexes or ())]
    found: dict[str, tuple[KeyElement, str | None]] = {}
    for keys, index in schemas:
        partition = [element for element in keys if element.role == "HASH"]
        if len(partition) == 1:
            found.setdefault(partition[0].attribute, (partition[0], index))
    return found


def links(declarations: Sequence[Declaration]) -> Iterator[Link]:
    """Every reference with an attribute, in the order of the declarations."""
    by_base = {declaration.base_name: declaration for declaration in declarations}
    for source in declarations:
        for reference in source.references:
            target = by_base.get(reference.table)
            if target is None or reference.attribute is None:
                continue
            found = lookups(target.spec)
            element, index = found.get(reference.key, (None, None)) if reference.key else next(iter(found.values()))
            if element is not None:
                yield Link(source, target, reference.attribute, element, index)


def named_values(value: AttributeValue) -> Iterator[AttributeValue]:
    """The keys that an attribute holds: itself, or each scalar member of a set or a list. Other types hold none."""
    ((kind, content),) = value.items()
    if kind in _SCALARS:
        yield value
    elif kind in _SETS:
        yield from ({_SETS[kind]: member} for member in content)
    elif kind == "L":
        yield from (member for member in content if next(iter(member)) in _SCALARS)


def value_text(value: Any) -> str:
    """A value of one of the types of a key, for messages."""
    ((kind, content),) = value.items()
    return repr(content) if kind == "S" else str(content) if kind == "N" else f"binary of {len(content)} bytes"


def item_text(item: Mapping[str, Any], keys: Sequence[KeyElement]) -> str:
    """The key of an item, for messages: ``pk='o1', sk=7``."""
    return ", ".join(f"{each.attribute}={value_text(item[each.attribute])}" for each in keys if each.attribute in item)


def seed_order(declarations: Sequence[Declaration]) -> SeedOrder:
    """The order of seeding. It depends on the names and references alone, never on the order of the files.

    A cycle is cut where a search that begins with the first name in the alphabet closes it.
    """
    by_base = {declaration.base_name: declaration.spec.name for declaration in declarations}
    parents = {
        declaration.spec.name: sorted(
            {by_base[each.table] for each in declaration.references if each.table in by_base} - {declaration.spec.name}
        )
        for declaration in declarations
    }
    done: dict[str, bool] = {}
    after: dict[str, set[str]] = {}
    cycles: list[tuple[str, ...]] = []
    for root in sorted(parents.keys()):
        if root in done:
            continue
        done[root], path = False, [(root, iter(parents[root]))]
        while path:
            name, rest = path[-1]
            parent = next(rest, None)
            if parent is None:
                path.pop()
                # The order of insertion is the result, so a finished table is inserted anew.
                del done[name]
                done[name] = True
            elif done.get(parent) is False:
                names = [each for each, _ in path]
                cycles.append((*names[names.index(parent) :], parent))
            else:
                after.setdefault(name, set()).add(parent)
                if parent not in done:
                    done[parent] = False
                    path.append((parent, iter(parents[parent])))
    return SeedOrder(tuple(done), {name: frozenset(names) for name, names in after.items()}, tuple(cycles))
