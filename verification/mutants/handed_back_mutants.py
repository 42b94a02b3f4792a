"""Mutants of what is handed back: tags of others that are removed, and features that are forgotten or invented."""

from __future__ import annotations

from mutants.mutant import Mutant

ENGINE = "test_engine_handed_back"
PURE = "test_handed_back"

MUTANTS = (
    Mutant(
        "a tag whose value others changed is removed",
        "_tags",
        "if live.get(key) == value: ...",
        "if key in live: ...",
        "the tag of a cost tool disappears with the line of a declaration",
        (f"{ENGINE}::test_a_tag_whose_value_others_changed_stays_and_is_reported",),
    ),
    Mutant(
        "a tag that was there before counts as ours",
        "as_imported",
        "Managed(observed.identity, tuple(paths))",
        "Managed(observed.identity, tuple(paths), dict(observed.spec.tags or ()))",
        "an imported table loses the tags that access control depends on",
        (f"{PURE}::test_an_imported_table_has_no_tag_of_ours",),
    ),
    Mutant(
        "the record of a former table of the name counts",
        "managed_of",
        "managed is not None and identity.same(managed.identity)",
        "managed is not None",
        "a recreated table loses the tags of whoever recreated it",
        (
            f"{PURE}::test_the_record_of_another_identity_says_nothing",
            f"{ENGINE}::test_a_recreated_table_keeps_its_tags",
        ),
    ),
    Mutant(
        "a released table keeps its record of tags",
        "in_state",
        "replace(moved, managed=None)",
        "moved",
        "after a release and an import, tags that others set meanwhile are removed",
        (f"{ENGINE}::test_a_released_table_keeps_its_tags_even_after_it_is_adopted_again",),
    ),
    Mutant(
        "a removal of tags is sent without a look right before",
        "destroys",
        '("Delete", "Deregister", "Untag")',
        '("Delete", "Deregister")',
        "a tag that somebody changed a moment before is removed",
        (f"{ENGINE}::test_a_tag_that_is_changed_right_before_it_is_removed_stays",),
    ),
    Mutant(
        "ignored tags are removed",
        "_tags",
        'if covered(f"{TAG}{key}", ignore): ...',
        "if False: ...",
        "ignore_changes does not hold for removals",
        (f"{ENGINE}::test_a_tag_under_ignore_changes_stays",),
    ),
    Mutant(
        "a feature is reported although it never converged",
        "_features",
        "before if name in differing else name in on",
        "name in on",
        "a feature of others is reported as once declared",
        (f"{PURE}::test_a_differing_feature_is_not_recorded",),
    ),
    Mutant(
        "a feature that is gone is reported for ever",
        "_features",
        "if before and name in on: ...",
        "if before: ...",
        "the report names what the table does not have",
        (f"{ENGINE}::test_it_ends_when_the_feature_is_gone_from_the_table",),
    ),
    Mutant(
        "what is no longer declared must be readable",
        "access_denied_steps",
        "if getattr(declaration.spec, facet) is None: ...",
        "",
        "a missing permission for an undeclared feature blocks the table",
        (f"{ENGINE}::test_a_denied_read_of_an_undeclared_tag_is_no_difference",),
    ),
    Mutant(
        "children are seeded first",
        "_seed_all",
        "sorted(applied, key=...)",
        "list(applied)",
        "items refer to items that are not there yet",
        ("test_engine_references::test_a_table_is_seeded_after_those_that_it_refers_to",),
    ),
    Mutant(
        "clearing begins with the parents",
        "SeedCommands._run",
        "chosen.sort(key=..., reverse=action is Action.CLEAR)",
        "chosen.sort(key=lambda declaration: order.position(declaration.spec.name))",
        "items refer to items that are gone",
        ("test_engine_references::test_the_commands_seed_parents_first_and_clear_them_last",),
    ),
    Mutant(
        "a table waits for one that failed",
        "_seed_comes",
        "waits and table.status not in (TableStatus.BLOCKED, TableStatus.ERROR)",
        "waits",
        "one broken seed keeps all others from being written",
        ("test_engine_references::test_a_table_does_not_wait_for_one_that_is_blocked",),
    ),
)
