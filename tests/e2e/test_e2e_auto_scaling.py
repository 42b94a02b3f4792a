"""Auto scaling on moto, checked by independent clients: targets, policies, scheduled actions, then no writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.endpoints import Live, client
from support.tool import Tool

DOCUMENT = """
table_name: orders
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions:
  - {AttributeName: pk, AttributeType: S}
  - {AttributeName: day, AttributeType: S}
global_secondary_indexes:
  - index_name: by_day
    key_schema: [{AttributeName: day, KeyType: HASH}]
    projection: {projection_type: ALL}
auto_scaling:
  read: {min: 5, max: 100, target: 70}
  write:
    min: 2
    max: 20
    target: 50
    scale_in_cooldown: 60
    scheduled: [{name: night, schedule: cron(0 22 * * ? *), min: 1, max: 5}]
  indexes:
    - {index_name: by_day, read: {min: 1, max: 10, target: 70}, write: {min: 1, max: 10, target: 70}}
"""


@pytest.fixture
def tool(moto: Live, tmp_path: Path) -> Tool:
    return Tool(moto.url, tmp_path)


def scaling(moto: Live) -> Any:
    return client(moto.url, "application-autoscaling")


def test_the_short_declaration_is_provisioned_scaled_and_quiet(moto: Live, tool: Tool) -> None:
    tool.write("orders.yaml", DOCUMENT)
    assert tool.once().exit_code == 0
    table = moto.client.describe_table(TableName="orders")["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    targets = scaling(moto).describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert {(t["ResourceId"], t["ScalableDimension"], t["MinCapacity"], t["MaxCapacity"]) for t in targets} == {
        ("table/orders", "dynamodb:table:ReadCapacityUnits", 5, 100),
        ("table/orders", "dynamodb:table:WriteCapacityUnits", 2, 20),
        ("table/orders/index/by_day", "dynamodb:index:ReadCapacityUnits", 1, 10),
        ("table/orders/index/by_day", "dynamodb:index:WriteCapacityUnits", 1, 10),
    }
    policies = scaling(moto).describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    tracked = {p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for p in policies}
    assert (len(policies), tracked) == (4, {70.0, 50.0})
    (action,) = scaling(moto).describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert (action["ScheduledActionName"], action["Schedule"]) == ("night", "cron(0 22 * * ? *)")
    assert tool.preview_expecting_no_changes().exit_code == 0


def test_capacity_that_auto_scaling_moved_is_not_drift(moto: Live, tool: Tool) -> None:
    tool.write("orders.yaml", DOCUMENT)
    tool.once()
    units = {"ReadCapacityUnits": 60, "WriteCapacityUnits": 12}
    moto.client.update_table(TableName="orders", ProvisionedThroughput=units)
    assert tool.preview_expecting_no_changes().exit_code == 0
    assert tool.once().exit_code == 0
    live = moto.client.describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]
    assert (live["ReadCapacityUnits"], live["WriteCapacityUnits"]) == (60, 12)


def test_a_foreign_target_protects_capacity_that_is_declared_without_auto_scaling(moto: Live, tool: Tool) -> None:
    tool.write(
        "plain.yaml",
        "table_name: plain\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\n"
        "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
        "provisioned_throughput: {read_capacity_units: 5, write_capacity_units: 5}\n",
    )
    assert tool.once().exit_code == 0
    scaling(moto).register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/plain",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=5,
        MaxCapacity=50,
    )
    units = {"ReadCapacityUnits": 33, "WriteCapacityUnits": 44}
    moto.client.update_table(TableName="plain", ProvisionedThroughput=units)
    assert tool.once().exit_code == 0
    live = moto.client.describe_table(TableName="plain")["Table"]["ProvisionedThroughput"]
    assert (live["ReadCapacityUnits"], live["WriteCapacityUnits"]) == (33, 5)


def test_a_change_of_limits_and_the_end_of_scaling_reach_the_service(moto: Live, tool: Tool) -> None:
    tool.write("orders.yaml", DOCUMENT)
    tool.once()
    changed = DOCUMENT.replace("max: 100", "max: 300").replace("target: 50", "target: 60").replace("night", "late")
    tool.write("orders.yaml", changed)
    assert tool.once().exit_code == 0
    targets = scaling(moto).describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert max(t["MaxCapacity"] for t in targets) == 300
    names = scaling(moto).describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert [action["ScheduledActionName"] for action in names] == ["late"]
    tool.write("orders.yaml", changed.replace("read: {min: 5, max: 300, target: 70}", "read: {enabled: false}"))
    assert tool.once().exit_code == 0
    left = scaling(moto).describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert "dynamodb:table:ReadCapacityUnits" not in {t["ScalableDimension"] for t in left}


@pytest.mark.dynamodb_local
def test_dynamodb_local_has_no_auto_scaling_and_the_declaration_converges_all_the_same(
    local: Live, tmp_path: Path
) -> None:
    tool = Tool(local.url, tmp_path)
    tool.write("orders.yaml", DOCUMENT)
    assert tool.once().exit_code == 0
    preview = tool.preview_expecting_no_changes()
    assert preview.exit_code == 0
    assert "unsupported" in preview.stdout
