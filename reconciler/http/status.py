"""``GET /api/v1/status``: the JSON twin of the status page, with the last report as every other output prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler import __version__
from reconciler.engine.loop_status import LoopStatus
from reconciler.http.health import readiness


def status_answer(board: LoopStatus, said: str, more: Mapping[str, Any], report_text: str) -> bytes:
    """An ``Answer`` as bytes: what is known right now around the prepared text of the last report.

    ``more`` comes from the wiring; the report is ``null`` before the first pass.
    """
    from reconciler.model.json_values import timestamp

    ready, reason = readiness(board)
    report = board.report
    data = {
        "version": __version__,
        "stack": board.stack,
        "environment": board.environment,
        "ready": ready,
        "reason": reason,
        "endpoint_up": board.endpoint_up,
        "suspended": board.suspended,
        "leader": board.leader,
        "held_by": report.held_by if report else None,
        "in_progress": board.in_progress,
        "interval_seconds": board.interval,
        "last_success": timestamp(board.last_success),
        "next_pass": timestamp(board.next_pass),
        **more,
    }
    around = json.dumps({"success": True, "message": said, "data": data}, default=str)
    return f'{around.removesuffix("}}")}, "report": {report_text}}}}}'.encode()
