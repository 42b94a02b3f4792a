"""Another account, Region or state table than recorded: no command writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.errors import ReconcilerError
from reconciler.model.records import Suspension
from reconciler.model.report import PassReport, Verdict

SEED = (item("1"), item("2"))


def another_account(sim: Sim) -> None:
    _changed(sim, account="999988887777")


def another_region(sim: Sim) -> None:
    _changed(sim, region="us-east-1")


def another_partition(sim: Sim) -> None:
    _changed(sim, partition="aws-cn")


def a_restored_state_table(sim: Sim) -> None:
    actual = sim.store.snapshot.actual_fingerprint
    assert actual is not None
    _changed(sim, state_table=replace(actual.state_table, table_id="restored"))


def an_account_that_is_not_allowed(sim: Sim) -> None:
    sim.reconciler.allowed_accounts = frozenset({"444455556666"})


def _changed(sim: Sim, **members: Any) -> None:
    actual = sim.store.snapshot.actual_fingerprint
    assert actual is not None
    sim.store.snapshot = replace(sim.store.snapshot, actual_fingerprint=replace(actual, **members))


ENDPOINTS = (another_account, another_region, another_partition, a_restored_state_table, an_account_that_is_not_allowed)
VERBS: dict[str, Callable[[Sim], Any]] = {
    "a pass": lambda sim: sim.run(),
    "once": lambda sim: sim.once(),
    "destroy": lambda sim: sim.reconciler.destroy(),
    "seed": lambda sim: sim.reconciler.seed(),
    "clear": lambda sim: sim.reconciler.clear(),
    "release": lambda sim: sim.reconciler.release(("users",)),
    "suspend": lambda sim: sim.reconciler.suspend("somebody"),
    "resume": lambda sim: sim.reconciler.resume(),
    "restore": lambda sim: sim.reconciler.restore("users", "copy", backup="latest", at=None),
    "rebuild-index": lambda sim: sim.reconciler.rebuild_index("users", "by_mail", None, None),
}


@pytest.mark.parametrize("elsewhere", ENDPOINTS, ids=lambda environment: environment.__name__)
@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_written_by(verb: str, elsewhere: Callable[[Sim], None]) -> None:
    sim = simulate(data_loss="allow")
    sim.declare(declaration("users", seed=SEED), declaration("orders"))
    sim.once()
    sim.store.put_suspension(Suspension("somebody", sim.clock.now()) if verb == "resume" else None)
    sim.declare(declaration("users", seed=(*SEED, item("3")), deletion_protection=True), declaration("new"))
    elsewhere(sim)
    sim.dynamodb.journal.clear()
    before, items, puts = sim.store.snapshot, dict(sim.dynamodb.tables["users"].items), sim.items.puts
    try:
        ended = VERBS[verb](sim)
    except ReconcilerError:
        ended = None
    if isinstance(ended, PassReport):
        assert ended.verdict is Verdict.ERROR
        assert "nothing is written" in (ended.error or "")
    else:
        assert ended is None
    assert sim.dynamodb.journal == []
    assert (sim.store.snapshot, sim.items.puts) == (before, puts)
    assert sim.dynamodb.tables["users"].items == items


@pytest.mark.parametrize("elsewhere", ENDPOINTS, ids=lambda environment: environment.__name__)
def test_reading_is_allowed_everywhere(elsewhere: Callable[[Sim], None]) -> None:
    sim = simulate()
    sim.declare(declaration("users"))
    sim.once()
    elsewhere(sim)
    assert [table.name for table in sim.reconciler.preview().tables] == ["users"]
