"""``GET /api/v1/status``: the status page as JSON, with the last report as every other output prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from reconciler import __version__
from reconciler.engine.loop_status import LoopStatus, Progress
from reconciler.http.health import readiness
from reconciler.http.summary import leader
from reconciler.model.records import Generation, GenerationPhase, Replacement


def long_work(loop_status: LoopStatus, more: Mapping[str, Any]) -> list[Progress]:
    """How far each long piece of work is: what this process does, replacements of tables, and what the wiring adds.

    A replacement may be the work of another process, so its counts are those of its record.
    """
    # A copy, because the threads that seed change it.
    own = tuple(loop_status.progress.copy().values())
    known = {each.name for each in fields(Progress)}
    others = ({name: entry[name] for name in known & entry.keys()} for entry in more.get("progress", ()))
    shown = {each.table for each in own}
    replacements, generations = _work(loop_status)
    moves = (
        Progress(name, f"replacement, {move.phase.value}", move.copied, move.items or None)
        for name, move in replacements.items()
        if name not in shown
    )
    built = (_generation(name, each) for name, each in generations.items() if not _waits(each))
    return sorted(
        (*own, *moves, *built, *(Progress(**entry) for entry in others)), key=lambda each: (each.table, each.what)
    )


def _work(loop_status: LoopStatus) -> tuple[Mapping[str, Replacement], Mapping[str, Generation]]:
    """The replacements under way by table, as read since the last pass, else as that pass read them."""
    present = loop_status.present
    if present is not None:
        generations = present.generations.values()
        return (
            {name: each for name, each in present.replacements.items() if each.under_way},
            {each.current: each for each in generations if each.under_way},
        )
    tables = loop_status.report.tables if loop_status.report else ()
    return (
        {table.name: table.replacement for table in tables if table.replacement is not None},
        {table.name: table.generation for table in tables if table.generation is not None},
    )


def work_signature(loop_status: LoopStatus) -> tuple[Any, ...]:
    """What other processes may change between two passes: who leads, and how far each replacement is."""
    replacements, generations = _work(loop_status)
    decided = {name: (each.phase, each.switch, each.paused, each.problem) for name, each in generations.items()}
    moved = {name: (each.phase, each.paused, each.problem) for name, each in replacements.items()}
    return leader(loop_status), decided, moved, loop_status.open_migrations


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
    report, present = loop_status.report, loop_status.present
    held_by = present.held_by if present else report.held_by if report else None
    data = {
        "version": __version__,
        "stack": loop_status.stack,
        "environment": loop_status.environment,
        "ready": ready,
        "reason": reason,
        "endpoint_up": loop_status.endpoint_up,
        "suspended": loop_status.suspended,
        "leader": loop_status.leader and held_by is None,
        "held_by": held_by,
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
