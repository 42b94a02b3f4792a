"""Bugs in the state machine of ownership."""

from __future__ import annotations

from mutants.mutant import Mutant

STATES = "test_ownership_states"
MUTANTS = (
    Mutant(
        "a table that was released comes back as the result of our create",
        "TRANSITIONS",
        "{**..., Event.IMPORT: dict.fromkeys(State, State.ADOPTED)}",
        "{**..., Event.IMPORT: dict.fromkeys(State, State.UNPROVEN)}",
        "its owner tag, which release leaves on it, makes it ours to delete again",
        ("test_engine_importing::test_a_created_and_released_table_is_only_adopted_when_imported_again[aws]",),
    ),
    Mutant(
        "a table that others gave back is not claimed again",
        "_event",
        "if known and state in OURS: ...",
        "if known and state in OURS | {State.TAKEN_FROM_US}: ...",
        "a table that was given back is never ours again, though both the tag and the declaration say so",
        (f"{STATES}::test_an_observation_of_a_declared_table_updates_its_record[taken from us, no tag any more]",),
    ),
    Mutant(
        "what the owner tag stands for is not stored",
        "_Entries.write",
        'return {**super().write(record), "nonce": TAG_NONCES.get(record.own_tag, record.nonce)}',
        "return super().write(record)",
        "after a restart two stacks take a table from one another for ever",
        (f"{STATES}::test_a_record_keeps_its_stored_form_and_reads_back_in_its_state[taken from us]",),
    ),
)
