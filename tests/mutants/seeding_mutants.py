"""Mutants of seeding and clearing: faults by which items of others are lost, or half a seed is called whole."""

from __future__ import annotations

from mutants.mutant import Mutant

ITEMS = "aws/test_aws_items.py"

MUTANTS = (
    Mutant(
        "half a seed is called whole",
        "engine/seeding.py",
        "whole = not (work.errors or stopped)",
        "whole = not stopped",
        "a batch that failed in the middle is marked as done and never resumed",
        ("engine/test_engine_seed_records.py::test_a_seed_of_which_one_item_was_refused_is_not_done_and_is_resumed",),
    ),
    Mutant(
        "an interrupted seed is not resumed",
        "seeding/decide.py",
        'return Need.RESUME if record.state == "started" else Need.NOTHING',
        "return Need.NOTHING",
        "killed halfway, a table stays half seeded for ever",
        (
            "engine/test_engine_pass.py::test_seeding_interrupted_anywhere_is_resumed_to_exactly_the_seed_plus_what_others_wrote",
        ),
    ),
    Mutant(
        "seeding is not begun before the first item",
        "engine/seeding.py",
        '            ledger.save("started", seed, (digest for _, _, digest in batch))\n',
        "",
        "killed halfway, the rest is never written: the table is not empty any more",
        (
            "engine/test_engine_pass.py::test_seeding_interrupted_anywhere_is_resumed_to_exactly_the_seed_plus_what_others_wrote",
        ),
    ),
    Mutant(
        "a table with items is seeded",
        "engine/survey_seed.py",
        'observed.status == "ACTIVE" and scene.world.items.first_items(base.name, 1):',
        "False:",
        "seeds are put among the data of others at each deploy (serverless/components#133)",
        ("engine/test_engine_pass.py::test_a_table_that_holds_items_is_never_seeded",),
    ),
    Mutant(
        "a cleared table is seeded again",
        "seeding/decide.py",
        'if record.state == "cleared":',
        "if False:",
        "what a person removed comes back with the next pass",
        ("engine/test_engine_seed_records.py::test_a_table_that_was_cleared_stays_empty_even_when_it_is_made_anew",),
    ),
    Mutant(
        "a seed record outlives its table",
        "seeding/decide.py",
        "if identity is None or not identity.same(record.identity):",
        "if identity is None:",
        "a table that was recreated stays empty, because one of its name was seeded once",
        (
            "engine/test_engine_seed_records.py::test_an_interrupted_seed_that_was_begun_in_an_earlier_table_means_nothing_for_the_next_one",
        ),
    ),
    Mutant(
        "a seed overwrites what is there",
        "aws/item_api.py",
        '"ConditionExpression": "attribute_not_exists(#key)",',
        '"ConditionExpression": "attribute_not_exists(#key) OR attribute_exists(#key)",',
        "the item of a user becomes the sample again",
        (f"{ITEMS}::test_the_write_of_a_seed_item_is_conditioned_on_its_key_being_free",),
    ),
    Mutant(
        "clear removes items that were changed",
        "aws/item_api.py",
        "if canonical(found) != canonical(item):\n            return Removal.CHANGED\n        key",
        "key",
        "what somebody made of a sample is deleted with the samples",
        (f"{ITEMS}::test_an_item_that_was_changed_is_not_even_asked_to_go",),
    ),
    Mutant(
        "clear trusts its read",
        "aws/item_api.py",
        "**_still(item, key_names)}",
        "}",
        "an item that changes between read and delete is lost",
        (f"{ITEMS}::test_the_delete_of_a_seed_item_is_conditioned_on_every_attribute",),
    ),
    Mutant(
        "an empty page proves a table empty",
        "aws/item_api.py",
        "if not last or len(items) >= limit:",
        "if True:",
        "a Scan whose first page holds nothing but a key reads as no items",
        (f"{ITEMS}::test_an_empty_page_with_a_key_does_not_prove_a_table_empty",),
    ),
    Mutant(
        "emptiness is read eventually consistent",
        "aws/item_api.py",
        'items: list[Item] = []\n        params: dict[str, Any] = {"TableName": table, "ConsistentRead": True}',
        'items: list[Item] = []\n        params: dict[str, Any] = {"TableName": table}',
        "an item written a moment ago is not seen, and the table counts as empty",
        (f"{ITEMS}::test_emptiness_is_asked_for_consistently_page_by_page",),
    ),
    Mutant(
        "numbers of seeds are rounded in their digest",
        "seeding/digest.py",
        "EXACT = Context(prec=50)",
        "EXACT = Context(prec=28)",
        "two items that differ in the thirtieth digit are one, and a changed item is cleared",
        ("seeding/test_seeding_digest.py",),
    ),
    Mutant(
        "floats of seeds lose digits",
        "seeds/json_format.py",
        "parse_float=exact_number,",
        "parse_float=float,",
        "0.1 of the file is another number in the table",
        ("seeds/test_seeds.py::test_all_38_digits_of_a_number_are_kept",),
    ),
    Mutant(
        "two items of one key are both taken",
        "seeds/reading.py",
        "if earlier[0] != index:",
        "if False:",
        "the later item wins or loses by chance",
        ("seeds/test_bad_seed_items.py::test_a_bad_item_is_told_by_file_line_field_reason_and_remedy",),
    ),
    Mutant(
        "a packed seed cut short is taken for whole",
        "seeds/files.py",
        "if not unpacker.eof:",
        "if False:",
        "half a file of a broken download becomes the whole seed",
        ("seeds/test_bad_seed_files.py::test_a_bad_seed_file_is_told_by_its_name[a packed seed cut short]",),
    ),
    Mutant(
        "a packed seed may be of any size",
        "seeds/files.py",
        "if len(content) > SEED_LIMIT:",
        "if False:",
        "a few kilobytes of zeros fill the memory",
        (
            "seeds/test_bad_seed_files.py::test_a_packed_seed_that_unpacks_to_more_than_may_be_is_refused_before_it_fills_the_memory",
        ),
    ),
)
