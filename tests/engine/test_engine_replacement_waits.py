"""A replacement that waits is not forbidden meanwhile by the protection that the same declaration asks for."""

from __future__ import annotations

from simulation.simulated_engine import declaration, item, simulate
from support.specs import keys, ttl

from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import Verdict

SORTED = keys("pk S", "sk S")


def changing():
    """Time to live is on its way, which a replacement waits for."""
    sim = simulate(delay=5.0, timeout=600, data_loss="allow")
    sim.declare(declaration("users"))
    sim.once()
    sim.declare(declaration("users", ttl=ttl("gone")))
    sim.run()
    sim.dynamodb.journal.clear()
    return sim


def test_protection_is_enabled_after_the_replacement():
    sim = changing()
    sim.declare(declaration("users", keys=SORTED, ttl=ttl("gone"), deletion_protection=True))
    (table,) = sim.run().tables
    waits = {step.facet: step.reason for step in table.steps if step.status is StepStatus.DEFERRED}
    assert (waits["keys"], waits["deletion_protection"]) == (Reason.BUSY, Reason.AFTER)
    assert sim.once().verdict is Verdict.IN_SYNC
    live = sim.dynamodb.tables["users"].description
    assert (len(live["KeySchema"]), live["DeletionProtectionEnabled"]) == (2, True)
    assert sim.dynamodb.mutating[:2] == ["DeleteTable", "CreateTable"]


def test_where_the_replacement_is_blocked_protection_is_enabled_at_once():
    sim = simulate(data_loss="never")
    sim.declare(declaration("users"))
    sim.once()
    sim.dynamodb.tables["users"].items["1"] = item("1")
    sim.declare(declaration("users", keys=SORTED, deletion_protection=True))
    sim.once()
    live = sim.dynamodb.tables["users"].description
    assert (len(live["KeySchema"]), live["DeletionProtectionEnabled"]) == (1, True)
