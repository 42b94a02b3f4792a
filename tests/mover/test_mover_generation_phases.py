"""The state machine of the next generation: its table, its document, and the next move in every situation."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.model.identity import Identity
from reconciler.model.records import ENDED, SWITCHED, Generation, GenerationPhase
from reconciler.mover.generation_phases import (
    TRANSITIONS,
    GenerationEvent,
    GenerationMove,
    advance,
    hold_is_over,
    next_move,
)
from reconciler.mover.phases import Live

ROOT = Path(__file__).resolve().parents[2]
P, E, M = GenerationPhase, GenerationEvent, GenerationMove
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW, OTHER = (Identity(None, f"arn:{name}", "2026") for name in ("old", "new", "other"))
KEYS = ("pk HASH S",)
LIVE_OLD, LIVE_NEW, LIVE_OTHER = (Live(identity, "ACTIVE", KEYS) for identity in (OLD, NEW, OTHER))


def record(phase: GenerationPhase, **changes: object) -> Generation:
    made = Generation("orders", phase, 2, "orders", "orders-g2", OLD, KEYS, NOW, new_identity=NEW)
    return replace(made, **changes)  # type: ignore[arg-type]


def plain(text: str) -> str:
    return text.strip("`")


def test_every_phase_but_the_first_is_reached_and_every_one_but_the_last_ones_is_left() -> None:
    reached = {after for changes in TRANSITIONS.values() for after in changes.values()}
    left = {before for changes in TRANSITIONS.values() for before in changes}
    assert reached == set(P) - {P.CREATE}
    assert left == set(P) - ENDED


def test_the_declared_name_changes_by_two_events_alone() -> None:
    changing = {
        (event, before)
        for event, changes in TRANSITIONS.items()
        for before, after in changes.items()
        if (before in SWITCHED) is not (after in SWITCHED)
    }
    assert changing == {(E.FENCED, P.FENCE), (E.REVERTED, P.REVERT)}


def test_the_document_has_the_phases_and_the_transitions() -> None:
    text = (ROOT / "docs" / "concepts" / "safety.md").read_text(encoding="utf-8")
    section = text.partition("### The next generation of a table")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]
    assert [plain(row[0]) for row in rows if len(row) == 2] == [phase.value for phase in P]
    shown: dict[str, dict[str, str]] = {}
    for event, _, origin, after in (row for row in rows if len(row) == 4):
        shown.setdefault(plain(event), {}).update(dict.fromkeys(re.findall(r"`(\w+)`", origin), plain(after)))
    coded = {
        event.value: {before.value: after.value for before, after in changes.items()}
        for event, changes in TRANSITIONS.items()
    }
    assert shown == coded


@pytest.mark.parametrize("event", list(E))
@pytest.mark.parametrize("phase", list(P))
def test_an_event_is_refused_in_every_other_phase(event: GenerationEvent, phase: GenerationPhase) -> None:
    after = TRANSITIONS[event].get(phase)
    if after is None:
        with pytest.raises(ValueError, match=f"has no transition for '{event.value}'"):
            advance(record(phase), event)
    else:
        assert advance(record(phase, problem="x"), event).phase is after
        assert advance(record(phase, problem="x"), event).problem is None


UNDISTURBED = {
    P.CAPTURE: M.CAPTURE,
    P.COPY: M.COPY,
    P.REPLAY: M.REPLAY,
    P.VERIFY: M.VERIFY,
    P.READY: M.FOLLOW,
    P.FENCE: M.FENCE,
    P.SWITCH: M.SWITCH,
    P.HOLD: M.HOLD,
    P.REVERT: M.REVERT,
    P.RETURN: M.RETURN,
}


@pytest.mark.parametrize("phase", list(UNDISTURBED))
def test_the_next_move_where_both_tables_are_as_recorded(phase: GenerationPhase) -> None:
    assert next_move(record(phase), LIVE_OLD, LIVE_NEW).move is UNDISTURBED[phase]


@pytest.mark.parametrize("phase", list(UNDISTURBED))
@pytest.mark.parametrize("old", [None, LIVE_OTHER, LIVE_OLD])
@pytest.mark.parametrize("new", [None, LIVE_OTHER, LIVE_NEW])
def test_nothing_moves_where_one_of_both_is_another_table(
    phase: GenerationPhase, old: Live | None, new: Live | None
) -> None:
    # On the way back the new table is given up, so that it may be gone.
    goes_back = phase in (P.REVERT, P.RETURN) and old is LIVE_OLD
    if (old, new) != (LIVE_OLD, LIVE_NEW) and not goes_back:
        assert next_move(record(phase), old, new).move is M.STOP


@pytest.mark.parametrize("new", [None, LIVE_OTHER])
def test_the_way_back_needs_the_old_table_alone(new: Live | None) -> None:
    assert next_move(record(P.REVERT), LIVE_OLD, new).move is M.REVERT
    assert next_move(record(P.RETURN), LIVE_OLD, new).move is M.RETURN
    assert next_move(record(P.HOLD, finish=True), LIVE_OLD, new).move is M.STOP


@pytest.mark.parametrize("old", [None, LIVE_OTHER])
def test_the_end_of_the_hold_needs_the_new_table_alone(old: Live | None) -> None:
    assert next_move(record(P.HOLD, finish=True), old, LIVE_NEW).move is M.HOLD
    assert next_move(record(P.HOLD), old, LIVE_NEW).move is M.STOP


@pytest.mark.parametrize("old", [None, LIVE_OTHER])
def test_the_new_table_is_not_removed_where_the_old_one_is_gone(old: Live | None) -> None:
    assert next_move(record(P.CANCEL), old, LIVE_NEW).move is M.STOP
    assert next_move(record(P.CANCEL), LIVE_OLD, LIVE_NEW).move is M.REMOVE_NEW
    assert next_move(record(P.CANCEL, keep=True), old, LIVE_NEW).move is M.END_CANCELLED


def test_the_switch_begins_only_when_it_was_asked_for() -> None:
    assert next_move(record(P.READY, switch=True), LIVE_OLD, LIVE_NEW).move is M.BEGIN_SWITCH
    for phase in (P.COPY, P.REPLAY, P.VERIFY):
        assert next_move(record(phase, switch=True), LIVE_OLD, LIVE_NEW).move is not M.BEGIN_SWITCH


def test_the_old_table_is_deleted_only_while_the_new_one_is_there() -> None:
    assert next_move(record(P.FINISH), LIVE_OLD, LIVE_NEW).move is M.DELETE_OLD
    assert next_move(record(P.FINISH), LIVE_OLD, None).move is M.STOP
    assert next_move(record(P.FINISH), LIVE_OLD, LIVE_OTHER).move is M.STOP
    assert next_move(record(P.FINISH, keep=True), LIVE_OLD, LIVE_NEW).move is M.FINISH
    assert next_move(record(P.FINISH), None, LIVE_NEW).move is M.FINISH
    assert next_move(record(P.FINISH), LIVE_OTHER, LIVE_NEW).move is M.FINISH


def test_a_new_table_that_was_in_use_goes_through_the_gate() -> None:
    assert next_move(record(P.CANCEL), LIVE_OLD, LIVE_NEW).move is M.REMOVE_NEW
    assert next_move(record(P.CANCEL, switched=NOW), LIVE_OLD, LIVE_NEW).move is M.DELETE_NEW
    assert next_move(record(P.CANCEL, switched=NOW), None, LIVE_NEW).move is M.STOP
    assert next_move(record(P.CANCEL), LIVE_OLD, LIVE_OTHER).move is M.END_CANCELLED
    assert next_move(record(P.CANCEL, new_identity=None), LIVE_OLD, LIVE_NEW).move is M.END_CANCELLED


def test_a_new_table_with_another_key_is_not_taken() -> None:
    wanted = record(P.CREATE, new_identity=None)
    assert next_move(wanted, LIVE_OLD, None).move is M.CREATE
    assert next_move(wanted, LIVE_OLD, replace(LIVE_NEW, keys=("x HASH S",))).move is M.STOP
    assert next_move(wanted, LIVE_OLD, replace(LIVE_NEW, status="CREATING")).move is M.WAIT
    assert next_move(wanted, LIVE_OLD, LIVE_NEW).move is M.KNOW_NEW


@pytest.mark.parametrize("new", [None, LIVE_OTHER, LIVE_NEW, replace(LIVE_NEW, status="CREATING")])
def test_before_an_import_has_ended_the_old_table_alone_decides(new: Live | None) -> None:
    for phase, move in ((P.CAPTURE, M.CAPTURE), (P.COPY, M.COPY)):
        imported = record(phase, engine="import", new_identity=None)
        assert next_move(imported, LIVE_OLD, new).move is move
        assert next_move(imported, replace(LIVE_OLD, status="UPDATING"), new).move is M.WAIT
        for old in (None, LIVE_OTHER):
            assert next_move(imported, old, new).move is M.STOP
        assert next_move(replace(imported, engine="bulk"), LIVE_OLD, new).move is M.STOP


def test_an_imported_table_counts_from_its_identity_on() -> None:
    for phase in (P.COPY, P.REPLAY, P.VERIFY, P.READY):
        assert next_move(record(phase, engine="import"), LIVE_OLD, LIVE_NEW).move is UNDISTURBED[phase]
        for new in (None, LIVE_OTHER):
            assert next_move(record(phase, engine="import"), LIVE_OLD, new).move is M.STOP
    # Before another capture it is removed.
    assert next_move(record(P.CAPTURE, engine="import"), LIVE_OLD, None).move is M.CAPTURE


def test_the_hold_lasts_from_the_switch_on() -> None:
    held = record(P.HOLD, switched=NOW, hold=60)
    assert not hold_is_over(held, NOW + timedelta(seconds=59))
    assert hold_is_over(held, NOW + timedelta(seconds=60))
    assert not hold_is_over(record(P.HOLD, hold=60), NOW)
