"""The JSON document of a pass, the same for preview, one-shot runs, HTTP and history. Pure; called by every output."""

from __future__ import annotations

from typing import Any

from reconciler.model.change import Change
from reconciler.model.errors import Problem
from reconciler.model.identity import Endpoint
from reconciler.model.json_values import plain, timestamp
from reconciler.model.plan import Step
from reconciler.model.records import CopyJob, Generation, Replacement
from reconciler.model.report import LeftInPlace, PassReport, RebuildProgress, RunReport, TableReport

FORMAT_VERSION = "1.0"
"""A higher minor version adds keys, a higher major version changes them."""


def document(report: PassReport) -> dict[str, Any]:
    """The report as plain JSON values, tables sorted by name; lists are ``[]`` when empty, times ISO 8601 with Z."""
    return {
        "format_version": FORMAT_VERSION,
        "pass_id": report.pass_id,
        **_run(report),
        "trigger": report.trigger,
        "started": timestamp(report.started),
        "finished": timestamp(report.finished),
        "stack": report.stack or None,
        "environment": report.environment,
        "endpoint": endpoint_entry(report.endpoint) if report.endpoint else None,
        "verdict": report.verdict.value,
        "suspended": report.suspended,
        "summary": report.summary(),
        "tables": [table_entry(table) for table in sorted(report.tables, key=lambda table: table.name)],
        "errors": [problem_entry(problem) for problem in report.problems],
        "warnings": list(report.warnings),
        "error": report.error,
    }


def _run(report: PassReport) -> dict[str, Any]:
    """The ids of a one-shot run; none for a single pass of the daemon or a preview."""
    return {"run_id": report.run_id, "pass_ids": list(report.pass_ids)} if isinstance(report, RunReport) else {}


def endpoint_entry(endpoint: Endpoint) -> dict[str, Any]:
    """Where the tables live."""
    return {
        "url": endpoint.url,
        "region": endpoint.region,
        "account": endpoint.account,
        "flavor": endpoint.flavor.value,
    }


def table_entry(table: TableReport) -> dict[str, Any]:
    """One table; ``error`` is the sentence of a table whose status is ``error``, ``rebuild``,
    ``replacement`` and ``generation`` are there only during one.

    ``left_in_place`` and ``migrations`` are there only if something is.
    """
    return {
        "name": table.name,
        "declaration": table.declaration,
        "status": table.status.value,
        "error": table.error,
        "changes": [{**change_entry(change), "unsafe": table.unsafe(change)} for change in table.changes],
        "steps": [step_entry(step) for step in table.steps],
        **({"rebuild": rebuild_entry(table.rebuild)} if table.rebuild else {}),
        **({"replacement": replacement_entry(table.replacement)} if table.replacement else {}),
        **({"generation": generation_entry(table.generation)} if table.generation else {}),
        **({"migrations": list(table.migrations)} if table.migrations else {}),
        **({"left_in_place": [left_entry(left) for left in table.left_in_place]} if table.left_in_place else {}),
    }


def rebuild_entry(rebuild: RebuildProgress) -> dict[str, Any]:
    """An index that is being rebuilt: how far it is, since when, and what comes next."""
    return {
        "index": rebuild.index,
        "new_index": rebuild.new_index,
        "phase": rebuild.phase,
        "since": timestamp(rebuild.since),
        "ready_at": timestamp(rebuild.ready_at),
        "until": timestamp(rebuild.until),
        "then": rebuild.then,
    }


def replacement_entry(replacement: Replacement) -> dict[str, Any]:
    """A table that is being replaced with its items: how far it is, and why it waits for a person, if it does."""
    return {
        "phase": replacement.phase.value,
        "since": timestamp(replacement.started),
        "items": replacement.items,
        "moved": replacement.copied,
        "bytes": replacement.size,
        "copy": replacement.aside,
        "paused": replacement.paused,
        "problem": replacement.problem,
    }


def generation_entry(generation: Generation) -> dict[str, Any]:
    """The next generation of a table: how far it is, which table the declared name means, and why it waits."""
    return {
        "name": generation.name,
        "phase": generation.phase.value,
        "since": timestamp(generation.started),
        "old": generation.old,
        "new": generation.new,
        "current": generation.current,
        "engine": generation.engine,
        "jobs": [job_entry(job) for job in generation.jobs],
        "items": generation.items,
        "bytes": generation.size,
        "copied": generation.copied,
        "repeated": generation.replayed,
        "lag_seconds": generation.lag,
        "changes_per_second": generation.change_rate,
        "repeated_per_second": generation.replay_rate,
        "behind_since": timestamp(generation.behind_since),
        "yielded": generation.yielded,
        "hold_until": timestamp(generation.hold_until),
        "paused": generation.paused,
        "problem": generation.problem,
    }


def job_entry(job: CopyJob) -> dict[str, Any]:
    """A job of the service that copies the items, as it was last seen."""
    return {
        "kind": job.kind,
        "state": job.state,
        "items": job.items,
        "bytes": job.size,
        "refused": job.refused,
        "started": timestamp(job.started),
        "ended": timestamp(job.ended),
    }


def left_entry(left: LeftInPlace) -> dict[str, Any]:
    """A feature or tag that is no longer declared and stays; ``remove_with`` is the line that removes it."""
    return {"path": left.path, "why": left.why, "remove_with": left.remove_with, "cost": left.cost or None}


def change_entry(change: Change) -> dict[str, Any]:
    """One field before and after."""
    return {
        "facet": change.facet,
        "path": change.path,
        "before": plain(change.before),
        "after": plain(change.after),
        "unsafe": change.unsafe,
    }


def step_entry(step: Step) -> dict[str, Any]:
    """One step with its request and status; ``reason`` is the code, ``message`` the sentence."""
    return {
        "action": step.action.value,
        "facet": step.facet,
        "operation": step.call.operation if step.call else None,
        "request": plain(step.call.params) if step.call else {},
        "status": step.status.value,
        "reason": step.reason.value if step.reason else None,
        "message": step.message,
        "allow_with": step.allow_with,
        "not_before": timestamp(step.not_before),
    }


def problem_entry(problem: Problem) -> dict[str, Any]:
    """One problem of a declaration or seed."""
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "field": problem.field,
        "reason": problem.reason,
        "remedy": problem.remedy,
    }
