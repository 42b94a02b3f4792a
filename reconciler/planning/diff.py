"""Every difference between a declared and an observed table, in the order of FACETS. Called by engine and planner."""

from __future__ import annotations

from reconciler.facets import FACETS
from reconciler.model.change import Change
from reconciler.model.plan import Step
from reconciler.model.table import TableSpec
from reconciler.planning.ignore import covered, effective


def diff(desired: TableSpec, observed: TableSpec, ignore: tuple[str, ...] = ()) -> tuple[Change, ...]:
    """All changes of all declared facets, without those that ``ignore`` (lifecycle.ignore_changes) covers."""
    wanted = effective(desired, observed, ignore)
    changes = (change for facet in FACETS for change in facet.diff(wanted, observed))
    return tuple(change for change in changes if not covered(change.path, ignore))


def all_changes(steps: tuple[Step, ...]) -> tuple[Change, ...]:
    """The changes of all steps, in their order."""
    return tuple(change for step in steps for change in step.changes)
