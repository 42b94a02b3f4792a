"""``GET /api/v1/status``: the status page as JSON, with the last report as every other output prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from reconciler import __version__
from reconciler.engine.loop_status import LoopStatus, Progress
from reconciler.http.health import readiness
from reconciler.model.records import Generation, GenerationPhase


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
        _generation(table.name, each)
        for table in (loop_status.report.tables if loop_status.report else ())
        if (each := table.generation) is not None and not _waits(each)
    )
    return sorted(
        (*own, *moves, *generations, *(Progress(**entry) for entry in others)), key=lambda each: (each.table, each.what)
    )


def _generation(table: str, work: Generation) -> Progress:
    """Only the copy counts items: later the counts are those of changes, in one direction or the other."""
    copies = work.phase is GenerationPhase.COPY
    what = f"replacement by {work.new}" if table == work.old else f"replacement of {work.old}"
    return Progress(
        table,
        f"{what}, {work.phase.value}",
        work.copied if copies else 0,
        (work.items or None) if copies else None,
    )


def _waits(work: Generation) -> bool:
    """Whether nothing is left to wait for but a person or the end of the hold."""
    return work.phase is GenerationPhase.HOLD or work.waits_for_switch


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
