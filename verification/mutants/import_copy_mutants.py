"""Mutants of the copy by an import: ownership of the table, removal, and repeated requests."""

from __future__ import annotations

from mutants.mutant import Mutant

COPY = "test_mover_import_copy"
API = "test_aws_job_api"

MUTANTS = (
    Mutant(
        "any table of the name counts as the import's own",
        "made_by",
        "return live.table_id is not None and live.table_id == part.data.get(TABLE_ID)",
        "return True",
        "a table that somebody else created is tagged, filled and deleted",
        (
            f"{COPY}::test_one_that_replaces_the_imported_table_is_not_either",
            f"{COPY}::test_one_that_stands_where_a_failed_import_was_is_not_removed",
        ),
    ),
    Mutant(
        "an import is requested although a table of the name exists",
        "ImportCopy._load",
        "if self.live is not None:\n    return JobProgress(foreign=True)",
        "",
        "the inventory says that the table of somebody else may be ours",
        (f"{COPY}::test_one_that_appears_during_the_export_or_right_before_the_import_is_not_either",),
    ),
    Mutant(
        "an import counts as done while it runs",
        "ImportCopy._looked_at",
        "if job.state is JobState.RUNNING: ...",
        "if False: ...",
        "one that fails later is taken for a copy, and every item that it lacks is put one by one",
        (f"{COPY}::test_a_failed_import_stops_and_resume_removes_what_it_left_and_imports_again",),
    ),
    Mutant(
        "a running import is not waited for at a cancellation",
        "import_runs",
        "return job.state is JobState.RUNNING",
        "return False",
        "the work ends, and a table appears that nobody knows of",
        (f"{COPY}::test_cancel_waits_for_the_end_of_the_import_and_removes_the_table",),
    ),
    Mutant(
        "an import that the list does not show yet counts as none",
        "import_runs",
        "return now - datetime.fromisoformat(part.data[BEGUN]) < CLOCKS_APART",
        "return False",
        "what a killed process started makes a table that nobody knows of",
        (f"{COPY}::test_cancel_finds_an_import_whose_answer_was_lost",),
    ),
    Mutant(
        "a lost stream removes the imported table without a question",
        "_Work._start_again",
        'if record.engine == "import": ...',
        "if False: ...",
        "a table goes that somebody may have begun to use",
        (f"{COPY}::test_a_stream_that_is_trimmed_meanwhile_removes_nothing_before_a_person_agrees",),
    ),
    Mutant(
        "a protected leftover is removed",
        "Imports._remove_imported",
        "if new.spec.deletion_protection: ...",
        "if False: ...",
        "the service refuses it in every pass, and nobody is told why",
        (f"{COPY}::test_a_failed_import_whose_leftover_is_protected_stops",),
    ),
    Mutant(
        "the table is not looked at again after the import",
        "Imports._import",
        "self._own(self._imported(copy.checkpoint, self._observed(self.record.new)))",
        "self._own(self._imported(copy.checkpoint, new))",
        "a table that somebody put in its place gets our owner tag",
        (f"{COPY}::test_one_that_replaces_the_imported_table_is_not_either",),
    ),
    Mutant(
        "an import is used although local indexes are declared",
        "_why_not",
        'if kind == "import" and known.declaration.spec.local_indexes: ...',
        "if False: ...",
        "the new table lacks them, and nothing can add them",
        (f"{COPY}::test_import_is_refused_where_local_indexes_are_declared",),
    ),
    Mutant(
        "an import is sent with the declaration of the moment",
        "ImportCopy._start_import",
        "return self.jobs.start_import(ImportRequest(json.loads(part.data[TABLE]), place, part.data[TOKEN]))",
        "return self.jobs.start_import(ImportRequest(self.creation, place, part.data[TOKEN]))",
        "the service refuses the token, or makes another table than was asked for",
        (f"{COPY}::test_the_request_is_repeated_as_it_was_although_the_declaration_has_changed",),
    ),
    Mutant(
        "the intent of an import is not recorded before its request",
        "ImportCopy._load",
        "self.intend()",
        "",
        "the inventory does not know of a table that a killed process has ordered",
        (f"{COPY}::test_cancel_finds_an_import_whose_answer_was_lost",),
    ),
    Mutant(
        "a refused request is sent again as it was",
        "ImportCopy._load",
        "if first:\n    self._loads.drop_named(FIRST)",
        "",
        "a declaration that the service refuses can be mended, and the request is not",
        (f"{COPY}::test_a_request_that_is_refused_is_made_anew_from_the_declaration_of_then",),
    ),
    Mutant(
        "the next move asks for a table that no import has made yet",
        "next_move",
        "if _awaits_import(record): ...",
        "if False: ...",
        "the work stops before it begins, because the new table is missing",
        ("test_mover_generation_phases::test_before_an_import_has_ended_the_old_table_alone_decides",),
    ),
    Mutant(
        "an import that has skipped items counts as failed",
        "_import",
        "if state is JobState.FAILED and found.get('FailureCode') == SKIPPED_ITEMS: ...",
        "if False: ...",
        "one item that does not fit makes every import fail, and none tells which item it is",
        (f"{COPY}::test_items_that_the_new_table_refuses_are_a_problem_and_the_others_stay",),
    ),
)
