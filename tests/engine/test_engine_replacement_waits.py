"""A replacement that waits is not forbidden meanwhile by the protection that the same declaration asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from simulation.simulated_engine import declaration, item, simulate
from support.specs import keys, ttl

from reconciler.model.errors import Malformed
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import Verdict

SORTED = keys("pk S", "sk S")
GRACE = timedelta(minutes=2)


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


def over_the_limit():
    """Two tables of ours without items; one is to be replaced and protected, the other is no longer declared."""
    sim = simulate(flavor=Flavor.AWS, data_loss="allow", disruption="allow", max_deletes=1, prune_grace=GRACE)
    sim.declare(declaration("users"), declaration("orders"))
    sim.once()
    sim.declare(declaration("users", keys=SORTED, deletion_protection=True))
    sim.dynamodb.journal.clear()
    return sim


def test_protection_waits_as_long_as_the_limit_of_deletions_blocks_the_replacement():
    sim = over_the_limit()
    # Nothing may change when the grace period is over, which ends unseen behind the limit.
    for _ in range(6):
        report = sim.run()
        sim.clock.seconds += GRACE.total_seconds() / 2
    assert {step.reason for table in report.tables for step in table.steps} == {Reason.MAX_DELETES}
    assert sim.dynamodb.mutating == []
    sim.reconciler.options = replace(sim.reconciler.options, max_deletes=2)
    for _ in range(6):
        sim.run()
        sim.clock.seconds += GRACE.total_seconds()
    live = sim.dynamodb.tables["users"].description
    assert (len(live["KeySchema"]), live["DeletionProtectionEnabled"]) == (2, True)
    assert list(sim.dynamodb.tables) == ["users"]


def test_protection_waits_where_an_invalid_response_holds_the_replacement_back():
    sim = simulate(data_loss="allow")
    sim.declare(declaration("carts"), declaration("users"))
    sim.once()
    sim.declare(declaration("carts"), declaration("users", keys=SORTED, deletion_protection=True))

    def invalid(operation, params):
        if operation == "DescribeTable" and params["TableName"] == "carts":
            raise Malformed(operation, "malformed", "no Table member")

    sim.dynamodb.faults = invalid
    sim.run()
    assert sim.dynamodb.tables["users"].description.get("DeletionProtectionEnabled") is not True
    sim.dynamodb.faults = None
    sim.once()
    live = sim.dynamodb.tables["users"].description
    assert (len(live["KeySchema"]), live["DeletionProtectionEnabled"]) == (2, True)
