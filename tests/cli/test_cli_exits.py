"""Exit codes as a pure function of the report."""

from __future__ import annotations

import pytest
from support.reports import (
    NOON,
    a_report,
    a_table,
    blocked,
    converged,
    deferred,
    drifted,
    failed,
    in_sync,
    missing,
    removal,
    ttl_moved,
    unsupported,
)

from reconciler.cli import exits
from reconciler.model.errors import Problem
from reconciler.model.plan import Reason
from reconciler.model.report import PassReport, TableStatus

SEED_PENDING = a_table("users", TableStatus.IN_SYNC, seed_pending=True)
DELETED = a_table("users", TableStatus.MISSING, removal("users").done())
KEPT = a_table("users", TableStatus.BLOCKED, removal("users").blocked(Reason.PROTECTED, "is protected"))
TRIED = a_table("users", TableStatus.DRIFTED, ttl_moved().failed("throttled"))

REPORTS: dict[str, tuple[PassReport, int, int, int, int]] = {
    # report: preview, preview --expect-no-changes, --once and up, destroy and seed and clear
    "everything as declared": (a_report(in_sync()), 0, 0, 0, 0),
    "no tables at all": (a_report(), 0, 0, 0, 0),
    "changed and converged": (a_report(converged(), wrote=True), 0, 0, 0, 0),
    "a field that the endpoint cannot hold": (a_report(unsupported()), 0, 0, 0, 0),
    "a missing table": (a_report(missing()), 0, 2, 2, 0),
    "a pending seed alone": (a_report(SEED_PENDING), 0, 2, 2, 0),
    "a difference": (a_report(drifted()), 0, 2, 2, 0),
    "something blocked": (a_report(in_sync("a"), blocked()), 0, 2, 2, 2),
    "something deferred": (a_report(deferred()), 0, 2, 2, 2),
    "suspended with drift": (a_report(drifted(), suspended=True), 0, 2, 2, 0),
    "suspended without drift": (a_report(in_sync(), suspended=True), 0, 0, 0, 0),
    "observe only with drift": (a_report(drifted(), observe_only=True), 0, 2, 2, 0),
    "another holds the lease": (a_report(drifted(), lease_holder="host-7", leader=False), 0, 2, 2, 0),
    "a table failed": (a_report(in_sync("a"), failed()), 1, 1, 1, 1),
    "a step failed and its table is drifted": (a_report(TRIED), 0, 2, 1, 1),
    "an error outweighs what is blocked": (a_report(blocked("a"), failed()), 1, 1, 1, 1),
    "the endpoint is down": (a_report(error="no answer"), 1, 1, 1, 1),
    "a declaration is broken": (a_report(problems=(Problem("f", 1, None, "broken", "Mend it."),)), 1, 1, 1, 1),
    "destroyed tables are missing, as asked": (a_report(DELETED), 0, 2, 2, 0),
    "one table was kept by the gate": (a_report(DELETED, KEPT), 0, 2, 2, 2),
}


@pytest.mark.parametrize("fact", REPORTS)
def test_exit_codes_of(fact: str) -> None:
    report, preview, expecting, converging, acting = REPORTS[fact]
    assert exits.preview(report, expect_no_changes=False) == preview
    assert exits.preview(report, expect_no_changes=True) == expecting
    assert exits.converge(report) == converging
    assert exits.act(report) == acting


def test_an_unfinished_migration_is_drift_only_where_no_changes_are_expected() -> None:
    report = a_report(a_table("users", TableStatus.IN_SYNC, migrations=("0001_x is begun.",)))
    assert exits.preview(report, expect_no_changes=True) == 2
    assert exits.preview(report, expect_no_changes=False) == 0
    assert exits.converge(report) == 0, "no command that converges runs a migration"
    assert exits.preview(a_report(*report.tables, failed("b")), expect_no_changes=True) == 1


REASONS = {
    "`reconciler resume`": a_report(drifted(), suspended=True),
    "RECONCILER_MODE=enforce": a_report(drifted(), observe_only=True),
    "holds the lease: host-7": a_report(drifted(), lease_holder="host-7", leader=False),
    "wait for a later time": a_report(deferred("users", NOON)),
}


@pytest.mark.parametrize("words", REASONS)
def test_what_kept_a_run_from_its_end_is_named_with_the_way_out(words: str) -> None:
    (sentence,) = exits.reasons_for_drift(REASONS[words])
    assert words in sentence


def test_nothing_is_explained_where_nothing_is_left() -> None:
    assert exits.reasons_for_drift(a_report(in_sync(), suspended=True)) == ()
    assert exits.reasons_for_drift(a_report(drifted(), lease_holder="me", leader=True)) == ()
