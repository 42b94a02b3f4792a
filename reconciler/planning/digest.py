"""The digest of a plan, and the approval of a person who was shown it. Pure; called by passes, ``up`` and the API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from reconciler.model.errors import Problem
from reconciler.model.json_values import plain
from reconciler.model.plan import Approval, StepStatus
from reconciler.model.report import PassReport, TableReport


def plan_digest(tables: Iterable[TableReport], error: str | None = None, problems: Iterable[Problem] = ()) -> str:
    """SHA-256 in hexadecimal of what a plan does and loses. Requests are left out, because they contain nonces."""
    steps = [
        [
            table.name,
            step.action.value,
            step.facet,
            step.call.operation if step.call else None,
            step.status.value,
            step.nothing_lost,
            step.keeps_items,
            [[change.path, plain(change.before), plain(change.after)] for change in step.changes],
        ]
        for table in sorted(tables, key=lambda table: table.name)
        for step in table.steps
    ]
    text = json.dumps([steps, error, [str(problem) for problem in problems]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def approval(plan: PassReport, *, only_this: bool) -> Approval:
    """The approval of a person who confirmed ``plan``: its destructive steps that are ready or deferred.

    With ``only_this``, a run executes no other plan. Without it, a run may execute another plan, except destructive
    steps that were not shown.
    """
    shown = {
        (table.name, step.action, step.facet): step for table in plan.tables for step in table.steps if step.destructive
    }
    steps = frozenset(key for key, step in shown.items() if step.status in (StepStatus.READY, StepStatus.DEFERRED))
    harmless = frozenset(key for key in steps if shown[key].nothing_lost or shown[key].keeps_items)
    withheld = frozenset(key for key, step in shown.items() if step.status is StepStatus.BLOCKED)
    digest = plan_digest(plan.tables, plan.error, plan.problems) if only_this else None
    return Approval(steps, harmless, withheld, digest=digest)
