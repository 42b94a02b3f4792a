"""Mutants of the last gaps through which an item could go: a release that watches, consent, renames, projects."""

from __future__ import annotations

from mutants.mutant import Mutant

CONSENT = "test_engine_consent"
ON_EXISTING = "test_engine_on_existing"
RENAMED = "test_engine_renamed"
BEFORE_DELETE = "test_engine_right_before_delete"

MUTANTS = (
    Mutant(
        "a table is watched before its record says released",
        "Release._one",
        "released = advance(entry, Event.RELEASE, unwanted_since=None, empty_since=None, forgotten_since=None)",
        "released = entry if entry.ending_at is not None else advance(entry, Event.RELEASE, unwanted_since=None)",
        "the pass that was stopped leads again while the verb watches, and sends a second DeleteTable",
        (f"{BEFORE_DELETE}::test_a_pass_that_leads_again_while_a_release_watches_keeps_the_table[pruned-moto]",),
    ),
    Mutant(
        "a table whose delete arrived late counts as released",
        "Release._watch_survival",
        "self._written(released, entry)",
        "",
        "a declared table is gone, and never made again",
        (f"{BEFORE_DELETE}::test_a_delete_during_a_release_is_reported_as_a_delete",),
    ),
    Mutant(
        "consent to replace an empty table covers what it holds by now",
        "_unapproved",
        "if gate_input.approved and not (gate_input.loss_approved or harmless or _allowed(gate_input)): ...",
        "if False: ...",
        "the plan shows a table with its seed alone, an item arrives before the delete, and is lost",
        (f"{CONSENT}::test_an_item_that_arrives_before_the_last_scan_keeps_its_table",),
    ),
    Mutant(
        "a plan does not tell a loss from none",
        "plan_digest",
        "[..., step.nothing_lost, ...]",
        "[..., ...]",
        "an item arrives before the answer, and the plan that was shown counts as the present one",
        (f"{CONSENT}::test_the_plan_digest_differs_for_a_table_with_items",),
    ),
    Mutant(
        "--yes is consent for every table",
        "up",
        "app.reconciler.preview(..., confirming=... and (not yes or bool(names)))",
        "app.reconciler.preview(..., confirming=True)",
        "a pipeline that runs `up --yes` loses the items of a table whose key changed",
        ("test_cli_commands::test_yes_is_consent_to_lose_items_only_of_tables_that_are_named[up --yes]",),
    ),
    Mutant(
        "a table that its file declares no more is pruned, whatever it declares instead",
        "_items",
        "... and gate_input.renamed_to is not None and not (allowed or gate_input.approved)",
        "False",
        "a table_name is changed in its file, and the items of the old table are gone without a word",
        (f"{RENAMED}::test_a_table_with_items_stays_and_the_new_one_is_made",),
    ),
    Mutant(
        "a rename is forgotten once the new table is made",
        "no_longer_declared",
        "entry = replace(entry, renamed_to=renamed_to)",
        "",
        "the table in its place is removed again, and the one with the items goes with it",
        (f"{RENAMED}::test_it_stays_when_the_declaration_of_the_replacing_table_is_removed",),
    ),
    Mutant(
        "the new table is made before the rename is recorded",
        "Pass._tables",
        "guard.names | replaced",
        "guard.names",
        "killed in between, the next process finds two tables of its own and one declaration, and prunes the other",
        (f"{RENAMED}::test_a_pass_that_ends_anywhere_leaves_a_record_that_keeps_it",),
    ),
    Mutant(
        "a file that is renamed with its table reads as a removal",
        "Pass._tables",
        "PassContext(..., in_new_files={} if destroy else in_new_files(desired, inventory))",
        "PassContext(..., in_new_files={})",
        "git mv and a changed table_name, and the items of the old table are gone without a word",
        (f"{RENAMED}::test_a_table_with_items_stays_and_the_new_one_is_made",),
    ),
    Mutant(
        "a renamed file is known as soon as one of its tables is recorded in it",
        "_record_removal_first",
        "entry = replace(entry, declared_in=recorded.declared_in)",
        "",
        "killed between two records, the next process takes the renamed file for an old one and prunes the table",
        (f"{RENAMED}::test_a_pass_that_ends_anywhere_leaves_a_record_that_keeps_it",),
    ),
    Mutant(
        "a table that was not read is not renamed",
        "PassContext.undeclared_entry",
        "if renamed_to is None and recorded.name in self.in_new_files: ...",
        "if False: ...",
        "its key is unknown in the one pass that sees its file renamed, and the next one prunes it",
        (f"{RENAMED}::test_a_table_that_could_not_be_read_when_its_file_was_gone_is_kept",),
    ),
    Mutant(
        "every new table is the removed one under another name",
        "equal_keys",
        "each.spec.keys == keys",
        "True",
        "a table that was removed stays because of any new one",
        (f"{RENAMED}::test_a_removal_that_is_not_a_rename_is_pruned_as_before",),
    ),
    Mutant(
        "projects of one name are one",
        "_items",
        "if step.action is Action.DELETE and gate_input.elsewhere is not None and not gate_input.approved: ...",
        "if False: ...",
        "x/backend and y/backend share a table and a derived stack, and the second prunes the tables of the first",
        (f"{RENAMED}::test_a_project_of_the_same_name_prunes_no_table_with_items_of_the_other",),
    ),
    Mutant(
        "a recreated table is adopted though fail is declared",
        "was_there_before",
        "return not is_open(entry) and not observed.identity.same(entry.identity)",
        "return False",
        "somebody recreates the table, and time to live is enabled on theirs",
        (f"{ON_EXISTING}::test_a_recreated_table_is_an_error_where_fail_is_declared",),
    ),
    Mutant(
        "a table of others under another key is changed in place",
        "harmless_under_another_key",
        "step.status is StepStatus.READY and (step.removes or _loses(step))",
        "False",
        "its index goes and its items expire, while the step for its key is blocked because it is not ours",
        (f"{ON_EXISTING}::test_a_foreign_table_with_another_key_loses_nothing",),
    ),
    Mutant(
        "a destroyed table stays ready",
        "LoopStatus.finish",
        "self.ready_names -= {table.name for table in report.tables if _destroyed(report, table)}",
        "",
        "after a destroy /readyz and healthcheck go on saying that all tables are there",
        ("test_engine_readiness::test_a_table_that_was_destroyed_is_not_ready_until_it_is_made_again",),
    ),
)
