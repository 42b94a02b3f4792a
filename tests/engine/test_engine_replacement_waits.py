"""A replacement that waits is not forbidden meanwhile by the protection that the same declaration asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from simulation.simulated_engine import declaration, item, simulate
from support.specs import keys, ttl

from reconciler.model.desired import Lifecycle
from reconciler.model.errors import Malformed, Rejected
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import Verdict
from reconciler.model.table import Stream
from reconciler.planning.digest import approval
from reconciler.presentation.render import counts, losses

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


# Protection that is turned off in the same edit


def protected_before(**options):
    """A protected table with an item, whose declaration has another key and no protection by now."""
    sim = simulate(flavor=Flavor.AWS, disruption="allow", prune_grace=timedelta(0), **options)
    sim.declare(declaration("users", deletion_protection=True))
    sim.once()
    sim.dynamodb.tables["users"].items["1"] = item("1")
    sim.dynamodb.journal.clear()
    return sim


def plan_of(report):
    return [(step.facet, step.status, step.reason) for table in report.tables for step in table.steps]


def test_a_plan_shows_the_replacement_that_the_same_run_makes_after_protection_is_off():
    sim = protected_before(data_loss="allow")
    sim.declare(declaration("users", keys=SORTED, deletion_protection=False))
    preview = sim.reconciler.preview()
    assert plan_of(preview) == [
        ("deletion_protection", StepStatus.READY, None),
        ("keys", StepStatus.DEFERRED, Reason.AFTER),
    ]
    assert "1 to replace" in counts(preview, applied=False)
    assert losses(preview.tables[0]) != ()
    assert sim.once().verdict is Verdict.IN_SYNC
    assert sim.dynamodb.mutating == ["UpdateTable", "DeleteTable", "CreateTable"]


def test_where_losing_items_is_not_permitted_the_plan_says_that_and_protection_goes_off_alone():
    sim = protected_before(data_loss="never")
    sim.declare(declaration("users", keys=SORTED, deletion_protection=False))
    assert ("keys", StepStatus.BLOCKED, Reason.DATA_LOSS) in plan_of(sim.reconciler.preview())
    sim.once()
    assert sim.dynamodb.mutating == ["UpdateTable"]
    assert "1" in sim.dynamodb.tables["users"].items


def test_other_changes_do_not_hold_up_what_a_replacement_makes_superfluous():
    sim = protected_before(data_loss="allow")
    sim.declare(declaration("users", keys=SORTED, deletion_protection=False, stream=Stream(True, "NEW_IMAGE")))
    sim.once()
    assert sim.dynamodb.mutating[:2] == ["UpdateTable", "DeleteTable"]


def test_where_protection_cannot_be_turned_off_the_replacement_is_blocked():
    sim = protected_before(data_loss="allow")

    def refused(operation, params):
        if operation == "UpdateTable":
            raise Rejected(operation, "ValidationException", "no")

    sim.dynamodb.faults = refused
    sim.declare(declaration("users", keys=SORTED, deletion_protection=False))
    for _ in range(6):
        sim.run()
        sim.clock.seconds += 3600
    assert "DeleteTable" not in sim.dynamodb.mutating
    assert "1" in sim.dynamodb.tables["users"].items


def test_protection_that_is_merely_not_declared_still_blocks_the_replacement():
    sim = protected_before(data_loss="allow")
    sim.declare(declaration("users", keys=SORTED))
    assert plan_of(sim.reconciler.preview()) == [("keys", StepStatus.BLOCKED, Reason.PROTECTED)]


def test_a_person_who_confirms_the_plan_confirms_the_replacement():
    sim = protected_before(data_loss="auto")
    sim.declare(declaration("users", keys=SORTED, deletion_protection=False, lifecycle=Lifecycle(allow_data_loss=True)))
    plan = sim.reconciler.preview()
    report = sim.reconciler.converge("up", approved=approval(plan, only_this=True))
    assert report.verdict is Verdict.IN_SYNC
    assert len(sim.dynamodb.tables["users"].description["KeySchema"]) == 2
