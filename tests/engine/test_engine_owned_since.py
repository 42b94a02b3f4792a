"""A table taken over by ``on_existing: own`` records the time: it proves nothing about earlier declarations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from simulation.simulated_engine import Sim, declaration, item, simulate

from reconciler.model.desired import Lifecycle
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import PassReport, Verdict

OWN = Lifecycle(on_existing="own")
THEIRS: dict[str, Any] = {
    "TableName": "theirs",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}
FLAVORS = (Flavor.AWS, Flavor.MOTO, Flavor.DYNAMODB_LOCAL)


def reasons(report: PassReport) -> set[Reason | None]:
    return {step.reason for table in report.tables for step in table.steps if step.status is StepStatus.BLOCKED}


def environment(flavor: Flavor) -> Sim:
    """Two tables of ours, with rows, and one of somebody else."""
    sim = simulate(flavor=flavor, data_loss="allow", prune_grace=timedelta(0), max_deletes=100)
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    for name in ("users", "orders"):
        sim.dynamodb.tables[name].items["row"] = item("row")
    sim.dynamodb.make(**THEIRS)
    sim.clock.seconds += 3600
    sim.dynamodb.journal.clear()
    return sim


@pytest.mark.parametrize("again", ["run", "once"])
@pytest.mark.parametrize("flavor", FLAVORS, ids=lambda flavor: flavor.value)
def test_foreign_declarations_that_take_over_a_table_do_not_allow_pruning_the_rest(flavor: Flavor, again: str) -> None:
    sim = environment(flavor)
    sim.declare(declaration("theirs", lifecycle=OWN))
    for _ in range(5):
        sim.clock.seconds += 600
        report = getattr(sim, again)()
    assert reasons(report) == {Reason.FOREIGN_DECLARATIONS}
    assert set(sim.dynamodb.tables) == {"users", "orders", "theirs"}
    assert sim.store.snapshot.inventory["theirs"].ownership == "created"


def test_a_takeover_is_recorded_after_the_removed_declarations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sim = environment(Flavor.AWS)
    # Each table by itself, as with traces: declared ones come first, so the claim is older than the removals.
    sim.reconciler.ports = replace(sim.reconciler.ports, many=None)
    real = sim.clock.now
    monkeypatch.setattr(sim.clock, "now", lambda: (setattr(sim.clock, "seconds", sim.clock.seconds + 1), real())[1])
    sim.declare(declaration("theirs", lifecycle=OWN))
    for _ in range(4):
        report = sim.run()
    assert reasons(report) == {Reason.FOREIGN_DECLARATIONS}
    assert set(sim.dynamodb.tables) == {"users", "orders", "theirs"}


@pytest.mark.parametrize("first", ["adopt", "own"])
def test_what_is_claimed_is_dated_from_the_claim(first: str) -> None:
    sim = environment(Flavor.AWS)
    others = (declaration("users"), declaration("orders"))
    sim.declare(*others, declaration("theirs", lifecycle=Lifecycle(on_existing=first)))  # type: ignore[arg-type]
    sim.run()
    sim.clock.seconds += 600
    sim.declare(*others, declaration("theirs", lifecycle=OWN))
    claimed = sim.clock.now()
    assert sim.run().verdict is Verdict.IN_SYNC
    entry = sim.store.snapshot.inventory["theirs"]
    assert entry.changed_at == (claimed if first == "adopt" else claimed - timedelta(seconds=600))
    sim.clock.seconds += 600
    sim.run()
    assert sim.store.snapshot.inventory["theirs"] == entry, "dated once"


def test_a_table_taken_over_earlier_proves_the_declarations_familiar() -> None:
    sim = environment(Flavor.AWS)
    both = (declaration("users"), declaration("orders"))
    sim.declare(*both, declaration("theirs", lifecycle=OWN))
    sim.run()
    sim.clock.seconds += 3600
    sim.declare(declaration("theirs", lifecycle=OWN))
    for _ in range(3):
        sim.clock.seconds += 60
        sim.run()
    assert set(sim.dynamodb.tables) == {"theirs"}
