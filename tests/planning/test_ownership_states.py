"""The state machine of ownership: its transitions, the effect of an observation, and the stored form of records."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.specs import declaration, observed, spec

import reconciler
from reconciler.model.desired import Lifecycle, OnExisting
from reconciler.model.identity import Identity
from reconciler.model.records import InventoryEntry
from reconciler.planning.ownership import (
    OURS,
    OWNERSHIPS,
    RECORDED,
    TRANSITIONS,
    Event,
    OwnershipContext,
    State,
    advance,
    dropped,
    in_state,
    is_ours,
    next_state,
    resolve,
    state_of,
)
from reconciler.planning.ownership_transfer import plan_transfer
from reconciler.state.attribute_values import decode, encode
from reconciler.state.fields import Fields
from reconciler.state.record_types import ENTRIES

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIVE = observed(spec())
OTHERS = Identity("another", LIVE.identity.arn, NOW.isoformat())
SCOPE, NONCE = "shop/dev", "n1"
OURS_BY_NONCE, OURS_BY_SCOPE, TAKEN, THEIRS = f"{SCOPE}/{NONCE}", f"{SCOPE}/n2", f"{SCOPE}/taken-over", "else/dev/n3"


def entry(state: State, identity: Identity | None = LIVE.identity) -> InventoryEntry | None:
    if state is State.NO_RECORD:
        return None
    return in_state(InventoryEntry("subject", "subject", "adopted", NONCE, identity, changed_at=NOW), state)


@pytest.mark.parametrize("state", State)
def test_each_record_matches_its_state(state: State) -> None:
    record = entry(state)
    assert state_of(record) is state
    assert is_ours(record) == (state in OURS)
    if record is not None:
        assert record.ownership == OWNERSHIPS[state]


@pytest.mark.parametrize("state", RECORDED)
def test_a_record_keeps_its_stored_form_and_reads_back_in_its_state(state: State) -> None:
    record = entry(state)
    assert record is not None
    stored = ENTRIES.write(record)
    nonces = {State.TAKEN_OVER: "taken-over", State.TAKEN_FROM_US: "lost"}
    kept = NONCE if state in (State.INTENT, State.CREATED, State.UNPROVEN, State.RELEASED) else ""
    assert (stored["ownership"], stored["nonce"]) == (OWNERSHIPS[state], nonces.get(state, kept))
    read = ENTRIES.read(Fields(decode(encode(stored))))
    assert (read, state_of(read)) == (record, state)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_a_transition_is_in_the_table_or_does_not_exist(state: State, event: Event) -> None:
    after, record = TRANSITIONS[event].get(state), entry(state)
    if after is None:
        with pytest.raises(ValueError, match=event.value):
            next_state(state, event)
    elif after is State.NO_RECORD:
        assert dropped(record, event) is None
    elif record is not None:
        assert state_of(advance(record, event)) is after


def test_only_proof_or_own_makes_a_table_ours() -> None:
    ways = {
        event for event, moves in TRANSITIONS.items() for before, after in moves.items() if after in OURS - {before}
    }
    assert ways == {Event.CREATE_PROVEN, Event.CLAIM, Event.TAG_WRITTEN}
    assert set(TRANSITIONS[Event.CREATE_PROVEN]) == {State.INTENT, State.UNPROVEN}
    assert set(TRANSITIONS[Event.TAG_WRITTEN]) == {State.CLAIMED}


def test_a_released_table_is_managed_again_only_on_request() -> None:
    ways = {event: moves[State.RELEASED] for event, moves in TRANSITIONS.items() if State.RELEASED in moves}
    assert ways == {
        Event.RELEASE: State.RELEASED,
        Event.DECLARED_AGAIN: State.ADOPTED,
        Event.IMPORT: State.ADOPTED,
        Event.OTHER_STACK: State.NO_RECORD,
    }


Seen = tuple[State, Identity | None, str | None, OnExisting, State]
LOOKS: dict[str, Seen] = {
    "never seen": (State.NO_RECORD, None, None, "adopt", State.ADOPTED),
    "never seen, observed only": (State.NO_RECORD, None, None, "observe", State.ADOPTED),
    "never seen, with our tag": (State.NO_RECORD, None, OURS_BY_SCOPE, "adopt", State.STATE_LOST),
    "never seen, with the tag of others": (State.NO_RECORD, None, THEIRS, "adopt", State.ADOPTED),
    "never seen, claimed": (State.NO_RECORD, None, None, "own", State.CLAIMED),
    "our tag, claimed": (State.NO_RECORD, None, OURS_BY_SCOPE, "own", State.CLAIMED),
    "an open create, its nonce": (State.INTENT, None, OURS_BY_NONCE, "adopt", State.CREATED),
    "an open create, the identity from before": (State.INTENT, LIVE.identity, None, "adopt", State.CREATED),
    "an open create, no tag": (State.INTENT, None, None, "adopt", State.UNPROVEN),
    "an open create, another nonce of ours": (State.INTENT, OTHERS, OURS_BY_SCOPE, "adopt", State.UNPROVEN),
    "an open create, claimed without proof": (State.INTENT, None, None, "own", State.CLAIMED),
    "an open create, claimed with its nonce": (State.INTENT, None, OURS_BY_NONCE, "own", State.CREATED),
    "unproven, and the tag comes late": (State.UNPROVEN, LIVE.identity, OURS_BY_NONCE, "adopt", State.CREATED),
    "unproven, and no tag comes": (State.UNPROVEN, LIVE.identity, None, "adopt", State.UNPROVEN),
    "unproven, claimed": (State.UNPROVEN, LIVE.identity, None, "own", State.CLAIMED),
    "unproven, another table by now": (State.UNPROVEN, OTHERS, None, "adopt", State.ADOPTED),
    "adopted": (State.ADOPTED, LIVE.identity, None, "adopt", State.ADOPTED),
    "adopted, our nonce means nothing": (State.ADOPTED, LIVE.identity, OURS_BY_NONCE, "adopt", State.ADOPTED),
    "adopted, claimed": (State.ADOPTED, LIVE.identity, None, "own", State.CLAIMED),
    "state lost, claimed": (State.STATE_LOST, LIVE.identity, OURS_BY_SCOPE, "own", State.CLAIMED),
    "state lost": (State.STATE_LOST, LIVE.identity, OURS_BY_SCOPE, "adopt", State.STATE_LOST),
    "created": (State.CREATED, LIVE.identity, OURS_BY_NONCE, "adopt", State.CREATED),
    "created, own": (State.CREATED, LIVE.identity, OURS_BY_NONCE, "own", State.CREATED),
    "created, another table by now": (State.CREATED, OTHERS, None, "adopt", State.ADOPTED),
    "created, another table with our tag": (State.CREATED, OTHERS, OURS_BY_NONCE, "adopt", State.STATE_LOST),
    "created, another table, claimed": (State.CREATED, OTHERS, None, "own", State.CLAIMED),
    "claimed, own is gone": (State.CLAIMED, LIVE.identity, None, "adopt", State.CLAIMED),
    "claimed, our tag is on it": (State.CLAIMED, LIVE.identity, TAKEN, "own", State.TAKEN_OVER),
    "claimed, the tag of others": (State.CLAIMED, LIVE.identity, THEIRS, "own", State.CLAIMED),
    "taken over": (State.TAKEN_OVER, LIVE.identity, TAKEN, "own", State.TAKEN_OVER),
    "taken over, and back by others": (State.TAKEN_OVER, LIVE.identity, THEIRS, "own", State.TAKEN_FROM_US),
    "created, and taken over by others": (State.CREATED, LIVE.identity, THEIRS, "own", State.TAKEN_FROM_US),
    "taken from us, still theirs": (State.TAKEN_FROM_US, LIVE.identity, THEIRS, "own", State.TAKEN_FROM_US),
    "taken from us, no tag any more": (State.TAKEN_FROM_US, LIVE.identity, None, "own", State.CLAIMED),
    "taken from us, our tag again": (State.TAKEN_FROM_US, LIVE.identity, TAKEN, "own", State.TAKEN_OVER),
    "taken from us, own is gone": (State.TAKEN_FROM_US, LIVE.identity, THEIRS, "adopt", State.TAKEN_FROM_US),
    "released": (State.RELEASED, LIVE.identity, OURS_BY_NONCE, "own", State.RELEASED),
}


@pytest.mark.parametrize("case", LOOKS)
def test_an_observation_of_a_declared_table_updates_its_record(case: str) -> None:
    state, identity, tag, on_existing, expected = LOOKS[case]
    before, live = entry(state, identity), replace(LIVE, owner_tag=tag, owner_known=True)
    declared = replace(declaration(spec()), lifecycle=Lifecycle(on_existing=on_existing))
    resolved = resolve(before, declared, live, OwnershipContext(SCOPE, True, False, NOW))
    if state is not State.RELEASED:
        resolved, _ = plan_transfer(before, resolved, live, SCOPE, None)
    assert state_of(resolved) is expected


@pytest.mark.parametrize("state", [State.INTENT, State.UNPROVEN])
def test_without_tags_nothing_proves_a_create(state: State) -> None:
    before = entry(state, LIVE.identity if state is State.UNPROVEN else None)
    live = replace(LIVE, owner_tag=OURS_BY_NONCE)
    resolved = resolve(before, declaration(spec()), live, OwnershipContext(SCOPE, False, False, NOW))
    assert state_of(resolved) is State.UNPROVEN


def test_nothing_but_the_state_machine_writes_an_ownership() -> None:
    root = Path(reconciler.__file__).parent
    writing = re.compile(r"(ownership=|own_tag=|InventoryEntry\([^)]*)\"(intent|created|adopted|state_lost|released)\"")
    files = [*(root / "engine").glob("*.py"), *(root / "planning").glob("*.py")]
    found = {path.name for path in files if writing.search(path.read_text(encoding="utf-8"))}
    assert found == set()
