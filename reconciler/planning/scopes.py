"""Whether a table belongs to another stack or environment, by its owner tag and by the records of that scope (G4).

Asked before any other decision about a table. A table of another scope is never written, deleted or seeded. A scope is
``stack/environment``.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.options import Options
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import Claim, InventoryEntry, Ownership, StateSnapshot
from reconciler.model.table import KeyElement
from reconciler.planning.ownership import State, has_our_tag, may_be_ours, scope_of, state_of

STATE_KEYS = (KeyElement("scope", "HASH", "S"), KeyElement("record", "RANGE", "S"))
STRENGTH: Mapping[Ownership, int] = {"created": 3, "adopted": 2, "state_lost": 2, "intent": 1, "released": 0}
"""Of two records of one table the stronger one counts. Of two equal ones, that of the first scope in sort order."""


@dataclass(frozen=True, slots=True)
class ForeignOwner:
    """The other scope. ``recorded`` tells that it has a record of the table, not only its tag on it."""

    scope: str
    recorded: bool


def find_foreign_owner(
    entry: InventoryEntry | None,
    observed: ObservedTable | None,
    claims: tuple[Claim, ...],
    scope: str,
    lifecycle: Lifecycle | None = None,
) -> ForeignOwner | None:
    """The other scope that the table belongs to, or ``None``. ``observed`` is ``None`` if there is no such table.

    Our tag with the nonce of our create proves that it is ours. Otherwise the records of both scopes decide, and then
    the tag: of a table that we have no record of, or that another scope took over from us.
    """
    identity = observed.identity if observed is not None else None
    if entry is not None and observed is not None and _proven(entry, observed, scope):
        return None
    mine = (_strength(entry.ownership, entry.identity, identity), scope) if entry is not None else (0, scope)
    stronger = [claim for claim in claims if _beats(claim, identity, mine)]
    if stronger:
        return ForeignOwner(stronger[0].scope, recorded=True)
    tagged = scope_of(observed.owner_tag) if observed is not None and observed.owner_tag else None
    if tagged is None or tagged == scope or (lifecycle is not None and lifecycle.on_existing == "own"):
        return None
    adopted = state_of(entry) in (State.ADOPTED, State.UNPROVEN, State.STATE_LOST)
    if adopted and mine[0]:
        return None
    if any(c.scope == tagged and c.ownership == "released" and _is_about(c.identity, identity) for c in claims):
        return None
    return ForeignOwner(tagged, recorded=False)


def foreign_owner(
    snapshot: StateSnapshot, options: Options, name: str, observed: ObservedTable | None
) -> ForeignOwner | None:
    """The other scope that the table belongs to, by the records of a snapshot. For commands that name a table."""
    claims = snapshot.foreign_claims.get(name, ())
    return find_foreign_owner(snapshot.inventory.get(name), observed, claims, options.scope)


def refusal(name: str, other: ForeignOwner, *, missing: bool) -> Step:
    """The one step of a declared table that belongs to another scope. It is blocked."""
    message = f"{belongs(name, other)}: it is never written, seeded or deleted here"
    if not other.recorded:
        return Step(Action.UPDATE, "ownership").blocked(Reason.OTHER_STACK, message, "lifecycle.on_existing: own")
    action = Action.CREATE if missing else Action.UPDATE
    message = f"{message}. After a release, that stack can take it back with `reconciler import {name}`"
    return Step(action, "ownership").blocked(Reason.OTHER_STACK, message, release_by(other.scope, name))


def belongs(name: str, other: ForeignOwner) -> str:
    """Whom the table belongs to, as the beginning of a sentence."""
    how = "is in the inventory of" if other.recorded else "carries the owner tag of"
    return f"the table {name} {how} {describe_scope(other.scope)}"


def not_ours(name: str, other: ForeignOwner) -> str:
    """The error of a command that names a table of another stack, with the command or setting that helps."""
    if other.recorded:
        way_out = f"to hand it over, release it there: `{release_by(other.scope, name)}`"
    else:
        way_out = "to take it over, declare it with `lifecycle.on_existing: own`"
    return f"{belongs(name, other)}; {way_out}"


def is_state_table(name: str, observed: ObservedTable | None, state_table: str) -> bool:
    """Whether the table is a state table of any stack, by our setting or by its keys."""
    return name == state_table or (observed is not None and observed.spec.keys == STATE_KEYS)


def state_table_refusal(name: str) -> Step:
    """The one step of a declared state table. It is blocked."""
    message = f"{name} is the state table of the reconciler and must not be declared"
    return Step(Action.UPDATE, "ownership").blocked(Reason.OTHER_STACK, message, "another table_name")


def describe_scope(scope: str) -> str:
    """``stack shop, environment default`` for a scope."""
    stack, _, environment = scope.rpartition("/")
    return f"stack {stack or environment}, environment {environment}"


def release_by(scope: str, name: str) -> str:
    """The command with which a scope releases a table."""
    stack, _, environment = scope.rpartition("/")
    place = "" if environment == "default" else f"RECONCILER_ENVIRONMENT={environment} "
    return f"RECONCILER_STACK={stack} {place}reconciler release {name}"


def _proven(entry: InventoryEntry, observed: ObservedTable, scope: str) -> bool:
    return may_be_ours(entry) and has_our_tag(entry, observed.owner_tag, scope)


def _beats(claim: Claim, identity: Identity | None, mine: tuple[int, str]) -> bool:
    other = _strength(claim.ownership, claim.identity, identity)
    return other > mine[0] or (0 < other == mine[0] and claim.scope < mine[1])


def _strength(ownership: Ownership, recorded: Identity | None, identity: Identity | None) -> int:
    return STRENGTH[ownership] if _is_about(recorded, identity) else 0


def _is_about(recorded: Identity | None, identity: Identity | None) -> bool:
    """Whether a record is about this table. Without an identity on either side, the name decides."""
    return recorded is None or identity is None or recorded.same(identity)
