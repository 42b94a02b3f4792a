"""The lease for a verb that a person waits for: a holder that shows no life is outwaited, one that does is not."""

from __future__ import annotations

from datetime import timedelta

from reconciler.engine.context import EngineContext
from reconciler.model.errors import StateError
from reconciler.model.records import Lease

PATIENCE = timedelta(seconds=40)
"""Longer than the term after which a lease that stands still is free."""
PAUSE = 1.0


def acquire_lease(world: EngineContext, patience: float = PATIENCE.total_seconds(), *, said: bool = False) -> None:
    """Take or renew the lease. ``StateError`` once its holder was seen to renew it, or after ``patience`` seconds.

    For whom it waits and for how long is reported once, unless it was ``said`` before. Whoever comes newly cannot
    tell a dead holder from a slow one but by watching for a term.
    """
    began, first = world.clock.monotonic(), None
    while world.store.acquire_lease() is None:
        standing = world.store.current_lease()
        alive = first is not None and _pulse(standing) != _pulse(first)
        first = first or standing
        waited = world.clock.monotonic() - began
        holder = standing.shown if standing else "unknown"
        if not said:
            world.telemetry.waiting(holder, patience)
            said = True
        if alive or waited >= patience or not world.clock.sleep(PAUSE):
            raise StateError(
                f"another reconciler holds the lease: {holder} (waited {waited:.0f} s). "
                "Stop it, or try again once it is done; `reconciler status` shows it"
            )


def _pulse(lease: Lease | None) -> tuple[str, int, int] | None:
    return None if lease is None else (lease.holder, lease.token, lease.beat)
