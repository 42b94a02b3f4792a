"""A read that is not permitted makes its facet unknown: not drift, never written, never claimed; the rest goes on."""

from __future__ import annotations

from typing import Any

import pytest
from simulation.simulated_engine import declaration, simulate
from support.specs import gsi, policy, provisioned, stream, ttl
from support.table_settings import KEYS

from reconciler.aws.errors import from_answer
from reconciler.model.backups import Backups
from reconciler.model.errors import Denied
from reconciler.model.identity import Flavor
from reconciler.model.plan import Reason, StepStatus
from reconciler.model.report import TableStatus, Verdict
from reconciler.model.scaling import AutoScaling, Scaling
from reconciler.model.table import ContributorInsights, KinesisStreaming, PointInTimeRecovery, Sse

KINESIS = "arn:aws:kinesis:eu-central-1:111122223333:stream/changes"
PROVISIONED = provisioned(5, 5)
TARGETS = "application-autoscaling:DescribeScalableTargets"
READS: dict[str, tuple[str, dict[str, Any]]] = {
    "DescribeTimeToLive": ("ttl", {"ttl": ttl("gone")}),
    "ListTagsOfResource": ("tags", {"tags": (("team", "core"),)}),
    "DescribeContinuousBackups": ("point_in_time_recovery", {"point_in_time_recovery": PointInTimeRecovery(True, 7)}),
    "ListBackups": ("backups", {"backups": Backups("@daily", 2)}),
    "GetResourcePolicy": ("resource_policy", {"resource_policy": policy("dynamodb:GetItem")}),
    "DescribeContributorInsights": ("contributor_insights", {"contributor_insights": ContributorInsights(True)}),
    "DescribeKinesisStreamingDestination": ("kinesis_streaming", {"kinesis_streaming": KinesisStreaming(KINESIS)}),
    TARGETS: ("auto_scaling", {"auto_scaling": AutoScaling(read=Scaling(True, 5, 50, 70.0)), "billing": PROVISIONED}),
    "application-autoscaling:DescribeScalingPolicies": (
        "auto_scaling",
        {"auto_scaling": AutoScaling(read=Scaling(True, 5, 50, 70.0)), "billing": PROVISIONED},
    ),
}


def denying(sim, *operations, kind=None):
    """From now on these reads are answered as the service does without the permission."""

    def fault(operation, params):
        if operation in operations:
            response = {
                "Error": {"Code": "AccessDeniedException", "Message": "User is not authorized"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise kind(operation, "ExpiredTokenException", "expired") if kind else from_answer(operation, response)

    sim.dynamodb.faults = fault


def living(**spec):
    sim = simulate(flavor=Flavor.AWS, timeout=7200)
    sim.dynamodb.has_backups = True
    sim.dynamodb.aliases.update(KEYS)
    sim.declare(declaration("users", **spec))
    sim.once()
    sim.clock.seconds += 7200
    sim.once()
    sim.dynamodb.journal.clear()
    return sim


def seen(sim):
    (table,) = sim.run().tables
    return table


@pytest.mark.parametrize("operation", READS)
def test_a_denied_facet_is_unknown_names_the_permission_and_is_not_written(operation):
    facet, fields = READS[operation]
    sim = simulate(flavor=Flavor.AWS, timeout=60)
    sim.dynamodb.has_backups = True
    denying(sim, operation)
    sim.declare(declaration("users", **fields))
    for _ in range(5):
        table = seen(sim)
        sim.clock.seconds += 86400
    (step,) = table.steps
    permission = operation if ":" in operation else f"dynamodb:{operation}"
    assert (step.facet, step.status, step.reason) == (facet, StepStatus.BLOCKED, Reason.DENIED)
    assert step.allow_with == f"the permission {permission}"
    assert step.message.startswith(f"{permission} is not permitted, so it is unknown whether {facet} is as declared")
    assert table.drifted == ()
    assert set(sim.dynamodb.mutating) == {"CreateTable"}


@pytest.mark.parametrize("operation", READS)
def test_a_table_with_an_unknown_facet_is_not_claimed_to_be_in_sync_and_is_so_once_it_may_be_read(operation):
    _, fields = READS[operation]
    sim = living(**fields)
    assert seen(sim).status is TableStatus.IN_SYNC
    denying(sim, operation)
    report = sim.run()
    assert (report.verdict, report.tables[0].status) == (Verdict.DRIFTED, TableStatus.BLOCKED)
    sim.dynamodb.faults = None
    assert seen(sim).status is TableStatus.IN_SYNC
    assert sim.dynamodb.journal == []


def test_the_rest_of_the_table_continues():
    sim = living(ttl=ttl("gone"), deletion_protection=False)
    denying(sim, "DescribeTimeToLive")
    sim.declare(declaration("users", ttl=ttl("other"), deletion_protection=True))
    sim.once()
    assert sim.dynamodb.mutating == ["UpdateTable"]
    assert sim.dynamodb.tables["users"].description["DeletionProtectionEnabled"] is True
    assert sim.dynamodb.tables["users"].ttl["AttributeName"] == "gone"


def test_capacity_that_is_as_declared_needs_no_owner():
    sim = living(billing=PROVISIONED)
    denying(sim, TARGETS)
    assert seen(sim).status is TableStatus.IN_SYNC


def test_capacity_is_not_written_while_its_owner_is_unknown():
    sim = living(billing=PROVISIONED, global_indexes=(gsi("by_a", "a S", units=(5, 5)),))
    denying(sim, TARGETS)
    more = (gsi("by_a", "a S", units=(9, 5)),)
    sim.declare(declaration("users", billing=provisioned(8, 5), global_indexes=more))
    table = seen(sim)
    assert [(step.facet, step.reason) for step in table.steps] == [
        ("billing", Reason.DENIED),
        ("global_indexes", Reason.DENIED),
    ]
    assert "whether a scalable target owns billing.throughput.read, which differs" in table.steps[0].message
    assert sim.dynamodb.journal == []


def test_an_index_is_added_while_the_owner_of_capacity_is_unknown():
    sim = living(billing=PROVISIONED, global_indexes=(gsi("by_a", "a S", units=(5, 5)),))
    denying(sim, TARGETS)
    both = (gsi("by_a", "a S", units=(5, 5)), gsi("by_b", "b S", units=(5, 5)))
    sim.declare(declaration("users", billing=PROVISIONED, global_indexes=both))
    assert sim.once().verdict is Verdict.IN_SYNC
    assert len(sim.dynamodb.tables["users"].description["GlobalSecondaryIndexes"]) == 2


def test_a_key_that_cannot_be_resolved_is_unknown():
    sim = living(sse=Sse(True, "alias/one"))
    denying(sim, "kms:DescribeKey")
    (step,) = seen(sim).steps
    assert (step.facet, step.reason, step.allow_with) == ("sse", Reason.DENIED, "the permission kms:DescribeKey")
    assert sim.dynamodb.journal == []


def test_of_two_policies_only_the_one_that_may_not_be_read_is_unknown():
    sim = living(
        stream=stream("NEW_IMAGE"),
        resource_policy=policy("dynamodb:GetItem"),
        stream_policy=policy("dynamodb:GetRecords"),
    )
    response = {"Error": {"Code": "AccessDeniedException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}

    def fault(operation, params):
        if operation == "GetResourcePolicy" and "/stream/" in params["ResourceArn"]:
            raise from_answer(operation, response)

    sim.dynamodb.faults = fault
    assert [step.facet for step in seen(sim).steps] == ["stream_policy"]


def test_the_owner_of_a_table_must_be_known():
    sim = simulate(flavor=Flavor.AWS)
    sim.dynamodb.make(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )
    denying(sim, "ListTagsOfResource")
    sim.declare(declaration("users", tags=(("team", "core"),)))
    assert seen(sim).status is TableStatus.ERROR
    assert sim.dynamodb.mutating == []


def test_credentials_that_expired_fail_the_table_as_before():
    sim = living(ttl=ttl("gone"))
    denying(sim, "DescribeTimeToLive", kind=Denied)
    assert seen(sim).status is TableStatus.ERROR
    assert sim.dynamodb.journal == []
