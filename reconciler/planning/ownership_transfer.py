"""Ownership transfer of a table with the tag of another stack, if the declaration says ``on_existing: own``. Pure.

Called while assessing a declared table. Our tag replaces theirs once. If theirs later replaces ours, both declarations
say ``own``; ownership then never flips back, because two stacks would overwrite each other's tag forever.
"""

from __future__ import annotations

from datetime import datetime

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.change import Call, Change
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import InventoryEntry
from reconciler.planning.ownership import (
    TAGGED_BY_US,
    TAKEN_OVER_NONCE,
    Event,
    State,
    advance,
    has_our_tag,
    in_state,
    next_state,
    owner_tag,
    scope_of,
    state_of,
)
from reconciler.planning.scopes import describe_scope, release_by


def plan_transfer(
    entry: InventoryEntry | None,
    resolved: InventoryEntry,
    observed: ObservedTable,
    scope: str,
    not_before: datetime | None,
) -> tuple[InventoryEntry, tuple[Step, ...]]:
    """The entry as it should be, and the one step of a table with the tag of another scope, or no step.

    ``entry`` is the recorded entry, and ``resolved`` is what follows from it and the table. A tag that we wrote may not
    be visible until ``not_before``, because tags are eventually consistent.
    """
    if resolved.lifecycle.on_existing != "own":
        return resolved, ()
    other = scope_of(observed.owner_tag) if observed.owner_tag else None
    if other is None or other == scope or has_our_tag(resolved, observed.owner_tag, scope):
        return _seen(resolved, observed, scope), ()
    step = _step(observed, other, scope)
    if entry is None or not _was_ours(entry):
        # Even a table that our CreateTable made is theirs by now: it has their tag and not ours.
        return in_state(resolved, next_state(state_of(entry), Event.CLAIM)), (step,)
    if not_before is not None:
        return entry, (step.deferred(Reason.NOT_BEFORE, "our owner tag may not be visible yet", not_before),)
    name = observed.spec.name
    message = (
        f"{describe_scope(other)} took the table {name} over from this stack; ownership never flips back, and nothing"
        " is written. Release the table here to leave it to them. To get it back, remove `own` from their declaration,"
        " and from this one for one pass"
    )
    lost = advance(entry, Event.TAG_OVERWRITTEN, unwanted_since=None, empty_since=None)
    return lost, (step.blocked(Reason.CONTESTED, message, release_by(scope, name)),)


def transferred(entry: InventoryEntry, now: datetime) -> InventoryEntry:
    """The record of a table after our tag was written."""
    return advance(entry, Event.TAG_WRITTEN, changed_at=now)


def _step(observed: ObservedTable, other: str, scope: str) -> Step:
    tag = {"Key": OWNER_TAG, "Value": owner_tag(scope, TAKEN_OVER_NONCE)}
    call = Call("TagResource", {"ResourceArn": observed.identity.arn, "Tags": [tag]})
    change = Change("ownership", "ownership.scope", other, scope)
    return Step(Action.UPDATE, "ownership", (change,), call, message="ownership transfer; other steps follow")


def _was_ours(entry: InventoryEntry) -> bool:
    """Whether a table of this record has had our tag, by our create or by a transfer."""
    return state_of(entry) in TAGGED_BY_US | {State.TAKEN_FROM_US}


def _seen(entry: InventoryEntry, observed: ObservedTable, scope: str) -> InventoryEntry:
    """The entry after a look at the tag: a TagResource call whose response was lost may have written ours."""
    written = observed.owner_tag == owner_tag(scope, TAKEN_OVER_NONCE)
    return advance(entry, Event.TAG_WRITTEN) if written and state_of(entry) is State.CLAIMED else entry
