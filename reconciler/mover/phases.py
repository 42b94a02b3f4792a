"""The state machine of a replacement: its phases, the events, and the transitions between them. Pure.

``next_move`` decides what to do next from the record and from what DescribeTable says about the table and the copy
aside, and from nothing else, so that any process continues at any point. docs/concepts/safety.md shows ``TRANSITIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Phase, Replacement


class Event(StrEnum):
    """What happened to a replacement, or what was found out about it."""

    COPIED = "copied"
    EQUAL = "equal"
    WRITTEN_MEANWHILE = "written_meanwhile"
    COPY_LOST = "copy_lost"
    DELETED = "deleted"
    CREATED = "created"
    RETURNED = "returned"
    RECREATED = "recreated"
    VERIFIED = "verified"
    RETURN_AGAIN = "return_again"
    CANCEL = "cancel"
    CLEANED = "cleaned"


_GONE = (Phase.RETURNING, Phase.VERIFYING)
TRANSITIONS: Mapping[Event, Mapping[Phase, Phase]] = {
    Event.COPIED: {Phase.COPYING: Phase.COMPARING},
    Event.EQUAL: {Phase.COMPARING: Phase.DELETING},
    Event.WRITTEN_MEANWHILE: {Phase.DELETING: Phase.COMPARING},
    Event.COPY_LOST: dict.fromkeys((Phase.COPYING, Phase.COMPARING, Phase.DELETING), Phase.COPYING),
    Event.DELETED: {Phase.DELETING: Phase.CREATING},
    Event.CREATED: {Phase.CREATING: Phase.RETURNING},
    Event.RETURNED: {Phase.RETURNING: Phase.VERIFYING},
    Event.RECREATED: dict.fromkeys(_GONE, Phase.CREATING),
    Event.VERIFIED: {Phase.VERIFYING: Phase.CLEANING},
    Event.RETURN_AGAIN: {Phase.VERIFYING: Phase.RETURNING},
    Event.CANCEL: dict.fromkeys((Phase.COPYING, Phase.COMPARING), Phase.CANCELLING),
    Event.CLEANED: {Phase.CLEANING: Phase.DONE},
}
"""By event, the next phase for each phase in which the event can happen. A cancelled replacement has no record."""


def advance(record: Replacement, event: Event, **changes: Any) -> Replacement:
    """The record after an event; progress starts anew. Raises ``ValueError`` for an event that cannot happen."""
    after = TRANSITIONS[event].get(record.phase)
    if after is None:
        raise ValueError(f"a replacement in the phase {record.phase.value!r} has no transition for {event.value!r}")
    return replace(record, **{"phase": after, "copied": 0, **changes})


@dataclass(frozen=True, slots=True)
class Live:
    """A table as DescribeTable shows it; ``keys`` as in ``Replacement.keys``."""

    identity: Identity
    status: str
    keys: tuple[str, ...]


class Move(StrEnum):
    """What to do next."""

    CREATE_COPY = "create_copy"
    FORGET_COPY = "forget_copy"
    KNOW_COPY = "know_copy"
    COPY = "copy"
    COMPARE = "compare"
    COMPARE_AGAIN = "compare_again"
    NOTE_DELETED = "note_deleted"
    CREATE_TABLE = "create_table"
    KNOW_TABLE = "know_table"
    RETURN = "return"
    VERIFY = "verify"
    NOTE_RECREATED = "note_recreated"
    REMOVE_COPY = "remove_copy"
    FINISH = "finish"
    WAIT = "wait"
    ACCEPT = "accept"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Next:
    """A move, with a sentence for ``WAIT`` and ``STOP``."""

    move: Move
    why: str = ""


def next_move(record: Replacement, table: Live | None, copy: Live | None) -> Next:
    """What to do next. ``table`` and ``copy`` are ``None`` if DescribeTable does not find them."""
    match record.phase:
        case Phase.COPYING | Phase.COMPARING | Phase.DELETING:
            return _before(record, table, copy)
        case Phase.CREATING | Phase.RETURNING | Phase.VERIFYING:
            return _after(record, table, copy)
        case Phase.CANCELLING if copy is not None and not _is(table, record.identity):
            # The copy may be all that has the items: it stays, and only a person ends the replacement.
            return Next(Move.FINISH) if record.keep else Next(Move.STOP, _lost_table(record, table))
        case Phase.CANCELLING if copy is not None and table is not None and table.status == "DELETING":
            return Next(Move.WAIT, f"{record.name} is {table.status}")
        case Phase.CLEANING | Phase.CANCELLING:
            return _remove_copy(record, copy)
        case Phase.DONE:
            return Next(Move.STOP, f"the replacement of {record.name} is done")


def _before(record: Replacement, table: Live | None, copy: Live | None) -> Next:
    """The table is still there, or has just been deleted by us."""
    if record.phase is Phase.DELETING and not _is(table, record.identity):
        return Next(Move.NOTE_DELETED)
    if table is None or not table.identity.same(record.identity):
        return Next(Move.STOP, _lost_table(record, table))
    if table.status != "ACTIVE":
        return Next(Move.WAIT, f"{record.name} is {table.status}")
    if copy is None:
        # Only a copy whose create was never answered may still have to be created under this name.
        return Next(Move.CREATE_COPY if record.aside_identity is None else Move.FORGET_COPY)
    if record.aside_identity is None:
        return Next(Move.KNOW_COPY)
    if not copy.identity.same(record.aside_identity) or copy.status == "DELETING":
        return Next(Move.FORGET_COPY)
    if copy.status != "ACTIVE":
        return Next(Move.WAIT, f"the copy {record.aside} is {copy.status}")
    moves = {Phase.COPYING: Move.COPY, Phase.COMPARING: Move.COMPARE, Phase.DELETING: Move.COMPARE_AGAIN}
    return Next(moves[record.phase])


def _lost_table(record: Replacement, table: Live | None) -> str:
    what = "deleted" if table is None else "deleted and created again"
    return (
        f"somebody {what} {record.name} while it was replaced; {record.aside} has what was copied until then."
        f" `reconciler replace {record.name} --keep` ends the replacement and leaves {record.aside} as a table of its"
        " own"
    )


def _is_lost(copy: Live, record: Replacement) -> bool:
    """Whether the copy that has the items of a deleted table is gone."""
    return not _is(copy, record.aside_identity) or copy.status == "DELETING"


def _after(record: Replacement, table: Live | None, copy: Live | None) -> Next:
    """The former table is gone, and the copy has all items."""
    if copy is None or _is_lost(copy, record):
        if record.accepted:
            return Next(Move.ACCEPT)
        return Next(
            Move.STOP,
            f"somebody deleted {record.aside}, the copy of the items of {record.name}, before they were returned."
            f" `reconciler replace {record.name} --finish` goes on with the items that {record.name} has",
        )
    if copy.status != "ACTIVE":
        return Next(Move.WAIT, f"the copy {record.aside} is {copy.status}")
    if record.phase is not Phase.CREATING:
        if not _is(table, record.target):
            return Next(Move.NOTE_RECREATED)
        if table is None or table.status != "ACTIVE":
            return Next(Move.WAIT, f"{record.name} is {table.status if table else 'missing'}")
        return Next(Move.RETURN if record.phase is Phase.RETURNING else Move.VERIFY)
    if table is None:
        return Next(Move.CREATE_TABLE)
    if table.identity.same(record.identity) or table.status != "ACTIVE":
        return Next(Move.WAIT, f"{record.name} is {table.status}")
    if table.keys != record.keys:
        return Next(
            Move.STOP,
            f"somebody created {record.name} with another key before it could be created as declared; all its items are"
            f" in {record.aside}. Delete the table {record.name}, then run `reconciler replace {record.name} --resume`",
        )
    return Next(Move.KNOW_TABLE)


def _remove_copy(record: Replacement, copy: Live | None) -> Next:
    # A copy whose create was never answered is known by its name, which nobody else can guess.
    ours = copy is not None and (record.aside_identity is None or copy.identity.same(record.aside_identity))
    if copy is None or not ours or (record.keep and record.phase is Phase.CLEANING):
        return Next(Move.FINISH)
    if copy.status != "ACTIVE":
        return Next(Move.WAIT, f"the copy {record.aside} is {copy.status}")
    return Next(Move.REMOVE_COPY)


def _is(live: Live | None, identity: Identity | None) -> bool:
    return live is not None and live.identity.same(identity)
