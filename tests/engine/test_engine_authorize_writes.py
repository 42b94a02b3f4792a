"""Whether a pass may write at all: accounts, the state table, and what is observed without permission."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import Sim, declaration, simulate

from reconciler.model.desired import Origin
from reconciler.model.identity import Flavor
from reconciler.model.plan import Action, Reason, StepStatus
from reconciler.model.records import Lease, StateSnapshot
from reconciler.model.report import TableStatus, Verdict


def in_account(account: str | None, allowed: frozenset[str]) -> Sim:
    """One declared table that is not there, in this account."""
    sim = simulate(flavor=Flavor.AWS)
    sim.declare(declaration())
    environment = sim.reconciler.ports
    sim.reconciler.ports = replace(environment, endpoint=replace(environment.endpoint, account=account))
    sim.reconciler.allowed_accounts = allowed
    return sim


@pytest.mark.parametrize("account", ["111122223333", None], ids=["another account", "an unknown account"])
def test_where_accounts_are_named_no_other_is_written_to(account: str | None) -> None:
    sim = in_account(account, frozenset({"999988887777"}))
    report = sim.once()
    assert report.verdict is Verdict.ERROR
    assert report.error == (
        f"account {account or 'unknown'} is not in RECONCILER_ALLOWED_ACCOUNTS (999988887777): nothing is written"
    )
    assert sim.dynamodb.journal == []
    assert sim.store.snapshot.inventory == {}


def test_the_account_that_is_named_is_written_to() -> None:
    sim = in_account("111122223333", frozenset({"999988887777", "111122223333"}))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == ["CreateTable"]


def test_a_preview_in_another_account_shows_the_plan_and_fails_as_the_run_would() -> None:
    sim = in_account("111122223333", frozenset({"999988887777"}))
    shown = sim.reconciler.preview()
    (table,) = shown.tables
    assert table.status is TableStatus.MISSING
    assert [step.action for step in table.steps] == [Action.CREATE]
    assert shown.verdict is Verdict.ERROR
    assert shown.error == sim.once().error
    assert sim.dynamodb.journal == []


def test_where_nothing_is_ever_written_any_account_may_be_observed() -> None:
    sim = in_account("111122223333", frozenset({"999988887777"}))
    sim.reconciler.options = replace(sim.reconciler.options, mode="observe")
    assert (sim.reconciler.preview().error, sim.once().error) == (None, None)


def test_without_a_usable_state_table_nothing_is_written_and_the_pass_says_why() -> None:
    sim = simulate()
    sim.declare(declaration())
    sim.store.snapshot = StateSnapshot(usable=False, problem="the state table is being deleted")
    report = sim.once()
    assert report.verdict is Verdict.ERROR
    assert report.error == "the state table is being deleted"
    assert sim.dynamodb.journal == []


def test_without_a_usable_state_table_a_preview_still_shows_the_plan_and_warns() -> None:
    sim = simulate()
    sim.declare(declaration())
    sim.store.snapshot = StateSnapshot(usable=False, problem="the state table is being deleted")
    report = sim.reconciler.preview()
    assert [table.status for table in report.tables] == [TableStatus.MISSING]
    assert report.warnings == ("the state table is being deleted",)


def test_a_lease_lost_after_a_delete_started_stops_it_before_the_call() -> None:
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.declare(declaration("users"))
    keep = sim.store.keep_lease

    def kept_once_more() -> bool:
        held, sim.store.lost = keep(), True
        return held

    sim.store.keep_lease = kept_once_more  # type: ignore[method-assign]
    waiting = {step.reason for table in sim.run().tables for step in table.steps if step.status is StepStatus.DEFERRED}
    assert sim.store.lost
    assert waiting == {Reason.LEASE}
    assert "orders" in sim.dynamodb.tables


@pytest.mark.parametrize("declared", [("users", "new"), ("users",)], ids=["before a create", "before a delete"])
def test_a_lease_that_was_revoked_while_it_was_young_stops_the_next_call(declared: tuple[str, ...]) -> None:
    sim = simulate()
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.dynamodb.journal.clear()
    sim.declare(*(replace(declaration(name), origin=Origin("users.yaml", 1)) for name in declared))
    sim.store.keep_lease = lambda: True  # type: ignore[method-assign]
    sim.store.lost = True
    waiting = {step.reason for table in sim.run().tables for step in table.steps if step.status is StepStatus.DEFERRED}
    assert waiting == {Reason.LEASE}
    assert sim.dynamodb.mutating == []


def test_after_the_lease_is_lost_nothing_is_created() -> None:
    sim = simulate()
    sim.declare(declaration())
    sim.store.lost = True
    waiting = {step.reason for table in sim.run().tables for step in table.steps if step.status is StepStatus.DEFERRED}
    assert Reason.LEASE in waiting
    assert sim.dynamodb.journal == []


def test_a_lease_that_ran_out_by_our_own_clock_is_nobody_elses() -> None:
    """A busy machine did not renew it in time, and nobody took it: the next pass goes on."""
    sim = simulate()
    sim.declare(declaration())
    ours = Lease("me", 1, sim.clock.now() + timedelta(seconds=30))
    sim.store.current_lease = lambda: ours  # type: ignore[method-assign]
    held = iter([False])
    sim.store.holds_lease = lambda: next(held, True)  # type: ignore[method-assign]
    report = sim.once()
    assert (report.lease_holder, sim.reconciler.ports.telemetry.waits) == (None, [])
    assert list(sim.dynamodb.tables) == ["users"]
