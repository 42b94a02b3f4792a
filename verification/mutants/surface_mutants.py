"""Mutants of what people and programs see and call: HTTP, metrics, exit codes, settings, the log, the schedule."""

from __future__ import annotations

from mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "any token opens the routes",
        "Access._check_token",
        'if scheme.lower() != "bearer" or not right: ...',
        'if scheme.lower() != "bearer": ...',
        "the token is asked for and not compared",
        ("test_http_access::test_with_a_token_set_only_the_right_one_lets_in",),
    ),
    Mutant(
        "an empty secret is right",
        "same_secret",
        "return hmac.compare_digest(left, right) and bool(wanted)",
        "return hmac.compare_digest(left, right)",
        "an empty token file opens everything",
        ("test_http_access::test_an_empty_secret_is_never_right[--False]",),
    ),
    Mutant(
        "tokens are compared letter by letter",
        "same_secret",
        "return hmac.compare_digest(left, right) and bool(wanted)",
        "return given == wanted and bool(wanted)",
        "the time of the answer tells how much of a guess was right",
        ("test_http_secret",),
    ),
    Mutant(
        "any Host is served",
        "Access._check_host",
        'if name is None or name not in {allowed.strip("[]").lower().rstrip(".") for allowed in self.hosts}: ...',
        'if name is None and name not in {allowed.strip("[]").lower().rstrip(".") for allowed in self.hosts}: ...',
        "a page of another site reaches the API by DNS rebinding",
        ("test_http_access::test_host_origin_type_and_size_are_checked_on_every_changing_route",),
    ),
    Mutant(
        "any Origin is served",
        "Access._check_origin",
        """
        if (
            len(origins) > 1
            or any(origin.lower() not in ours for origin in origins)
            or site not in ("none", "same-origin")
        ): ...
        """,
        'if len(origins) > 1 or site not in ("none", "same-origin"): ...',
        "a page of another site orders a rollback",
        ("test_http_access::test_host_origin_type_and_size_are_checked_on_every_changing_route",),
    ),
    Mutant(
        "without a token the place does not matter",
        "Access._check_endpoint",
        'if self.auth == "auto" and not self.loopback: ...',
        "if False: ...",
        "a server on all interfaces takes orders from anybody",
        ("test_http_access::test_without_a_token_the_bind_address_decides",),
    ),
    Mutant(
        "without a token AWS may be changed",
        "Access._check_endpoint",
        "if not endpoint.flavor.emulator: ...",
        "if False: ...",
        "API_AUTH=none of a laptop is carried to production",
        ("test_http_access::test_without_a_token_the_bind_address_decides",),
    ),
    Mutant(
        "a body may be of any size",
        "read_body",
        """
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
        """,
        "",
        "chunks without end fill the memory",
        ("test_http_access::test_chunks_without_end_are_cut_off_at_64_kib",),
    ),
    Mutant(
        "a body may be of any type",
        "check_type",
        'if kind != wanted or coded.lower() != "identity": ...',
        "if False: ...",
        "a plain form of another site is a valid order",
        ("test_http_access::test_host_origin_type_and_size_are_checked_on_every_changing_route",),
    ),
    Mutant(
        "a changing route is not guarded",
        "GuardedRoute.get_route_handler.guarded",
        """
        control.access.check(request.headers, control.loop_status.endpoint)
        control.access.check(request.headers, await control.confirmed())
        """,
        "",
        "nobody is asked who they are",
        ("test_http_access::test_with_a_token_set_only_the_right_one_lets_in",),
    ),
    Mutant(
        "pages show markup as it came",
        "environment",
        "Environment(..., autoescape=True)",
        "Environment(..., autoescape=False)",
        "a table name becomes a script in the status page",
        ("test_http_status::test_everything_in_a_report_is_escaped",),
    ),
    Mutant(
        "a rollback that was blocked is a success",
        "_done",
        "Answer[RunData](..., success=not failed and not refused)",
        "Answer[RunData](..., success=not failed)",
        "half of the tables are still there, and the script goes on",
        ("test_http_jobs::test_a_partly_blocked_rollback_is_not_a_success_and_lists_the_blocked_tables",),
    ),
    Mutant(
        "a plan that changed is carried out",
        "_require_plan",
        "if present != digest: ...",
        "if False: ...",
        "what was approved is not what is done",
        ("test_runs_verbs::test_a_changed_plan_is_refused_as_a_whole",),
    ),
    Mutant(
        "ready before every table was seen",
        "LoopStatus.ready",
        "... and not self.not_ready_reason",
        "...",
        "traffic reaches an application whose tables are not there yet",
        ("test_http_probes::test_it_says_why_it_is_not_ready[a declared table was never seen ready]",),
    ),
    Mutant(
        "series of a table outlive it",
        "in_scope",
        'return table.ownership == "created" and not deleted',
        "return True",
        "a deleted table alerts for ever, and strangers get series",
        ("test_metrics_state",),
    ),
    Mutant(
        "drift is counted in every pass",
        "DriftCache.newly_drifted",
        "if facet in self._drifted[name] and facet not in before: ...",
        "if facet in self._drifted[name]: ...",
        "a counter that rises with the interval says nothing",
        ("test_metrics_events",),
    ),
    Mutant(
        "an outage forgets which drift was counted",
        "DriftCache.newly_drifted",
        "if report.error is None and not report.problems: ...",
        "if True: ...",
        "every outage of the endpoint counts all drift again",
        ("test_metrics_events",),
    ),
    Mutant(
        "routes of a scanner become labels",
        "Metrics.http_request",
        "values = labels.known(method, labels.METHODS), route, labels.code_class(status_code)",
        "values = method, route, labels.code_class(status_code)",
        "made-up methods grow the metrics until the process dies",
        ("test_metrics_events",),
    ),
    Mutant(
        "unsupported fields are drift",
        "table_report",
        "drifted = dict.fromkeys(c.facet for c in assessment.changes if c.path not in unsupported)",
        "drifted = dict.fromkeys(c.facet for c in assessment.changes)",
        "beside an emulator nothing is ever in sync (terraform-provider-aws#37921)",
        ("test_engine_pass::test_a_field_without_effect_is_written_twice_and_then_unsupported_on_an_emulator",),
    ),
    Mutant(
        "blocked drift is in sync",
        "_status",
        """
        if StepStatus.BLOCKED in fates:
            return TableStatus.BLOCKED
        """,
        """
        if StepStatus.BLOCKED in fates:
            return TableStatus.IN_SYNC
        """,
        "what is refused is not told",
        ("test_engine_pass::test_the_same_on_aws_is_contested_blocked_and_still_drift",),
    ),
    Mutant(
        "drift ends with 0",
        "converge",
        "return ERROR if any(table.has(StepStatus.FAILED) for table in report.tables) else DRIFT",
        "return OK",
        "CI is green though tables are not as declared (terraform#37406)",
        ("test_cli_exits::test_exit_codes_of[a missing table]",),
    ),
    Mutant(
        "an error ends with 2",
        "converge",
        """
        if report.verdict is Verdict.ERROR:
            return ERROR
        """,
        """
        if report.verdict is Verdict.ERROR:
            return DRIFT
        """,
        "a failure is taken for drift (terraform#36403)",
        ("test_cli_exits::test_exit_codes_of[a table failed]",),
    ),
    Mutant(
        "a usage error is drift",
        "_with_typer",
        "_usage(error)",
        """
        _usage(error)
        return 2
        """,
        "a misspelt option in CI reads as drift",
        ("test_cli_errors::test_a_usage_error_is_1_never_2[an unknown verb]",),
    ),
    Mutant(
        "preview expects changes",
        "preview",
        "return DRIFT if expect_no_changes and (unfinished or report.verdict is Verdict.DRIFTED) else OK",
        "return OK",
        "the drift check in CI never finds any",
        ("test_cli_exits::test_exit_codes_of[a missing table]",),
    ),
    Mutant(
        "the preview gets a client that writes",
        "preview",
        "invocation.opened(..., read_only=True)",
        "invocation.opened(..., read_only=False)",
        "the guard against a preview that writes is not put on",
        ("test_cli_commands::test_preview_opens_read_only_and_prints_the_plan",),
    ),
    Mutant(
        "up does not ask",
        "up",
        "if not yes and not _confirmed(settings, plan): ...",
        "if False: ...",
        "the plan is shown and carried out in one go",
        ("test_cli_commands::test_up_asks_on_a_terminal_and_no_means_no",),
    ),
    Mutant(
        "destroy off a terminal needs no leave",
        "require_terminal",
        "if not yes and not invocation.console.interactive: ...",
        "if False: ...",
        "a script without --yes waits for ever, or goes on",
        ("test_cli_commands::test_up_without_a_terminal_or_yes_neither_asks_nor_connects",),
    ),
    Mutant(
        "a secret stands in the log",
        "_Formatter.format",
        "event = redact(event)",
        "",
        "the session token of a request is in the log at debug level",
        ("test_logs",),
    ),
    Mutant(
        "a secret inside a text stands in the log",
        "_without_secrets",
        'return _secret_text().sub(f"\\\\1{REDACTED}", value) if isinstance(value, str) else value',
        "return value",
        "an error's text carries the header that was refused",
        ("test_logs",),
    ),
    Mutant(
        "a hostile name moves the cursor",
        "_Formatter.format",
        "escape(event)",
        "event",
        "a table name forges a line of the log",
        ("test_logs",),
    ),
    Mutant(
        "slow senders keep probes out",
        "HeaderTimeoutProtocol._has_room",
        "while limit is not None and len(self.connections) >= limit: ...",
        "while limit is None: ...",
        "twelve hundred idle sockets make a supervisor restart the daemon",
        ("test_http_connection_limit",),
    ),
    Mutant(
        "a secret stands among the settings",
        "shown",
        "return REDACTED",
        "return value.reveal()",
        "doctor prints the token",
        ("test_settings",),
    ),
    Mutant(
        "a variable wins over a flag",
        "load",
        "(..., layers.from_variables(...), layers.from_flags(flags))",
        "(file, layers.from_flags(flags), layers.from_variables(environment, SETTINGS))",
        "what was typed is not what is used",
        ("test_settings",),
    ),
    Mutant(
        "an unknown setting is passed over",
        "load",
        "problems = [problem for layer in ranked if layer is not section for problem in layer.problems]",
        "problems: list[str] = []",
        "RECONCILER_PRUN=never prunes",
        ("test_settings_refused",),
    ),
    Mutant(
        "the daemon prunes at once",
        "Settings.options",
        "grace = ONE_SHOT_GRACE if single else DAEMON_GRACE",
        "grace = ONE_SHOT_GRACE",
        "a half-deployed folder costs its tables",
        ("test_settings",),
    ),
    Mutant(
        "deletes are not capped off emulators",
        "Settings.options",
        "capped_by_share = self.max_deletes is None and not flavor.emulator",
        "capped_by_share = False",
        "a wrong folder shows as many deletes at once",
        ("test_settings",),
    ),
    Mutant(
        "a pass that raises ends the loop",
        "Loop._pass",
        "except Exception as error: ...",
        "except KeyError as error: ...",
        "the daemon lives on and never looks again",
        ("test_loop::test_a_pass_that_raises_is_counted_and_the_next_one_runs[harness0]",),
    ),
    Mutant(
        "work that is left waits for the interval",
        "FollowUp.after",
        "times.append(now + self._after_write)",
        "times.append(now + self._interval)",
        "a table that was just created is seeded a minute later (ACK#1367)",
        ("test_follow_up::test_passes_that_leave_work_are_followed_after_one_second_doubling_up_to_the_interval",),
    ),
    Mutant(
        "a wait after a write begins where the last wait ended",
        "FollowUp.after",
        "self._after_wait = self._first",
        "self._after_wait = self._doubled(self._after_wait)",
        "a table that was just created is seeded a minute later, because another daemon held the lease before",
        ("test_follow_up::test_a_wait_after_a_write_begins_with_the_first_delay",),
    ),
    Mutant(
        "two passes run at once",
        "Loop.start",
        "self._scheduler.add_job(..., max_instances=1)",
        "self._scheduler.add_job(..., max_instances=9)",
        "a slow pass is overtaken by the next one",
        ("test_loop::test_an_interval_that_comes_due_during_a_pass_is_counted_as_skipped_and_the_loop_continues",),
    ),
    Mutant(
        "a form that says no Origin is one of ours",
        "Access.check_form",
        'if not headers.get("origin"): ...',
        "if False: ...",
        "a page of another site has a rollback confirmed",
        ("test_http_forms",),
    ),
    Mutant(
        "the token of a form is not compared",
        "FormRoute.get_route_handler.guarded",
        "control.access.check_secret(form.token)",
        "",
        "the buttons work for everybody",
        ("test_http_forms",),
    ),
    Mutant(
        "a form needs no plan",
        "_job",
        "if needs_digest and form.digest is None: ...",
        "if False: ...",
        "what is confirmed is not what was shown",
        ("test_http_forms",),
    ),
    Mutant(
        "the plan of a rollback deletes",
        "Reconciler.preview_destroy",
        "PassRequest(..., dry_run=True)",
        "PassRequest(..., dry_run=False)",
        "the page that asks whether to delete has deleted",
        ("test_runs_verbs",),
    ),
    Mutant(
        "orders put a pass off for ever",
        "Loop._tick",
        "overdue = self._postponed_to is not None and self._postponed_to <= _utc_now()",
        "overdue = False",
        "somebody who looks at plans without end keeps drift from being repaired",
        ("test_loop_jobs",),
    ),
    Mutant(
        "a rollback needs no name",
        "_job",
        "if action.types_stack and form.stack != stack: ...",
        "if action.types_stack and form.stack and form.stack != stack: ...",
        "a form without the field deletes the tables of a stack that its sender did not name",
        ("test_http_forms::test_a_rollback_needs_the_name_of_the_stack",),
    ),
    Mutant(
        "items of unknown tables are nothing",
        "_losing",
        "return Losing(len(doomed), sum(known), len(doomed) - len(known))",
        "return Losing(len(doomed), sum(known), 0)",
        "a rollback looks as if it lost no item",
        ("test_http_buttons::test_the_form_of_a_rollback_counts_what_it_deletes_and_asks_for_the_name_of_the_stack",),
    ),
    Mutant(
        "what is kept counts as lost",
        "_losing",
        "any(s.ends_table and s.status is StepStatus.READY for s in table.steps)",
        "any(s.ends_table for s in table.steps)",
        "the number of items that are lost is one that nobody believes",
        ("test_http_buttons::test_the_form_of_a_rollback_counts_what_it_deletes_and_asks_for_the_name_of_the_stack",),
    ),
    Mutant(
        "old observations pass for new ones",
        "shown_report",
        "return (observed, True) if stale else (report, False)",
        "return (observed, False) if stale else (report, False)",
        "while the endpoint is down the page shows tables in sync and not that this is old",
        ("test_http_last_known::test_the_list_shows_what_the_last_pass_that_could_look_saw",),
    ),
    Mutant(
        "a blind pass counts as one that looked",
        "LoopStatus.finish",
        "if report.error is None and report.endpoint_up: ...",
        "if report.endpoint_up: ...",
        "after an error of the whole pass, the last known state is that every table failed",
        ("test_http_last_known::test_the_list_shows_what_the_last_pass_that_could_look_saw",),
    ),
    Mutant(
        "a dead loop stays green",
        "Page.render",
        "HealthState.ERROR.value if stuck else health_state(loop_status).value",
        "health_state(loop_status).value",
        "the page says in sync for ever after the loop has ended",
        ("test_http_last_known::test_a_loop_that_stopped_is_never_shown_as_in_sync",),
    ),
    Mutant(
        "different remedies are one problem",
        "signature_of_step",
        "(step.message, step.allow_with, step_title(step))",
        "(step.message, step_title(step))",
        "a reader allows for one table what would allow another thing for the next",
        ("test_http_problem_groups::test_two_blocked_tables_are_apart_where_their_remedies_differ",),
    ),
    Mutant(
        "a released table has drifted for days",
        "EngineState.drift_start",
        "if not table.drifted or table.status is TableStatus.RELEASED: ...",
        "if not table.drifted: ...",
        "the dashboard shows the age of a drift that nobody may repair, beside no table out of sync",
        ("test_monitoring_consistency",),
    ),
    Mutant(
        "a setting may be a script",
        "web_address.read",
        """
        if (
            parts is None
            or parts.scheme not in ("http", "https")
            or not parts.netloc
            or re.search(r"[\\s<>\\"]", value)
        ): ...
        """,
        "if parts is None: ...",
        "a link of the page runs a script in it",
        ("test_http_external_links::test_an_address_that_is_no_web_address_is_refused",),
    ),
    Mutant(
        "a roll-back names four of its tables",
        "_half",
        "names = tuple(name for name, _ in alike)",
        "names = tuple(name for name, _ in alike[:4])",
        "whoever confirms a roll-back does not see what goes",
        ("test_http_buttons::test_tables_with_the_same_steps_are_one_entry_that_names_each",),
    ),
    Mutant(
        "every client takes gzip",
        "Compression.__call__",
        'accepted = accepts_gzip(Headers(scope=scope).get("accept-encoding", ""))',
        "accepted = True",
        "a client that refuses gzip gets bytes that it cannot read",
        ("test_http_compression::test_a_page_is_compressed_where_the_client_accepts_it[gzip;q=0-False]",),
    ),
    Mutant(
        "the rows stay when a process ends at once",
        "bars",
        "standing.erase = rows.stop",
        "pass",
        "the last sentence stands among bars that no longer move",
        ("test_cli_recordings",),
    ),
)
