"""``terraform show -json`` as declarations: tables, the resources beside them, and what is refused."""

# ruff: noqa: E501 - declarations are written on one line

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.folders import load, write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import DeclarationError

VALUES: dict[str, Any] = {
    "name": "orders",
    "billing_mode": "PAY_PER_REQUEST",
    "hash_key": "pk",
    "range_key": None,
    "read_capacity": 0,
    "write_capacity": 0,
    "attribute": [{"name": "pk", "type": "S"}],
    "global_secondary_index": [],
    "local_secondary_index": [],
    "ttl": [{"attribute_name": "", "enabled": False}],
    "stream_enabled": False,
    "stream_view_type": "",
    "point_in_time_recovery": [{"enabled": False, "recovery_period_in_days": 0}],
    "server_side_encryption": [],
    "table_class": "STANDARD",
    "deletion_protection_enabled": False,
    "tags": None,
    "tags_all": {},
    "replica": [],
    "timeouts": None,
    "import_table": [],
    "on_demand_throughput": [],
}
"""What the provider writes for the smallest table."""
OURS = (
    "table_name: orders\nbilling_mode: PAY_PER_REQUEST\ntable_class: STANDARD\n"
    "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\n"
    "point_in_time_recovery: {enabled: false}\n"
)
STREAM = {"stream_enabled": True, "stream_view_type": "NEW_AND_OLD_IMAGES"}
PROVISIONED = {"billing_mode": "PROVISIONED", "read_capacity": 5, "write_capacity": 6}
OUR_UNITS = "provisioned_throughput: {read_capacity_units: 5, write_capacity_units: 6}\n"
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"


def resource(kind: str, values: dict[str, Any], name: str = "this") -> dict[str, Any]:
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values}


def table(**values: Any) -> dict[str, Any]:
    return resource("aws_dynamodb_table", {**VALUES, **values})


def state(*resources: dict[str, Any], **module: Any) -> dict[str, Any]:
    root = {"resources": list(resources), **module}
    return {"format_version": "1.0", "terraform_version": "1.14.0", "values": {"root_module": root}}


def only(folder: Path, document: dict[str, Any]) -> Declaration:
    write(folder, {"state.json": json.dumps(document, indent=1)})
    (declaration,) = load(folder).declarations
    return declaration


def ours(folder: Path, text: str) -> Declaration:
    write(folder, {"orders.yaml": text})
    (declaration,) = load(folder).declarations
    return declaration


INDEX = {"name": "by_g", "hash_key": "g", "range_key": "", "projection_type": "INCLUDE", "non_key_attributes": ["x"]}
OUR_INDEX = (
    "global_secondary_indexes: [{index_name: by_g, key_schema: [{AttributeName: g, KeyType: HASH}], "
    "projection: {ProjectionType: INCLUDE, NonKeyAttributes: [x]}MORE}]\n"
)
TWO = [{"name": "pk", "type": "S"}, {"name": "g", "type": "N"}]
OUR_TWO = OURS.replace(
    "[{AttributeName: pk, AttributeType: S}]",
    "[{AttributeName: pk, AttributeType: S}, {AttributeName: g, AttributeType: N}]",
)
TABLES: dict[str, tuple[dict[str, Any], str]] = {
    "the smallest": ({}, OURS),
    "provisioned": (PROVISIONED, OURS.replace("PAY_PER_REQUEST", "PROVISIONED") + OUR_UNITS),
    "a range key": (
        {"range_key": "g", "attribute": TWO},
        OUR_TWO.replace("KeyType: HASH}]", "KeyType: HASH}, {AttributeName: g, KeyType: RANGE}]"),
    ),
    "a global index": (
        {"attribute": TWO, "global_secondary_index": [{**INDEX, "read_capacity": 0, "write_capacity": 0}]},
        OUR_TWO + OUR_INDEX.replace("MORE", ""),
    ),
    "a global index of several keys": (
        {
            "attribute": TWO,
            "global_secondary_index": [
                {
                    "name": "by_g",
                    "projection_type": "ALL",
                    "key_schema": [
                        {"attribute_name": "g", "key_type": "HASH"},
                        {"attribute_name": "pk", "key_type": "HASH"},
                    ],
                }
            ],
        },
        OUR_TWO + "global_secondary_indexes: [{index_name: by_g, key_schema: [{AttributeName: g, KeyType: HASH}, "
        "{AttributeName: pk, KeyType: HASH}], projection: {ProjectionType: ALL}}]\n",
    ),
    "a provisioned global index": (
        {
            **PROVISIONED,
            "attribute": TWO,
            "global_secondary_index": [{**INDEX, "read_capacity": 1, "write_capacity": 2}],
        },
        OUR_TWO.replace("PAY_PER_REQUEST", "PROVISIONED")
        + OUR_UNITS
        + OUR_INDEX.replace("MORE", ", provisioned_throughput: {read_capacity_units: 1, write_capacity_units: 2}"),
    ),
    "a local index": (
        {
            "range_key": "g",
            "attribute": [*TWO, {"name": "h", "type": "S"}],
            "local_secondary_index": [
                {"name": "by_h", "range_key": "h", "projection_type": "ALL", "non_key_attributes": []}
            ],
        },
        OUR_TWO.replace("KeyType: HASH}]", "KeyType: HASH}, {AttributeName: g, KeyType: RANGE}]").replace(
            "AttributeType: N}]", "AttributeType: N}, {AttributeName: h, AttributeType: S}]"
        )
        + "local_secondary_indexes: [{index_name: by_h, key_schema: [{AttributeName: pk, KeyType: HASH}, "
        "{AttributeName: h, KeyType: RANGE}], projection: {ProjectionType: ALL}}]\n",
    ),
    "a stream": (
        {"stream_enabled": True, "stream_view_type": "NEW_IMAGE"},
        OURS + "stream_specification: {view: NEW_IMAGE}\n",
    ),
    "time to live": (
        {"ttl": [{"attribute_name": "ttl", "enabled": True}]},
        OURS + "time_to_live: {enabled: true, attribute_name: ttl}\n",
    ),
    "recovery": (
        {"point_in_time_recovery": [{"enabled": True, "recovery_period_in_days": 7}]},
        OURS.replace("{enabled: false}", "{enabled: true, days: 7}"),
    ),
    "encryption": (
        {"server_side_encryption": [{"enabled": True, "kms_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/k"}]},
        OURS + "sse: {enabled: true, key: 'arn:aws:kms:eu-west-1:111122223333:key/k'}\n",
    ),
    "tags with those of the provider": (
        {"tags": {"a": "b"}, "tags_all": {"a": "b", "team": "web"}},
        OURS + "tags: {a: b, team: web}\n",
    ),
    "protection, class and limits": (
        {
            "deletion_protection_enabled": True,
            "table_class": "STANDARD_INFREQUENT_ACCESS",
            "on_demand_throughput": [{"max_read_request_units": 5, "max_write_request_units": 6}],
        },
        OURS.replace("STANDARD\n", "STANDARD_INFREQUENT_ACCESS\n")
        + "deletion_protection_enabled: true\non_demand_throughput: {max_read_request_units: 5, max_write_request_units: 6}\n",
    ),
    "a replica": (
        {"replica": [{"region_name": "us-east-1", "kms_key_arn": "", "propagate_tags": False}]},
        OURS + "replicas: [{region: us-east-1}]\n",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_declared_as_in_our_own_format(case: str, tmp_path: Path) -> None:
    values, expected = TABLES[case]
    found = only(tmp_path / "theirs", state(table(**values)))
    assert found.spec == ours(tmp_path / "ours", expected).spec
    assert found.base_name == "orders"


SCALED = {"service_namespace": "dynamodb", "resource_id": "table/orders"}
READS = {**SCALED, "scalable_dimension": "dynamodb:table:ReadCapacityUnits"}
BESIDE: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    "auto scaling": (
        [
            resource("aws_appautoscaling_target", {**READS, "min_capacity": 5, "max_capacity": 50}),
            resource(
                "aws_appautoscaling_policy",
                {
                    **READS,
                    "policy_type": "TargetTrackingScaling",
                    "target_tracking_scaling_policy_configuration": [
                        {"target_value": 70, "scale_in_cooldown": 60, "disable_scale_in": False}
                    ],
                },
            ),
            resource(
                "aws_appautoscaling_scheduled_action",
                {
                    **READS,
                    "name": "night",
                    "schedule": "cron(0 22 * * ? *)",
                    "timezone": "UTC",
                    "scalable_target_action": [{"min_capacity": 1, "max_capacity": 2}],
                },
            ),
        ],
        PROVISIONED,
        OURS.replace("PAY_PER_REQUEST", "PROVISIONED")
        + OUR_UNITS
        + "auto_scaling: {read: {min: 5, max: 50, target: 70, scale_in_cooldown: 60, disable_scale_in: false, scheduled: "
        "[{name: night, schedule: 'cron(0 22 * * ? *)', min: 1, max: 2}]}}\n",
    ),
    "auto scaling of an index": (
        [
            resource(
                "aws_appautoscaling_target",
                {
                    **SCALED,
                    "resource_id": "table/orders/index/by_g",
                    "scalable_dimension": "dynamodb:index:WriteCapacityUnits",
                    "min_capacity": 5,
                    "max_capacity": 50,
                },
            ),
            resource(
                "aws_appautoscaling_policy",
                {
                    **SCALED,
                    "resource_id": "table/orders/index/by_g",
                    "scalable_dimension": "dynamodb:index:WriteCapacityUnits",
                    "policy_type": "TargetTrackingScaling",
                    "target_tracking_scaling_policy_configuration": [{"target_value": 70}],
                },
            ),
        ],
        {
            **PROVISIONED,
            "attribute": TWO,
            "global_secondary_index": [{**INDEX, "read_capacity": 1, "write_capacity": 2}],
        },
        OUR_TWO.replace("PAY_PER_REQUEST", "PROVISIONED")
        + OUR_UNITS
        + OUR_INDEX.replace("MORE", ", provisioned_throughput: {read_capacity_units: 1, write_capacity_units: 2}")
        + "auto_scaling: {indexes: [{index_name: by_g, write: {min: 5, max: 50, target: 70}}]}\n",
    ),
    "an index": (
        [
            resource(
                "aws_dynamodb_global_secondary_index",
                {
                    "table_name": "orders",
                    "index_name": "by_g",
                    "key_schema": [{"attribute_name": "g", "attribute_type": "N", "key_type": "HASH"}],
                    "projection": [{"projection_type": "INCLUDE", "non_key_attributes": ["x"]}],
                },
            )
        ],
        {},
        OUR_TWO + OUR_INDEX.replace("MORE", ""),
    ),
    "a tag": (
        [resource("aws_dynamodb_tag", {"resource_arn": ARN, "key": "a", "value": "b"})],
        {},
        OURS + "tags: {a: b}\n",
    ),
    "a Kinesis stream": (
        [
            resource(
                "aws_dynamodb_kinesis_streaming_destination",
                {"table_name": "orders", "stream_arn": "arn:aws:kinesis:eu-west-1:111122223333:stream/s"},
            )
        ],
        {},
        OURS + "kinesis_streaming: {stream_arn: 'arn:aws:kinesis:eu-west-1:111122223333:stream/s'}\n",
    ),
    "insights": (
        [resource("aws_dynamodb_contributor_insights", {"table_name": "orders", "index_name": ""})],
        {},
        OURS + "contributor_insights: {enabled: true}\n",
    ),
    "a policy": (
        [
            resource(
                "aws_dynamodb_resource_policy",
                {
                    "resource_arn": ARN,
                    "policy": json.dumps(
                        {
                            "Version": "2012-10-17",
                            "Statement": [
                                {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}
                            ],
                        }
                    ),
                },
            )
        ],
        {},
        OURS + "resource_policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', "
        "Action: 'dynamodb:GetItem', Resource: '*'}]}\n",
    ),
    "what belongs to another table": (
        [
            resource("aws_dynamodb_tag", {"resource_arn": ARN.replace("orders", "users"), "key": "a", "value": "b"}),
            resource("aws_appautoscaling_target", {"service_namespace": "ecs", "resource_id": "service/a/b"}),
        ],
        {},
        OURS,
    ),
}


@pytest.mark.parametrize("case", BESIDE)
def test_what_stands_beside_a_table_belongs_to_it(case: str, tmp_path: Path) -> None:
    beside, values, expected = BESIDE[case]
    found = only(tmp_path / "theirs", state(*beside, table(**values)))
    assert found.spec == ours(tmp_path / "ours", expected).spec


def test_items_are_the_seed(tmp_path: Path) -> None:
    items = [
        resource(
            "aws_dynamodb_table_item",
            {"table_name": "orders", "hash_key": "pk", "item": json.dumps({"pk": {"S": name}, "n": {"N": "5"}})},
            name,
        )
        for name in ("a", "b")
    ]
    seed = only(tmp_path, state(*items, table())).seed
    assert seed is not None
    assert list(seed.items) == [{"pk": {"S": "a"}, "n": {"N": "5"}}, {"pk": {"S": "b"}, "n": {"N": "5"}}]


def test_tables_of_modules_are_found_and_others_counted(tmp_path: Path) -> None:
    inner = {"address": "module.a", "resources": [table(name="inner")]}
    document = state(
        table(), resource("aws_s3_bucket", {}), {**table(name="data"), "mode": "data"}, child_modules=[inner]
    )
    write(tmp_path, {"state.json": json.dumps(document)})
    found = load(tmp_path)
    assert [each.spec.name for each in found.declarations] == ["inner", "orders"]
    assert found.notes == ("state.json: other resources are left alone: 1 aws_s3_bucket",)


def test_a_plan_is_read_as_what_it_plans(tmp_path: Path) -> None:
    planned = {"planned_values": state(table())["values"], "format_version": "1.2", "terraform_version": "1.14.0"}
    planned["resource_changes"] = [
        {"address": "aws_dynamodb_table.this", "change": {"after_unknown": {"arn": True, "id": True, "tags_all": {}}}}
    ]
    assert only(tmp_path / "theirs", planned).spec == ours(tmp_path / "ours", OURS).spec


def bad(document: Any, tmp_path: Path) -> list[str]:
    write(tmp_path, {"state.json": json.dumps(document)})
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path)
    return [str(problem) for problem in caught.value.problems]


def at(column: int) -> str:
    """Where a value stands in the only line of the file."""
    return f"state.json:1:{column}: values.root_module.resources[0].values"


AFTER = "Declare the state: run `terraform apply`, then `terraform show -json`."
BAD: dict[str, tuple[Any, str]] = {
    "a table without a name": (
        state({**table(), "values": {}}),
        f"{at(203)}: aws_dynamodb_table.this has no name. {AFTER}",
    ),
    "an import": (
        state(table(import_table=[{"input_format": "CSV"}])),
        (
            f"{at(784)}.import_table: import_table fills the table from elsewhere, which is not done here. "
            "Remove it after the apply, or declare a seed."
        ),
    ),
    "a key that is not known yet": (
        {
            "format_version": "1.2",
            "planned_values": state(table())["values"],
            "resource_changes": [
                {
                    "address": "aws_dynamodb_table.this",
                    "change": {"after_unknown": {"server_side_encryption": [{"kms_key_arn": True}]}},
                }
            ],
        },
        (
            "state.json:1:603: planned_values.root_module.resources[0].values.server_side_encryption: server_side_encryption of "
            f"aws_dynamodb_table.this is only known after the apply. {AFTER}"
        ),
    ),
    "an empty state": (
        {"format_version": "1.0", "terraform_version": "1.14.0"},
        (
            "state.json:1:1: is the output of terraform show without values. "
            "Print one that has resources: `terraform show -json PLAN` or `terraform show -json`."
        ),
    ),
    "a step policy": (
        state(resource("aws_appautoscaling_policy", {**READS, "policy_type": "StepScaling"}), table()),
        f"{at(350)}.policy_type: policy_type 'StepScaling' is not supported. DynamoDB scales by TargetTrackingScaling.",
    ),
    "an item that is no JSON": (
        state(resource("aws_dynamodb_table_item", {"table_name": "orders", "item": "{"}), table()),
        f"{at(248)}.item: is not an item in DynamoDB JSON. Correct the resource.",
    ),
    "a key without an attribute": (
        state(table(attribute=[{"name": "other", "type": "S"}])),
        (
            f"{at(267)}.hash_key[0].AttributeName: attribute 'pk' is not in attribute_definitions. "
            'Add {"AttributeName": "pk", "AttributeType": "S"} (or "N", "B") to attribute_definitions.'
        ),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_understood_is_an_error_with_its_place(case: str, tmp_path: Path) -> None:
    document, expected = BAD[case]
    assert bad(document, tmp_path)[0] == expected


def plan(values: dict[str, Any], unknown: dict[str, Any], written: dict[str, Any], *more: dict[str, Any]) -> Any:
    """A plan that creates the table, with what it does not know and what the configuration writes."""
    address = "module.shop[0].aws_dynamodb_table.this"
    created = {**resource("aws_dynamodb_table", values), "address": address}
    module = {"resources": [{"address": "aws_dynamodb_table.this", "expressions": written}]}
    return {
        "format_version": "1.2",
        "terraform_version": "1.14.0",
        "planned_values": state(created, *more)["values"],
        "resource_changes": [{"address": address, "change": {"actions": ["create"], "after_unknown": unknown}}],
        "configuration": {"root_module": {"module_calls": {"shop": {"module": module}}}},
    }


COMPUTED = ("read_capacity", "write_capacity", "stream_view_type", "point_in_time_recovery", "server_side_encryption")
NEW = {name: value for name, value in VALUES.items() if name not in COMPUTED}
UNKNOWN = {
    **dict.fromkeys((*COMPUTED, "arn", "id", "stream_arn", "stream_label", "tags_all", "warm_throughput"), True),
    "attribute": [{}],
    "ttl": [{}],
    "replica": [],
}
"""What a plan of a new table does not know, though the configuration says nothing about it."""
WRITTEN = {"name": {"constant_value": "orders"}, "billing_mode": {"constant_value": "PAY_PER_REQUEST"}, "hash_key": {}}


def test_what_the_provider_fills_in_is_no_unknown_value_of_a_plan(tmp_path: Path) -> None:
    unmanaged = OURS.replace("point_in_time_recovery: {enabled: false}\n", "")
    assert only(tmp_path / "theirs", plan(NEW, UNKNOWN, WRITTEN)).spec == ours(tmp_path / "ours", unmanaged).spec


def test_a_block_of_a_plan_whose_key_the_provider_fills_in_is_read(tmp_path: Path) -> None:
    encrypted = {**NEW, "server_side_encryption": [{"enabled": True}]}
    unknown = {**UNKNOWN, "server_side_encryption": [{"kms_key_arn": True}]}
    written = {**WRITTEN, "server_side_encryption": [{"enabled": {"constant_value": True}}]}
    sse = only(tmp_path, plan(encrypted, unknown, written)).spec.sse
    assert sse is not None
    assert (sse.enabled, sse.key) == (True, None)


LEFT_OPEN = {"ttl": True, "deletion_protection_enabled": True}
TARGET = {
    "resource_id": "table/orders",
    "scalable_dimension": "dynamodb:table:ReadCapacityUnits",
    "service_namespace": "dynamodb",
    "min_capacity": 5,
    "max_capacity": 100,
}
SCALING = {
    **TARGET,
    "policy_type": "TargetTrackingScaling",
    "target_tracking_scaling_policy_configuration": [{"target_value": 70}],
}
PROVISIONED = {**NEW, "billing_mode": "PROVISIONED", "read_capacity": 5, "write_capacity": 5}


def scaled(unknown: dict[str, Any], written: dict[str, Any], **changed: Any) -> Any:
    """A plan of a table with auto scaling, of whose target some values are unknown."""
    target = resource("aws_appautoscaling_target", {**TARGET, **changed})
    target["address"] = "aws_appautoscaling_target.read"
    planned = plan(PROVISIONED, UNKNOWN, WRITTEN, target, resource("aws_appautoscaling_policy", SCALING))
    planned["resource_changes"] += [{"address": target["address"], "change": {"after_unknown": unknown}}]
    planned["configuration"]["root_module"]["resources"] = [{"address": target["address"], "expressions": written}]
    return planned


def test_a_block_that_the_configuration_does_not_have_is_not_managed(tmp_path: Path) -> None:
    found = only(tmp_path / "theirs", plan(NEW, {**UNKNOWN, **LEFT_OPEN}, WRITTEN))
    assert found.spec.ttl is None
    notes = load(tmp_path / "theirs").notes
    assert notes == (
        (
            "state.json: module.shop[0].aws_dynamodb_table.this: not in the configuration and therefore not managed: "
            "point_in_time_recovery, server_side_encryption, ttl"
        ),
    )


def test_a_target_of_auto_scaling_says_nothing_about_its_suspension(tmp_path: Path) -> None:
    unknown = {"arn": True, "id": True, "role_arn": True, "suspended_state": True, "tags_all": {}}
    scaling = only(tmp_path, scaled(unknown, {"min_capacity": {}, "max_capacity": {}})).spec.auto_scaling
    assert scaling is not None
    assert scaling.read is not None
    assert (scaling.read.min, scaling.read.max) == (5, 100)


def test_an_unknown_capacity_of_a_target_is_the_only_error(tmp_path: Path) -> None:
    written = {"min_capacity": {"references": ["x"]}, "max_capacity": {}}
    (found,) = bad(scaled({"min_capacity": True}, written, min_capacity=None), tmp_path)
    assert f"min_capacity of aws_appautoscaling_target.read is only known after the apply. {AFTER}" in found


SECRET = {"enabled": {"constant_value": True}, "kms_key_arn": {"references": ["aws_kms_key.k"]}}
MISSING: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a capacity that is written": ({"read_capacity": True}, {"read_capacity": {"references": ["data.x"]}}),
    "a key that is written": (
        {"server_side_encryption": [{"kms_key_arn": True}]},
        {"server_side_encryption": [SECRET]},
    ),
    "a key in a dynamic block": ({"server_side_encryption": [{"kms_key_arn": True}]}, {}),
    "an attribute that the provider does not fill in": ({"hash_key": True}, {"hash_key": {"references": ["x"]}}),
    "indexes of a dynamic block": ({"global_secondary_index": True}, {}),
    "a time to live that is written": (
        {"ttl": [{"attribute_name": True}]},
        {"ttl": [{"attribute_name": {"references": []}}]},
    ),
    "a whole block that is written": ({"ttl": True}, {"ttl": [{"enabled": {"references": ["x"]}}]}),
    "a tag": ({"tags": {"owner": True}}, {"tags": {"references": ["x"]}}),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_value_that_is_written_and_unknown_is_refused(case: str, tmp_path: Path) -> None:
    unknown, written = MISSING[case]
    (name,) = unknown
    # What a plan does not have in its values is reported at the values.
    column = {"hash_key": 290, "tags": 571, "ttl": 430, "global_secondary_index": 371}.get(name, 226)
    at = f"state.json:1:{column}: planned_values.root_module.resources[0].values"
    found = bad(plan(NEW, {**UNKNOWN, **unknown}, {**WRITTEN, **written}), tmp_path)
    assert found == [
        f"{at}.{name}: {name} of module.shop[0].aws_dynamodb_table.this is only known after the apply. {AFTER}"
    ]


def test_a_tag_of_a_table_that_has_no_arn_yet_is_refused(tmp_path: Path) -> None:
    planned = plan(NEW, UNKNOWN, WRITTEN, resource("aws_dynamodb_tag", {"key": "a", "value": "b"}))
    planned["resource_changes"] += [
        {"address": "aws_dynamodb_tag.this", "change": {"after_unknown": {"id": True, "resource_arn": True}}}
    ]
    at = "state.json:1:784: planned_values.root_module.resources[1].values.resource_arn"
    assert bad(planned, tmp_path) == [
        f"{at}: resource_arn of aws_dynamodb_tag.this is only known after the apply. {AFTER}"
    ]


INDEX_OF_ITS_OWN = {
    "table_name": "orders",
    "index_name": "by_sk",
    "projection": [{"projection_type": "ALL"}],
    "key_schema": [{"attribute_name": "sk", "attribute_type": "S", "key_type": "HASH"}],
}


def test_insights_of_an_index_that_is_a_resource_of_its_own(tmp_path: Path) -> None:
    insights = {"table_name": "orders", "index_name": "by_sk", "mode": ""}
    declaration = only(
        tmp_path,
        state(
            resource("aws_dynamodb_contributor_insights", insights),
            resource("aws_dynamodb_global_secondary_index", INDEX_OF_ITS_OWN),
            table(),
        ),
    )
    assert "by_sk" in str(declaration.spec.contributor_insights)


def test_a_deposed_object_is_no_second_table(tmp_path: Path) -> None:
    assert only(tmp_path, state({**table(), "deposed_key": "0badc0de"}, table(table_class=""))).spec.table_class is None


MALFORMED: dict[str, tuple[Any, str]] = {
    "the state as it is stored": (
        {"version": 4, "terraform_version": "1.14.0", "serial": 3, "lineage": "a", "resources": []},
        "state.json:1:1: is the state as Terraform stores it. Write what `terraform show -json` prints into the folder instead.",
    ),
    "a plan that failed": (
        {**plan(NEW, UNKNOWN, WRITTEN), "errored": True},
        "state.json:1:1: is a plan that failed. Plan again, and print that plan.",
    ),
    "a plan that destroys everything": (
        {
            "format_version": "1.2",
            "planned_values": {"root_module": {}},
            "resource_changes": [{"type": "aws_dynamodb_table", "change": {"actions": ["delete"]}}],
        },
        "state.json:1:1: is a plan that destroys its tables. Print the plan that creates the tables, or remove the file if they should be deleted.",
    ),
    "resources that are no list": (
        {"format_version": "1.0", "values": {"root_module": {"resources": 5}}},
        "state.json:1:54: values.root_module.resources: expected a list. Write what `terraform show -json` prints.",
    ),
    "modules that are no list": (
        {"format_version": "1.0", "values": {"root_module": {"child_modules": 5}}},
        "state.json:1:54: values.root_module.child_modules: expected a list. Write what `terraform show -json` prints.",
    ),
    "blocks that are no list": (
        state(table(ttl={"enabled": True})),
        f"{at(448)}.ttl: expected a list of blocks. Write what `terraform show -json` prints.",
    ),
    "insights of an index that is not there": (
        state(resource("aws_dynamodb_contributor_insights", {"table_name": "orders", "index_name": "by_sk"}), table()),
        f"{at(268)}.index_name: the table has no global secondary index 'by_sk'. Correct the resource.",
    ),
    "strong consistency with two Regions": (
        state(
            table(
                stream_enabled=True,
                stream_view_type="NEW_AND_OLD_IMAGES",
                replica=[{"region_name": "eu-west-1", "consistency_mode": "STRONG"}],
            )
        ),
        f"{at(768)}.replica: STRONG needs three Regions: the table's own and two more. Declare two replicas, or one replica and a witness.",
    ),
    "a wrong policy of a resource beside the table": (
        state(table(), resource("aws_dynamodb_resource_policy", {"resource_arn": ARN, "policy": 5})),
        f"{at(958).replace('[0]', '[1]')}: expected a text, found the number 5. Write a text in quotes with every digit.",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_would_lose_a_table_or_a_part_of_it_is_refused(case: str, tmp_path: Path) -> None:
    document, expected = MALFORMED[case]
    assert bad(document, tmp_path) == [expected]


def test_strong_consistency_with_a_witness_is_read(tmp_path: Path) -> None:
    declaration = only(
        tmp_path,
        state(
            table(
                stream_enabled=True,
                stream_view_type="NEW_AND_OLD_IMAGES",
                replica=[{"region_name": "eu-west-1", "consistency_mode": "STRONG"}],
                global_table_witness=[{"region_name": "eu-central-1"}],
            )
        ),
    )
    assert declaration.spec.multi_region_consistency is not None


def regional(region: str, name: str, **values: Any) -> dict[str, Any]:
    return resource("aws_dynamodb_table", {**VALUES, **values, "arn": ARN.replace("eu-west-1", region)}, name)


TWICE = (regional("eu-west-1", "here", deletion_protection_enabled=True), regional("us-east-1", "there"))


def in_region(folder: Path, region: str | None, *resources: dict[str, Any]) -> DesiredState:
    write(folder, {"state.json": json.dumps(state(*resources))})
    return FolderSource(str(folder), None, inputs=TemplateInputs(region=region)).load()


@pytest.mark.parametrize(("region", "protected"), [("eu-west-1", True), ("us-east-1", None)])
def test_of_two_tables_with_one_name_that_of_the_region_is_declared(
    region: str, protected: bool | None, tmp_path: Path
) -> None:
    tag = {"resource_arn": ARN, "key": "team", "value": "eu"}
    (found,) = in_region(tmp_path, region, *TWICE, resource("aws_dynamodb_tag", tag)).declarations
    assert found.spec.deletion_protection is protected
    assert found.spec.tags == ((("team", "eu"),) if protected else None)


ELSEWHERE = {
    None: "and the Region is not known",
    "ap-south-1": "and none is in ap-south-1",
}


@pytest.mark.parametrize("region", ELSEWHERE)
def test_without_its_region_a_table_in_two_of_them_is_an_error_that_names_them(
    region: str | None, tmp_path: Path
) -> None:
    with pytest.raises(DeclarationError) as caught:
        in_region(tmp_path, region, *TWICE)
    (problem,) = caught.value.problems
    assert (problem.reason, problem.remedy) == (
        f"the table orders is declared in eu-west-1, us-east-1, {ELSEWHERE[region]}",
        "Name the one to work with: --region eu-west-1.",
    )


def test_a_replica_that_is_a_resource_of_its_own_is_a_replica_of_its_table(tmp_path: Path) -> None:
    replica = {"global_table_arn": ARN, "region": "us-east-1", "kms_key_arn": None, "table_class_override": None}
    other = {**replica, "region": None, "arn": ARN.replace("eu-west-1", "eu-central-1")}
    document = state(
        table(**STREAM),
        *(resource("aws_dynamodb_table_replica", each, str(place)) for place, each in enumerate((replica, other))),
    )
    found = only(tmp_path, document).spec.replicas
    assert [each.region for each in found or ()] == ["eu-central-1", "us-east-1"]


def test_a_replica_without_its_region_is_an_error(tmp_path: Path) -> None:
    document = state(table(**STREAM), resource("aws_dynamodb_table_replica", {"global_table_arn": ARN}))
    assert bad(document, tmp_path)[0].endswith(f"the Region of the replica is not known. {AFTER}")
