"""Mutants of consent: what a replacement, a confirmation and foreign declarations may do."""

from __future__ import annotations

from mutants.mutant import Mutant

CONSENT = "engine/test_engine_consent.py"
GUARD = "engine/test_engine_foreign_guard.py"

MUTANTS = (
    Mutant(
        "a replacement on an emulator needs no consent",
        "planning/policy.py",
        "if step.action is Action.REPLACE and not (allowed or facts.approved):",
        "if False:",
        "another key in a file, and three thousand items of a developer are gone without a question",
        (f"{CONSENT}::test_items_are_not_lost_to_a_replacement_that_nobody_agreed_to",),
    ),
    Mutant(
        "a confirmation is not heard",
        "planning/policy.py",
        "if step.action is Action.REPLACE and not (allowed or facts.approved):",
        "if step.action is Action.REPLACE and not allowed:",
        "nobody can replace a table but by a setting that holds for all tables",
        (f"{CONSENT}::test_up_replaces_once_the_plan_was_confirmed",),
    ),
    Mutant(
        "up carries out whatever the plan has become",
        "engine/passes.py",
        "return self.plan_changed\n",
        "return False\n",
        "shown one create, confirmed, and a table with six items deleted",
        (f"{CONSENT}::test_up_carries_out_no_other_plan_than_the_one_that_was_shown",),
    ),
    Mutant(
        "up with --yes destroys what was not shown",
        "planning/policy.py",
        "if facts.approved is not False:",
        "if True:",
        "a script confirms a plan that somebody changes before it is carried out",
        (f"{CONSENT}::test_up_with_yes_destroys_nothing_that_was_not_shown",),
    ),
    Mutant(
        "a single table of another project is pruned with its items",
        "planning/policy.py",
        "if step.action is Action.DELETE and facts.lone and not facts.approved:",
        "if False:",
        "two projects of one table each share an endpoint, and one deletes the other's",
        (f"{GUARD}::test_tables_of_another_project_stay",),
    ),
    Mutant(
        "a declared table counts though it does not exist",
        "engine/foreign_guard.py",
        "return identity_of(table).same(entry.identity)",
        "return True",
        "the one table that speaks for these declarations was made by somebody else",
        (f"{GUARD}::test_tables_of_another_project_stay",),
    ),
    Mutant(
        "a declared table that cannot be read counts as existing",
        "engine/foreign_guard.py",
        "            self._doubt.note(error)\n            return None",
        "            return True",
        "throttling decides that other tables may go",
        (f"{GUARD}::test_a_declared_table_that_could_not_be_read_is_no_proof_and_ends_no_wait",),
    ),
)
