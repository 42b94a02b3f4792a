"""Mutants of the next generation of a table: what may never be deleted, left open, or taken for the other table."""

from __future__ import annotations

from mutants.mutant import Mutant

WORK = "test_mover_generation"
PHASES = "test_mover_generation_phases"

MUTANTS = (
    Mutant(
        "the end of the hold alone deletes the old table",
        "Switches._hold",
        "if not record.finish and not (over and self.ports.emulator): ...",
        "if not record.finish and not over: ...",
        "a table with all its items goes on AWS although nobody asked for it",
        (f"{WORK}::test_the_old_table_is_not_deleted_when_the_hold_is_over_without_a_person",),
    ),
    Mutant(
        "an old table with items of its own is deleted",
        "Switches._hold",
        "self._refuse_items_of_others(follower)",
        "",
        "a write that reached the old table in spite of the fence is lost",
        (f"{WORK}::test_finish_leaves_the_old_table_while_it_has_items_that_the_new_one_lacks",),
    ),
    Mutant(
        "a cancellation leaves the fence",
        "EndsWork._remove_new",
        "self._open(old)",
        "",
        "no application can write to its table any more, and nobody is told",
        (f"{WORK}::test_cancel_opens_the_old_table_before_the_new_one_is_removed",),
    ),
    Mutant(
        "a table of the same name counts as the same table",
        "_disturbed",
        "if live is None or not live.identity.same(identity): ...",
        "if live is None: ...",
        "items go into a table that somebody else created",
        (f"{PHASES}::test_nothing_moves_where_one_of_both_is_another_table",),
    ),
    Mutant(
        "the old table is deleted although the new one is gone",
        "_finish",
        "if disturbed is not None: ...",
        "if False: ...",
        "both tables are lost",
        (f"{PHASES}::test_the_old_table_is_deleted_only_while_the_new_one_is_there",),
    ),
    Mutant(
        "one denied attempt proves the fence",
        "Switches._close",
        "if not fence.denies_for_long(): ...",
        "if not fence.denies(): ...",
        "a policy that is only half in force lets a write through after the last comparison",
        (f"{WORK}::test_one_denied_attempt_does_not_prove_the_fence",),
    ),
    Mutant(
        "the tables need not be equal at the switch",
        "Switches._drained",
        "if verified.equal: ...",
        "if True: ...",
        "an item that a writer added at the last moment is missing behind the new name",
        (f"{WORK}::test_a_writer_that_ignores_a_missing_fence_opens_it_again",),
    ),
    Mutant(
        "the new name is not published",
        "Switches._switch",
        "self._publish(record.new)",
        "",
        "applications go on with a table that denies their writes",
        (f"{WORK}::test_the_switch_puts_the_new_table_in_the_place_of_the_old_one",),
    ),
    Mutant(
        "a pass sees the next generation as a table that is no longer declared",
        "without_others",
        "{each.other for each in snapshot.generations.values()} & snapshot.inventory.keys()",
        "set()",
        "the next generation is pruned while it is filled, or the former one during the hold",
        (f"{WORK}::test_no_pass_prunes_the_new_table_or_counts_it_as_unmanaged",),
    ),
    Mutant(
        "a table that is not proven to be ours is removed",
        "EndsWork._remove_new",
        "if new is None or not ownership.is_ours(entry) or new.spec.deletion_protection: ...",
        "if new is None: ...",
        "a cancellation deletes a table of somebody else",
        (f"{WORK}::test_cancel_leaves_a_new_table_that_is_not_proven_to_be_ours",),
    ),
    Mutant(
        "the way back does not deny writes",
        "Switches._revert",
        "self._close(new)",
        "",
        "writes that reach the new table after the last comparison are lost with it",
        (f"{WORK}::test_writes_to_the_new_table_are_denied_before_it_is_left",),
    ),
    Mutant(
        "a cancellation removes the only table with items",
        "_cancel",
        "if _is_there(old, record.old_identity): ...",
        "if True: ...",
        "somebody deleted the old table, and the advice to cancel deletes its copy as well",
        ("test_mover_generation_phases::test_the_new_table_is_not_removed_where_the_old_one_is_gone",),
    ),
    Mutant(
        "an empty table takes the place of one that was deleted in the hold",
        "_until_finished",
        "if step.action is Action.CREATE and step.status is not StepStatus.BLOCKED: ...",
        "if False: ...",
        "applications find no items, and the way back is lost",
        (f"{WORK}::test_a_new_table_that_is_deleted_in_the_hold_is_not_created_empty",),
    ),
)
