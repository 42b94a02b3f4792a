"""The digest of a plan: equal when the same would be done to the same tables. Made by a preview, asked of a run."""

from __future__ import annotations

from reconciler.model.report import PassReport
from reconciler.planning import digest


def plan_digest(report: PassReport) -> str:
    """SHA-256 in hexadecimal over actions, fates and changes by table, and over what is wrong with the whole plan."""
    return digest.plan_digest(report.tables, report.error, report.problems)
