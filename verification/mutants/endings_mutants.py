"""Mutants of how runs end: signals, threads, deadlines, liveness, fights with others, and what a report claims."""

from __future__ import annotations

from mutants.mutant import Mutant

SIGNALLED = "test_cli_signals::test_a_signal_ends_a_command_whatever_holds_it_up"
FIGHTS, ENDS = "test_engine_contested_fields", "test_engine_deadline"
WAITING = "test_engine_replacement_waits"

MUTANTS = (
    Mutant(
        "a signal that another thread takes is not heard",
        "Interruption.supervise",
        "former_fd = signal.set_wakeup_fd(self._writes, warn_on_full_buffer=False)",
        "former_fd = -1",
        "Ctrl-C at the moment in which a thread starts is lost, and the command goes on for ever",
        ("test_cli_signals::test_a_signal_that_reaches_another_thread_ends_the_command_too",),
    ),
    Mutant(
        "a signal leaves the stop event unset",
        "Interruption._until_ended",
        "self.stop.set()",
        "pass",
        "a run that got SIGTERM writes on until it is killed",
        ("test_cli_signals::test_a_writing_command_starts_nothing_more_and_ends_within_its_grace_time",),
    ),
    Mutant(
        "the process waits for its command for ever after a signal",
        "Interruption._until_ended",
        """
        if left is not None and left <= 0:
            return
        """,
        "left = None",
        "Ctrl-C hangs for ever while a call hangs",
        (f"{SIGNALLED}[it sleeps-SIGINT]",),
    ),
    Mutant(
        "a second signal is ignored",
        "Interruption._handle",
        "os._exit(128 + number)",
        "pass",
        "nothing but kill -9 ends a run that hangs",
        ("test_cli_signals::test_a_second_signal_ends_it_at_once",),
    ),
    Mutant(
        "an interrupted run exits with the code of its command",
        "Interruption.supervise",
        "self._code = 128 + self.received",
        "pass",
        "CI takes an interrupted run for a finished one",
        (f"{SIGNALLED}[it submits a million items-SIGTERM]",),
    ),
    Mutant(
        "work is begun after the stop",
        "_Job._taken",
        "if self._stop.is_set() or self._next >= len(self._items): ...",
        "if self._next >= len(self._items): ...",
        "8,000 items are written after Ctrl-C",
        ("test_system::test_nothing_is_started_once_the_process_must_stop",),
    ),
    Mutant(
        "a call that hangs is waited for",
        "_Job._awaited",
        "if not under_way or time.monotonic() >= until: ...",
        "if not under_way: ...",
        "a blocking read in one thread keeps the process alive",
        ("test_system::test_a_hanging_call_delays_others_by_the_linger_at_most[0.3]",),
    ),
    Mutant(
        "tables are looked at after the deadline",
        "_assess",
        "if context.out_of_time: ...",
        "if False: ...",
        "TIMEOUT=10s takes 162 s",
        (f"{ENDS}::test_no_table_is_started_after_the_deadline[60.0-DescribeTable]",),
    ),
    Mutant(
        "tables are written after the deadline",
        "_apply",
        "if context.out_of_time: ...",
        "if False: ...",
        "TIMEOUT=10s takes 162 s",
        (f"{ENDS}::test_no_table_is_started_after_the_deadline[60.0-CreateTable]",),
    ),
    Mutant(
        "a pass that is stuck counts as life",
        "liveness_problem",
        "if silent <= STILL: ...",
        "if silent <= STILL or loop_status.in_progress is not None: ...",
        "a class file became an infinite loop and /livez said alive",
        ("test_http_probes::test_the_loop_is_alive_while_it_makes_progress_or_waits_for_its_time",),
    ),
    Mutant(
        "a pass that does not begin is not missed",
        "liveness_problem",
        "silent = now - max(loop_status.heartbeat, idle_until)",
        "silent = now - (now if loop_status.in_progress is None and loop_status.next_pass else loop_status.heartbeat)",
        "/livez was 200 eleven minutes after the loop died",
        ("test_http_probes::test_the_loop_is_alive_while_it_makes_progress_or_waits_for_its_time",),
    ),
    Mutant(
        "whoever undoes our writes makes a field unsupported",
        "record_read_back",
        "contested[key] = now",
        "missed[key] = wanted(change)",
        "a fight with another tool reads as in sync",
        (f"{FIGHTS}::test_a_conflict_with_another_tool_is_contested_and_drift_on_an_emulator",),
    ),
    Mutant(
        "a fight is given up for good",
        "_exhausted",
        "since = attempts.refused.get(key) or attempts.contested.get(key)",
        "since = attempts.refused.get(key) or (now if key in attempts.contested else None)",
        "drift stays after the other tool has gone",
        (f"{FIGHTS}::test_after_the_conflict_the_field_is_written_again_within_an_hour",),
    ),
    Mutant(
        "a refusal as busy is believed for ever",
        "_update",
        "if _refused_although_active(applied, assessment.observed): ...",
        "if False: ...",
        "ResourceInUseException until the deadline though the table is ACTIVE (moto)",
        (f"{FIGHTS}::test_a_busy_refusal_of_an_active_table_is_unsupported_on_an_emulator_after_five_tries",),
    ),
    Mutant(
        "a refusal as busy is doubted at once on AWS",
        "record_refusal",
        "patience = timedelta(0) if emulator else BUSY_PATIENCE",
        "patience = timedelta(0)",
        "a new table whose backups are being enabled is contested for an hour",
        (f"{FIGHTS}::test_elsewhere_such_a_refusal_is_believed_for_ten_minutes_and_then_contested",),
    ),
    Mutant(
        "what waits for an unsupported step waits for ever",
        "propagate_blocked",
        "return tuple(_as_unsupported(step) for step in steps) if _any_unsupported(steps) else steps",
        "return steps",
        "auto scaling waits for a billing mode that the emulator ignores",
        (f"{FIGHTS}::test_a_dependent_step_shares_the_status_of_its_blocked_step[unsupported]",),
    ),
    Mutant(
        "a replacement behind the limit of deletions holds no protection back",
        "_waits_for_others",
        "return held_by_pass or step.status is StepStatus.DEFERRED",
        "return step.status is StepStatus.DEFERRED",
        "protection goes on when an unseen grace period is over, and then forbids the declared replacement",
        (
            f"{WAITING}::test_protection_waits_as_long_as_the_limit_of_deletions_blocks_the_replacement",
            f"{WAITING}::test_protection_waits_where_an_invalid_response_holds_the_replacement_back",
        ),
    ),
    Mutant(
        "a replacement is sent to a table whose protection is still on",
        "replace_after_unprotecting",
        "if not (replacing and unprotecting): ...",
        "if True: ...",
        "a plan does not say that protection goes off first, and the service refuses the deletion",
        (f"{WAITING}::test_a_plan_shows_the_replacement_that_the_same_run_makes_after_protection_is_off",),
    ),
    Mutant(
        "a released table is in sync",
        "_status",
        """
        if is_released(assessment.entry):
            return TableStatus.RELEASED
        """,
        """
        if assessment.entry is not None and assessment.entry.ownership == "released":
            return TableStatus.IN_SYNC
        """,
        "a table that nobody manages is reported as declared",
        (f"{ENDS}::test_a_released_table_is_shown_as_released_and_live",),
    ),
    Mutant(
        "what is taken back is ours to delete",
        "TRANSITIONS",
        "{**..., Event.IMPORT: dict.fromkeys(State, State.ADOPTED)}",
        "{**..., Event.IMPORT: dict.fromkeys(State, State.CREATED)}",
        "release and import make an adopted table one that is pruned",
        (f"{ENDS}::test_import_manages_a_released_table_again_as_adopted",),
    ),
    Mutant(
        "any restored table is the one that was asked for",
        "_is_this_restore",
        """
        if not _restored_from(live, call, source):
            return False
        """,
        "",
        "restore says done for the items of another backup",
        (f"{ENDS}::test_a_table_restored_from_another_backup_is_refused_with_its_origin",),
    ),
    Mutant(
        "metrics come before the report",
        "App.publish_metrics",
        "except (ReconcilerError, OSError, ValueError) as error: ...",
        "except ZeroDivisionError as error: ...",
        "a dead Pushgateway turns a finished run into an error",
        ("test_cli_side_outputs",),
    ),
    Mutant(
        "destroy obeys only what a run has recorded",
        "_table",
        "if gate_input.declared is not None: ...",
        "if False: ...",
        "a table that is declared as protected since the last run is deleted with its items",
        ("test_e2e_destroy_declared::test_what_is_declared_since_the_last_run_keeps_the_table",),
    ),
    Mutant(
        "a rename begins within a replacement",
        "Replacer.proceed",
        "declaration is not None and declaration.awaits_move and context.replacement(assessment.name) is None",
        "declaration is not None and declaration.awaits_move",
        "what was returned moves alone, and the copy with all items is nobody's",
        ("test_mover_replacement::test_a_table_that_is_renamed_meanwhile_gets_its_items_back_and_then_its_new_name",),
    ),
    Mutant(
        "a seed meets a half-filled table",
        "SeedCommands._seed_table",
        "items_elsewhere(name, observed.identity if observed else None, self.snapshot)",
        "None",
        "a seed item that users have changed counts as written by others and replaces what they wrote",
        ("test_mover_replacement::test_no_command_writes_or_removes_items_while_a_part_of_them_is_in_the_copy",),
    ),
    Mutant(
        "the replacement of a table whose record is an open create is forgotten",
        "assess_undeclared",
        "if replacement is not None and context.snapshot.generation_of(recorded.name) is None: ...",
        "if False: ...",
        "all items are in a copy that nobody names, and every answer says in sync",
        ("test_mover_replacement::test_while_a_copy_has_the_items_no_record_makes_the_table_forgotten",),
    ),
    Mutant(
        "a replacement that is given up removes the copy of a table that somebody deleted",
        "next_move",
        "return Next(Move.FINISH) if record.keep else Next(Move.STOP, _lost_table(record, table))",
        "return _remove_copy(record, copy)",
        "the last place of the items is deleted",
        ("test_mover_phases::test_the_copy_of_a_table_that_somebody_deleted_is_never_removed",),
    ),
)
