"""CloudFormation and SAM templates as declarations: what each property and function becomes, and what is refused."""

# ruff: noqa: E501 - templates and sentences are quoted whole

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.folders import write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import Declaration, DesiredState
from reconciler.model.errors import DeclarationError

KEYS = """
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
"""
ON_DEMAND = "      BillingMode: PAY_PER_REQUEST\n" + KEYS.lstrip("\n")
OURS = (
    "table_name: orders\nbilling_mode: PAY_PER_REQUEST\n"
    "attribute_definitions: [{AttributeName: pk, AttributeType: S}]\nkey_schema: [{AttributeName: pk, KeyType: HASH}]\n"
)


def template(properties: str, before: str = "", beside: str = "", kind: str = "AWS::DynamoDB::Table") -> str:
    """A template with one table, its properties indented by six."""
    return f"{before}Resources:\n  Orders:\n    Type: {kind}\n{beside}    Properties:\n{properties}"


def load(folder: Path, files: dict[str, Any], **inputs: Any) -> DesiredState:
    write(folder, {name: each if isinstance(each, str) else json.dumps(each) for name, each in files.items()})
    return FolderSource(str(folder), inputs.get("environment"), inputs=TemplateInputs(**inputs)).load()


def only(folder: Path, text: Any, **inputs: Any) -> Declaration:
    (declaration,) = load(
        folder, {"template.yaml" if isinstance(text, str) else "template.json": text}, **inputs
    ).declarations
    return declaration


def problems(folder: Path, text: Any, **inputs: Any) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        load(folder, {"template.yaml" if isinstance(text, str) else "template.json": text}, **inputs)
    return [str(problem) for problem in caught.value.problems]


NAMES = {
    "as written": ("orders", {}, "orders"),
    "a parameter with a default": ("!Ref Stage", {}, "dev"),
    "a given parameter": ("!Ref Stage", {"parameters": {"Stage": "prod"}}, "prod"),
    "the environment": ("!Ref Stage", {"environment": "prod"}, "prod"),
    "a given parameter before the environment": (
        "!Ref Stage",
        {"environment": "prod", "parameters": {"Stage": "test"}},
        "test",
    ),
    "Sub": ("!Sub 'orders-${Stage}'", {}, "orders-dev"),
    "Sub with its own values": ("!Sub ['${A}-${Stage}', {A: !Ref Stage}]", {}, "dev-dev"),
    "Sub with a literal": ("!Join ['', [!Select [0, !Split ['$', !Sub 'a-${Stage}$${!x}']], '-t']]", {}, "a-dev-t"),
    "Sub with a pseudo parameter": (
        "!Sub '${AWS::StackName}-${AWS::Region}'",
        {"region": "eu-west-1"},
        "shop-eu-west-1",
    ),
    "Join": ("!Join ['-', [orders, !Ref Stage]]", {}, "orders-dev"),
    "Join of a list parameter": ("!Join ['.', !Ref Words]", {}, "one.two"),
    "Select": ("!Select [1, !Ref Words]", {}, "two"),
    "Select with a text as index": ("!Select ['1', [aaa, bbb]]", {}, "bbb"),
    "Split": ("!Select [2, !Split ['-', 'a-b-ccc']]", {}, "ccc"),
    "If": ("!If [IsProd, live, !Sub 'test-${Stage}']", {}, "test-dev"),
    "If that holds": ("!If [IsProd, live, nope]", {"environment": "prod"}, "live"),
    "And, Or and Not": ("!If [Both, live, test]", {}, "test"),
    "FindInMap": ("!FindInMap [Names, !Ref Stage, table]", {}, "orders-of-dev"),
    "FindInMap with a default": ("!FindInMap [Names, other, table, {DefaultValue: spare}]", {}, "spare"),
    "the long form": ("{'Fn::Sub': 'orders-${Stage}'}", {}, "orders-dev"),
    "a number with its digits": ("!Ref Code", {}, "0042"),
    "a given import": ("!ImportValue shop-name", {"parameters": {"shop-name": "imported"}}, "imported"),
    "a given attribute": ("!GetAtt Bucket.Arn", {"parameters": {"Bucket.Arn": "given"}}, "given"),
    "a given resource": ("!Ref Bucket", {"parameters": {"Bucket": "given"}}, "given"),
    "a given pseudo parameter": (
        "!Sub 't-${AWS::AccountId}'",
        {"parameters": {"AWS::AccountId": "111122223333"}},
        "t-111122223333",
    ),
    "a name that is no value": ("!If [IsProd, live, !Ref 'AWS::NoValue']", {}, "shop-Orders"),
}
BEFORE = """Parameters:
  Stage: {Type: String, Default: dev}
  Words: {Type: CommaDelimitedList, Default: "one, two"}
  Code: {Type: String, Default: 0042}
Mappings:
  Names: {dev: {table: orders-of-dev}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  Both: !And [!Condition IsProd, !Not [!Or [!Equals [1, "2"], !Condition IsProd]]]
"""
BUCKET = "  Bucket: {Type: AWS::S3::Bucket}\n"


@pytest.mark.parametrize("case", NAMES)
def test_a_name_is_evaluated_as_cloudformation_does(case: str, tmp_path: Path) -> None:
    name, inputs, expected = NAMES[case]
    text = template(f"      TableName: {name}\n{ON_DEMAND}", BEFORE) + BUCKET
    declaration = only(tmp_path, text, stack="shop", **inputs)
    assert (declaration.spec.name, declaration.base_name) == (expected, expected)


PROPERTIES = {
    "a stream has only a view": (
        "StreamSpecification: {StreamViewType: NEW_IMAGE}",
        "stream_specification: {view: NEW_IMAGE}",
    ),
    "encryption": (
        "SSESpecification: {SSEEnabled: 'true', SSEType: KMS, KMSMasterKeyId: alias/k}",
        "sse: {enabled: true, key: alias/k}",
    ),
    "recovery": (
        "PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: '7'}",
        "point_in_time_recovery: {enabled: true, days: 7}",
    ),
    "time to live": (
        "TimeToLiveSpecification: {AttributeName: ttl, Enabled: 'true'}",
        "time_to_live: {attribute_name: ttl, enabled: true}",
    ),
    "insights": (
        "ContributorInsightsSpecification: {Enabled: false}",
        "contributor_insights: {enabled: false}",
    ),
    "a Kinesis stream": (
        (
            "KinesisStreamSpecification: {StreamArn: 'arn:aws:kinesis:eu-west-1:111122223333:stream/s', "
            "ApproximateCreationDateTimePrecision: MICROSECOND}"
        ),
        "kinesis_streaming: {stream_arn: 'arn:aws:kinesis:eu-west-1:111122223333:stream/s', precision: MICROSECOND}",
    ),
    "tags with numbers": ("Tags: [{Key: owner, Value: 5}]", "tags: {owner: '5'}"),
    "a policy": (
        (
            "ResourcePolicy: {PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', "
            "Action: 'dynamodb:GetItem', Resource: '*'}]}}"
        ),
        (
            "resource_policy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: '*', "
            "Action: 'dynamodb:GetItem', Resource: '*'}]}"
        ),
    ),
    "protection and class": (
        "DeletionProtectionEnabled: 'true'\n      TableClass: STANDARD_INFREQUENT_ACCESS",
        "deletion_protection_enabled: true\ntable_class: STANDARD_INFREQUENT_ACCESS",
    ),
    "on-demand limits": (
        "OnDemandThroughput: {MaxReadRequestUnits: '50', MaxWriteRequestUnits: 60}",
        "on_demand_throughput: {max_read_request_units: 50, max_write_request_units: 60}",
    ),
    "a global index": (
        (
            "GlobalSecondaryIndexes: [{IndexName: by_pk, KeySchema: [{AttributeName: pk, KeyType: HASH}], "
            "Projection: {ProjectionType: ALL}, ContributorInsightsSpecification: {Enabled: true}}]"
        ),
        (
            "global_secondary_indexes: [{index_name: by_pk, key_schema: [{AttributeName: pk, KeyType: HASH}], "
            "projection: {ProjectionType: ALL}, contributor_insights: {enabled: true}}]"
        ),
    ),
    "a list without values": (
        "Tags: [!If [Never, {Key: a, Value: b}, !Ref AWS::NoValue], {Key: c, Value: d}]",
        "tags: {c: d}",
    ),
    "a property that is no value": ("TableClass: !Ref AWS::NoValue", ""),
}


@pytest.mark.parametrize("case", PROPERTIES)
def test_a_property_is_declared_as_in_our_own_format(case: str, tmp_path: Path) -> None:
    theirs, ours = PROPERTIES[case]
    before = "Conditions: {Never: !Equals [a, b]}\n"
    found = only(tmp_path / "theirs", template(f"      TableName: orders\n      {theirs}\n{ON_DEMAND}", before))
    (expected,) = load(tmp_path / "ours", {"orders.yaml": f"{OURS}{ours}\n"}).declarations
    assert found.spec == expected.spec


def test_without_a_billing_mode_a_table_is_provisioned_as_in_cloudformation(tmp_path: Path) -> None:
    units = "      ProvisionedThroughput: {ReadCapacityUnits: '5', WriteCapacityUnits: 6}\n"
    spec = only(tmp_path, template(f"      TableName: orders\n{units}{KEYS}")).spec
    (ours,) = load(
        tmp_path / "ours",
        {
            "orders.yaml": OURS.replace("PAY_PER_REQUEST", "PROVISIONED")
            + "provisioned_throughput: {read_capacity_units: 5, write_capacity_units: 6}\n"
        },
    ).declarations
    assert spec == ours.spec


@pytest.mark.parametrize(
    "policy", ["DeletionPolicy: Retain", "UpdateReplacePolicy: Retain", "DeletionPolicy: RetainExceptOnCreate"]
)
def test_a_policy_that_retains_protects(policy: str, tmp_path: Path) -> None:
    lifecycle = only(tmp_path, template(f"      TableName: orders\n{ON_DEMAND}", beside=f"    {policy}\n")).lifecycle
    assert (lifecycle.protect, lifecycle.protect_as) == (True, policy)


@pytest.mark.parametrize("protect", [True, False])
def test_protection_that_the_metadata_says_is_named_as_there(protect: bool, tmp_path: Path) -> None:
    beside = (
        "    DeletionPolicy: Retain\n    Metadata:\n      DynamoDBReconciler:\n"
        f"        lifecycle: {{protect: {str(protect).lower()}}}\n"
    )
    lifecycle = only(tmp_path, template(f"      TableName: orders\n{ON_DEMAND}", beside=beside)).lifecycle
    assert (lifecycle.protect, lifecycle.protect_as) == (protect, "")


@pytest.mark.parametrize(
    "policy", ["DeletionPolicy: Delete", "DeletionPolicy: Snapshot", "UpdateReplacePolicy: Delete"]
)
def test_another_policy_does_not_protect(policy: str, tmp_path: Path) -> None:
    lifecycle = only(tmp_path, template(f"      TableName: orders\n{ON_DEMAND}", beside=f"    {policy}\n")).lifecycle
    assert not lifecycle.protect


def test_metadata_holds_what_cloudformation_has_no_property_for(tmp_path: Path) -> None:
    beside = (
        "    DeletionPolicy: Retain\n    Metadata:\n      DynamoDBReconciler:\n"
        "        lifecycle: {ignore_changes: [tags]}\n        description: All orders\n        seed: {file: seeds/o.json}\n"
    )
    text = template(f"      TableName: orders\n{ON_DEMAND}", beside=beside)
    (found,) = load(tmp_path, {"t.yaml": text, "seeds/o.json": [{"pk": "a"}]}).declarations
    assert found.lifecycle.protect
    assert found.lifecycle.ignore_changes == ("tags",)
    assert found.description == "All orders"
    assert found.seed is not None
    assert len(found.seed.items) == 1


def test_a_table_without_a_name_is_called_after_stack_and_logical_id_and_a_note_says_so(tmp_path: Path) -> None:
    state = load(tmp_path, {"t.yaml": template(ON_DEMAND)}, stack="shop")
    assert [each.spec.name for each in state.declarations] == ["shop-Orders"]
    assert state.notes == ("t.yaml:2:3: Orders has no TableName; it is declared as shop-Orders",)


def test_other_resources_are_counted_and_a_false_condition_is_told(tmp_path: Path) -> None:
    text = template(f"      TableName: orders\n{ON_DEMAND}", BEFORE) + BUCKET
    text += "  Topic: {Type: AWS::SNS::Topic}\n  More: {Type: AWS::S3::Bucket}\n"
    text += "  Live: {Type: AWS::DynamoDB::Table, Condition: IsProd, Properties: {TableName: !Ref Missing}}\n"
    state = load(tmp_path, {"t.yaml": text})
    assert [each.spec.name for each in state.declarations] == ["orders"]
    assert state.notes == (
        "t.yaml: Live is not declared, because condition IsProd does not hold",
        "t.yaml: other resources are left alone: 2 AWS::S3::Bucket, 1 AWS::SNS::Topic",
    )


def test_a_loop_makes_a_table_for_each_value(tmp_path: Path) -> None:
    properties = ON_DEMAND.replace("      ", "          ")
    text = (
        "Transform: AWS::LanguageExtensions\nParameters: {Names: {Type: CommaDelimitedList, Default: 'x-1,y-2'}}\n"
        "Resources:\n  'Fn::ForEach::Tables':\n    - Name\n    - !Ref Names\n    - T&{Name}:\n"
        "        Type: AWS::DynamoDB::Table\n        Properties:\n          TableName: !Ref Name\n"
        f"          Tags: [{{Key: of, Value: !Sub 'the-${{Name}}'}}]\n{properties}"
        "  Copy:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: !Sub '${Tx1}-copy'\n" + ON_DEMAND
    )
    found = load(tmp_path, {"t.yaml": text}).declarations
    assert [(each.spec.name, each.spec.tags) for each in found] == [
        ("x-1", (("of", "the-x-1"),)),
        ("x-1-copy", None),
        ("y-2", (("of", "the-y-2"),)),
    ]


def test_a_table_may_be_named_after_another_one(tmp_path: Path) -> None:
    text = template(f"      TableName: orders\n{ON_DEMAND}")
    text += (
        "  Copy:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      TableName: !Sub '${Orders}-copy'\n" + ON_DEMAND
    )
    assert [each.spec.name for each in load(tmp_path, {"t.yaml": text}).declarations] == ["orders", "orders-copy"]


def test_the_name_of_a_template_gets_no_suffix(tmp_path: Path) -> None:
    found = only(tmp_path, template(f"      TableName: orders\n{ON_DEMAND}"), environment="prod")
    assert found.spec.name == "orders"


def test_json_and_yaml_and_our_own_format_stand_in_one_folder(tmp_path: Path) -> None:
    resource = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": {"Fn::Join": ["-", ["json", {"Ref": "AWS::StackName"}]]},
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        },
    }
    fragment = f"Users:\n  Type: AWS::DynamoDB::Table\n  Properties:\n    TableName: users\n{ON_DEMAND.replace('      ', '    ')}"
    files = {
        "cdk.out/Shop.template.json": {"Resources": {"Json": resource}},
        "template.yaml": template(f"      TableName: yaml\n{ON_DEMAND}"),
        "resources/users.yml": fragment,
        "orders.yaml": OURS,
    }
    found = load(tmp_path, files, stack="shop").declarations
    assert [each.spec.name for each in found] == ["json-shop", "orders", "users", "yaml"]


def test_a_simple_table_has_a_key_named_id_and_is_on_demand(tmp_path: Path) -> None:
    spec = only(tmp_path, "Resources: {Orders: {Type: AWS::Serverless::SimpleTable}}\n", stack="shop").spec
    (ours,) = load(
        tmp_path / "ours", {"o.yaml": OURS.replace("orders", "shop-Orders").replace("pk", "id")}
    ).declarations
    assert spec == ours.spec


def test_a_simple_table_with_everything(tmp_path: Path) -> None:
    before = "Transform: AWS::Serverless-2016-10-31\nGlobals: {SimpleTable: {SSESpecification: {SSEEnabled: true}}}\n"
    properties = (
        "      TableName: orders\n      PrimaryKey: {Name: no, Type: Number}\n      Tags: {owner: web}\n"
        "      ProvisionedThroughput: {ReadCapacityUnits: 1, WriteCapacityUnits: 2}\n"
        "      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}\n"
    )
    spec = only(tmp_path, template(properties, before, kind="AWS::Serverless::SimpleTable")).spec
    ours = (
        "table_name: orders\nkey_schema: [{AttributeName: no, KeyType: HASH}]\n"
        "attribute_definitions: [{AttributeName: no, AttributeType: N}]\nbilling_mode: PROVISIONED\n"
        "provisioned_throughput: {read_capacity_units: 1, write_capacity_units: 2}\nsse: {enabled: true}\n"
        "tags: {owner: web}\npoint_in_time_recovery: {enabled: true}\n"
    )
    assert spec == load(tmp_path / "ours", {"o.yaml": ours}).declarations[0].spec


GLOBAL = """      TableName: orders
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
"""


def test_a_global_table_is_the_table_of_its_region_with_replicas_in_the_others(tmp_path: Path) -> None:
    properties = GLOBAL + (
        "      Replicas:\n"
        "        - {Region: eu-west-1, TableClass: STANDARD_INFREQUENT_ACCESS, Tags: [{Key: a, Value: b}]}\n"
        "        - {Region: us-east-1, PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}}\n"
    )
    text = template(properties, kind="AWS::DynamoDB::GlobalTable")
    ours = OURS + "stream_specification: {view: NEW_AND_OLD_IMAGES}\n"
    there = (
        ours
        + "point_in_time_recovery: {enabled: true}\nreplicas: [{region: eu-west-1, table_class_override: STANDARD_INFREQUENT_ACCESS}]\n"
    )
    here = ours + "table_class: STANDARD_INFREQUENT_ACCESS\ntags: {a: b}\nreplicas: [{region: us-east-1}]\n"
    for region, expected in (("us-east-1", there), ("eu-west-1", here)):
        found = only(tmp_path / region, text, region=region).spec
        assert found == load(tmp_path / f"ours-{region}", {"o.yaml": expected}).declarations[0].spec


def test_a_global_table_with_provisioned_capacity_is_scaled(tmp_path: Path) -> None:
    scaled = (
        "{WriteCapacityAutoScalingSettings: {MinCapacity: 5, MaxCapacity: 10, SeedCapacity: 6, "
        "TargetTrackingScalingPolicyConfiguration: {TargetValue: 70, ScaleInCooldown: 60}}}"
    )
    index = "{IndexName: by_pk, KeySchema: [{AttributeName: pk, KeyType: HASH}], Projection: {ProjectionType: ALL}, "
    properties = GLOBAL + (
        f"      BillingMode: PROVISIONED\n      WriteProvisionedThroughputSettings: {scaled}\n"
        f"      GlobalSecondaryIndexes: [{index} WriteProvisionedThroughputSettings: {scaled}}}]\n"
        "      Replicas: [{Region: us-east-1, ReadProvisionedThroughputSettings: {ReadCapacityUnits: 4}, "
        "GlobalSecondaryIndexes: [{IndexName: by_pk, ReadProvisionedThroughputSettings: {ReadCapacityUnits: 3}}]}]\n"
    )
    spec = only(tmp_path, template(properties, kind="AWS::DynamoDB::GlobalTable")).spec
    write_part = "{min: 5, max: 10, target: 70, scale_in_cooldown: 60}"
    ours = (
        OURS.replace("PAY_PER_REQUEST", "PROVISIONED")
        + "stream_specification: {view: NEW_AND_OLD_IMAGES}\n"
        + "provisioned_throughput: {read_capacity_units: 4, write_capacity_units: 6}\n"
        + f"global_secondary_indexes: [{index} provisioned_throughput: {{read_capacity_units: 3, write_capacity_units: 6}}}}]\n"
        + f"auto_scaling: {{write: {write_part}, indexes: [{{index_name: by_pk, write: {write_part}}}]}}\n"
    )
    assert spec == load(tmp_path / "ours", {"o.yaml": ours}).declarations[0].spec


HERE = "template.yaml:"
BAD: dict[str, tuple[str, list[str]]] = {
    "a parameter without a value": (
        template("      TableName: !Ref Stage\n" + ON_DEMAND, "Parameters:\n  Stage: {Type: String}\n"),
        [
            (
                f"{HERE}7:18: Resources.Orders.Properties.TableName.Ref: parameter Stage has no value. "
                "Give it with --parameter Stage=VALUE, or add a Default."
            )
        ],
    ),
    "a parameter of the Parameter Store": (
        template(
            "      TableName: !Ref Stage\n" + ON_DEMAND,
            "Parameters:\n  Stage: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a/b}\n",
        ),
        [
            (
                f"{HERE}7:18: Resources.Orders.Properties.TableName.Ref: parameter Stage has its value in the Parameter Store, "
                "which is not read. Give it with --parameter Stage=VALUE."
            )
        ],
    ),
    "a misspelt parameter": (
        template("      TableName: !Ref Stag\n" + ON_DEMAND, "Parameters:\n  Stage: {Type: String, Default: dev}\n"),
        [
            (
                f"{HERE}7:18: Resources.Orders.Properties.TableName.Ref: 'Stag' is neither a parameter nor a resource of the "
                "template. Did you mean Stage?"
            )
        ],
    ),
    "a value that is not allowed": (
        template(
            "      TableName: !Ref Stage\n" + ON_DEMAND,
            "Parameters:\n  Stage:\n    Type: String\n    Default: dev\n    AllowedValues: [live, test]\n",
        ),
        [
            f"{HERE}4:5: Parameters.Stage.Default: parameter Stage has the invalid value 'dev'. It must be one of live, test."
        ],
    ),
    "a number out of its limits": (
        template(
            "      TableName: orders\n      ProvisionedThroughput: {ReadCapacityUnits: !Ref Units, "
            "WriteCapacityUnits: 1}\n" + KEYS,
            "Parameters:\n  Units: {Type: Number, Default: 9, MaxValue: 5}\n",
        ),
        [f"{HERE}2:25: Parameters.Units.Default: parameter Units has the invalid value '9'. It must be at most 5."],
    ),
    "an attribute": (
        template("      TableName: !GetAtt Bucket.Arn\n" + ON_DEMAND) + BUCKET,
        [
            (
                f"{HERE}5:18: Resources.Orders.Properties.TableName.Fn::GetAtt: Arn of Bucket is only known after its "
                "deployment. Give it with --parameter Bucket.Arn=VALUE."
            )
        ],
    ),
    "an import": (
        template("      TableName: !ImportValue shared\n" + ON_DEMAND),
        [
            (
                f"{HERE}5:18: Resources.Orders.Properties.TableName.Fn::ImportValue: the exported value 'shared' is in another "
                "stack. Give it with --parameter shared=VALUE."
            )
        ],
    ),
    "the account": (
        template("      TableName: !Sub 't-${AWS::AccountId}'\n" + ON_DEMAND),
        [
            (
                f"{HERE}5:18: Resources.Orders.Properties.TableName.Fn::Sub: AWS::AccountId is not known offline. "
                "Give it with --parameter AWS::AccountId=VALUE."
            )
        ],
    ),
    "the Region": (
        template("      TableName: !Ref AWS::Region\n" + ON_DEMAND),
        [
            f"{HERE}5:18: Resources.Orders.Properties.TableName.Ref: AWS::Region is not known. Give it with --region NAME."
        ],
    ),
    "Base64": (
        template("      TableName: !Base64 abc\n" + ON_DEMAND),
        [
            (
                f"{HERE}5:18: Resources.Orders.Properties.TableName.Fn::Base64: Fn::Base64 is not supported in a table. "
                "Write the value itself, or a parameter."
            )
        ],
    ),
    "a condition that is not defined": (
        template(
            "      TableName: orders\n" + ON_DEMAND, "Conditions: {IsProd: !Equals [a, a]}\n", "    Condition: IsPrd\n"
        ),
        [f"{HERE}5:5: Resources.Orders.Condition: condition 'IsPrd' is not defined. Did you mean IsProd?"],
    ),
    "conditions in a circle": (
        template(
            "      TableName: orders\n" + ON_DEMAND,
            "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\n",
            "    Condition: A\n",
        ),
        [
            (
                f"{HERE}1:47: Conditions.B.Fn::Not[0].Condition: refers to itself: condition A → condition B → condition A. "
                "Remove one of these references."
            )
        ],
    ),
    "a map without the key": (
        template(
            "      TableName: !FindInMap [Names, live, table]\n" + ON_DEMAND, "Mappings: {Names: {dev: {table: a}}}\n"
        ),
        [
            (
                f"{HERE}6:37: Resources.Orders.Properties.TableName.Fn::FindInMap[1]: 'live' is not in Mappings Names. "
                "It has: dev."
            )
        ],
    ),
    "a dynamic reference": (
        template("      TableName: '{{resolve:ssm:/shop/name}}'\n" + ON_DEMAND),
        [
            (
                f"{HERE}5:7: Resources.Orders.Properties.TableName: has the dynamic reference {{{{resolve:ssm:/shop/name}}}}, "
                "which only CloudFormation resolves. Make it a parameter, and give it with --parameter NAME=VALUE."
            )
        ],
    ),
    "a transform inside": (
        template("      TableName: orders\n      'Fn::Transform': {Name: AWS::Include}\n" + ON_DEMAND),
        [
            (
                f"{HERE}6:7: Resources.Orders.Properties.Fn::Transform: Fn::Transform is only expanded by CloudFormation. "
                "Declare the processed template: `aws cloudformation get-template --template-stage Processed "
                "--stack-name NAME`."
            )
        ],
    ),
    "a loop without a list": (
        "Resources:\n  'Fn::ForEach::Tables': [N, a, {'T${N}': {Type: AWS::DynamoDB::Table}}]\n",
        [
            (
                f"{HERE}2:3: Resources.Fn::ForEach::Tables: Fn::ForEach needs an identifier, a list and a mapping. "
                "Write [Identifier, [value, …], {Key${Identifier}: …}]."
            )
        ],
    ),
    "a loop without the identifier in its key": (
        "Resources:\n  'Fn::ForEach::Tables':\n    - N\n    - [a, b]\n    - {T: {Type: AWS::DynamoDB::Table}}\n",
        [
            (
                f"{HERE}5:8: Resources.Fn::ForEach::Tables[2].T: Fn::ForEach makes 'T' twice. "
                "Write the identifier into the key, as in Key${Identifier}."
            )
        ],
    ),
    "a table of a loop, with its line": (
        "Resources:\n  'Fn::ForEach::Tables':\n    - N\n    - [a]\n    - T${N}:\n        Type: AWS::DynamoDB::Table\n"
        "        Properties:\n          TableName: !Sub 'orders-${N}'\n          BilingMode: PAY_PER_REQUEST\n"
        + ON_DEMAND.replace("      ", "          "),
        [f"{HERE}9:11: Resources.Ta.Properties.BilingMode: unknown field. Did you mean `BillingMode`?"],
    ),
    "a resource without a type": (
        "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  Orders: {Properties: {TableName: orders}}\n",
        [f"{HERE}3:3: Resources.Orders: has no Type. Write the type of the resource."],
    ),
    "a misspelt property": (
        template("      TableName: orders\n      BilingMode: PAY_PER_REQUEST\n" + ON_DEMAND),
        [f"{HERE}6:7: Resources.Orders.Properties.BilingMode: unknown field. Did you mean `BillingMode`?"],
    ),
    "a misspelt property of an index, with its line": (
        template(
            "      TableName: orders\n      GlobalSecondaryIndexes:\n        - IndexName: by_pk\n"
            "          KeySchema: [{AttributeName: pk, KeyType: HASH}]\n          Projection: {Type: ALL}\n" + ON_DEMAND
        ),
        [
            (
                f"{HERE}9:24: Resources.Orders.Properties.GlobalSecondaryIndexes[0].Projection.Type: unknown field. "
                "Known fields: ProjectionType, NonKeyAttributes."
            ),
            (
                f"{HERE}9:11: Resources.Orders.Properties.GlobalSecondaryIndexes[0].Projection.ProjectionType: is required. "
                "Add ProjectionType."
            ),
        ],
    ),
    "no keys": (
        template("      TableName: orders\n      BillingMode: PAY_PER_REQUEST\n"),
        [
            (
                f"{HERE}4:5: Resources.Orders.Properties.KeySchema: is required. "
                'Add KeySchema, such as [{"AttributeName": "pk", "KeyType": "HASH"}].'
            ),
            (
                f"{HERE}4:5: Resources.Orders.Properties.AttributeDefinitions: is required. "
                'Add AttributeDefinitions, such as [{"AttributeName": "pk", "AttributeType": "S"}].'
            ),
        ],
    ),
    "a policy without its document": (
        template("      TableName: orders\n      ResourcePolicy: {Statement: []}\n" + ON_DEMAND),
        [
            (
                f"{HERE}6:7: Resources.Orders.Properties.ResourcePolicy: needs a PolicyDocument and nothing else. "
                "Write the policy under it."
            )
        ],
    ),
    "metadata that is not known": (
        template(
            "      TableName: orders\n" + ON_DEMAND, beside="    Metadata: {DynamoDBReconciler: {protect: true}}\n"
        ),
        [
            (
                f"{HERE}4:37: Resources.Orders.Metadata.DynamoDBReconciler.protect: unknown field. "
                "It may hold lifecycle, seed, references, replacement, description, and fields of a declaration that the properties do "
                "not have."
            )
        ],
    ),
    "a field that is not declared and unknown": (
        template(
            "      TableName: orders\n" + ON_DEMAND,
            beside="    Metadata: {DynamoDBReconciler: {not_declared: [biling_mode]}}\n",
        ),
        [
            (
                f"{HERE}4:37: Resources.Orders.Metadata.DynamoDBReconciler.not_declared: unknown field 'biling_mode'. "
                "It may hold lifecycle, seed, references, replacement, description, and fields of a declaration that the "
                "properties do not have."
            )
        ],
    ),
    "fields that are not declared and no list": (
        template(
            "      TableName: orders\n" + ON_DEMAND,
            beside="    Metadata: {DynamoDBReconciler: {not_declared: ttl}}\n",
        ),
        [
            (
                f"{HERE}4:37: Resources.Orders.Metadata.DynamoDBReconciler.not_declared: expected a list of fields. "
                "Write [billing_mode], for example."
            )
        ],
    ),
    "a simple table with a property of a table": (
        template("      TableName: orders\n      BillingMode: PAY_PER_REQUEST\n", kind="AWS::Serverless::SimpleTable"),
        [
            (
                f"{HERE}6:7: Resources.Orders.Properties.BillingMode: unknown property of a SimpleTable. A SimpleTable has: "
                "TableName, PrimaryKey, ProvisionedThroughput, SSESpecification, Tags, PointInTimeRecoverySpecification."
            )
        ],
    ),
    "a simple table with another type": (
        template("      PrimaryKey: {Name: a, Type: S}\n", kind="AWS::Serverless::SimpleTable"),
        [
            (
                f"{HERE}5:29: Resources.Orders.Properties.PrimaryKey.Type: invalid type 'S' of the key. "
                "Use String, Number or Binary."
            )
        ],
    ),
    "a global table without replicas": (
        template(GLOBAL, kind="AWS::DynamoDB::GlobalTable"),
        [
            (
                f"{HERE}4:5: Resources.Orders.Properties.Replicas: needs a list of replicas, each with its Region. "
                "Write the replicas."
            )
        ],
    ),
    "a global table of several Regions without one": (
        template(
            GLOBAL + "      Replicas: [{Region: eu-west-1}, {Region: us-east-1}]\n", kind="AWS::DynamoDB::GlobalTable"
        ),
        [
            (
                f"{HERE}9:7: Resources.Orders.Properties.Replicas: has replicas in eu-west-1, us-east-1, and the Region is not "
                "known. Name the one to work with: --region eu-west-1."
            )
        ],
    ),
    "a tag that CloudFormation has not": (
        template("      TableName: !Concat [a, b]\n" + ON_DEMAND),
        [f"{HERE}5:18: unsupported tag !Concat. Write the value itself."],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_worked_out_is_an_error_with_its_place_and_remedy(case: str, tmp_path: Path) -> None:
    text, expected = BAD[case]
    assert problems(tmp_path, text, stack="shop") == expected
