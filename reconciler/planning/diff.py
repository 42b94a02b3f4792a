"""The differences between a declared and an observed table, in the order of FACETS, and the paths that are ignored.

``lifecycle.ignore_changes`` has patterns of paths: a pattern covers its path and everything below, and ``*`` stands for
one name. An ignored value is replaced by the observed one before comparing, so that no call ever writes it either. The
same applies to capacity that a scalable target owns: writing it back would fight with auto scaling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from reconciler.facets import FACETS, scaling_wire
from reconciler.model.change import Change
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Step
from reconciler.model.table import TableSpec


def covered(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern covers the path of a change. Dots within names are not special here."""
    return any(_prefix(pattern.split("."), path.split(".")) for pattern in patterns)


def effective(desired: TableSpec, observed: TableSpec, patterns: tuple[str, ...]) -> TableSpec:
    """The declaration with each ignored value replaced by the observed one."""
    for pattern in patterns:
        field, _, rest = pattern.partition(".")
        for name in (f.name for f in fields(desired) if f.name != "name" and field in (f.name, "*")):
            value = _masked(getattr(desired, name), getattr(observed, name), rest)
            desired = replace(desired, **{name: value})
    return desired


def _prefix(pattern: list[str], path: list[str]) -> bool:
    return len(pattern) <= len(path) and all(p in (s, "*") for p, s in zip(pattern, path, strict=False))


def _masked(desired: Any, observed: Any, pattern: str) -> Any:
    if not pattern or desired is None:
        return observed if not pattern else None
    if isinstance(desired, tuple):
        return _masked_tuple(desired, observed or (), pattern) if _has_names(desired) else desired
    if not is_dataclass(desired) or observed is None:
        return desired
    for field in fields(desired):
        rest = _below(field.name, pattern)
        if rest is not None and getattr(observed, field.name) is not None:
            value = _masked(getattr(desired, field.name), getattr(observed, field.name), rest)
            desired = replace(desired, **{field.name: value})  # type: ignore[type-var]
    return desired


def _masked_tuple(desired: tuple[Any, ...], observed: tuple[Any, ...], pattern: str) -> tuple[Any, ...]:
    """Merge indexes by name and tags by key. An ignored member that does not exist is dropped."""
    wanted, had = _named(desired), _named(observed)
    result = dict(wanted)
    for name in sorted(wanted.keys() | had.keys()):
        rest = _below(name, pattern)
        if rest == "" and name in had:
            result[name] = had[name]
        elif rest == "":
            del result[name]
        elif rest is not None and name in wanted and name in had:
            result[name] = _masked(wanted[name], had[name], rest)
    return tuple(result[name] for name in sorted(result))


def _has_names(members: tuple[Any, ...]) -> bool:
    """Whether members have names. Key elements have none: a key is compared as a whole."""
    return all(isinstance(member, tuple) or hasattr(member, "name") for member in members)


def _named(members: tuple[Any, ...]) -> Mapping[str, Any]:
    return {member[0] if isinstance(member, tuple) else member.name: member for member in members}


def _below(name: str, pattern: str) -> str | None:
    """The rest of a pattern below ``name``, or ``None`` if it does not match. Names may contain dots."""
    if pattern == name or pattern.startswith(f"{name}."):
        return pattern[len(name) + 1 :]
    head, _, rest = pattern.partition(".")
    return rest if head == "*" else None


def diff(desired: TableSpec, observed: TableSpec, ignore: tuple[str, ...] = ()) -> tuple[Change, ...]:
    """The changes of all declared facets, except those whose path ``ignore`` covers."""
    wanted = effective(desired, observed, ignore)
    changes = (change for facet in FACETS for change in facet.diff(wanted, observed))
    return tuple(change for change in changes if not covered(change.path, ignore))


def all_changes(steps: tuple[Step, ...]) -> tuple[Change, ...]:
    """The changes of all steps, in their order."""
    return tuple(change for step in steps for change in step.changes)


def scaled_paths(declaration: Declaration, observed: ObservedTable) -> tuple[str, ...]:
    """The paths that are not compared: ignored by the declaration, scaled, declared to be scaled, or not readable.

    A capacity that is declared to be scaled belongs to auto scaling at once, even before its target is registered.
    """
    scaling = declaration.spec.auto_scaling
    declared = scaling.capacities() if scaling else ()
    coming = (scaling_wire.path_of((index, kind)) for index, kind, target in declared if target.enabled)
    ignored = (*declaration.lifecycle.ignore_changes, *observed.scaled, *coming)
    return tuple(dict.fromkeys((*ignored, *observed.not_observed)))
