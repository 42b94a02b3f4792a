"""Mutants of the copy by jobs of the service: what may start twice, run on, or be taken for an end."""

from __future__ import annotations

from mutants.mutant import Mutant

COPY = "test_mover_bulk_copy"
API = "test_aws_job_api"

MUTANTS = (
    Mutant(
        "the token of a job is recorded after its start",
        "ServiceCopy._begun",
        "works.save(part)",
        "",
        "a killed process starts a second bulk put, which writes old items over replayed ones",
        (f"{COPY}::test_no_job_starts_twice",),
    ),
    Mutant(
        "a token is trusted longer than the service knows it",
        "BulkCopy._found",
        "if self._age(part) < TOKEN_LIFE - CLOCKS_APART: ...",
        "if True: ...",
        "a process that comes back the next day starts a second bulk put beside the first",
        (f"{COPY}::test_a_process_that_comes_back_after_the_life_of_a_token_finds_the_job",),
    ),
    Mutant(
        "the replay begins while the bulk put runs",
        "BulkCopy._load",
        "if job.state is JobState.RUNNING: ...",
        "if False: ...",
        "the bulk put writes old items over replayed ones, and deleted ones come back",
        (f"{COPY}::test_nothing_is_replayed_while_the_bulk_put_runs",),
    ),
    Mutant(
        "the export may show the table before the capture",
        "ServiceCopy._export",
        "if latest < self.captured + CLOCKS_APART: ...",
        "if False: ...",
        "changes between the export and the capture are nowhere",
        (f"{COPY}::test_the_export_shows_the_table_at_a_time_after_the_capture",),
    ),
    Mutant(
        "jobs may outlast the stream",
        "ServiceCopy.proceed",
        "if self.ports.clock.now() - self.captured >= LONGEST_JOBS: ...",
        "if False: ...",
        "changes since the capture are trimmed before they are replayed",
        (f"{COPY}::test_jobs_that_outlast_the_stream_are_ended_and_begin_again_on_request",),
    ),
    Mutant(
        "a bulk put that is given up runs on",
        "end_bulk_put",
        "jobs.cancel_bulk_put(job.arn)",
        "",
        "it writes into the new table while the next attempt copies into it",
        (f"{COPY}::test_cancel_ends_the_bulk_put_before_the_new_table_is_removed",),
    ),
    Mutant(
        "the new table is removed under a running bulk put",
        "EndsWork._remove_new",
        "self._end_jobs()",
        "",
        "a job of the service runs on that nobody watches any more",
        (f"{COPY}::test_cancel_ends_the_bulk_put_before_the_new_table_is_removed",),
    ),
    Mutant(
        "a bulk put into another table is not noticed",
        "BulkCopy._load",
        "if wanted is not None and job.table_id is not None and job.table_id != wanted: ...",
        "if False: ...",
        "items go into a table that somebody else created",
        (f"{COPY}::test_a_bulk_put_that_reached_another_table_is_cancelled",),
    ),
    Mutant(
        "a bulk put is used although items share a new key",
        "_why_no_export",
        "if known.found.keys_collide: ...",
        "if False: ...",
        "the service keeps whichever item it happens to write last",
        (f"{COPY}::test_bulk_is_refused_where_items_share_a_key",),
    ),
    Mutant(
        "an unknown status counts as an end",
        "_state",
        "if state is None: ...",
        "if False: ...",
        "a job of a later release of the service is taken for finished",
        (f"{API}::test_a_status_that_is_not_known_is_no_end",),
    ),
)
