"""The ownership of a table, as one state machine: the states, the events, and the transitions between them.

Planner and engine ask only this module, and docs/concepts/safety.md shows ``TRANSITIONS`` as a table. A table counts as
*created* by this stack only if that is proven. Otherwise it is *adopted*, and an adopted table is never deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.facets.tags import OWNER_TAG
from reconciler.model.desired import Declaration, Lifecycle
from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.observed import ObservedTable
from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import InventoryEntry, Managed, Ownership, OwnTag

TAKEN_OVER_NONCE = "taken-over"
"""Replaces the nonce in the owner tag of a table that we took over from another stack."""


class State(StrEnum):
    """The ownership of a table, including what is known of our owner tag. ``OWNERSHIPS`` groups the states."""

    NO_RECORD = "no record"
    INTENT = "intent"
    CREATED = "created"
    CLAIMED = "claimed"
    TAKEN_OVER = "taken over"
    ADOPTED = "adopted"
    UNPROVEN = "unproven"
    TAKEN_FROM_US = "taken from us"
    STATE_LOST = "state lost"
    RELEASED = "released"


class Event(StrEnum):
    """What happened to a table, or what was found out about it."""

    CREATE_SENT = "create_sent"
    CREATE_PROVEN = "create_proven"
    FOUND = "found"
    FOUND_WITH_OUR_TAG = "found_with_our_tag"
    CLAIM = "claim"
    TAG_WRITTEN = "tag_written"
    TAG_OVERWRITTEN = "tag_overwritten"
    OTHER_STACK = "other_stack"
    NOT_DECLARED = "not_declared"
    GONE = "gone"
    RELEASE = "release"
    DECLARED_AGAIN = "declared_again"
    IMPORT = "import"


OWNERSHIPS: Mapping[State, Ownership] = {
    State.INTENT: "intent",
    State.CREATED: "created",
    State.CLAIMED: "created",
    State.TAKEN_OVER: "created",
    State.ADOPTED: "adopted",
    State.UNPROVEN: "adopted",
    State.TAKEN_FROM_US: "adopted",
    State.STATE_LOST: "state_lost",
    State.RELEASED: "released",
}
RECORDED = tuple(OWNERSHIPS)
OURS = frozenset(state for state, ownership in OWNERSHIPS.items() if ownership == "created")
TAGGED_BY_US = frozenset({State.CREATED, State.TAKEN_OVER})
"""States of tables that have our owner tag, if the endpoint has tags."""
UNDECIDED = frozenset({State.UNPROVEN, State.TAKEN_FROM_US})
"""States that a look at the owner tag may end."""
_MANAGED = tuple(state for state in State if state is not State.RELEASED)

TRANSITIONS: Mapping[Event, Mapping[State, State]] = {
    Event.CREATE_SENT: dict.fromkeys(_MANAGED, State.INTENT),
    Event.CREATE_PROVEN: dict.fromkeys((State.INTENT, State.UNPROVEN), State.CREATED),
    Event.FOUND: {**dict.fromkeys(_MANAGED, State.ADOPTED), State.INTENT: State.UNPROVEN},
    Event.FOUND_WITH_OUR_TAG: dict.fromkeys((s for s in _MANAGED if s is not State.INTENT), State.STATE_LOST),
    Event.CLAIM: dict.fromkeys(_MANAGED, State.CLAIMED),
    Event.TAG_WRITTEN: {State.CLAIMED: State.TAKEN_OVER},
    Event.TAG_OVERWRITTEN: dict.fromkeys((*sorted(TAGGED_BY_US), State.TAKEN_FROM_US), State.TAKEN_FROM_US),
    Event.OTHER_STACK: dict.fromkeys(State, State.NO_RECORD),
    Event.NOT_DECLARED: dict.fromkeys(
        (State.INTENT, State.ADOPTED, State.UNPROVEN, State.TAKEN_FROM_US, State.STATE_LOST), State.NO_RECORD
    ),
    Event.GONE: dict.fromkeys((State.INTENT, *sorted(OURS)), State.NO_RECORD),
    Event.RELEASE: dict.fromkeys(RECORDED, State.RELEASED),
    Event.DECLARED_AGAIN: {State.RELEASED: State.ADOPTED},
    Event.IMPORT: dict.fromkeys(State, State.ADOPTED),
}
"""By event, the next state for each state in which the event can happen."""


def next_state(state: State, event: Event) -> State:
    """The state after an event. Raises ``ValueError`` if the event cannot happen in that state."""
    after = TRANSITIONS[event].get(state)
    if after is None:
        raise ValueError(f"a table in the state {state.value!r} has no transition for {event.value!r}")
    return after


def state_of(entry: InventoryEntry | None) -> State:
    """The state that a record represents."""
    if entry is None:
        return State.NO_RECORD
    match entry.ownership:
        case "created" if entry.own_tag is OwnTag.TAKEN_OVER:
            return State.TAKEN_OVER
        case "created":
            return State.CREATED if entry.nonce else State.CLAIMED
        case "adopted" if entry.own_tag is OwnTag.OVERWRITTEN:
            return State.TAKEN_FROM_US
        case "adopted":
            return State.UNPROVEN if entry.nonce else State.ADOPTED
        case "intent":
            return State.INTENT
        case "state_lost":
            return State.STATE_LOST
        case "released":
            return State.RELEASED


def advance(entry: InventoryEntry, event: Event, **changes: Any) -> InventoryEntry:
    """The record after an event, with other members changed too. Raises ``ValueError`` like ``next_state``."""
    return in_state(entry, next_state(state_of(entry), event), **changes)


def in_state(entry: InventoryEntry, state: State, **changes: Any) -> InventoryEntry:
    """The record in another state. A released table keeps nonce and owner tag, so that it can be taken back."""
    moved = replace(entry, ownership=OWNERSHIPS[state], **changes)
    match state:
        case State.RELEASED:
            # Others set the tags and features of a table that nobody manages, even to the values that we had set.
            return replace(moved, managed=None)
        case State.CREATED:
            return replace(moved, own_tag=OwnTag.OF_CREATE, managed=_managed_by_create(moved))
        case State.INTENT | State.UNPROVEN:
            return replace(moved, own_tag=OwnTag.OF_CREATE)
        case State.TAKEN_OVER:
            return replace(moved, nonce="", own_tag=OwnTag.TAKEN_OVER)
        case State.TAKEN_FROM_US:
            return replace(moved, nonce="", own_tag=OwnTag.OVERWRITTEN, managed=None)
        case _:
            return replace(moved, nonce="", own_tag=OwnTag.OF_CREATE)


def _managed_by_create(entry: InventoryEntry) -> Managed | None:
    """What the proven create of the table has set."""
    managed = entry.managed
    return managed if managed is None or managed.identity else replace(managed, identity=entry.identity)


def dropped(entry: InventoryEntry | None, event: Event) -> InventoryEntry | None:
    """``None`` if the event ends the record, else the record."""
    return None if next_state(state_of(entry), event) is State.NO_RECORD else entry


def is_ours(entry: InventoryEntry | None) -> bool:
    """Whether the table counts as created by this stack, so that the deletion gate may allow its deletion."""
    return state_of(entry) in OURS


def may_be_ours(entry: InventoryEntry | None) -> bool:
    """Whether the table is ours, or a create of ours is open."""
    return entry is not None and entry.ownership in ("created", "intent")


def is_open(entry: InventoryEntry | None) -> bool:
    """Whether a create of ours is open: it was sent, and its response is not known."""
    return entry is not None and entry.ownership == "intent"


def is_released(entry: InventoryEntry | None) -> bool:
    """Whether ``reconciler release`` released the table."""
    return entry is not None and entry.ownership == "released"


def is_state_lost(entry: InventoryEntry | None) -> bool:
    """Whether only the owner tag says that the table is ours: the inventory had no record."""
    return entry is not None and entry.ownership == "state_lost"


@dataclass(frozen=True, slots=True)
class OwnershipContext:
    """What ownership depends on besides the table: our scope, and whether the endpoint has tags.

    ``fresh_emulator`` is true for an emulator without a state table: tables there are adopted, never *state lost*.
    ``now`` is the time of a claim.
    """

    scope: str
    has_tags: bool
    fresh_emulator: bool
    now: datetime


def owner_tag(scope: str, nonce: str) -> str:
    """The value of our owner tag: scope (``stack/environment``) and nonce of the recorded intent."""
    return f"{scope}/{nonce}"


def has_our_tag(entry: InventoryEntry, tag: str | None, scope: str) -> bool:
    """Whether the owner tag belongs to this record: it has its nonce, and our scope or the one the record came from."""
    scopes = (scope, entry.tagged_as) if entry.tagged_as else (scope,)
    return tag is not None and tag in [owner_tag(each, tag_nonce(entry)) for each in scopes]


def tag_nonce(entry: InventoryEntry) -> str:
    """The last part of our owner tag on the table of this record."""
    return TAKEN_OVER_NONCE if entry.own_tag is OwnTag.TAKEN_OVER else entry.nonce


def scope_of(tag: str) -> str:
    """The scope of an owner tag: ``stack/environment``."""
    return tag.rsplit("/", 1)[0]


def resolve(
    entry: InventoryEntry | None,
    declaration: Declaration,
    observed: ObservedTable,
    context: OwnershipContext,
) -> InventoryEntry:
    """The entry as it should be, after a look at a live, declared table.

    Only our record of its identity, or our tag with the recorded nonce, proves that we created it. After a lost
    response or a crash nothing else does: somebody else may have created a table of the same name and shape.
    """
    lifecycle, state = declaration.lifecycle, state_of(entry)
    if entry is not None and state is State.RELEASED:
        return entry
    event = _event(entry, observed, lifecycle, context)
    if entry is not None and state is not State.INTENT and observed.identity.same(entry.identity):
        if event is not None:
            entry = advance(entry, event, changed_at=context.now)
        if entry.ending_at is not None and observed.status == "ACTIVE":
            entry = replace(entry, ending_at=None)
        if (entry.lifecycle, entry.base_name) == (lifecycle, declaration.base_name):
            return entry
        return replace(entry, lifecycle=lifecycle, base_name=declaration.base_name)
    after = next_state(state, event or Event.FOUND)
    if entry is None or state is not State.INTENT:
        name, base = observed.spec.name, declaration.base_name
        entry = InventoryEntry(name, base, OWNERSHIPS[after], nonce="", ours_since=ours_since(entry))
    if event is Event.CLAIM:
        entry = replace(entry, changed_at=context.now)
    return in_state(
        entry,
        after,
        identity=observed.identity,
        lifecycle=lifecycle,
        unwanted_since=None,
        empty_since=None,
        forgotten_since=None,
        guarded_since=None,
        renamed_to=None,
        ours_since=entry.ours_since if after in OURS else None,
    )


def _event(
    entry: InventoryEntry | None, observed: ObservedTable, lifecycle: Lifecycle, context: OwnershipContext
) -> Event | None:
    """What a look at a live, declared table means for its record; ``None`` if the ownership does not change."""
    state = state_of(entry)
    known = entry is not None and observed.identity.same(entry.identity)
    if entry is not None and (known or state is State.INTENT) and _create_proven(entry, observed, context):
        return Event.CREATE_PROVEN
    if known and state in OURS:
        return None
    if lifecycle.on_existing == "own":
        return Event.CLAIM
    if known and state is not State.INTENT:
        return None
    if state is not State.INTENT and _tagged_ours(observed, context):
        return Event.FOUND_WITH_OUR_TAG
    return Event.FOUND


def intended(
    entry: InventoryEntry | None, recorded: InventoryEntry | None, declaration: Declaration, nonce: str, **changes: Any
) -> InventoryEntry:
    """The record that is written before CreateTable. ``recorded`` is the stored one, ``entry`` as it should be now.

    It keeps the identity of a table that we created under this name, because DescribeTable is eventually consistent and
    may have missed it.
    """
    state = next_state(state_of(entry), Event.CREATE_SENT)
    return InventoryEntry(
        declaration.spec.name,
        declaration.base_name,
        OWNERSHIPS[state],
        nonce,
        identity=recorded.identity if recorded is not None and may_be_ours(recorded) else None,
        lifecycle=declaration.lifecycle,
        ours_since=ours_since(recorded),
        declared_in=declaration.origin.file,
        tagged_as=recorded.tagged_as if recorded is not None and open_nonce(recorded) else None,
        revision=recorded.revision if recorded else 0,
        unknown=recorded.unknown if recorded else {},
        **changes,
    )


def open_nonce(recorded: InventoryEntry | None) -> str | None:
    """The nonce of an open create. A second create reuses it, so that the table is ours whichever of them made it."""
    return recorded.nonce if recorded is not None and is_open(recorded) else None


def declared_by(entry: InventoryEntry, declaration: Declaration, project: str | None) -> InventoryEntry:
    """The entry with the file and project that declare the table now. A released one is not changed."""
    project = project or entry.project
    if is_released(entry) or (entry.declared_in, entry.project) == (declaration.origin.file, project):
        return entry
    return replace(entry, declared_in=declaration.origin.file, project=project)


def was_there_before(entry: InventoryEntry | None, observed: ObservedTable) -> bool:
    """Whether the table existed before it was managed: it has no record, or not the recorded identity."""
    if entry is None:
        return True
    return not is_open(entry) and not observed.identity.same(entry.identity)


def asks_for_tag(entry: InventoryEntry | None, identity: Identity, lifecycle: Lifecycle | None) -> bool:
    """Whether the owner tag must be read to decide on ownership.

    It must if no settled record has this identity, or if the declaration says ``own``. ListTagsOfResource is limited to
    ten calls a second, so for all other tables the tag is read only before something is written.
    """
    state = state_of(entry)
    if (
        state in UNDECIDED
        or entry is None
        or state in (State.INTENT, State.RELEASED)
        or not identity.same(entry.identity)
    ):
        return True
    return lifecycle is not None and lifecycle.on_existing == "own"


def untagged(step: Step, entry: InventoryEntry | None, observed: ObservedTable, scope: str) -> Step | None:
    """The destructive step blocked if our owner tag is missing or unreadable, else ``None``. For endpoints with tags.

    Whoever removes the owner tag wants to keep the table, whatever our record says. ``scopes.find_foreign_owner``
    decides on the tag of another scope.
    """
    if entry is None or not is_ours(entry):
        return None
    if not observed.owner_known:
        return step.blocked(
            Reason.NOT_OWNED, "its owner tag cannot be read, so its owner is unknown", "ListTagsOfResource"
        )
    if state_of(entry) in TAGGED_BY_US and observed.owner_tag is None:
        return step.blocked(
            Reason.NOT_OWNED,
            f"its owner tag {OWNER_TAG} was removed since this stack created it, so it is not ours to delete",
            f"the tag {OWNER_TAG}={owner_tag(scope, tag_nonce(entry))} on the table again",
        )
    return None


def declared_again(entry: InventoryEntry | None) -> InventoryEntry | None:
    """The entry of a table that is declared again: its pending deletion is cancelled, even if it cannot be read."""
    if entry is None or (entry.forgotten_since is None and entry.renamed_to is None):
        return entry
    over = replace(entry, forgotten_since=None, guarded_since=None, unwanted_since=None, empty_since=None)
    return replace(over, renamed_to=None)


def no_longer_declared(
    entry: InventoryEntry, now: datetime, *, foreign: bool, renamed_to: str | None
) -> InventoryEntry:
    """The entry of a table that is not declared, with the time since when one of ours is not.

    A pending replacement does not count as a pending deletion, so its grace period starts again. ``foreign`` tells that
    the declarations look like those of another stack; ``renamed_to`` has the tables that its file declares instead.
    """
    ours = may_be_ours(entry)
    if ours and entry.forgotten_since is None:
        entry = replace(entry, forgotten_since=now, unwanted_since=None, empty_since=None)
    if ours and renamed_to is not None and entry.renamed_to is None:
        entry = replace(entry, renamed_to=renamed_to)
    return replace(entry, guarded_since=now) if foreign and entry.guarded_since is None else entry


def ours_since(entry: InventoryEntry | None) -> datetime | None:
    """Since when a table of ours has had this name, including tables that were replaced; ``None`` if none had."""
    if entry is None or not may_be_ours(entry):
        return None
    return entry.ours_since or (entry.changed_at if is_ours(entry) else None)


def reclaimed(entry: InventoryEntry | None) -> InventoryEntry | None:
    """The entry of a declared table. One that was released, undeclared and then declared again is adopted."""
    if entry is None or not is_released(entry):
        return entry
    return advance(entry, Event.DECLARED_AGAIN, unwanted_since=None, managed=None)


def is_undecided(entry: InventoryEntry | None, observed: ObservedTable) -> bool:
    """Whether a table without an owner tag is too new to decide on, because tags are set asynchronously.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html
    """
    unsettled = entry is None or is_open(entry) or not observed.identity.same(entry.identity)
    return unsettled and observed.owner_known and observed.owner_tag is None and observed.status == "CREATING"


def wait_until_decided(observed: ObservedTable) -> Step:
    """The step that waits until the ownership of such a table can be decided."""
    message = f"table {observed.spec.name} is CREATING, and its owner is not known yet"
    return Step(Action.CREATE, "table").deferred(Reason.BUSY, message)


def state_lost() -> Step:
    """The blocked step of a table that is ours by its tag alone."""
    return Step(Action.UPDATE, "ownership").blocked(
        Reason.STATE_LOST,
        "the table carries our owner tag but the inventory had no entry: the state was lost, so it is adopted, not"
        " seeded and never deleted",
        "lifecycle.on_existing: own",
    )


def _create_proven(entry: InventoryEntry, observed: ObservedTable, context: OwnershipContext) -> bool:
    """Whether a create of ours made this table: by the recorded identity, or by the nonce in its owner tag.

    Without tags only the response of CreateTable, or an identity that we recorded before, is proof.
    """
    state = state_of(entry)
    if state is State.INTENT and observed.identity.same(entry.identity):
        return True
    may_come_true = state in (State.INTENT, State.UNPROVEN) and context.has_tags
    return may_come_true and has_our_tag(entry, observed.owner_tag, context.scope)


def _tagged_ours(observed: ObservedTable, context: OwnershipContext) -> bool:
    tag = observed.owner_tag
    return not context.fresh_emulator and tag is not None and scope_of(tag) == context.scope
