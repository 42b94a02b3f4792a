"""Whether the process is alive and whether it is ready, judged from the board; asked by the probes and the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.engine.loop_status import LoopStatus

STILL = timedelta(seconds=120)
"""Silence after which the loop counts as stuck: longer than any single call or read of declarations may take."""


def liveness_problem(loop_status: LoopStatus, now: datetime) -> str | None:
    """Why the loop counts as dead, or ``None``: it died, is stuck in a pass, or did not begin the pass that was due.

    A pass may take as long as it likes while its requests are answered, with success or not. Between passes the loop
    may be silent until the next one is due. The same bound holds for the tries to connect before the first pass.
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
    """Ready or not, and why not."""
    if loop_status.ready:
        return True, None
    return False, loop_status.not_ready_reason or "the endpoint does not answer"
