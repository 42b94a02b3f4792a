"""May this pass write at all? Account, fingerprint, state, suspension and mode, asked once, before planning."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.engine.world import World
from reconciler.model.errors import ApiError, StateError
from reconciler.model.options import Options
from reconciler.model.records import StateSnapshot


@dataclass(frozen=True, slots=True)
class Permission:
    """``writes`` says whether steps may be applied; ``error`` ends the pass before it starts, ``warning`` does not."""

    snapshot: StateSnapshot
    writes: bool
    error: str | None = None
    warning: str | None = None


def ask(world: World, options: Options, allowed_accounts: frozenset[str], *, dry: bool, explicit: bool) -> Permission:
    """Read the state (creating its table only where writing is allowed) and decide.

    ``explicit`` marks verbs that a suspension does not stop. Raises ``ApiError`` when nothing answers.
    """
    wishes_to_write = not dry and options.mode == "enforce"
    changed = world.watch.problem(world.endpoint)
    if changed is not None:
        return Permission(StateSnapshot(usable=False), writes=False, error=changed)
    account = (world.watch.current or world.endpoint).account
    if wishes_to_write and allowed_accounts and account not in allowed_accounts:
        listed = ", ".join(sorted(allowed_accounts))
        error = f"account {account or 'unknown'} is not in RECONCILER_ALLOWED_ACCOUNTS ({listed}): nothing is written"
        return Permission(StateSnapshot(usable=False), writes=False, error=error)
    try:
        snapshot = _state(world) if wishes_to_write else world.store.load()
    except StateError as error:
        snapshot = StateSnapshot(usable=False, problem=str(error))
    permission = _decided(snapshot, wishes_to_write=wishes_to_write, explicit=explicit)
    if wishes_to_write and permission.error is None:
        another = world.watch.another_state(snapshot, emulator=world.emulator)
        if another is not None:
            return replace(permission, writes=False, error=another)
        world.watch.note(snapshot, world.clock.now())
    return permission


def _state(world: World) -> StateSnapshot:
    """The state; its table is created where this process has not worked with one yet, or an emulator lost it."""
    if world.watch.fingerprint is None:
        return world.store.ensure()
    seen = world.store.load()
    if seen.usable and seen.recorded_fingerprint is not None:
        return seen
    problem = world.watch.missing_state(seen, emulator=world.emulator)
    if problem is not None:
        return replace(seen, problem=problem)
    if not seen.usable:
        world.watch.fingerprint = None
    return world.store.ensure()


def _decided(snapshot: StateSnapshot, *, wishes_to_write: bool, explicit: bool) -> Permission:
    recorded, actual = snapshot.recorded_fingerprint, snapshot.actual_fingerprint
    foreign = recorded is not None and actual is not None and not recorded.same(actual)
    if not snapshot.usable:
        problem = snapshot.problem or "the state table cannot be used"
        if wishes_to_write:
            return Permission(snapshot, writes=False, error=problem)
        return Permission(snapshot, writes=False, warning=None if snapshot.fresh else problem)
    if snapshot.rolled_back is not None:
        error = snapshot.rolled_back if wishes_to_write else None
        return Permission(snapshot, writes=False, error=error, warning=snapshot.rolled_back)
    if foreign:
        message = (
            "fingerprint: the state table belongs to another account, region or table than the one it was made in;"
            " nothing is written. If it was restored on purpose, delete its record `fingerprint` of this stack and"
            " environment"
        )
        return Permission(snapshot, writes=False, error=message if wishes_to_write else None, warning=message)
    return Permission(snapshot, writes=wishes_to_write and (explicit or snapshot.suspension is None))


def unreachable(error: ApiError) -> str:
    """One sentence for an endpoint that does not answer."""
    return f"the endpoint does not answer: {error.message}"
