"""The digest of a plan: equal when the same would be done to the same tables. Made by a preview, asked of a run."""

from __future__ import annotations

import hashlib
import json

from reconciler.model.report import PassReport
from reconciler.planning.document import plain


def plan_digest(report: PassReport) -> str:
    """SHA-256 in hexadecimal over actions, fates and changes by table; requests are left out, they carry nonces."""
    steps = [
        [
            table.name,
            step.action.value,
            step.facet,
            step.call.operation if step.call else None,
            step.fate.value,
            [[change.path, plain(change.before), plain(change.after)] for change in step.changes],
        ]
        for table in sorted(report.tables, key=lambda table: table.name)
        for step in table.steps
    ]
    text = json.dumps([steps, report.error, [str(problem) for problem in report.problems]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
