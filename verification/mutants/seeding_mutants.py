"""Mutants of seeding and clearing: faults by which items of others are lost, or half a seed is called whole."""

from __future__ import annotations

from mutants.mutant import Mutant

ITEMS = "test_aws_items"
TOGETHER = "test_engine_seed_transactions"

MUTANTS = (
    Mutant(
        "half a seed is called whole",
        "write_seed",
        "whole = not (work.errors or stopped) and writing.written + writing.present == len(numbered)",
        "whole = not stopped",
        "a batch that failed in the middle is marked as done and never resumed",
        ("test_engine_seed_records::test_a_seed_with_a_refused_item_is_not_done_and_is_resumed",),
    ),
    Mutant(
        "an interrupted seed is not resumed",
        "need",
        'return Need.RESUME if record.state == "started" else Need.NOTHING',
        "return Need.NOTHING",
        "killed halfway, a table stays half seeded for ever",
        ("test_engine_pass::test_seeding_interrupted_anywhere_is_resumed_to_the_seed_plus_the_foreign_items",),
    ),
    Mutant(
        "seeding is not begun before the first item",
        "SeedWriting.run",
        'work.ledger.save("started", work.seed, (digest for _, _, digest in batch))',
        "",
        "killed halfway, the rest is never written: the table is not empty any more",
        ("test_engine_pass::test_seeding_interrupted_anywhere_is_resumed_to_the_seed_plus_the_foreign_items",),
    ),
    Mutant(
        "a table with items is seeded",
        "with_seed",
        "... and context.ports.items.first_items(base.name, 1)",
        "False",
        "seeds are put among the data of others at each deploy (serverless/components#133)",
        ("test_engine_pass::test_a_table_that_holds_items_is_never_seeded",),
    ),
    Mutant(
        "a cleared table is seeded again",
        "need",
        'if record.state == "cleared": ...',
        "if False: ...",
        "what a person removed comes back with the next pass",
        ("test_engine_seed_records::test_a_cleared_table_stays_empty_even_when_it_is_recreated",),
    ),
    Mutant(
        "a seed record outlives its table",
        "need",
        "if identity is None or not identity.same(record.identity): ...",
        "if identity is None: ...",
        "a table that was recreated stays empty, because one of its name was seeded once",
        (
            "test_engine_seed_records::test_an_interrupted_seed_that_was_started_in_an_earlier_table_means_nothing_for_the_next_one",
        ),
    ),
    Mutant(
        "a seed overwrites what is there",
        "_put",
        '"attribute_not_exists(#key)"',
        '"attribute_not_exists(#key) OR attribute_exists(#key)"',
        "the item of a user becomes the sample again",
        (f"{ITEMS}::test_the_write_of_a_seed_item_is_conditioned_on_its_key_being_free",),
    ),
    Mutant(
        "a seed is written in transactions on moto",
        "IN_TRANSACTIONS",
        "frozenset((Flavor.DYNAMODB_LOCAL, Flavor.LOCALSTACK))",
        "frozenset((Flavor.DYNAMODB_LOCAL, Flavor.LOCALSTACK, Flavor.MOTO))",
        "moto restores the whole table when it refuses a transaction, and what others wrote meanwhile is gone",
        (f"{TOGETHER}::test_no_transaction_is_sent_where_it_costs_capacity_or_loses_items_of_others",),
    ),
    Mutant(
        "an item found after a lost transaction is taken for written",
        "SeedWriting._after_lost_response",
        "return Put.UNPROVEN if canonical(found) == canonical(numbered[1]) else Put.PRESENT",
        "return Put.WRITTEN if canonical(found) == canonical(numbered[1]) else Put.PRESENT",
        "an equal item that others wrote is recorded as ours, and clear removes it",
        (f"{TOGETHER}::test_on_an_endpoint_that_forgets_tokens_an_item_is_ours_only_if_that_is_proven",),
    ),
    Mutant(
        "a lost transaction is sent again under another token",
        "SeedWriting._send_together",
        "token = token or self.work.ports.random.token()",
        "token = self.work.ports.random.token()",
        "the second sending finds the items of the first one, and nobody knows whose they are",
        (f"{TOGETHER}::test_after_a_lost_response_the_counts_are_exact",),
    ),
    Mutant(
        "the lease is not checked before a transaction",
        "SeedWriting._attempt",
        "if not work.ports.store.keep_lease(): ...",
        "if False: ...",
        "a process that lost its lease writes a hundred items more with each call",
        (f"{TOGETHER}::test_nothing_is_sent_after_the_lease_was_lost_midway",),
    ),
    Mutant(
        "the identity is not checked before a transaction",
        "SeedWriting._attempt",
        "work.watch.confirm()",
        "",
        "the seed goes into a table that somebody made anew",
        (f"{TOGETHER}::test_a_table_that_is_replaced_midway_gets_no_further_transaction",),
    ),
    Mutant(
        "clear removes items that were changed",
        "BotoItemApi.remove_if_equal",
        """
        if canonical(found) != canonical(item):
            return Removal.CHANGED
        """,
        "",
        "what somebody made of a sample is deleted with the samples",
        (f"{ITEMS}::test_no_delete_is_sent_for_a_changed_item",),
    ),
    Mutant(
        "clear trusts its read",
        "BotoItemApi.remove_if_equal",
        '{"TableName": table, "Key": key, "ReturnValues": "ALL_OLD", **_still(item, key_names)}',
        '{"TableName": table, "Key": key, "ReturnValues": "ALL_OLD"}',
        "an item that changes between read and delete is lost",
        (f"{ITEMS}::test_the_delete_of_a_seed_item_is_conditioned_on_every_attribute",),
    ),
    Mutant(
        "an empty page proves a table empty",
        "BotoItemApi.first_items",
        "if not last or len(items) >= limit: ...",
        "if True: ...",
        "a Scan whose first page holds nothing but a key reads as no items",
        (f"{ITEMS}::test_an_empty_page_with_a_key_does_not_prove_a_table_empty",),
    ),
    Mutant(
        "emptiness is read eventually consistent",
        "BotoItemApi.first_items",
        'params: dict[str, Any] = {"TableName": table, "ConsistentRead": True}',
        'params: dict[str, Any] = {"TableName": table}',
        "an item written a moment ago is not seen, and the table counts as empty",
        (f"{ITEMS}::test_emptiness_is_read_consistently_page_by_page",),
    ),
    Mutant(
        "numbers of seeds are rounded in their digest",
        "EXACT",
        "EXACT = Context(prec=50)",
        "EXACT = Context(prec=28)",
        "two items that differ in the thirtieth digit are one, and a changed item is cleared",
        ("test_seeding_digest",),
    ),
    Mutant(
        "floats of seeds lose digits",
        "decoder",
        "json.JSONDecoder(..., parse_float=exact_number)",
        "json.JSONDecoder(..., parse_float=float)",
        "0.1 of the file is another number in the table",
        ("test_seeds::test_all_38_digits_of_a_number_are_kept",),
    ),
    Mutant(
        "two items of one key are both taken",
        "KeyIndex.duplicates",
        "if first[:_KEY] == entry[:_KEY]: ...",
        "if False: ...",
        "the later item wins or loses by chance",
        ("test_bad_seed_items::test_a_bad_item_is_reported_with_file_line_field_reason_and_remedy",),
    ),
    Mutant(
        "a packed seed cut short is taken for whole",
        "_unpacked",
        "if state is not None: ...",
        "if False: ...",
        "half a file of a broken download becomes the whole seed",
        ("test_bad_seed_files::test_a_bad_seed_file_is_reported_by_name[a packed seed cut short]",),
    ),
    Mutant(
        "a packed seed may be of any size",
        "_unpacked",
        "if length > STREAM_LIMIT: ...",
        "if False: ...",
        "a few kilobytes of zeros fill the memory",
        (
            "test_bad_seed_files::test_a_packed_seed_that_unpacks_to_more_than_may_be_is_refused_before_it_fills_the_memory",
        ),
    ),
)
