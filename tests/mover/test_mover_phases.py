"""The state machine of a replacement: its transitions, the document about them, and the next move in each situation."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from support.markdown import plain

from reconciler.model.identity import Identity
from reconciler.model.records import BEFORE_DELETION, Phase, Replacement
from reconciler.mover.phases import TRANSITIONS, Event, Live, Move, advance, next_move

ROOT = Path(__file__).parents[2]
KEYS, OTHER_KEYS = ("customer HASH S", "id RANGE S"), ("id HASH S",)
OLD, NEW, COPY, ODD = (Identity(name, "arn", "2026") for name in ("old", "new", "copy", "odd"))
AT = datetime(2026, 11, 29, tzinfo=UTC)
RECORD = Replacement("orders", Phase.COPYING, OLD, "orders.replacing.0a", KEYS, AT, aside_identity=COPY, target=NEW)


def record(phase: Phase) -> Replacement:
    known = phase in (Phase.RETURNING, Phase.VERIFYING, Phase.CLEANING, Phase.DONE)
    return replace(RECORD, phase=phase, target=NEW if known else None)


@pytest.mark.parametrize(("event", "phase"), list(product(Event, Phase)))
def test_a_transition_is_in_the_table_or_does_not_exist(event: Event, phase: Phase) -> None:
    after = TRANSITIONS[event].get(phase)
    if after is None:
        with pytest.raises(ValueError, match=event.value):
            advance(record(phase), event)
    else:
        assert advance(record(phase), event).phase is after


def test_every_phase_but_the_first_is_reached_and_every_one_but_the_last_is_left() -> None:
    reached = {after for changes in TRANSITIONS.values() for after in changes.values()}
    left = {before for changes in TRANSITIONS.values() for before in changes}
    assert reached == set(Phase)
    assert left == set(Phase) - {Phase.DONE, Phase.CANCELLING}


def test_only_a_deleted_table_leads_to_the_phases_in_which_the_copy_alone_has_the_items() -> None:
    for event, changes in TRANSITIONS.items():
        for before, after in changes.items():
            if before in BEFORE_DELETION and after not in BEFORE_DELETION:
                assert (event, before) == (Event.DELETED, Phase.DELETING)


def test_the_document_has_the_phases_and_the_transitions() -> None:
    text = (ROOT / "docs" / "concepts" / "safety.md").read_text(encoding="utf-8")
    section = text.partition("### Replacement with items")[2].partition("\n### ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]
    phases = [plain(row[0]) for row in rows if len(row) == 2]
    assert phases == [phase.value for phase in Phase]
    shown = {
        plain(event): {before: plain(after) for before in re.findall(r"`(\w+)`", origin)}
        for event, _, origin, after in (row for row in rows if len(row) == 4)
    }
    coded = {
        event.value: {before.value: after.value for before, after in changes.items()}
        for event, changes in TRANSITIONS.items()
    }
    assert shown == coded


def live(identity: Identity, status: str = "ACTIVE", keys: tuple[str, ...] = KEYS) -> Live:
    return Live(identity, status, keys)


TABLES = {
    "missing": None,
    "old": live(OLD, keys=OTHER_KEYS),
    "old, DELETING": live(OLD, "DELETING", OTHER_KEYS),
    "new": live(NEW),
    "new, CREATING": live(NEW, "CREATING"),
    "another with the declared key": live(ODD),
    "another with another key": live(ODD, keys=OTHER_KEYS),
}
COPIES = {"missing": None, "ours": live(COPY), "ours, CREATING": live(COPY, "CREATING"), "another": live(ODD)}
MOVES: dict[tuple[Phase, str, str], Move] = {
    (Phase.COPYING, "old", "ours"): Move.COPY,
    (Phase.COPYING, "old", "missing"): Move.FORGET_COPY,
    (Phase.COPYING, "old", "another"): Move.FORGET_COPY,
    (Phase.COPYING, "old", "ours, CREATING"): Move.WAIT,
    (Phase.COPYING, "old, DELETING", "ours"): Move.WAIT,
    (Phase.COPYING, "missing", "ours"): Move.STOP,
    (Phase.COPYING, "another with the declared key", "ours"): Move.STOP,
    (Phase.COMPARING, "old", "ours"): Move.COMPARE,
    (Phase.COMPARING, "missing", "ours"): Move.STOP,
    (Phase.DELETING, "old", "ours"): Move.COMPARE_AGAIN,
    (Phase.DELETING, "old", "missing"): Move.FORGET_COPY,
    (Phase.DELETING, "old, DELETING", "ours"): Move.WAIT,
    (Phase.DELETING, "missing", "ours"): Move.NOTE_DELETED,
    (Phase.DELETING, "missing", "missing"): Move.NOTE_DELETED,
    (Phase.CREATING, "missing", "ours"): Move.CREATE_TABLE,
    (Phase.CREATING, "missing", "missing"): Move.STOP,
    (Phase.CREATING, "missing", "another"): Move.STOP,
    (Phase.CREATING, "old", "ours"): Move.WAIT,
    (Phase.CREATING, "new, CREATING", "ours"): Move.WAIT,
    (Phase.CREATING, "another with the declared key", "ours"): Move.KNOW_TABLE,
    (Phase.CREATING, "another with another key", "ours"): Move.STOP,
    (Phase.RETURNING, "new", "ours"): Move.RETURN,
    (Phase.RETURNING, "new", "missing"): Move.STOP,
    (Phase.RETURNING, "new, CREATING", "ours"): Move.WAIT,
    (Phase.RETURNING, "missing", "ours"): Move.NOTE_RECREATED,
    (Phase.RETURNING, "another with the declared key", "ours"): Move.NOTE_RECREATED,
    (Phase.VERIFYING, "new", "ours"): Move.VERIFY,
    (Phase.VERIFYING, "new", "another"): Move.STOP,
    (Phase.VERIFYING, "missing", "ours"): Move.NOTE_RECREATED,
    (Phase.CLEANING, "new", "ours"): Move.REMOVE_COPY,
    (Phase.CLEANING, "new", "missing"): Move.FINISH,
    (Phase.CLEANING, "new", "another"): Move.FINISH,
    (Phase.CANCELLING, "old", "ours"): Move.REMOVE_COPY,
    (Phase.CANCELLING, "old", "another"): Move.FINISH,
    (Phase.CANCELLING, "old", "missing"): Move.FINISH,
}


@pytest.mark.parametrize(("phase", "there", "copy"), MOVES, ids=str)
def test_the_next_move_follows_from_the_record_and_from_what_is_there(phase: Phase, there: str, copy: str) -> None:
    assert next_move(record(phase), TABLES[there], COPIES[copy]).move is MOVES[phase, there, copy]


@pytest.mark.parametrize(("phase", "there", "copy"), list(product(Phase, TABLES, COPIES)))
def test_no_situation_is_without_an_answer_and_no_copy_is_removed_that_alone_has_the_items(
    phase: Phase, there: str, copy: str
) -> None:
    following = next_move(record(phase), TABLES[there], COPIES[copy])
    assert bool(following.why) == (following.move in (Move.WAIT, Move.STOP))
    if following.move is Move.REMOVE_COPY:
        assert phase in (Phase.CLEANING, Phase.CANCELLING)
        assert copy == "ours"
    if following.move is Move.FORGET_COPY:
        assert there == "old", "the table still has every item"


def test_a_copy_whose_create_was_not_answered_is_known_by_its_name() -> None:
    unanswered = replace(record(Phase.COPYING), aside_identity=None)
    assert next_move(unanswered, TABLES["old"], None).move is Move.CREATE_COPY
    assert next_move(unanswered, TABLES["old"], COPIES["ours"]).move is Move.KNOW_COPY
    cancelled = replace(unanswered, phase=Phase.CANCELLING)
    assert next_move(cancelled, TABLES["old"], COPIES["ours"]).move is Move.REMOVE_COPY


def test_a_copy_that_is_to_stay_is_not_removed() -> None:
    kept = replace(record(Phase.CLEANING), keep=True)
    assert next_move(kept, TABLES["new"], COPIES["ours"]).move is Move.FINISH
    cancelled = replace(record(Phase.CANCELLING), keep=True)
    assert next_move(cancelled, TABLES["old"], COPIES["ours"]).move is Move.REMOVE_COPY
    assert next_move(cancelled, None, COPIES["ours"]).move is Move.FINISH


@pytest.mark.parametrize("table", [None, "new"])
def test_the_copy_of_a_table_that_somebody_deleted_is_never_removed(table: str | None) -> None:
    live = TABLES[table] if table is not None else None
    for phase in (Phase.COPYING, Phase.COMPARING, Phase.CANCELLING):
        following = next_move(record(phase), live, COPIES["ours"])
        assert (following.move, "--keep`" in following.why) == (Move.STOP, True)


def test_a_copy_stays_while_somebody_deletes_its_table() -> None:
    assert next_move(record(Phase.CANCELLING), TABLES["old, DELETING"], COPIES["ours"]).move is Move.WAIT
