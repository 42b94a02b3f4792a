"""What ``export`` writes for named tables, against the names that CloudFormation, SAM, Terraform and the CLI have."""

# ruff: noqa: E501 - declarations are written on one line

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import validate_parameters
from ruamel.yaml import YAML
from support.folders import write

from reconciler.declarations.export import cloudformation, create_table, terraform
from reconciler.declarations.export.exported import Exported, Selection, selected
from reconciler.declarations.folder import FolderSource
from reconciler.model.errors import UsageError

HEAD = "table_name: orders\nkey_schema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]\n"
DEFINED = "attribute_definitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: N}"
ORDERS = HEAD + DEFINED + "]\n"
ONE_KEY = "table_name: orders\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: [{AttributeName: pk, AttributeType: B}]\n"
ON_DEMAND = "billing_mode: PAY_PER_REQUEST\n"
UNITS = "provisioned_throughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 6}\n"
INDEX = (
    HEAD + DEFINED + ", {AttributeName: mail, AttributeType: S}]\n"
    "global_secondary_indexes: [{IndexName: by_mail, KeySchema: [{AttributeName: mail, KeyType: HASH}], Projection: {ProjectionType: INCLUDE, NonKeyAttributes: [name, age]}UNITS}]\n"
)
POLICY = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "012345678901"}, "Action": "dynamodb:GetItem", "Resource": "*"}]}'


def selection(folder: Path, text: str, region: str | None = "eu-west-1") -> Selection:
    return selected(FolderSource(str(write(folder, {"orders.yaml": text})), None).load(), (), region)


def template(folder: Path, text: str, *, sam: bool = False, **more: Any) -> tuple[dict[str, Any], Exported]:
    found = cloudformation.export(selection(folder, text, **more), sam=sam)
    return YAML(typ="safe").load(found.texts["template.yaml"])["Resources"], found


def table(folder: Path, text: str, **more: Any) -> dict[str, Any]:
    resources, _ = template(folder, text, **more)
    found: dict[str, Any] = resources["OrdersTable"]
    return found


def configuration(folder: Path, text: str) -> tuple[dict[str, Any], Exported]:
    found = terraform.export(selection(folder, text))
    return json.loads(found.texts["tables.tf.json"])["resource"], found


def properties(folder: Path, text: str) -> Any:
    found = table(folder, ORDERS + ON_DEMAND + text)["Properties"]
    return {
        name: value
        for name, value in found.items()
        if name not in ("TableName", "KeySchema", "AttributeDefinitions", "BillingMode")
    }


PROPERTIES: dict[str, tuple[str, dict[str, Any]]] = {
    "a stream": ("stream_specification: {view: NEW_IMAGE}\n", {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}),
    "a stream with a policy": (
        f"stream_specification: {{view: NEW_IMAGE}}\nstream_policy: {POLICY}\n",
        {
            "StreamSpecification": {
                "StreamViewType": "NEW_IMAGE",
                "ResourcePolicy": {
                    "PolicyDocument": json.loads(POLICY) | {"Statement": [json.loads(POLICY)["Statement"][0]]}
                },
            }
        },
    ),
    "a stream that is off": ("stream_specification: {enabled: false}\n".replace("enabled", "stream_enabled"), {}),
    "time to live": (
        "time_to_live: {attribute: gone_at}\n",
        {"TimeToLiveSpecification": {"AttributeName": "gone_at", "Enabled": True}},
    ),
    "time to live that is off": ("time_to_live: {enabled: false}\n", {"TimeToLiveSpecification": {"Enabled": False}}),
    "a key": (
        "sse: {key: alias/app}\n",
        {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/app"}},
    ),
    "recovery": (
        "point_in_time_recovery: {days: 7}\n",
        {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}},
    ),
    "tags": ("tags: {team: core}\n", {"Tags": [{"Key": "team", "Value": "core"}]}),
    "no tags": ("tags: {}\n", {"Tags": []}),
    "protection": ("deletion_protection: true\n", {"DeletionProtectionEnabled": True}),
    "the class": ("table_class: STANDARD_INFREQUENT_ACCESS\n", {"TableClass": "STANDARD_INFREQUENT_ACCESS"}),
    "insights": (
        "contributor_insights: {mode: THROTTLED_KEYS}\n",
        {"ContributorInsightsSpecification": {"Enabled": True, "Mode": "THROTTLED_KEYS"}},
    ),
    "kinesis": (
        'kinesis_streaming: {stream_arn: "arn:aws:kinesis:eu-west-1:123456789012:stream/changes", precision: MICROSECOND}\n',
        {
            "KinesisStreamSpecification": {
                "StreamArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/changes",
                "ApproximateCreationDateTimePrecision": "MICROSECOND",
            }
        },
    ),
    "a maximum": (
        "on_demand_throughput: {max_read_request_units: 9}\n",
        {"OnDemandThroughput": {"MaxReadRequestUnits": 9}},
    ),
    "warm throughput": (
        "warm_throughput: {read_units_per_second: 15000}\n",
        {"WarmThroughput": {"ReadUnitsPerSecond": 15000}},
    ),
    "a policy": (f"resource_policy: {POLICY}\n", {"ResourcePolicy": {"PolicyDocument": json.loads(POLICY)}}),
    "no policy": ("resource_policy: {}\n", {}),
    "a backup schedule": ("backups: {schedule: '@daily', keep: 7}\n", {}),
}


@pytest.mark.parametrize("case", PROPERTIES)
def test_a_feature_is_the_property_that_cloudformation_has(case: str, tmp_path: Path) -> None:
    text, expected = PROPERTIES[case]
    assert properties(tmp_path, text) == expected


def test_every_property_is_one_of_the_resource(tmp_path: Path) -> None:
    for number, (text, _) in enumerate(PROPERTIES.values()):
        assert set(properties(tmp_path / str(number), text)) <= set(cloudformation.PROPERTIES)


def test_what_has_no_property_stands_under_metadata_and_is_named(tmp_path: Path) -> None:
    resources, found = template(tmp_path, ORDERS + ON_DEMAND + "backups: {schedule: '@daily', keep: 7}\n")
    assert resources["OrdersTable"]["Metadata"] == {
        "DynamoDBReconciler": {"backups": {"schedule": "@daily", "keep": 7, "name": "{table}-{time}"}}
    }
    assert found.warnings == (
        "orders: CloudFormation has no property for backups as declared; it stands under Metadata DynamoDBReconciler, which only the reconciler reads",
    )


def test_what_is_off_and_has_no_property_is_kept_without_a_warning(tmp_path: Path) -> None:
    resources, found = template(
        tmp_path,
        ORDERS + ON_DEMAND + "stream_specification: {stream_enabled: false}\nkinesis_streaming: {enabled: false}\n",
    )
    assert resources["OrdersTable"]["Metadata"] == {
        "DynamoDBReconciler": {
            "stream_specification": {"StreamEnabled": False},
            "kinesis_streaming": {"Enabled": False},
        }
    }
    assert found.warnings == ()


def test_billing_that_is_not_declared_is_on_demand_and_named(tmp_path: Path) -> None:
    resources, found = template(tmp_path, ORDERS)
    assert resources["OrdersTable"]["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert found.warnings == ("orders: billing is not declared; CloudFormation manages it all the same",)


def test_a_lifecycle_is_policies_and_metadata(tmp_path: Path) -> None:
    found = table(
        tmp_path, ORDERS + ON_DEMAND + "lifecycle: {protect: true, ignore_changes: [ttl]}\ndescription: All orders\n"
    )
    assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert found["Metadata"] == {
        "DynamoDBReconciler": {"description": "All orders", "lifecycle": {"ignore_changes": ["ttl"]}}
    }


def test_auto_scaling_is_a_target_and_a_policy_for_each_capacity(tmp_path: Path) -> None:
    scaled = "auto_scaling: {read: {min: 5, max: 50, target: 70, scale_in_cooldown: 60, scheduled: [{name: night, schedule: 'cron(0 22 * * ? *)', min: 1}]}}\n"
    resources, found = template(tmp_path, ORDERS + UNITS + scaled)
    assert resources["OrdersTableReadTarget"] == {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 5,
            "MaxCapacity": 50,
            "ResourceId": {"Fn::Sub": "table/${OrdersTable}"},
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
            "ServiceNamespace": "dynamodb",
            "ScheduledActions": [
                {
                    "ScheduledActionName": "night",
                    "Schedule": "cron(0 22 * * ? *)",
                    "ScalableTargetAction": {"MinCapacity": 1},
                }
            ],
        },
    }
    assert resources["OrdersTableReadPolicy"]["Properties"] == {
        "PolicyName": "OrdersTableReadUtilization",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": {"Ref": "OrdersTableReadTarget"},
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70,
            "ScaleInCooldown": 60,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        },
    }
    assert found.warnings == ()


def test_replicas_make_a_global_table_with_the_region_of_the_table(tmp_path: Path) -> None:
    replicas = "stream_specification: {view: NEW_AND_OLD_IMAGES}\nreplicas: [{region: us-east-1, key: alias/there}]\ntags: {team: core}\n".replace(
        "key:", "KMSMasterKeyId:"
    )
    found = table(tmp_path, ORDERS + ON_DEMAND + replicas)
    assert found["Type"] == "AWS::DynamoDB::GlobalTable"
    assert found["Properties"]["Replicas"] == [
        {"Region": "eu-west-1", "Tags": [{"Key": "team", "Value": "core"}]},
        {"Region": "us-east-1", "SSESpecification": {"KMSMasterKeyId": "alias/there"}},
    ]


def test_a_global_table_scales_in_each_replica(tmp_path: Path) -> None:
    scaled = "stream_specification: {view: NEW_AND_OLD_IMAGES}\nreplicas: [us]\nauto_scaling: {read: {min: 5, max: 50, target: 70}, write: {min: 6, max: 60, target: 60}}\n"
    found = table(tmp_path, ORDERS + UNITS + scaled.replace("[us]", "[{region: us-east-1}]"))["Properties"]
    assert found["WriteProvisionedThroughputSettings"] == {
        "WriteCapacityAutoScalingSettings": {
            "MinCapacity": 6,
            "MaxCapacity": 60,
            "SeedCapacity": 6,
            "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60},
        }
    }
    assert (
        found["Replicas"][0]["ReadProvisionedThroughputSettings"]["ReadCapacityAutoScalingSettings"]["SeedCapacity"]
        == 5
    )


def test_a_global_table_without_a_region_is_an_error(tmp_path: Path) -> None:
    replicas = "stream_specification: {view: NEW_AND_OLD_IMAGES}\nreplicas: [{region: us-east-1}]\n"
    with pytest.raises(UsageError) as caught:
        table(tmp_path, ORDERS + ON_DEMAND + replicas, region=None)
    assert str(caught.value) == (
        "orders has replicas, and a template names the Region of the table too, which is not known. Give it with --region REGION."
    )


def test_a_global_table_whose_writes_are_not_scaled_is_named(tmp_path: Path) -> None:
    replicas = "stream_specification: {view: NEW_AND_OLD_IMAGES}\nreplicas: [{region: us-east-1}]\n"
    _, found = template(tmp_path, ORDERS + UNITS + replicas)
    assert found.warnings[0].startswith("orders: CloudFormation scales the writes of every provisioned global table;")


def test_sam_has_a_simple_table_where_that_can_hold_the_table(tmp_path: Path) -> None:
    found = table(tmp_path / "a", ONE_KEY + ON_DEMAND + "tags: {team: core}\npoint_in_time_recovery: {}\n", sam=True)
    assert found == {
        "Type": "AWS::Serverless::SimpleTable",
        "Properties": {
            "TableName": "orders",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "Tags": {"team": "core"},
            "PrimaryKey": {"Name": "pk", "Type": "Binary"},
        },
    }
    assert table(tmp_path / "b", ORDERS + ON_DEMAND, sam=True)["Type"] == "AWS::DynamoDB::Table"
    assert (
        table(tmp_path / "c", ONE_KEY + ON_DEMAND + "table_class: STANDARD\n", sam=True)["Type"]
        == "AWS::DynamoDB::Table"
    )


def test_names_of_resources_are_letters_and_digits_and_each_another_one(tmp_path: Path) -> None:
    text = "\n---\n".join(
        ONE_KEY.replace("table_name: orders", f"table_name: {name}") for name in ("by-day", "by.day", "2day")
    )
    found = cloudformation.export(selection(tmp_path, text)).ids
    assert found == {"by-day": "ByDayTable", "by.day": "ByDayTable2", "2day": "2dayTable"}
    assert terraform.export(selection(tmp_path, text)).ids == {
        "by-day": "aws_dynamodb_table.by-day",
        "by.day": "aws_dynamodb_table.by_day",
        "2day": "aws_dynamodb_table.t_2day",
    }


TERRAFORM_ARGUMENTS = {
    "aws_dynamodb_table": (
        "name billing_mode read_capacity write_capacity hash_key range_key attribute global_secondary_index local_secondary_index "
        "on_demand_throughput warm_throughput stream_enabled stream_view_type ttl table_class server_side_encryption point_in_time_recovery "
        "deletion_protection_enabled replica global_table_witness tags lifecycle"
    ),
    "aws_appautoscaling_target": "service_namespace resource_id scalable_dimension min_capacity max_capacity",
    "aws_appautoscaling_policy": "name policy_type service_namespace resource_id scalable_dimension target_tracking_scaling_policy_configuration",
    "aws_appautoscaling_scheduled_action": "name service_namespace resource_id scalable_dimension schedule timezone scalable_target_action",
    "aws_dynamodb_contributor_insights": "table_name index_name mode",
    "aws_dynamodb_kinesis_streaming_destination": "table_name stream_arn approximate_creation_date_time_precision",
    "aws_dynamodb_resource_policy": "resource_arn policy",
}
"""Arguments of the resources of the provider hashicorp/aws."""


def test_terraform_has_an_argument_or_a_resource_for_each_feature(tmp_path: Path) -> None:
    text = (
        INDEX.replace(
            "UNITS", ", ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 2}, contributor_insights: {}"
        )
        + UNITS
        + "local_secondary_indexes: []\nstream_specification: {view: NEW_AND_OLD_IMAGES}\ntime_to_live: {attribute: gone_at}\n"
        + "auto_scaling: {write: {min: 6, max: 60, target: 60, scheduled: [{name: night, schedule: 'rate(1 day)', max: 9, timezone: Europe/Berlin}]}}\n"
        + f"contributor_insights: {{mode: THROTTLED_KEYS}}\nresource_policy: {POLICY}\nstream_policy: {POLICY}\n"
        + 'kinesis_streaming: {stream_arn: "arn:aws:kinesis:eu-west-1:123456789012:stream/changes"}\n'
        + "point_in_time_recovery: {}\nsse: {}\ntags: {cost: '${x}'}\nlifecycle: {protect: true}\n".replace(
            "'${x}'", "'$${x}'"
        )
    )
    resources, _ = configuration(tmp_path, text)
    assert set(resources) == set(TERRAFORM_ARGUMENTS)
    for kind, labels in resources.items():
        for arguments in labels.values():
            assert set(arguments) <= set(TERRAFORM_ARGUMENTS[kind].split()), kind
    orders = resources["aws_dynamodb_table"]["orders"]
    assert orders["lifecycle"] == {"prevent_destroy": True, "ignore_changes": ["write_capacity"]}
    assert orders["tags"] == {"cost": "$${x}"}
    assert orders["global_secondary_index"] == [
        {
            "name": "by_mail",
            "hash_key": "mail",
            "projection_type": "INCLUDE",
            "non_key_attributes": ["age", "name"],
            "read_capacity": 1,
            "write_capacity": 2,
        }
    ]
    policies = resources["aws_dynamodb_resource_policy"]
    assert policies["orders"]["resource_arn"] == "${aws_dynamodb_table.orders.arn}"
    assert policies["orders_stream"]["resource_arn"] == "${aws_dynamodb_table.orders.stream_arn}"
    assert (
        resources["aws_appautoscaling_target"]["orders_write"]["resource_id"]
        == "table/${aws_dynamodb_table.orders.name}"
    )
    assert set(resources["aws_dynamodb_contributor_insights"]) == {"orders", "orders_by_mail"}


def test_what_terraform_does_not_hold_is_named(tmp_path: Path) -> None:
    text = "backups: {schedule: '@daily', keep: 7}\nlifecycle: {ignore_changes: [ttl]}\ndescription: All\nsse: {key: alias/app}\nreferences: [{table: orders, attribute: sk}]\n"
    _, found = configuration(tmp_path, ORDERS + ON_DEMAND + text)
    assert found.warnings == (
        "orders: a Terraform configuration does not hold backups as declared",
        "orders: Terraform needs the ARN of the key in kms_key_arn, and alias/app is none",
        "orders: a Terraform configuration does not hold lifecycle.ignore_changes",
        "orders: a Terraform configuration does not hold references",
        "orders: a Terraform configuration does not hold description",
    )


def test_the_input_of_create_table_is_what_the_service_takes(tmp_path: Path) -> None:
    text = (
        INDEX.replace("UNITS", "")
        + ON_DEMAND
        + "tags: {team: core}\nstream_specification: {view: NEW_IMAGE}\ntime_to_live: {attribute: gone_at}\n"
    )
    found = create_table.export(selection(tmp_path, text))
    request = json.loads(found.texts["orders.json"])
    shape = get_session().get_service_model("dynamodb").operation_model("CreateTable").input_shape
    validate_parameters(request, shape)
    assert found.warnings == ("orders: CreateTable does not set ttl as declared; set it after the table is ACTIVE",)


def test_a_table_that_is_not_declared_is_named_with_the_closest_one(tmp_path: Path) -> None:
    desired = FolderSource(str(write(tmp_path, {"orders.yaml": ORDERS})), None).load()
    with pytest.raises(UsageError) as caught:
        selected(desired, ("order",), None)
    assert str(caught.value) == "table 'order' is not declared. Did you mean orders?"
