"""Facets that cannot be read because a permission is missing. Pure; called while observing and by the planner.

They are neither compared nor written and are no drift, but the plan names the missing permission, so that the table is
never reported as in sync.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.facets import BY_NAME, FACETS, HAS_EXTRA_READS
from reconciler.facets.base import Facet
from reconciler.model.desired import Declaration
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.table import TableSpec
from reconciler.planning.diff import covered, diff, scaled_paths


def permission(operation: str) -> str:
    """The IAM action of an operation."""
    return operation if ":" in operation else f"dynamodb:{operation}"


def not_observed(spec: TableSpec | None, table: Mapping[str, Any], denied: Mapping[str, str]) -> dict[str, str]:
    """By path of each declared facet whose read was denied, the missing permission.

    ``denied`` has the refused operations by the key of the read, ``table`` is the member Table of DescribeTable.
    """
    found: dict[str, str] = {}
    for facet in FACETS if denied else ():
        if spec is None or getattr(spec, facet.name) is None:
            continue
        missing = next((denied[key] for key in _keys(facet, spec, table) if key in denied), None)
        for path in (facet.scaled_paths or (facet.name,)) if missing else ():
            found[path] = permission(str(missing))
    return found


def access_denied_steps(declaration: Declaration, observed: ObservedTable) -> Iterator[Step]:
    """One blocked step for each facet that cannot be read. For capacity only if it differs from the declaration.

    Capacity itself is readable. Without the scalable targets it is unknown whether auto scaling owns it, which matters
    only if it would be changed.
    """
    for path, missing in observed.not_observed.items():
        facet = path.split(".")[0]
        if getattr(declaration.spec, facet) is None:
            # It is read only to report what is left in place, which then is not reported.
            continue
        message = f"{missing} is not permitted"
        if BY_NAME[facet].scaled_paths:
            hidden = _hidden_changes(declaration, observed, path)
            if not hidden:
                continue
            message = f"{message}, so it is unknown whether a scalable target owns {', '.join(hidden)}, which differs"
        else:
            message = f"{message}, so it is unknown whether {facet} is as declared; it is neither compared nor written"
        yield Step(Action.UPDATE, facet).blocked(Reason.DENIED, message, f"the permission {missing}")


def _hidden_changes(declaration: Declaration, observed: ObservedTable, path: str) -> list[str]:
    """The changes that would be planned if no scalable target owned the capacity."""
    others = {other: missing for other, missing in observed.not_observed.items() if other != path}
    seen = replace(observed, not_observed=others)
    changes = diff(declaration.spec, observed.spec, scaled_paths(declaration, seen))
    return [change.path for change in changes if covered(change.path, (path,))]


def _keys(facet: Facet, spec: TableSpec, table: Mapping[str, Any]) -> Iterator[str]:
    yield from facet.reads
    if facet.name in HAS_EXTRA_READS:
        yield from (extra_read.key for extra_read in HAS_EXTRA_READS[facet.name].extra_reads(spec, table))
