"""Mutants of consent: what a replacement, a confirmation and foreign declarations may do."""

from __future__ import annotations

from mutants.mutant import Mutant

CONSENT = "test_engine_consent"
GUARD = "test_engine_foreign_guard"
CAP = "test_engine_cap_and_grace"
FORMER = "test_state_former_stack"

MUTANTS = (
    Mutant(
        "a replacement on an emulator needs no consent",
        "_items",
        "if step.action is Action.REPLACE and not (allowed or facts.approved): ...",
        "if False: ...",
        "another key in a file, and three thousand items of a developer are gone without a question",
        (f"{CONSENT}::test_items_are_not_lost_to_a_replacement_without_consent",),
    ),
    Mutant(
        "a confirmation is not heard",
        "_items",
        "if step.action is Action.REPLACE and not (allowed or facts.approved): ...",
        "if step.action is Action.REPLACE and not allowed: ...",
        "nobody can replace a table but by a setting that holds for all tables",
        (f"{CONSENT}::test_up_replaces_once_the_plan_was_confirmed",),
    ),
    Mutant(
        "up carries out whatever the plan has become",
        "Pass._plan_differs",
        "return self.plan_changed",
        "return False",
        "shown one create, confirmed, and a table with six items deleted",
        (f"{CONSENT}::test_up_applies_only_the_plan_that_was_shown",),
    ),
    Mutant(
        "up with --yes destroys what was not shown",
        "_unapproved",
        "if facts.approved is False: ...",
        "if False: ...",
        "a script confirms a plan that somebody changes before it is carried out",
        (f"{CONSENT}::test_up_with_yes_destroys_nothing_that_was_not_shown",),
    ),
    Mutant(
        "a single table of another project is pruned with its items",
        "_items",
        "if step.action is Action.DELETE and facts.single and not facts.approved: ...",
        "if False: ...",
        "two projects of one table each share an endpoint, and one deletes the other's",
        (f"{GUARD}::test_tables_of_another_project_stay",),
    ),
    Mutant(
        "a declared table counts though it does not exist",
        "_Kept._read",
        "return identity_of(table).same(entry.identity)",
        "return True",
        "the one table that speaks for these declarations was made by somebody else",
        (f"{GUARD}::test_tables_of_another_project_stay",),
    ),
    Mutant(
        "a declared table that cannot be read counts as existing",
        "_Kept._read",
        """
        self._doubt.note(error)
        return None
        """,
        "return True",
        "throttling decides that other tables may go",
        (f"{GUARD}::test_a_declared_table_that_could_not_be_read_proves_nothing_and_ends_no_wait",),
    ),
    Mutant(
        "the cap counts only what may go at once",
        "counts_as_deletion",
        "return step.destructive and (passing or step.status in (StepStatus.READY, StepStatus.DEFERRED))",
        "return step.destructive and step.status is StepStatus.READY",
        "five of five tables go, one a pass, as they become ACTIVE one after the other",
        (f"{CAP}::test_tables_becoming_active_one_by_one_are_not_deleted_one_per_pass",),
    ),
    Mutant(
        "the cap forgets what went in the pass before",
        "apply_pass_guards",
        "cap(..., already=_ended_before(surveys, ended, recent) + unknown)",
        "cap(..., already=_ended_before(surveys, ended, ()) + unknown)",
        "a folder that shrinks file by file costs a table a pass",
        (f"{CAP}::test_the_cap_allows_one_table_an_hour",),
    ),
    Mutant(
        "the hour of the cap goes by the wall clock alone",
        "ElapsedTimes.within",
        "return clock.now() - at < span or timedelta(seconds=clock.monotonic() - began) < span",
        "return clock.now() - at < span",
        "a clock that is set an hour on frees the next table",
        (f"{CAP}::test_deletions_of_the_last_hour_are_remembered",),
    ),
    Mutant(
        "the grace goes by the wall clock alone",
        "ElapsedTimes.elapsed",
        "return min(here, wall - since) if wall >= since else here",
        "return wall - since",
        "a jump of an hour ends a grace of five minutes at once",
        (f"{CAP}::test_a_jump_of_the_wall_clock_ends_no_grace",),
    ),
    Mutant(
        "an old backup stands for what the table holds",
        "SafetyBackup.is_current",
        "return used or now - self.made <= FRESH.total_seconds()",
        "return True",
        "a delete was throttled, and half an hour and thirty items later the first backup is believed",
        (f"{CAP}::test_a_backup_before_a_delete_that_was_not_executed_counts_for_five_minutes",),
    ),
    Mutant(
        "every stack that nobody named is the same",
        "derived",
        'return _name(folder.parent.name), f"default from folder {folder.parent}"',
        'return PLAIN, "default"',
        "two projects with a table each delete one another's",
        ("test_settings_stack::test_the_stack_is_named_after[the working directory]",),
    ),
    Mutant(
        "what nobody declares here is transferred too",
        "Transfer._read",
        'if f"{prefix}#" in NAMED and name in declared: ...',
        'if f"{prefix}#" in NAMED: ...',
        "the first project that runs takes the tables of all others, and prunes them",
        (f"{FORMER}::test_what_is_not_declared_here_stays",),
    ),
    Mutant(
        "the state is taken from under a living leader",
        "Transfer.make",
        "self._claim(self._lease, records.highest, records, self._former.scope)",
        "",
        "two reconcilers write the same records under two stacks",
        (f"{FORMER}::test_the_lease_of_a_living_leader_of_default_is_not_taken",),
    ),
    Mutant(
        "a record that changed meanwhile is moved as it was read",
        "Transfer._delete",
        "if numbered: ...",
        "if not numbered: ...",
        "a release in the same moment is undone",
        (f"{FORMER}::test_a_record_that_changes_in_the_meantime_is_not_transferred",),
    ),
)
