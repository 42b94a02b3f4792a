"""Mutants of saved plans, of the check of an init container, and of what systemd is told."""

from __future__ import annotations

from mutants.mutant import Mutant

PLAN = "test_e2e_saved_plan"
FAKED = "test_cli_saved_plan"
WAITING = "test_e2e_deployment"
SYSTEMD = "test_systemd"

MUTANTS = (
    Mutant(
        "a saved plan is applied whatever has changed",
        "SavedPlan.refuse_if_changed",
        "if then != current: ...",
        "if False: ...",
        "a plan is reviewed on Monday, and on Friday up deletes what nobody has seen",
        (f"{PLAN}::test_a_changed_table_is_refused",),
    ),
    Mutant(
        "the seeds of a saved plan may change",
        "_compared",
        "desired.digest",
        "''",
        "other items than the reviewed ones are written",
        (f"{PLAN}::test_a_changed_seed_is_refused_though_the_plan_is_the_same",),
    ),
    Mutant(
        "a saved plan lifts a suspension that came after it",
        "_compared",
        "plan.suspended",
        "False",
        "somebody stops the stack for a reason, and a pipeline starts it again",
        (f"{PLAN}::test_a_stack_that_was_suspended_since_stays_suspended",),
    ),
    Mutant(
        "a saved plan allows what a question would allow",
        "up",
        "app.reconciler.preview(..., confirming=saved is None and (not yes or bool(names)))",
        "app.reconciler.preview(..., confirming=not yes or bool(names))",
        "items are lost that the reviewed plan showed as safe",
        (f"{FAKED}::test_a_saved_plan_names_its_tables_and_allows_this_plan_only",),
    ),
    Mutant(
        "the engine does not compare a saved plan before its first write",
        "up",
        "approval(plan, only_this=not yes or saved is not None)",
        "approval(plan, only_this=not yes)",
        "the plan changes between the check and the first write, and another one is carried out",
        (f"{FAKED}::test_a_saved_plan_names_its_tables_and_allows_this_plan_only",),
    ),
    Mutant(
        "a saved plan that was not begun counts as applied",
        "SavedPlan.refuse_if_not_begun",
        "if report.plan_changed: ...",
        "if False: ...",
        "a pipeline goes on although nothing was done",
        (f"{FAKED}::test_a_plan_that_changes_right_before_the_first_write_is_refused",),
    ),
    Mutant(
        "--out replaces any file",
        "save",
        "if target.exists() and _document(target) is None: ...",
        "if False: ...",
        "a file of the user is gone",
        (f"{FAKED}::test_a_saved_plan_is_replaced_and_another_file_is_not",),
    ),
    Mutant(
        "a table counts as ready before its seed is written",
        "_not_ready",
        "table.declaration and not table.ready",
        "table.declaration and table.live_status is None",
        "an application starts on an empty table",
        (f"{WAITING}::test_a_table_whose_seed_is_not_written_is_not_ready",),
    ),
    Mutant(
        "systemd is told that a stuck loop lives",
        "Systemd._run",
        "if self._watchdog and self._dead() is None: ...",
        "if self._watchdog: ...",
        "a daemon hangs for days and is never restarted",
        (f"{SYSTEMD}::test_a_stuck_loop_is_not_reported_as_alive",),
    ),
    Mutant(
        "systemd is told READY before the tables are there",
        "Systemd._start_if_ready",
        "if not self._started and self._ready(): ...",
        "if not self._started: ...",
        "a unit that comes after this one finds no tables",
        (f"{SYSTEMD}::test_ready_is_sent_once_and_only_when_the_daemon_is_ready",),
    ),
)
