"""May this process write? Checks endpoint, account, state table, suspension and mode, and acquires the lease.

A pass asks ``authorize_writes`` once before it plans. Commands that a person waits for also call ``acquire_lease``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from reconciler.engine.context import EngineContext
from reconciler.model.errors import ApiError, StateError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.options import Options
from reconciler.model.records import Lease, StateSnapshot

PATIENCE = timedelta(seconds=40)
"""Longer than the term of a lease. One that did not change for a whole term belongs to a dead process and is free."""
REPORT_SECONDS = 10.0
"""Between two lines about the wait, as for the progress of other work."""
PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class WriteAuthorization:
    """Whether steps may be applied. An ``error`` ends the pass before it starts; a ``warning`` does not.

    A ``refusal`` is the error with which a pass would end that writes. A preview shows the plan and ends with it.
    """

    snapshot: StateSnapshot
    writes: bool
    error: str | None = None
    warning: str | None = None
    refusal: str | None = None


def authorize_writes(
    ports: EngineContext, options: Options, allowed_accounts: frozenset[str], *, dry: bool, explicit: bool
) -> WriteAuthorization:
    """Read the state and decide. The state table is created only if writing is allowed.

    ``dry`` is true for a preview, and ``explicit`` for commands that a suspension does not stop. An empty
    ``allowed_accounts`` allows every account. Raises ``ApiError`` if the endpoint does not respond.
    """
    wants_to_write = not dry and options.mode == "enforce"
    changed = ports.endpoint_watch.problem(ports.endpoint)
    if changed is not None:
        return WriteAuthorization(StateSnapshot(usable=False), writes=False, error=changed)
    # Before the state is read: in an account that is not allowed, not even the state table may be created.
    account = (ports.endpoint_watch.current or ports.endpoint).account
    refusal = None
    if options.mode == "enforce" and allowed_accounts and account not in allowed_accounts:
        listed = ", ".join(sorted(allowed_accounts))
        refusal = f"account {account or 'unknown'} is not in RECONCILER_ALLOWED_ACCOUNTS ({listed}): nothing is written"
    if refusal is not None and wants_to_write:
        return WriteAuthorization(StateSnapshot(usable=False), writes=False, error=refusal)
    try:
        snapshot = _state(ports) if wants_to_write else ports.store.load()
    except StateError as error:
        snapshot = StateSnapshot(usable=False, problem=str(error))
    authorization = replace(_decide(snapshot, wants_to_write=wants_to_write, explicit=explicit), refusal=refusal)
    if wants_to_write and authorization.error is None:
        another = ports.endpoint_watch.other_state_problem(snapshot, emulator=ports.emulator)
        if another is not None:
            return replace(authorization, writes=False, error=another)
        ports.endpoint_watch.record(snapshot, ports.clock.now())
    return authorization


def _state(ports: EngineContext) -> StateSnapshot:
    """The state. Its table is created if this process has not used one yet, or if an emulator lost it."""
    # Only the first pass may create the table without question. Later a missing one means that something changed.
    if ports.endpoint_watch.fingerprint is None:
        return ports.store.ensure()
    seen = ports.store.load()
    if seen.usable and seen.recorded_fingerprint is not None:
        return seen
    problem = ports.endpoint_watch.missing_state_problem(seen, emulator=ports.emulator)
    if problem is not None:
        return replace(seen, problem=problem)
    if not seen.usable:
        ports.endpoint_watch.fingerprint = None
    return ports.store.ensure()


def _decide(snapshot: StateSnapshot, *, wants_to_write: bool, explicit: bool) -> WriteAuthorization:
    recorded, actual = snapshot.recorded_fingerprint, snapshot.actual_fingerprint
    foreign = recorded is not None and actual is not None and not recorded.same(actual)
    if not snapshot.usable:
        problem = snapshot.problem or "the state table cannot be used"
        if wants_to_write:
            return WriteAuthorization(snapshot, writes=False, error=problem)
        return WriteAuthorization(snapshot, writes=False, warning=None if snapshot.fresh else problem)
    # A state table restored from a backup has old records: tables created since would look like tables of others.
    if snapshot.rolled_back is not None:
        error = snapshot.rolled_back if wants_to_write else None
        return WriteAuthorization(snapshot, writes=False, error=error, warning=snapshot.rolled_back)
    if foreign:
        message = (
            "fingerprint: the state table was copied or restored from another account, region or table; nothing is"
            " written. If that was intended, delete its record `fingerprint` of this stack and environment"
        )
        return WriteAuthorization(snapshot, writes=False, error=message if wants_to_write else None, warning=message)
    return WriteAuthorization(snapshot, writes=wants_to_write and (explicit or snapshot.suspension is None))


def waiting_for_lease(holder: str, seconds: float) -> str:
    """What a run says that waits for the lease, at most for ``seconds``."""
    return f"Waiting for the lease held by {holder}, {max(0.0, seconds):.0f} s left."


def unreachable(error: ApiError, url: str = "the endpoint") -> str:
    """The error message for an endpoint that does not respond, or only with errors of its own."""
    what = "Only server errors come from" if error.code.startswith("HTTP ") else "Nothing answers at"
    # Messages of the SDK name the URL too, as `... URL: "http://localhost:8000/"`.
    why = re.sub(rf' URL: "{re.escape(url.rstrip("/"))}/?"', "", error.message)
    return f"{what} {url}: {why}"


def acquire_lease(
    ports: EngineContext, patience: float = PATIENCE.total_seconds(), *, wait_reported: bool = False
) -> None:
    """Acquire or renew the lease, waiting up to ``patience`` seconds for a holder that shows no sign of life.

    Raises ``StateError`` as soon as the holder renews the lease, or when the time is over. A process that has just
    started can tell a dead holder from a slow one only by watching the lease for a term. The wait is reported when it
    begins and every ten seconds, unless ``wait_reported`` tells that somebody else does.
    """
    began, first = ports.clock.monotonic(), None
    due = 0.0
    while ports.store.acquire_lease() is None:
        standing = ports.store.current_lease()
        alive = first is not None and _pulse(standing) != _pulse(first)
        first = first or standing
        waited = ports.clock.monotonic() - began
        holder = standing.shown if standing else "unknown"
        if not wait_reported and due <= waited < patience:
            ports.telemetry.waiting(holder, patience - waited)
            due = waited + REPORT_SECONDS
        if alive or waited >= patience or not ports.clock.sleep(PAUSE):
            works = ", which has just renewed it and so is at work" if alive else ""
            raise StateError(
                f"another reconciler holds the lease: {holder}{works} (waited {waited:.0f} s). "
                "Stop it, or try again when it has finished; `reconciler status` shows it"
            )


def _pulse(lease: Lease | None) -> tuple[str, int, int] | None:
    return None if lease is None else (lease.holder, lease.token, lease.beat)
