"""What DescribeTable and its sister reads answer, pasted as a declaration: following every remedy keeps its meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, problems, write
from support.remedies import follow

from reconciler.model.table import Billing, PointInTimeRecovery, Sse, TableSpec, Throughput, Ttl

ON_DEMAND: dict[str, Any] = {
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": "2025-02-03"},
    "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
}
READ_ONLY: dict[str, Any] = {
    "TableStatus": "ACTIVE",
    "TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/users",
    "ItemCount": 9021,
    "DeletionProtectionEnabled": False,
}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234"
EMAIL: dict[str, Any] = {
    "IndexName": "by_pk",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
    "IndexStatus": "ACTIVE",
    "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    "IndexSizeBytes": 0,
    "ItemCount": 0,
    "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
}
PAY = Billing("PAY_PER_REQUEST")
FIVE = Billing("PROVISIONED", Throughput(5, 5))

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an on-demand table": ({**ON_DEMAND, **READ_ONLY}, {"billing": PAY}),
    "an on-demand table with its indexes": (
        {**ON_DEMAND, "GlobalSecondaryIndexes": [EMAIL]},
        {"billing": PAY},
    ),
    "throughput of 0 without a mode": ({"ProvisionedThroughput": ON_DEMAND["ProvisionedThroughput"]}, {"billing": PAY}),
    "throughput of 0 in snake_case": (
        {"provisioned_throughput": {"read_capacity_units": 0, "write_capacity_units": 0}},
        {"billing": PAY},
    ),
    "throughput of 0 beside the mode": (
        {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}},
        {"billing": PAY},
    ),
    "throughput of 0 in the index alone": (
        {"BillingMode": "PAY_PER_REQUEST", "GlobalSecondaryIndexes": [EMAIL]},
        {"billing": PAY},
    ),
    "throughput beside on-demand billing": (
        {"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}},
        {"billing": PAY},
    ),
    "the summary beside the mode itself": (
        {"BillingMode": "PAY_PER_REQUEST", "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}},
        {"billing": PAY},
    ),
    "a provisioned table": (
        {
            "BillingModeSummary": {"BillingMode": "PROVISIONED"},
            "ProvisionedThroughput": {"NumberOfDecreasesToday": 1, "ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        },
        {"billing": FIVE},
    ),
    "a provisioned table without its summary": (
        {"ProvisionedThroughput": {"LastIncreaseDateTime": "x", "ReadCapacityUnits": 5, "WriteCapacityUnits": 5}},
        {"billing": FIVE},
    ),
    "a provisioned table with a maximum": (
        {
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
            "OnDemandThroughput": {"MaxReadRequestUnits": 9},
        },
        {"billing": FIVE, "on_demand_throughput": None},
    ),
    "a table of the class for rare access": (
        {"TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"}},
        {"table_class": "STANDARD_INFREQUENT_ACCESS"},
    ),
    "a table encrypted by a customer's key": (
        {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}},
        {"sse": Sse(True, KEY)},
    ),
    "a table whose encryption was switched off": ({"SSEDescription": {"Status": "DISABLED"}}, {"sse": Sse(False)}),
    "a key beside encryption that is off": (
        {"SSESpecification": {"Enabled": False, "KMSMasterKeyId": KEY}},
        {"sse": Sse(False)},
    ),
    "what DescribeTimeToLive answers": (
        {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}},
        {"ttl": Ttl(True, "expires_at")},
    ),
    "what DescribeTimeToLive answers where it is off": (
        {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}},
        {"ttl": Ttl(False)},
    ),
    "what DescribeContinuousBackups answers": (
        {
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": {
                    "PointInTimeRecoveryStatus": "ENABLED",
                    "RecoveryPeriodInDays": 7,
                },
            }
        },
        {"point_in_time_recovery": PointInTimeRecovery(True, 7)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_following_every_remedy_keeps_the_meaning(name: str, tmp_path: Path) -> None:
    pasted, meant = CASES[name]
    spec: TableSpec = follow(tmp_path, {**SOUND, **pasted})
    assert {field: getattr(spec, field) for field in meant} == meant
    assert all(index.throughput is None for index in spec.global_indexes or ())


@pytest.mark.parametrize(
    ("document", "suggested"),
    [
        ({"table_class": "STANDARD_IA"}, "STANDARD_INFREQUENT_ACCESS"),
        ({"TableClass": "Standard-IA"}, "STANDARD_INFREQUENT_ACCESS"),
        ({"table_class": "INFREQUENT_ACCESS"}, "STANDARD_INFREQUENT_ACCESS"),
        ({"table_class": "STANDART"}, "STANDARD"),
        ({"billing_mode": "ON_DEMAND"}, "PAY_PER_REQUEST"),
        ({"billing_mode": "on-demand"}, "PAY_PER_REQUEST"),
        ({"BillingMode": "PayPerRequest"}, "PAY_PER_REQUEST"),
        ({"BillingMode": "Provisioned"}, "PROVISIONED"),
        ({"attribute_definitions": [{"AttributeName": "pk", "AttributeType": "Number"}]}, "N"),
        ({"attribute_definitions": [{"AttributeName": "pk", "AttributeType": "BINARY"}]}, "B"),
    ],
)
def test_a_term_of_another_tool_is_understood(document: dict[str, Any], suggested: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, {"users.json": {**SOUND, **document}}))
    assert problem.remedy == f"Did you mean {suggested}?"
