"""The title of a run says what it changed; else what failed or was found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.sample_generation import COPYING
from support.sample_reports import T0, report, table

from reconciler.model.plan import Action, Reason, Step
from reconciler.model.records import GenerationPhase
from reconciler.model.report import TableStatus
from reconciler.runs import Record, State
from reconciler.runs.record import RunAction
from reconciler.runs.run_titles import run_title, run_verdict


def done(action, *names, facet="", fate="done"):
    return tuple(RunAction(name, action, facet or action, fate) for name in names)


def run(verb="pass", state=State.DONE, **fields):
    return Record("id", verb, "interval", state, T0, **{"wrote": True, **fields})


TITLES = {
    "Seeded 2 tables": run("seed", summary={"seed": 2}),
    "Cleared 1 table": run("clear", summary={"clear": 1}),
    "Migrated items": run("migrate"),
    "Ran migrations, no item changed": run("migrate", wrote=False),
    "Migration of items not finished": run("migrate", error="0001_a is not finished on users"),
    "Created orders": run(actions=done("create", "orders")),
    "Created a, b and c": run(actions=done("create", "a", "b", "c")),
    "Created a, b, c and 2 more": run(actions=done("create", *"abcde")),
    "Created a, b, c and 497 more": run(actions=done("create", *"abc"), summary={"create": 500}),
    "Created 2 tables": run(summary={"create": 2}),
    "Created orders; updated users (ttl, stream)": run(
        actions=(
            *done("create", "orders"),
            *done("update", "users", facet="ttl"),
            *done("update", "users", facet="stream"),
        )
    ),
    "Deleted orders; failed at users": run(
        actions=(*done("delete", "orders"), *done("update", "users", facet="ttl", fate="failed"))
    ),
    "Seeded users": run("seed", actions=done("seed", "users")),
    "Cleared users": run("clear", actions=done("clear", "users")),
    "Created orders and users": run(
        actions=done("create", "orders", "users"), summary={"create": 2, "seed": 1}, done_counts={"create": 2}
    ),
    "Worked on the replacement of carts (ready); 1 blocked": run(
        worked=("carts (ready)",), summary={"declared": 2, "in_sync": 1, "blocked": 1}, done_counts={}
    ),
    "1 table not in sync, work goes on": run(summary={"declared": 2, "in_sync": 1, "deferred": 1}, done_counts={}),
    "No change": run(wrote=False, summary={"declared": 3, "in_sync": 3}),
    "2 tables not in sync, nothing changed; 1 blocked": run(
        wrote=False, summary={"declared": 3, "in_sync": 1, "blocked": 1}
    ),
    "Previewed a plan": run("preview", wrote=False, summary={"declared": 3}),
    "Suspended the loop": run("suspend", wrote=False),
    "Resumed the loop": run("resume", wrote=False),
    "Seed failed": run("seed", State.FAILED, wrote=False, error="no table 'x' is declared"),
    "Queued: seed": run("seed", State.QUEUED, wrote=False),
    "Running: pass": run("pass", State.RUNNING, wrote=False),
}


@pytest.mark.parametrize("title", TITLES)
def test_a_run_is_titled_by_what_it_changed(title):
    assert run_title(TITLES[title]) == title


def test_what_was_planned_and_not_done_is_not_claimed():
    """A pass that creates tables has a ready step for each seed, which a later pass writes."""
    create, seed = Step(Action.CREATE, "table").done(), Step(Action.SEED, "seed")
    made = report(table("orders", TableStatus.PENDING, steps=(create, seed)), wrote=True)
    assert made.summary()["seed"] == 1
    assert run_title(run(State.QUEUED).done(made, T0)) == "Created orders"


def test_a_run_that_built_a_table_beside_another_one_says_so():
    generation = replace(COPYING, phase=GenerationPhase.READY)
    step = Step(Action.REPLACE, "table", returns_items=True).blocked(Reason.REPLACING, "ready")
    made = report(table("orders", TableStatus.BLOCKED, steps=(step,), generation=generation), wrote=True)
    expected = "Worked on the replacement of orders (ready); 1 blocked"
    assert run_title(run(State.QUEUED).done(made, T0)) == expected
    seen = replace(made, wrote=False)
    assert run_title(run(State.QUEUED).done(seen, T0)) == "1 table not in sync, nothing changed; 1 blocked"


def test_what_a_run_that_wrote_nothing_would_have_changed_is_not_claimed():
    assert run_title(run(wrote=False, summary={"create": 2, "declared": 2, "in_sync": 0})) == (
        "2 tables not in sync, nothing changed"
    )


VERDICTS = {
    "a pass that repaired all it found": (run(verdict="drifted", summary={"create": 2}), "changed"),
    "a pass that left something": (run(verdict="drifted", summary={"create": 2, "blocked": 1}), "drifted"),
    "a pass that waits": (run(verdict="drifted", summary={"update": 1, "deferred": 1}), "drifted"),
    "a pass that failed at one": (run(verdict="drifted", summary={"create": 1, "failed": 1}), "drifted"),
    "a pass that only looked": (run(verdict="drifted", wrote=False, summary={"create": 2}), "drifted"),
    "a pass without differences": (run(verdict="in_sync", wrote=False), "in_sync"),
    "a command that changed something": (run(verdict="in_sync", summary={"create": 2}), "changed"),
    "an up that was interrupted": (run(verdict="drifted", interrupted=True), "interrupted"),
    "a migration that was interrupted": (run("migrate", verdict="error", interrupted=True), "interrupted"),
    "an error": (run(verdict="error"), "error"),
    "a verb without a verdict": (run("suspend"), ""),
}


@pytest.mark.parametrize("what", VERDICTS)
def test_a_run_that_repaired_everything_is_not_called_drifted(what):
    record, verdict = VERDICTS[what]
    assert run_verdict(record) == verdict
