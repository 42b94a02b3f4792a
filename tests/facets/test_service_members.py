"""Every input member of the calls we plan is either managed or left out for a stated reason.

A release of botocore that brings a new member fails here, and asks for a decision.
"""

from __future__ import annotations

import pytest
from support.request_rules import service_model

MANAGED = {
    "CreateTable": {
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "GlobalSecondaryIndexes",
        "GlobalTableSettingsReplicationMode",
        "GlobalTableSourceArn",
        "KeySchema",
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
        "StreamSpecification",
        "TableName",
        "Tags",
        "VectorIndexes",
    },
    "UpdateTable": {
        "AttributeDefinitions",
        "BillingMode",
        "DeletionProtectionEnabled",
        "DisassociationProtectionEnabled",
        "GlobalSecondaryIndexUpdates",
        "GlobalTableSettingsReplicationMode",
        "GlobalTableWitnessUpdates",
        "MultiRegionConsistency",
        "ReplicaUpdates",
        "ProvisionedThroughput",
        "StreamSpecification",
        "TableName",
        "VectorIndexUpdates",
    },
    "UpdateTimeToLive": {"TableName", "TimeToLiveSpecification"},
    "TagResource": {"ResourceArn", "Tags"},
    "DeleteTable": {"TableName"},
}
NO_FACET = "no declaration can name it, so it is never touched"
LEFT_OUT = {
    "CreateTable": {
        "OnDemandThroughput": NO_FACET,
        "ResourcePolicy": NO_FACET,
        "SSESpecification": NO_FACET,
        "TableClass": NO_FACET,
        "WarmThroughput": NO_FACET,
    },
    "UpdateTable": {
        "OnDemandThroughput": NO_FACET,
        "SSESpecification": NO_FACET,
        "TableClass": NO_FACET,
        "WarmThroughput": NO_FACET,
    },
}


@pytest.mark.parametrize("operation", MANAGED)
def test_every_member_of_a_call_is_managed_or_left_out_for_a_reason(operation: str) -> None:
    shape = service_model().operation_model(operation).input_shape
    assert shape is not None
    left_out = LEFT_OUT.get(operation, {})
    assert MANAGED[operation] | left_out.keys() == set(shape.members)
    assert not MANAGED[operation] & left_out.keys()
