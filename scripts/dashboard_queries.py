"""PromQL for the dashboard: how its queries select, add up and rate our metrics. The rows are written with it.

Every query selects job, instance and environment by the dashboard's variables, those on tables the table as
well, and takes the maximum over replicas, which all report on the same tables.
"""

from __future__ import annotations

PREFIX = "dynamodb_reconciler_"
PROCESS = 'job=~"$job", instance=~"$instance"'
SCOPE = PROCESS + ', environment=~"$environment"'
TABLE = SCOPE + ', table=~"$table"'
PER_TABLE = "max by (environment, table)"

STATUSES = ("unmanaged", "released", "in_sync", "pending", "drifted", "missing", "blocked", "error")
"""Statuses from harmless to grave; the number of each, from 1, is what ``status_number`` returns."""
OUT_OF_SYNC = "drifted|missing|pending|blocked|error"
"""The statuses of tables that are not as declared; the same as in the recorded ``tables_out_of_sync``."""


def metric(name: str, labels: str = SCOPE, **matchers: str) -> str:
    """One of our metrics with its selectors; a matcher may name several values, parted by bars."""
    extra = ""
    for label, value in matchers.items():
        operator = "=~" if "|" in value else "="
        extra += f', {label}{operator}"{value}"'
    return f"{PREFIX}{name}{{{labels}{extra}}}"


def status_number() -> str:
    """The gravest status that any replica reports of each table, as a number."""
    parts = (f"{n} * {metric('table_status', TABLE, status=status)}" for n, status in enumerate(STATUSES, start=1))
    return f"{PER_TABLE} ({' or '.join(parts)})"


def of_status(pattern: str) -> str:
    """How many tables have a status."""
    return f"sum(max by (job, environment, status) ({metric('tables', status=pattern)}))"


def rate(name: str, by: str, labels: str = SCOPE, **matchers: str) -> str:
    """Events a second."""
    return f"sum by ({by}) (rate({metric(name, labels, **matchers)}[$__rate_interval]))"


def increase(name: str, by: str, labels: str = SCOPE, **matchers: str) -> str:
    """Events in each step of the graph."""
    return f"sum by ({by}) (increase({metric(name, labels, **matchers)}[$__rate_interval]))"


def quantile(share: float, name: str, by: str = "", labels: str = SCOPE) -> str:
    """A quantile of a histogram."""
    grouping = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, {rate(name + '_bucket', grouping, labels)})"
