"""The state machine of the next generation of a table: its events, the transitions, and the next move. Pure.

``next_move`` decides from the record and from what DescribeTable says about both tables, and from nothing else, so that
any process continues at any point. docs/concepts/safety.md shows ``TRANSITIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.model.identity import Identity
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.records import Generation, GenerationPhase
from reconciler.mover.phases import Live

P = GenerationPhase


class GenerationEvent(StrEnum):
    """What happened to the work on a generation, or what was found out about it."""

    CREATED = "created"
    CAPTURED = "captured"
    COPIED = "copied"
    CAUGHT_UP = "caught_up"
    EQUAL = "equal"
    DIFFERENT = "different"
    STREAM_LOST = "stream_lost"
    SWITCH_ASKED = "switch_asked"
    OPENED = "opened"
    FENCED = "fenced"
    SWITCHED = "switched"
    HOLD_OVER = "hold_over"
    LATE_WRITES = "late_writes"
    FINISHED = "finished"
    CANCEL = "cancel"
    REVERTED = "reverted"
    RETURNED = "returned"
    CANCELLED = "cancelled"


E = GenerationEvent
BEFORE_FENCE = (P.CREATE, P.CAPTURE, P.COPY, P.REPLAY, P.VERIFY, P.READY)
TRANSITIONS: Mapping[GenerationEvent, Mapping[GenerationPhase, GenerationPhase]] = {
    E.CREATED: {P.CREATE: P.CAPTURE},
    E.CAPTURED: {P.CAPTURE: P.COPY},
    E.COPIED: {P.COPY: P.REPLAY},
    E.CAUGHT_UP: {P.REPLAY: P.VERIFY},
    E.EQUAL: {P.VERIFY: P.READY},
    E.DIFFERENT: {P.VERIFY: P.REPLAY},
    E.STREAM_LOST: dict.fromkeys((P.COPY, P.REPLAY, P.VERIFY, P.READY), P.CAPTURE),
    E.SWITCH_ASKED: {P.READY: P.FENCE},
    E.OPENED: {P.FENCE: P.READY, P.REVERT: P.HOLD},
    E.FENCED: {P.FENCE: P.SWITCH},
    E.SWITCHED: {P.SWITCH: P.HOLD},
    E.HOLD_OVER: {P.HOLD: P.FINISH},
    E.LATE_WRITES: {P.FINISH: P.HOLD},
    E.FINISHED: {P.FINISH: P.FINISHED},
    E.CANCEL: {**dict.fromkeys((*BEFORE_FENCE, P.FENCE), P.CANCEL), P.SWITCH: P.REVERT, P.HOLD: P.REVERT},
    E.REVERTED: {P.REVERT: P.RETURN},
    E.RETURNED: {P.RETURN: P.CANCEL},
    E.CANCELLED: {P.CANCEL: P.CANCELLED},
}
"""By event, the next phase for each phase in which the event can happen."""
COUNTED_ANEW = frozenset({E.CREATED, E.STREAM_LOST, E.SWITCHED, E.CANCEL})
"""Events after which items and changes are counted from 0."""


def advance(record: Generation, event: GenerationEvent, **changes: Any) -> Generation:
    """The record after an event. Raises ``ValueError`` for an event that cannot happen."""
    after = TRANSITIONS[event].get(record.phase)
    if after is None:
        raise ValueError(
            f"the next generation in the phase {record.phase.value!r} has no transition for {event.value!r}"
        )
    anew: dict[str, Any] = {"copied": 0, "replayed": 0, "lag": None} if event in COUNTED_ANEW else {}
    if event is E.STREAM_LOST:
        anew["jobs"] = ()
    return replace(record, **{"phase": after, "problem": None, "fence_since": None, **anew, **changes})


class GenerationMove(StrEnum):
    """What to do next."""

    CREATE = "create"
    KNOW_NEW = "know_new"
    CAPTURE = "capture"
    COPY = "copy"
    REPLAY = "replay"
    VERIFY = "verify"
    FOLLOW = "follow"
    BEGIN_SWITCH = "begin_switch"
    FENCE = "fence"
    SWITCH = "switch"
    HOLD = "hold"
    REVERT = "revert"
    RETURN = "return"
    DELETE_OLD = "delete_old"
    DELETE_NEW = "delete_new"
    REMOVE_NEW = "remove_new"
    FINISH = "finish"
    END_CANCELLED = "end_cancelled"
    WAIT = "wait"
    STOP = "stop"


M = GenerationMove
MOVES: Mapping[GenerationPhase, GenerationMove] = {
    P.CAPTURE: M.CAPTURE,
    P.COPY: M.COPY,
    P.REPLAY: M.REPLAY,
    P.VERIFY: M.VERIFY,
    P.FENCE: M.FENCE,
    P.SWITCH: M.SWITCH,
    P.REVERT: M.REVERT,
    P.RETURN: M.RETURN,
}


@dataclass(frozen=True, slots=True)
class NextMove:
    """A move, with a sentence for ``WAIT`` and ``STOP``."""

    move: GenerationMove
    why: str = ""


def next_move(record: Generation, old: Live | None, new: Live | None) -> NextMove:
    """What to do next. ``old`` and ``new`` are ``None`` if DescribeTable does not find the tables."""
    if record.phase is P.CREATE:
        return _create(record, old, new)
    if record.phase is P.FINISH:
        return _finish(record, old, new)
    if record.phase is P.CANCEL:
        return _cancel(record, old, new)
    if record.phase in (P.HOLD, P.REVERT, P.RETURN):
        return _after_switch(record, old, new)
    if _awaits_import(record):
        # Which table of the new name is the import's own, only the service can tell.
        return _disturbed(record.name, record.old, old, record.old_identity) or _undisturbed(record)
    return (
        _disturbed(record.name, record.old, old, record.old_identity)
        or _disturbed(record.name, record.new, new, record.new_identity)
        or _undisturbed(record)
    )


def _awaits_import(record: Generation) -> bool:
    """Whether there is no new table yet, or one that goes, because an import makes it after the capture."""
    if record.engine != "import":
        return False
    return record.phase is P.CAPTURE or (record.phase is P.COPY and record.new_identity is None)


def _after_switch(record: Generation, old: Live | None, new: Live | None) -> NextMove:
    """One of the two tables is enough for a decision that gives the other one up."""
    name = record.name
    if not _is_there(old, record.old_identity):
        if record.phase is P.HOLD and record.finish:
            return _disturbed(name, record.new, new, record.new_identity) or _undisturbed(record)
        why = f"somebody deleted {record.old}, so there is no way back from {record.new}"
        return NextMove(M.STOP, f"{why}. `reconciler replace {name} --finish` goes on without it")
    if not _is_there(new, record.new_identity):
        if record.phase is not P.HOLD:
            return _disturbed(name, record.old, old, record.old_identity) or _undisturbed(record)
        why = f"somebody deleted {record.new}; {record.old} has its items up to the last change that was repeated"
        return NextMove(M.STOP, f"{why}. `reconciler replace {name} --cancel` goes back to {record.old}")
    return (
        _disturbed(name, record.old, old, record.old_identity)
        or _disturbed(name, record.new, new, record.new_identity)
        or _undisturbed(record)
    )


def _is_there(live: Live | None, identity: Identity | None) -> bool:
    return live is not None and live.identity.same(identity)


def _undisturbed(record: Generation) -> NextMove:
    if record.phase is P.READY:
        return NextMove(M.BEGIN_SWITCH if record.switch else M.FOLLOW)
    if record.phase is P.HOLD:
        return NextMove(M.HOLD)
    move = MOVES.get(record.phase)
    return NextMove(M.STOP, f"the replacement of {record.name} is over") if move is None else NextMove(move)


def _disturbed(
    name: str, table: str, live: Live | None, identity: Identity | None, *, way: str = "--cancel`"
) -> NextMove | None:
    """Why neither table may be touched: one of them is gone, is another one by now, or is busy.

    ``way`` is the option that gives the work up in this phase, and the end of the sentence.
    """
    if live is None or not live.identity.same(identity):
        what = "deleted" if live is None else "deleted and created again"
        return NextMove(
            M.STOP,
            f"somebody {what} {table} during the replacement of {name}, and nothing is changed any more."
            f" Restore it or run `reconciler replace {name} {way}",
        )
    return None if live.status == "ACTIVE" else NextMove(M.WAIT, f"{table} is {live.status}")


def _create(record: Generation, old: Live | None, new: Live | None) -> NextMove:
    disturbed = _disturbed(record.name, record.old, old, record.old_identity)
    if disturbed is not None:
        return disturbed
    if new is None:
        return NextMove(M.CREATE)
    if new.status not in ("ACTIVE", "CREATING"):
        return NextMove(M.WAIT, f"{record.new} is {new.status}")
    if new.keys != record.keys:
        return NextMove(
            M.STOP,
            f"somebody created {record.new} with another key; delete it, or run"
            f" `reconciler replace {record.name} --cancel`",
        )
    return NextMove(M.KNOW_NEW) if new.status == "ACTIVE" else NextMove(M.WAIT, f"{record.new} is CREATING")


def _finish(record: Generation, old: Live | None, new: Live | None) -> NextMove:
    """The new table must be there with all items for as long as the old one may be deleted."""
    if record.keep or old is None or not old.identity.same(record.old_identity):
        return NextMove(M.FINISH)
    way = f"--keep`, which ends it and keeps {record.old}, no longer managed"
    disturbed = _disturbed(record.name, record.new, new, record.new_identity, way=way)
    if disturbed is not None:
        return disturbed
    return NextMove(M.DELETE_OLD) if old.status == "ACTIVE" else NextMove(M.WAIT, f"{record.old} is {old.status}")


def _cancel(record: Generation, old: Live | None, new: Live | None) -> NextMove:
    # Without a known identity the create was never answered: only the record of that create proves whose table it is.
    gone = new is None or record.new_identity is None or not new.identity.same(record.new_identity)
    if gone or record.keep:
        return NextMove(M.END_CANCELLED)
    if new is not None and new.status != "ACTIVE":
        return NextMove(M.WAIT, f"{record.new} is {new.status}")
    if record.switched is None:
        if _is_there(old, record.old_identity):
            return NextMove(M.REMOVE_NEW)
        # The new table has the only copy of the items.
        return NextMove(
            M.STOP,
            f"somebody deleted {record.old}, so {record.new} is not removed: it has what was copied until then."
            f" `reconciler replace {record.name} --keep` ends the work and leaves {record.new}, no longer managed",
        )
    # Applications have written to it: it may only go where the old table has all of its items.
    way = f"--keep`, which ends it and keeps {record.new}, no longer managed"
    return _disturbed(record.name, record.old, old, record.old_identity, way=way) or NextMove(M.DELETE_NEW)


def hold_is_over(record: Generation, now: datetime) -> bool:
    """Whether the time has passed in which the old table follows the new one."""
    return record.hold_until is not None and now >= record.hold_until
