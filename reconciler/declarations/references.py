"""Checks references between declarations: tables, keys, cycles, and the items of seeds. Called by ``assemble``.

``seed_orphans`` is called by the command ``validate`` alone, because it looks at every item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.declarations.checked import CheckedDeclaration
from reconciler.model.desired import Declaration, Seed
from reconciler.model.errors import Problem
from reconciler.model.position import located
from reconciler.parsing.source_location import FieldProblem, did_you_mean
from reconciler.planning.references import Link, item_text, links, lookups, named_values, seed_order, value_text
from reconciler.seeding.digest import canonical

MOST_NAMED = 20
"""Items of one reference that are named one by one."""


def reference_problems(declarations: Sequence[CheckedDeclaration]) -> Iterator[Problem]:
    """Each reference is the base name of a declared table, and its key is one by which items can be found."""
    known = {checked.base_name: checked for checked in reversed(declarations) if checked.base_name}
    for checked in declarations:
        for position, reference in enumerate(checked.referred):
            where = ("references", position)
            target = known.get(reference.table)
            if target is None:
                names = sorted(known)
                suggestion = did_you_mean(reference.table, names)
                remedy = f"Did you mean `{suggestion}`?" if suggestion else f"Declared tables: {', '.join(names)}."
                reason = f"table {reference.table!r} is not declared"
                yield checked.location.problem(FieldProblem((*where, "table"), reason, remedy))
            elif reference.key is not None and reference.attribute is None:
                remedy = "Add attribute: the attribute of this table that holds the key."
                yield checked.location.problem(FieldProblem((*where, "key"), "is given without attribute", remedy))
            elif reference.key is not None and target.spec is not None and reference.key not in lookups(target.spec):
                reason = (
                    f"{reference.key!r} is not the partition key of {reference.table} or of one of its global indexes"
                )
                remedy = f"Use one of: {', '.join(lookups(target.spec))}."
                yield checked.location.problem(FieldProblem((*where, "key"), reason, remedy))


def cycle_warnings(declarations: Sequence[Declaration]) -> Iterator[str]:
    """A warning for each circle of references, with the order that is used."""
    if not any(declaration.references for declaration in declarations):
        return
    order = seed_order(declarations)
    origins = {declaration.spec.name: declaration.origin for declaration in declarations}
    for cycle in order.cycles:
        names, origin = sorted(cycle[1:], key=order.position), origins[cycle[0]]
        yield (
            f"{located(origin.file, origin.line)}: the references form a cycle ({' → '.join(cycle)}); "
            f"the tables are seeded in the order {', '.join(names)}"
        )


def seed_orphans(declarations: Sequence[Declaration]) -> tuple[str, ...]:
    """A warning for each seed item with an attribute that names no item of the other table's seed.

    A table without a seed is filled by others, so nothing can be said about references to it.
    """
    return tuple(warning for warnings in map(list, _orphans(declarations)) for warning in warnings)


def _orphans(declarations: Sequence[Declaration]) -> Iterator[Iterator[str]]:
    for link in links(declarations):
        if link.source.seed is not None and link.target.seed is not None:
            key = link.key.attribute
            known = {canonical({"": item[key]}) for item in link.target.seed.items if key in item}
            yield _of_seed(link, link.source.seed, known, f"the {key} of any item in {link.target.seed.source}")


def _of_seed(link: Link, seed: Seed, known: set[str], where: str) -> Iterator[str]:
    found, attribute, keys = 0, link.attribute, link.source.spec.keys
    for position, item in enumerate(seed.items):
        for value in named_values(item[attribute]) if attribute in item else ():
            if canonical({"": value}) in known:
                continue
            found += 1
            if found > MOST_NAMED:
                continue
            line = seed.lines[position] if position < len(seed.lines) else None
            reason = f"item {item_text(item, keys)}: {attribute} {value_text(value)} is not {where}"
            yield f"{located(seed.source, line)}: {reason}. Add that item, or correct {attribute}."
    if found > MOST_NAMED:
        yield f"{seed.source}: {found - MOST_NAMED} more values of {attribute} are not {where}."
