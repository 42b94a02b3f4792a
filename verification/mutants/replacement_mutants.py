"""Mutants of a replacement that keeps the items: what must be proven before a table or its copy is deleted."""

from __future__ import annotations

from mutants.mutant import Mutant

HARD = "test_mover_replacement"
CONSENT = "test_engine_consent"
PHASES = "test_mover_phases"

MUTANTS = (
    Mutant(
        "a copy of which nothing is recorded holds nothing back",
        "find_copies",
        "if holding: ...",
        "if False: ...",
        "after the loss of the state table, the table is created empty and all items are in a copy that nothing names",
        ("test_mover_lost_records::test_the_table_is_neither_created_nor_adopted_nor_seeded",),
    ),
    Mutant(
        "what is known of unrecorded copies ends with the first round of a run",
        "Pass._held_for_copies",
        "if self.listed is not None and not made: ...",
        "if not made: ...",
        "the second round of a run creates the table whose items are in a copy",
        (
            "test_mover_lost_records::test_a_table_that_could_not_be_read_in_the_first_round_of_a_run_is_held_in_the_next",
        ),
    ),
    Mutant(
        "a table is replaced without its undeclared index",
        "deletion_gate",
        "refusal = _ownership(step, gate_input) or ...",
        "refusal = _ownership(step, gate_input) or _pending_deletion(step, gate_input) or _cancelled(step, gate_input)"
        " or _table(step, gate_input)",
        "queries on an index fail after a key was changed, though nobody permitted an interruption",
        ("test_e2e_replacement::test_what_is_no_longer_declared_is_named_before_the_new_table_lacks_it",),
    ),
    Mutant(
        "a table is deleted although its copy differs",
        "_Proceeding._compare",
        "if not unequal: ...",
        "if True: ...",
        "an item that was written while the table was copied is lost with it",
        (f"{HARD}::test_an_item_that_is_written_while_the_table_is_copied_is_kept",),
    ),
    Mutant(
        "a copy is removed although items are missing again",
        "_Proceeding._verify",
        "if missing and not record.accepted: ...",
        "if False: ...",
        "an item that was lost after it was returned is lost for good",
        (f"{HARD}::test_an_item_that_is_missing_again_after_it_was_returned_is_left_to_a_person",),
    ),
    Mutant(
        "items that arrive in an empty table are deleted with it",
        "preflight_delete",
        "if decision.keeps_items and not step.keeps_items: ...",
        "if False: ...",
        "an application writes its first item after the plan, and the replacement takes it away",
        (f"{HARD}::test_items_that_arrive_in_an_empty_table_right_before_its_deletion_are_kept",),
    ),
    Mutant(
        "a copy that alone has the items is forgotten",
        "_after",
        "if copy is None or _is_lost(copy, record): ...",
        "if copy is None: ...",
        "items of a table that somebody else made under the copy's name are returned",
        (f"{PHASES}::test_the_next_move_follows_from_the_record_and_from_what_is_there",),
    ),
    Mutant(
        "a replacement is cancelled after the table was deleted",
        "_cancelled",
        "if record.table_deleted or record.phase is Phase.DELETING: ...",
        "if False: ...",
        "the copy, which alone has the items, is removed",
        (f"{HARD}::test_it_cannot_be_cancelled_or_released_once_the_table_may_be_deleted",),
    ),
    Mutant(
        "a table is released while its items are in the copy",
        "Release._one",
        "if replacement is not None and replacement.under_way: ...",
        "if False: ...",
        "nobody returns the items of a table that is not managed any more",
        (f"{HARD}::test_it_cannot_be_cancelled_or_released_once_the_table_may_be_deleted",),
    ),
    Mutant(
        "a table that holds items is replaced by a pass although DATA_LOSS=never",
        "_with_items",
        "if gate_input.options.data_loss == 'never': ...",
        "if False: ...",
        "a setting that protects all tables with items is ignored",
        (f"{CONSENT}::test_data_loss_never_leaves_the_replacement_to_a_person",),
    ),
    Mutant(
        "the daemon replaces a table with items at once",
        "_with_items",
        "return _after_grace(...)",
        "return step",
        "a half-edited declaration takes a table away before its author looks",
        (f"{CONSENT}::test_the_daemon_waits_its_grace_before_it_replaces_a_table_with_items",),
    ),
    Mutant(
        "an item that does not fit is found out when the table is gone",
        "Preflight.refusal",
        "return '; '.join(reasons) or None",
        "return None",
        "a table whose items have no such key is copied, and nobody is asked",
        (f"{CONSENT}::test_items_are_not_lost_to_a_replacement_without_consent",),
    ),
)
