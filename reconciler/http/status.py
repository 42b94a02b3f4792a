"""``GET /api/v1/status``: the status page as JSON, with the last report as every other output prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from reconciler import __version__
from reconciler.engine.loop_status import LoopStatus, Progress
from reconciler.http.health import readiness


def long_work(loop_status: LoopStatus, more: Mapping[str, Any]) -> list[Progress]:
    """How far each long piece of work is: what this process does, replacements of tables, and what the wiring adds.

    A replacement may be the work of another process, so its counts are those of the record that the last pass read.
    """
    # A copy, because the threads that seed change it.
    own = tuple(loop_status.progress.copy().values())
    known = {each.name for each in fields(Progress)}
    others = ({name: entry[name] for name in known & entry.keys()} for entry in more.get("progress", ()))
    shown = {each.table for each in own}
    moves = (
        Progress(table.name, f"replacement, {move.phase.value}", move.copied, move.items or None)
        for table in (loop_status.report.tables if loop_status.report else ())
        if (move := table.replacement) is not None and table.name not in shown
    )
    generations = (
        Progress(table.name, f"replacement by {each.new}, {each.phase.value}", each.copied, each.items or None)
        for table in (loop_status.report.tables if loop_status.report else ())
        if (each := table.generation) is not None
    )
    return sorted(
        (*own, *moves, *generations, *(Progress(**entry) for entry in others)), key=lambda each: (each.table, each.what)
    )


def status_answer(loop_status: LoopStatus, message: str, more: Mapping[str, Any], report_text: str) -> bytes:
    """An ``Answer`` as bytes: the current status around the cached text of the last report.

    ``more`` comes from the wiring; the report is ``null`` before the first pass.
    """
    from reconciler.model.json_values import timestamp

    ready, reason = readiness(loop_status)
    report = loop_status.report
    data = {
        "version": __version__,
        "stack": loop_status.stack,
        "environment": loop_status.environment,
        "ready": ready,
        "reason": reason,
        "endpoint_up": loop_status.endpoint_up,
        "suspended": loop_status.suspended,
        "leader": loop_status.leader,
        "held_by": report.held_by if report else None,
        "in_progress": loop_status.in_progress,
        "interval_seconds": loop_status.interval,
        "last_success": timestamp(loop_status.last_success),
        "next_pass": timestamp(loop_status.next_pass),
        **more,
        "item_migrations": {
            "pending": list(loop_status.pending_migrations),
            "messages": list(loop_status.open_migrations),
        },
        "progress": [
            {each.name: getattr(one, each.name) for each in fields(Progress)} for one in long_work(loop_status, more)
        ],
    }
    around = json.dumps({"success": True, "message": message, "data": data}, default=str)
    return f'{around.removesuffix("}}")}, "report": {report_text}}}}}'.encode()
