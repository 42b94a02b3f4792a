"""Mutants of the rules about items: who wrote what, the identity of the table, and what is recorded as done."""

from __future__ import annotations

from mutants.mutant import Mutant

PROVENANCE = "test_engine_provenance"
CLEAR = f"{PROVENANCE}::test_clear_removes_what_is_recorded_as_written_and_unchanged"
CHANGED = f"{PROVENANCE}::test_a_seed_that_changed_while_it_was_interrupted"
RECREATED = f"{PROVENANCE}::test_recreating_a_table_ends_its_seeding_within_two_seconds"
STOPPED = f"{PROVENANCE}::test_a_stop_ends_seeding_between_two_batches_and_the_next_run_resumes"
CLEAR_RACED = "test_e2e_clear_raced"
ITEMS = "test_aws_items"

MUTANTS = (
    Mutant(
        "seed --update changes what others changed",
        "SeedUpdate._update",
        "digest not in ours or items.remove_if_equal(table, found, keys) is not Removal.REMOVED",
        "items.remove_if_equal(table, found, keys) is not Removal.REMOVED",
        "an item that somebody edited is set back to the seed",
        ("test_engine_seed_update::test_an_item_that_somebody_changed_is_kept_and_reported", "test_seeds_slice"),
    ),
    Mutant(
        "seed --update overwrites what came in between",
        "SeedUpdate._update",
        "_End.UPDATED if items.put_if_absent(table, item, keys) else _End.KEPT",
        "_End.UPDATED",
        "an item that is changed is lost, because it is removed and not written",
        ("test_engine_seed_update::test_changed_items_are_updated_and_new_ones_written",),
    ),
    Mutant(
        "clear needs no record of who wrote an item",
        "_SeedRemoval.run",
        "ours = (each for each in numbered if each[2] in written)",
        "ours = iter(numbered)",
        "items of an adopted table that equal the seed are deleted",
        (CLEAR,),
    ),
    Mutant(
        "an item found present counts as written",
        "SeedWriting._settle",
        "written = [digest for (_, _, digest), end in zip(chunk, ends, strict=True) if end is Put.WRITTEN]",
        "written = [digest for (_, _, digest), end in zip(chunk, ends, strict=True) if not isinstance(end, ApiError)]",
        "clear deletes what seed reported as present",
        (CLEAR,),
    ),
    Mutant(
        "an item of a batch that was interrupted counts as written",
        "provenance",
        "written = DigestSet(unpack(record.written))",
        "written = DigestSet(unpack(record.written) | unpack(record.uncertain))",
        "after a kill nobody can say who wrote an item, and it is recorded as ours",
        ("test_seeds_slice", "test_seeding_provenance"),
    ),
    Mutant(
        "items are recorded only after they are sent",
        "SeedWriting.run",
        'work.ledger.save("started", work.seed, (digest for _, _, digest in batch))',
        'work.ledger.save("started", work.seed)',
        "after a kill and a changed seed, items of the seeder are taken for those of others",
        (CHANGED,),
    ),
    Mutant(
        "what is recorded of a table outlives it",
        "SeedLedger.opened",
        "if found is None or not identity.same(found.identity): ...",
        "if found is None: ...",
        "clear deletes equal items from a table that somebody recreated",
        (CLEAR,),
    ),
    Mutant(
        "the identity is not checked while items are sent",
        "SeedWork.one",
        "self.watch.confirm()",
        "",
        "thousands of items go into a table that somebody recreated in the middle",
        (RECREATED,),
    ),
    Mutant(
        "the identity is confirmed once for ever",
        "IdentityWatch.confirm",
        "if age < RENEW_SECONDS or (self._asking and age < LIMIT_SECONDS): ...",
        "if age >= 0: ...",
        "a table that was recreated after the first item is not noticed until the end",
        (RECREATED,),
    ),
    Mutant(
        "the identity is not checked at the end",
        "write_seed",
        """
        if not (work.fatal or stopped):
            work.watch.check()
        """,
        "",
        "a table that was recreated with the last items is recorded as seeded",
        (RECREATED,),
    ),
    Mutant(
        "an interrupted seed that changed is resumed as if it had not",
        "_resume_seed",
        "if record is None or (possible <= wanted and (possible or not changed)): ...",
        "if True: ...",
        "123 items of the old seed and all of the new one are recorded as done",
        (CHANGED,),
    ),
    Mutant(
        "a table with items of an earlier seed is recorded as done",
        "write_seed",
        "if whole and (by_command or not earlier): ...",
        "if whole: ...",
        "a table that holds neither version of the seed exactly is in sync",
        (CHANGED,),
    ),
    Mutant(
        "a seed that changes each time is written each time",
        "_resume_seed",
        "if missing and not (changed and record.earlier): ...",
        "if missing: ...",
        "a random seed piles up with every run",
        (f"{PROVENANCE}::test_a_seed_that_changes_with_every_reading_never_piles_up",),
    ),
    Mutant(
        "items of others do not keep a changed seed away",
        "_resume_seed",
        "if not digests <= possible | wanted: ...",
        "if False: ...",
        "a seed is written among the items of others",
        (f"{PROVENANCE}::test_foreign_items_keep_a_changed_seed_out_of_the_table",),
    ),
    Mutant(
        "a stop is not seen between batches",
        "SeedWork.stop",
        "if self.interrupted or not self.ports.clock.sleep(0): ...",
        "if self.interrupted: ...",
        "Ctrl-C waits until all of 100,000 items are written",
        (STOPPED,),
    ),
    Mutant(
        "the deadline is not seen between batches",
        "SeedWork._late",
        "return self.deadline is not None and self.ports.clock.now() >= self.deadline",
        "return False",
        "--once with a deadline of ten seconds seeds for minutes",
        (f"{PROVENANCE}::test_the_deadline_ends_a_long_seeding_within_a_batch",),
    ),
    Mutant(
        "an item to which an attribute was added is not put back",
        "BotoItemApi.remove_if_equal",
        "self._put_back(table, removed, key_names)",
        "",
        "an attribute that somebody adds a moment before the delete is lost with its item",
        (f"{ITEMS}::test_an_item_changed_between_read_and_delete_is_kept_by_clear",),
    ),
    Mutant(
        "an item is put back over what took its key",
        "BotoItemApi._put_back",
        "self.put_if_absent(table, item, key_names)",
        'self._client.call("PutItem", {"TableName": table, "Item": item}) is not None',
        "what somebody wrote in between is overwritten by the item that is put back",
        (f"{ITEMS}::test_an_item_whose_key_was_taken_again_is_not_written_over_it",),
    ),
    Mutant(
        "a lost answer of a delete reads as already gone",
        "BotoItemApi.remove_if_equal",
        "raise self._after_no_answer(table, item, key_names, error) from error",
        "return Removal.GONE",
        "what somebody added is deleted with its item, and nobody hears of it",
        (f"{ITEMS}::test_a_delete_without_a_usable_answer_counts_neither_as_removed_nor_as_missing",),
    ),
    Mutant(
        "a delete of an item is sent again",
        "destroys",
        'return "ReturnValues" in params',
        "return False",
        "the second sending finds no item, and what the first one removed is never seen",
        (f"{CLEAR_RACED}::test_a_delete_whose_answer_is_lost_is_a_failure_that_names_the_item[None]",),
    ),
    Mutant(
        "an item that is gone after a failed delete counts as already gone",
        "_SeedRemoval._removed",
        "if end is Removal.GONE and failed is not None: ...",
        "if False: ...",
        "a delete that was applied and answered by a refusal is taken for the work of others",
        (f"{CLEAR_RACED}::test_a_delete_whose_answer_is_lost_is_a_failure_that_names_the_item[a throttled request]",),
    ),
    Mutant(
        "a key that was taken again ends the put-back quietly",
        "BotoItemApi._put_back",
        """
        failure = "another item has its key now"
        break
        """,
        "return",
        "the item that was removed is lost, and nobody hears of it",
        (f"{ITEMS}::test_an_item_whose_key_was_taken_again_is_not_written_over_it",),
    ),
    Mutant(
        "a second signal does not wait for a put-back",
        "Interruption._handle",
        "if self._critical: ...",
        "if False: ...",
        "Ctrl-C twice between the delete and the put-back loses the item",
        (f"{CLEAR_RACED}::test_signals_between_the_delete_and_the_put_back_do_not_lose_the_item[2]",),
    ),
    Mutant(
        "damaged digests are read as none",
        "_packed",
        'raise Unreadable(f"{name} does not hold packed digests ({error})") from None',
        'return ""',
        "a damaged record is believed",
        ("test_state_kinds::test_damaged_digests_do_not_read_as_an_empty_record",),
    ),
    Mutant(
        "clear does not ask off emulators",
        "clear",
        "if not yes and not app.reconciler.ports.emulator: ...",
        "if False: ...",
        "items of a real table are removed without a question",
        ("test_cli_commands::test_clear_asks_outside_emulators_and_never_clears_unasked",),
    ),
)
