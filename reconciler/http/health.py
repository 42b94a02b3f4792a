"""Whether the process is alive and whether it is ready, judged from the board; asked by the probes and the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.engine.board import Board

SHORTEST_PATIENCE = timedelta(minutes=10)


def death(board: Board, now: datetime) -> str | None:
    """Why the loop counts as dead, or ``None``: it died, or shows no life for ten intervals (10 minutes at least).

    A pass under way is life, however long it takes; so is waiting for the endpoint before the loop has started.
    """
    if board.loop_error is not None:
        return f"the loop ended: {board.loop_error}"
    if board.in_progress is not None or board.heartbeat is None:
        return None
    patience = max(10 * timedelta(seconds=board.interval), SHORTEST_PATIENCE)
    silent = now - board.heartbeat
    if silent <= patience:
        return None
    return f"the loop shows no life since {int(silent.total_seconds())} s, more than {int(patience.total_seconds())} s"


def readiness(board: Board) -> tuple[bool, str | None]:
    """Ready or not, and why not."""
    if board.ready:
        return True, None
    return False, board.not_ready_reason or "the endpoint does not answer"
