"""The events of passes, steps and runs as JSON values. Called by telemetry and the daemon."""

from __future__ import annotations

from typing import Any

from reconciler.model.json_values import timestamp
from reconciler.model.plan import Step
from reconciler.model.report import PassReport
from reconciler.runs.record import Record


def pass_event(report: PassReport) -> dict[str, Any]:
    """A pass ended."""
    return {
        "pass_id": report.pass_id,
        "trigger": report.trigger,
        "verdict": report.verdict.value,
        "summary": report.summary(),
        "error": report.error,
    }


def step_event(step: Step) -> dict[str, Any]:
    """A step was carried out or failed."""
    return {"action": step.action.value, "facet": step.facet, "fate": step.status.value, "message": step.message}


def run_event(record: Record) -> dict[str, Any]:
    """A run was queued, began or ended."""
    return {"run_id": record.id, "verb": record.verb, "state": record.state.value, "error": record.error}


def record_entry(record: Record) -> dict[str, Any]:
    """A whole record; times are ISO 8601 in UTC."""
    return {
        "id": record.id,
        "verb": record.verb,
        "trigger": record.trigger,
        "state": record.state.value,
        "tables": list(record.tables),
        "queued": timestamp(record.queued),
        "started": timestamp(record.started),
        "finished": timestamp(record.finished),
        "verdict": record.verdict,
        "summary": dict(record.summary),
        "actions": [
            {"table": a.table, "action": a.action, "facet": a.facet, "fate": a.fate, "message": a.message}
            for a in record.actions
        ],
        "wrote": record.wrote,
        "error": record.error,
        "message": record.message,
        "process": record.process,
    }
