"""Liveness and readiness, from the status of the loop. Called by the probes and the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.engine.loop_status import LoopStatus

STILL = timedelta(seconds=120)
"""Time without progress after which the loop counts as stuck; any single call or read of declarations is shorter."""


def liveness_problem(loop_status: LoopStatus, now: datetime) -> str | None:
    """Why the loop counts as dead, or ``None``: it died, is stuck in a pass, or did not start the pass that was due.

    A pass may take any time while its requests are answered, with success or not. Between passes the loop may be idle
    until the next one is due. The same limit applies to the attempts to connect before the first pass.
    """
    if loop_status.loop_error is not None:
        return f"the loop ended: {loop_status.loop_error}"
    if loop_status.heartbeat is None:
        return None
    idle_until = (
        loop_status.next_pass
        if loop_status.in_progress is None and loop_status.next_pass is not None
        else loop_status.heartbeat
    )
    silent = now - max(loop_status.heartbeat, idle_until)
    if silent <= STILL:
        return None
    seconds = int(silent.total_seconds())
    if loop_status.in_progress is not None:
        return f"the running pass has made no progress for {seconds} s"
    if loop_status.next_pass is not None:
        return f"the next pass was due {seconds} s ago and has not started"
    return f"the loop has made no progress for {seconds} s"


def readiness(loop_status: LoopStatus) -> tuple[bool, str | None]:
    """Whether the daemon is ready, and the reason if it is not."""
    if loop_status.ready:
        return True, None
    return False, loop_status.not_ready_reason or "the endpoint does not answer"
