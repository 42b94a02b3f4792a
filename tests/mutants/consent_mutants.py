"""Mutants of consent: what a replacement, a confirmation and foreign declarations may do."""

from __future__ import annotations

from mutants.mutant import Mutant

CONSENT = "engine/test_engine_consent.py"
GUARD = "engine/test_engine_foreign_guard.py"
CAP = "engine/test_engine_cap_and_grace.py"
FORMER = "state/test_state_former_stack.py"

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
        "if facts.approved is False:",
        "if False:",
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
    Mutant(
        "the cap counts only what may go at once",
        "planning/policy.py",
        "return step.destructive and (passing or step.fate in (Fate.READY, Fate.DEFERRED))",
        "return step.destructive and step.fate is Fate.READY",
        "five of five tables go, one a pass, as they become ACTIVE one after the other",
        (f"{CAP}::test_tables_that_become_active_one_after_the_other_do_not_go_one_a_pass",),
    ),
    Mutant(
        "the cap forgets what went in the pass before",
        "engine/holding.py",
        "already=_went(surveys, ended, recent) + unknown",
        "already=_went(surveys, ended, ()) + unknown",
        "a folder that shrinks file by file costs a table a pass",
        (f"{CAP}::test_one_table_an_hour_goes_and_the_next_waits_for_its_hour",),
    ),
    Mutant(
        "the hour of the cap goes by the wall clock alone",
        "engine/steady.py",
        "return clock.now() - at < span or timedelta(seconds=clock.monotonic() - began) < span",
        "return clock.now() - at < span",
        "a clock that is set an hour on frees the next table",
        (f"{CAP}::test_the_hour_survives",),
    ),
    Mutant(
        "the grace goes by the wall clock alone",
        "engine/steady.py",
        "return min(here, wall - since) if wall >= since else here",
        "return wall - since",
        "a jump of an hour ends a grace of five minutes at once",
        (f"{CAP}::test_a_jump_of_the_wall_clock_ends_no_grace",),
    ),
    Mutant(
        "an old backup stands for what the table holds",
        "engine/safety_backup.py",
        "return used or now - self.made <= FRESH.total_seconds()",
        "return True",
        "a delete was throttled, and half an hour and thirty items later the first backup is believed",
        (f"{CAP}::test_a_backup_before_a_delete_that_was_not_carried_out_counts_for_five_minutes",),
    ),
    Mutant(
        "every stack that nobody named is the same",
        "settings/stack_name.py",
        'return _name(folder.parent.name), f"default from folder {folder.parent}"',
        'return PLAIN, "default"',
        "two projects with a table each delete one another's",
        ("test_settings_stack.py::test_the_stack_is_named_after[the working directory]",),
    ),
    Mutant(
        "what nobody declares here is transferred too",
        "state/former_stack.py",
        'if f"{prefix}#" in NAMED and name in declared:',
        'if f"{prefix}#" in NAMED:',
        "the first project that runs takes the tables of all others, and prunes them",
        (f"{FORMER}::test_what_is_not_declared_here_stays",),
    ),
    Mutant(
        "the state is taken from under a living leader",
        "state/former_stack.py",
        "        self._claim(self._lease, records.highest, records, self._former.scope)\n",
        "",
        "two reconcilers write the same records under two stacks",
        (f"{FORMER}::test_a_living_leader_of_default_is_not_robbed",),
    ),
    Mutant(
        "a record that changed meanwhile is moved as it was read",
        "state/former_stack.py",
        "        if numbered:\n",
        "        if not numbered:\n",
        "a release in the same moment is undone",
        (f"{FORMER}::test_a_record_that_changes_meanwhile_is_not_taken",),
    ),
)
