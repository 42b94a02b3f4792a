"""Mutants of the last gaps through which an item could go: a release that watches, consent, renames, projects."""

from __future__ import annotations

from mutants.mutant import Mutant

BEFORE_DELETE = "engine/test_engine_right_before_delete.py"

MUTANTS = (
    Mutant(
        "a table is watched before its record says released",
        "engine/releasing.py",
        'entry, ownership="released", unwanted_since=None',
        'entry, ownership="released" if entry.ending_at is None else entry.ownership, unwanted_since=None',
        "the pass that was stopped leads again while the verb watches, and sends a second DeleteTable",
        (f"{BEFORE_DELETE}::test_a_pass_that_leads_again_while_a_release_watches_keeps_the_table[pruned-moto]",),
    ),
    Mutant(
        "a table whose delete arrived late counts as released",
        "engine/releasing.py",
        "                self._written(released, entry)\n",
        "",
        "a declared table is gone, and never made again",
        (
            f"{BEFORE_DELETE}::test_a_delete_that_arrives_while_a_release_watches_is_reported_and_not_taken_for_a_release",
        ),
    ),
)
