"""A write that does not stick twice stops for that field alone, and says so; every other field is still kept."""

from __future__ import annotations

import pytest
from simulation.simulated_engine import declaration, simulate

from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import Verdict
from reconciler.model.table import Stream, Ttl

ENDS = {
    Flavor.AWS: (StepStatus.BLOCKED, Reason.CONTESTED, Verdict.DRIFTED),
    Flavor.OTHER: (StepStatus.BLOCKED, Reason.CONTESTED, Verdict.DRIFTED),
    Flavor.MOTO: (StepStatus.UNSUPPORTED, Reason.UNSUPPORTED, Verdict.IN_SYNC),
    Flavor.DYNAMODB_LOCAL: (StepStatus.UNSUPPORTED, Reason.UNSUPPORTED, Verdict.IN_SYNC),
}


@pytest.mark.parametrize("flavor", ENDS, ids=lambda flavor: flavor.value)
def test_the_field_stops_after_two_writes_and_other_fields_continue(flavor: Flavor) -> None:
    step_status, reason, verdict = ENDS[flavor]
    sim = simulate(flavor=flavor)
    sim.declare(declaration())
    sim.once()
    sim.clock.seconds += 3600
    sim.dynamodb.sticky = {"DeletionProtectionEnabled"}
    sim.dynamodb.journal.clear()
    desired = declaration(deletion_protection=True, ttl=Ttl(True, "gone"), stream=Stream(True, "KEYS_ONLY"))
    sim.declare(desired)
    report = sim.once()
    (step,) = (step for step in report.tables[0].steps if step.status is step_status)
    assert (step.reason, [change.path for change in step.changes]) == (reason, ["deletion_protection"])
    assert step.message == "deletion_protection: true was written 2 times and read back as false, then as false"
    assert report.verdict is verdict
    table = sim.dynamodb.tables["users"]
    assert table.ttl["TimeToLiveStatus"] == "ENABLED"
    assert table.description["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    writes = [call.params for call in sim.dynamodb.journal if "DeletionProtectionEnabled" in call.params]
    assert len(writes) == 2

    sim.clock.seconds += 7200
    sim.dynamodb.do("UpdateTable", {"TableName": "users", "StreamSpecification": {"StreamEnabled": False}})
    sim.dynamodb.journal.clear()
    sim.once()
    assert table.description["StreamSpecification"]["StreamEnabled"] is True, "another field is repaired as ever"
    assert [call.params for call in sim.dynamodb.journal if "DeletionProtectionEnabled" in call.params] == []
