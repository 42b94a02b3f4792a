"""The jobs behind the buttons on the simulated DynamoDB: matching plans, suspension, messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulation.simulated_engine import declaration, item, simulate

from reconciler.model.errors import StateError, UsageError
from reconciler.model.records import Lease
from reconciler.model.table import Billing, Throughput
from reconciler.runs import Job, Verb
from reconciler.runs.order import PAGE
from reconciler.runs.verbs import PlanChanged, carry_out
from reconciler.runs.words import sentences

SEED = (item("1"), item("2"))


@pytest.fixture
def sim():
    made = simulate()
    made.declare(declaration("users", seed=SEED), declaration("orders"))
    made.once()
    made.dynamodb.journal.clear()
    return made


def order(sim, verb, *tables, digest=None):
    return carry_out(Job(verb, tables, digest, PAGE), sim.reconciler)


def test_the_plan_of_a_rollback_names_the_deletions_and_writes_nothing(sim):
    plan = order(sim, Verb.PREVIEW_ROLLBACK)
    assert [(t.name, [s.action.value for s in t.steps]) for t in plan.report.tables if t.steps] == [
        ("orders", ["delete"]),
        ("users", ["delete"]),
    ]
    assert sim.dynamodb.mutating == []
    assert sim.store.snapshot.suspension is None


def test_a_rollback_by_its_plan_deletes_just_that_and_suspends(sim):
    plan = order(sim, Verb.PREVIEW_ROLLBACK, "users")
    outcome = order(sim, Verb.ROLLBACK, "users", digest=plan.plan_digest)
    assert set(sim.dynamodb.tables) == {"orders"}
    assert outcome.suspended is True
    assert sim.store.snapshot.suspension is not None


@pytest.mark.parametrize("verb", [Verb.ROLLBACK, Verb.RUN])
def test_a_changed_plan_is_refused_as_a_whole(sim, verb):
    looked = Verb.PREVIEW_ROLLBACK if verb is Verb.ROLLBACK else Verb.PREVIEW
    digest = order(sim, looked).plan_digest
    sim.declare(declaration("users", billing=Billing("PROVISIONED", Throughput(1, 1))), declaration("orders"))
    if verb is Verb.ROLLBACK:
        del sim.dynamodb.tables["orders"]
    with pytest.raises(PlanChanged):
        order(sim, verb, digest=digest)
    assert sim.dynamodb.mutating == []
    assert sim.store.snapshot.suspension is None


def test_a_table_that_existed_before_is_in_no_plan_of_a_rollback(sim):
    sim.store.drop_entry(sim.store.snapshot.inventory["orders"])
    sim.clock.seconds += 3600
    sim.run()
    assert [table.name for table in order(sim, Verb.PREVIEW_ROLLBACK).report.tables if table.steps] == ["users"]


def test_suspend_stops_the_loop_and_resume_continues_it(sim):
    assert order(sim, Verb.SUSPEND).suspended is True
    assert sim.store.snapshot.suspension.by == "status page"
    del sim.dynamodb.tables["orders"]
    sim.run()
    assert "orders" not in sim.dynamodb.tables
    assert order(sim, Verb.RESUME).suspended is False
    sim.run()
    assert "orders" in sim.dynamodb.tables


@pytest.mark.parametrize("verb", [Verb.SUSPEND, Verb.RESUME, Verb.ROLLBACK])
def test_where_nothing_is_written_nothing_is_suspended_either(verb):
    sim = simulate(mode="observe")
    sim.declare(declaration("users"))
    with pytest.raises(UsageError, match="observe"):
        order(sim, verb)
    assert sim.store.snapshot.suspension is None


@pytest.mark.parametrize(
    ("verb", "messages"),
    [
        (Verb.SUSPEND, "Suspended: the loop observes and writes nothing until it is resumed or run."),
        (Verb.RESUME, "The suspension is lifted."),
        (Verb.CLEAR, "1 table: 2 items removed, 0 kept."),
        (Verb.SEED, "1 table: 0 items written, 2 present."),
        (Verb.PREVIEW_ROLLBACK, "Plan: 0 to create, 0 to update, 0 to replace, 2 to delete, 0 to seed."),
        (Verb.RUN, "Done: 0 created, 0 updated, 0 replaced, 0 deleted, 0 seeded."),
    ],
)
def test_the_result_of_a_job_is_reported_in_sentences(sim, verb, messages):
    asked = Job(verb, trigger=PAGE)
    assert " ".join(sentences(asked, carry_out(asked, sim.reconciler).report)) == messages


def test_a_pass_that_does_not_need_the_lease_reports_its_holder(sim):
    rival = Lease("other-process", 7, sim.clock.now() + timedelta(seconds=30))
    sim.store.snapshot = replace(sim.store.snapshot, lease=rival)
    report = sim.run()
    assert (report.leader, report.lease_holder, report.held_by) == (False, None, "other-process")
    sim.store.rival = rival
    with pytest.raises(StateError, match="other-process"):
        order(sim, Verb.SEED)
