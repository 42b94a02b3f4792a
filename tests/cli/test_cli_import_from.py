"""``import --from``: the template of another tool becomes declarations of our own, offline and in new files alone."""

# ruff: noqa: E501 - messages are written on one line

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.folders import load, write

from reconciler.cli.app import main

TEMPLATE = """
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Metadata: {DynamoDBReconciler: {description: Every order, lifecycle: {on_existing: own}}}
    Properties:
      TableName: !Sub "orders-${Stage}"
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      TimeToLiveSpecification: {AttributeName: gone_at, Enabled: true}
      Tags: [{Key: cost, Value: "012"}]
  Queue: {Type: AWS::SQS::Queue}
  Users:
    Type: AWS::Serverless::SimpleTable
    Properties: {TableName: users}
"""
REMEDY = "Write an overlay for each other environment, or import each environment into its own folder (--desired-state)"
CONSTANT = f"is written for every environment. {REMEDY}"
FOLDERS = "Import each other environment into its own folder (--desired-state)"
NAMED = f"is written for every environment. {FOLDERS}"
STATE = {
    "format_version": "1.0",
    "terraform_version": "1.14.0",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_dynamodb_table.orders",
                    "type": "aws_dynamodb_table",
                    "name": "orders",
                    "values": {
                        "name": "orders",
                        "billing_mode": "PAY_PER_REQUEST",
                        "hash_key": "pk",
                        "attribute": [{"name": "pk", "type": "S"}],
                    },
                },
                {
                    "address": "aws_dynamodb_table_item.one",
                    "type": "aws_dynamodb_table_item",
                    "name": "one",
                    "values": {"table_name": "orders", "item": '{"pk": {"S": "a"}, "n": {"N": "1.50"}}'},
                },
            ]
        }
    },
}
MODEL: dict[str, Any] = {
    "ModelName": "Shop",
    "ModelMetadata": {"Version": "3.0"},
    "DataModel": [
        {
            "TableName": "Shop",
            "KeyAttributes": {"PartitionKey": {"AttributeName": "PK", "AttributeType": "S"}},
            "TableData": [{"PK": {"S": "a"}}, {"PK": {"S": "b"}}],
        }
    ],
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files: dict[str, Any] = {"template.yaml": TEMPLATE, "state.json": STATE, "model.json": MODEL}
    return write(tmp_path, files)


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, str, str]]:
    def one(line: str) -> tuple[int, str, str]:
        code = main(line.split())
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return one


@pytest.mark.parametrize(
    ("form", "files"),
    [
        ("python", ["orders_dev_table.py", "users_table.py"]),
        ("yaml", ["orders-dev.yaml", "users.yaml"]),
        ("json", ["orders-dev.json", "users.json"]),
    ],
)
def test_a_template_becomes_declarations_that_declare_the_same(
    form: str, files: list[str], project: Path, run: Callable
) -> None:
    code, out, err = run(f"import --from cloudformation template.yaml orders-dev users --format {form}")
    assert (code, out.splitlines()) == (0, [f"wrote {project / 'desired_state' / name}" for name in files]), err
    assert err.splitlines() == [
        f'warning: template.yaml:9:7: orders-dev: TableName follows from parameter Stage = dev; "orders-dev" {NAMED}',
        "template.yaml: other resources are left alone: 1 AWS::SQS::Queue",
    ]
    (project / "templates").mkdir()
    (project / "template.yaml").rename(project / "templates" / "template.yaml")
    before, after = load(project / "templates").declarations, load(project / "desired_state").declarations
    assert [each.spec for each in after] == [each.spec for each in before]
    # Our own files say by a field what the template says by a policy.
    same = [(replace(each.lifecycle, protect_as=""), each.description) for each in before]
    assert [(each.lifecycle, each.description) for each in after] == same


@pytest.mark.parametrize("form", ["python", "yaml", "json"])
def test_a_template_that_was_read_and_exported_again_is_the_same(form: str, project: Path, run: Callable) -> None:
    assert run("import --from cloudformation template.yaml orders-dev users --format yaml")[0] == 0
    assert run("export --format cloudformation --to first.yaml")[0] == 0
    assert run(f"import --from cloudformation first.yaml --format {form} --desired-state again")[0] == 0
    assert run("export --format cloudformation --to second.yaml --desired-state again")[0] == 0
    assert (project / "second.yaml").read_text(encoding="utf-8") == (project / "first.yaml").read_text(encoding="utf-8")


def test_values_of_parameters_are_those_that_are_given(project: Path, run: Callable) -> None:
    words = "import --from cloudformation template.yaml orders-qa users --format yaml --parameter Stage=qa"
    assert run(words)[0] == 0
    assert [each.spec.name for each in load(project / "desired_state").declarations] == ["orders-qa", "users"]


def test_a_suffix_by_a_parameter_is_refused_before_the_environment_doubles_it(project: Path, run: Callable) -> None:
    code, _, err = run("import --from cloudformation template.yaml --format yaml --parameter Stage=qa")
    assert code == 1
    assert "orders-qa ends with the value of Stage, and --environment qa would add it again: orders-qa-qa." in err
    assert "Give --environment qa, which declares orders for every environment" in err
    assert not (project / "desired_state").exists()
    assert run("import --from cloudformation template.yaml orders-qa --format yaml --environment qa")[0] == 0
    assert [each.spec.name for each in load(project / "desired_state", "qa").declarations] == ["orders-qa"]
    assert [each.spec.name for each in load(project / "desired_state", "prod").declarations] == ["orders-prod"]


@pytest.mark.parametrize("written", ["orders-${Stage}", "${Stage}-orders"])
def test_a_default_and_a_given_value_do_the_same(written: str, project: Path, run: Callable) -> None:
    (project / "template.yaml").write_text(TEMPLATE.replace("orders-${Stage}", written))
    found = [run(f"import --from cloudformation template.yaml --format yaml{words}") for words in ("", GIVEN)]
    if written.startswith("$"):
        assert [code for code, _, _ in found] == [0, 1], "the files of the first one are in the way of the second"
        return
    assert [code for code, _, _ in found] == [1, 1]
    assert "orders-dev ends with the value of Stage, which is dev by default" in found[0][2]
    assert "Give --environment dev, which declares orders for every environment" in found[0][2]
    assert not (project / "desired_state").exists()
    assert run("import --from cloudformation template.yaml orders-dev --format yaml --environment dev")[0] == 0
    assert [each.spec.name for each in load(project / "desired_state", "dev").declarations] == ["orders-dev"]


GIVEN = " --parameter Stage=dev"
SERVICE = """
service: shop
provider: {name: aws, stage: dev}
resources:
  Resources:
    Orders:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: orders-${opt:stage, 'dev'}
        BillingMode: PAY_PER_REQUEST
        KeySchema: [{AttributeName: pk, KeyType: HASH}]
        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
"""


def test_the_stage_of_a_service_is_a_suffix_as_well(project: Path, run: Callable) -> None:
    write(project, {"serverless.yml": SERVICE})
    code, _, err = run("import --from serverless serverless.yml --format yaml")
    assert code == 1
    assert "orders-dev ends with the value of stage, which is dev by default" in err
    assert run("import --from serverless serverless.yml --format yaml --environment dev")[0] == 0


def test_a_number_is_named_as_the_file_has_it(project: Path, run: Callable) -> None:
    capacity = "ProvisionedThroughput: {ReadCapacityUnits: !Ref Read, WriteCapacityUnits: 5}"
    text = BY_STAGE.replace("BillingMode: PAY_PER_REQUEST", capacity, 1).replace(
        "Parameters: {", "Parameters: {Read: {Type: Number, Default: 5}, "
    )
    write(project, {"template.yaml": text})
    code, _, err = run("import --from cloudformation template.yaml --format yaml --environment dev")
    assert code == 0, err
    said = f"ProvisionedThroughput.ReadCapacityUnits follows from parameter Read = 5; 5 {CONSTANT}"
    assert said in err
    assert "ReadCapacityUnits: 5" in (project / "desired_state" / "orders.yaml").read_text()


def test_another_parameter_that_ends_a_name_is_no_environment(project: Path, run: Callable) -> None:
    text = (project / "template.yaml").read_text().replace("Stage", "Suffix")
    (project / "template.yaml").write_text(text)
    assert run("import --from cloudformation template.yaml --format yaml --parameter Suffix=qa")[0] == 0


def test_only_the_named_tables_are_written(project: Path, run: Callable) -> None:
    assert run("import --from cloudformation template.yaml users --format yaml")[0] == 0
    assert [each.spec.name for each in load(project / "desired_state").declarations] == ["users"]


@pytest.mark.parametrize(
    ("line", "name", "items"),
    [
        ("terraform state.json", "orders", ({"pk": {"S": "a"}, "n": {"N": "1.5"}},)),
        ("workbench model.json", "Shop", ({"PK": {"S": "a"}}, {"PK": {"S": "b"}})),
    ],
)
def test_items_become_the_seed(line: str, name: str, items: Any, project: Path, run: Callable) -> None:
    code, out, err = run(f"import --from {line} --format yaml")
    assert (code, out.splitlines()[-1]) == (0, f"wrote {project / 'desired_state' / 'seeds' / f'{name}.json'}"), err
    (declaration,) = load(project / "desired_state").declarations
    assert declaration.seed is not None
    assert (declaration.spec.name, declaration.seed.items) == (name, items)


def test_the_result_as_json_has_the_files_and_the_warnings(run: Callable) -> None:
    _, out, _ = run("import --from workbench model.json --format yaml -o json")
    found = json.loads(out)
    assert [Path(each).name for each in found["written"]] == ["Shop.yaml", "Shop.json"]
    assert (found["format_version"], found["warnings"]) == ("1.0", [])


BY_STAGE = """
Parameters: {Stage: {Type: String, Default: dev}, Ttl: {Type: String, Default: gone_at}}
Mappings: {Classes: {dev: {class: STANDARD}, prod: {class: STANDARD_INFREQUENT_ACCESS}}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  NotProd: !Not [!Condition IsProd]
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Condition: NotProd
    DeletionPolicy: !If [IsProd, Retain, Delete]
    Properties:
      TableName: !Sub "orders-${Stage}"
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: !Select [0, [pk, other]], KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      DeletionProtectionEnabled: !If [IsProd, true, false]
      TableClass: !FindInMap [Classes, !Ref Stage, class]
      PointInTimeRecoverySpecification:
        PointInTimeRecoveryEnabled: !If [IsProd, true, false]
      TimeToLiveSpecification: !If [IsProd, {AttributeName: !Ref Ttl, Enabled: true}, !Ref AWS::NoValue]
      Tags: [{Key: cost, Value: "012"}, {Key: stage, Value: !Join ["-", [x, !Ref Stage]]}]
  Audit:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Join ["-", [audit, !Ref Stage]]
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      DeletionProtectionEnabled: !If [IsProd, true, false]
      Tags: [{Key: orders, Value: !Ref Orders}]
"""


def test_each_value_that_a_parameter_decides_is_named_with_what_is_written(project: Path, run: Callable) -> None:
    write(project, {"template.yaml": BY_STAGE})
    code, _, err = run("import --from cloudformation template.yaml --format yaml --environment dev")
    by_condition = "follows from condition IsProd (Stage = dev);"
    assert code == 0, err
    assert err.splitlines() == [
        (
            "warning: template.yaml:10:5: orders-dev: the table follows from condition IsProd and NotProd (Stage = dev); "
            f"it is declared in every environment. {FOLDERS}"
        ),
        (
            f"warning: template.yaml:11:5: orders-dev: DeletionPolicy {by_condition} lifecycle.protect is left out for "
            f"every environment. {REMEDY}"
        ),
        f"warning: template.yaml:17:7: orders-dev: DeletionProtectionEnabled {by_condition} false {CONSTANT}",
        f'warning: template.yaml:18:7: orders-dev: TableClass follows from parameter Stage = dev; "STANDARD" {CONSTANT}',
        (
            "warning: template.yaml:20:9: orders-dev: PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled "
            f"{by_condition} false {CONSTANT}"
        ),
        (
            f"warning: template.yaml:21:7: orders-dev: TimeToLiveSpecification {by_condition} it is left out for every "
            f"environment. {REMEDY}"
        ),
        f'warning: template.yaml:22:54: orders-dev: Tags.1.Value follows from parameter Stage = dev; "x-dev" {CONSTANT}',
        f"warning: template.yaml:30:7: audit-dev: DeletionProtectionEnabled {by_condition} false {CONSTANT}",
        (
            "warning: template.yaml:31:28: audit-dev: Tags.0.Value follows from parameter Stage = dev; "
            f'"orders-dev" {CONSTANT}'
        ),
    ]


def test_the_value_in_the_warning_is_the_one_in_the_file(project: Path, run: Callable) -> None:
    write(project, {"template.yaml": BY_STAGE.replace("Condition: NotProd", "DependsOn: Audit")})
    words = "import --from cloudformation template.yaml orders-prod --format yaml --parameter Stage=prod"
    code, _, err = run(words)
    (declaration,) = load(project / "desired_state").declarations
    assert (code, declaration.spec.deletion_protection, declaration.lifecycle.protect) == (0, True, True)
    assert f"DeletionProtectionEnabled follows from condition IsProd (Stage = prod); true {CONSTANT}" in err
    assert "DeletionPolicy follows from condition IsProd (Stage = prod); lifecycle.protect is written for every" in err
    assert "TimeToLiveSpecification follows from condition IsProd (Stage = prod, Ttl = gone_at);" in err
    assert f'TableName follows from parameter Stage = prod; "orders-prod" {NAMED}' in err


def test_a_template_in_the_folder_has_each_value_anew_and_no_warning(project: Path, run: Callable) -> None:
    write(project, {"folder/template.yaml": BY_STAGE})
    assert load(project / "folder", "dev").warnings == ()


def test_a_given_stack_name_names_tables_everywhere_alike(project: Path, run: Callable) -> None:
    text = BY_STAGE.replace('!Sub "orders-${Stage}"', '!Sub "${AWS::StackName}-orders"').replace(
        '      TableName: !Join ["-", [audit, !Ref Stage]]\n', ""
    )
    write(project, {"template.yaml": text})
    code, _, err = run("import --from cloudformation template.yaml --format yaml --parameter AWS::StackName=imp")
    assert [each.spec.name for each in load(project / "desired_state").declarations] == ["imp-Audit", "imp-orders"]
    assert (code, "Audit has no TableName; it is declared as imp-Audit" in err) == (0, True)
    assert f'TableName follows from parameter AWS::StackName = imp; "imp-Audit" {NAMED}' in err


def test_a_table_of_no_environment_is_refused_with_its_line_and_a_remedy(project: Path, run: Callable) -> None:
    write(project, {"template.yaml": BY_STAGE.replace('      TableName: !Join ["-", [audit, !Ref Stage]]\n', "")})
    words = "import --from cloudformation template.yaml --environment dev --parameter AWS::StackName=imp"
    assert run(words) == (
        1,
        "",
        (
            "error: template.yaml:23:3: imp-Audit is not a table of environment 'dev'; its tables are called NAME-dev. Give "
            "it a TableName that ends with -dev, or import it without --environment, which declares imp-Audit as it is. "
            "Nothing was written\n"
        ),
    )


REFUSED = {
    "a source of Terraform": (
        "import --from terraform main.tf",
        (
            "main.tf is not the output of `terraform show -json`: it declares tables for Terraform. "
            "Run `terraform show -json > tables.json`, then `reconciler import --from terraform tables.json`. "
            "Nothing was written"
        ),
    ),
    "a program for the CDK": (
        "import --from cloudformation stack.ts",
        (
            "stack.ts is not a CloudFormation, SAM or serverless template: it is a program for the CDK. Run `npx cdk synth`, "
            "then `reconciler import --from cloudformation cdk.out/*.template.json`. Nothing was written"
        ),
    ),
    "no file": ("import --from terraform", "Name the file to read: reconciler import --from terraform FILE."),
    "a file that is missing": (
        "import --from terraform nope.json",
        "nope.json cannot be read: No such file or directory. Name the output of `terraform show -json`.",
    ),
    "a file of another kind": (
        "import --from terraform template.yaml",
        (
            "template.yaml is a CloudFormation, SAM or serverless template, not the output of `terraform show -json`. "
            "Give --from cloudformation."
        ),
    ),
    "a file of no kind": (
        "import --from cloudformation other.json",
        (
            "other.json is not a CloudFormation, SAM or serverless template. "
            "Name one, or put the file into the folder of the declarations."
        ),
    ),
    "a table that it does not have": (
        "import --from cloudformation template.yaml user",
        "template.yaml has no table 'user'. Did you mean users?",
    ),
    "every live table": (
        "import --from workbench model.json --all",
        "--all is for live tables; --from reads every table of the file.",
    ),
    "a format for live tables": (
        "import --from workbench model.json --format terraform",
        "--format terraform writes live tables; after --from, give python, yaml or json.",
    ),
    "a place for our own files": (
        "import --from workbench model.json --to there",
        "--to is for --format cloudformation and terraform; other files go to --desired-state.",
    ),
    "a table that cannot be worked out": (
        "import --from cloudformation bad.yaml",
        (
            "bad.yaml:4:18: Resources.A.Properties.BillingMode: invalid value 'X'; expected PAY_PER_REQUEST or PROVISIONED. "
            "Write one of these."
        ),
    ),
    "a file that is broken": (
        "import --from terraform broken.json",
        "broken.json:1:2: is not JSON: a key in double quotes is expected. Correct the syntax.",
    ),
}
KEY = "KeySchema: [{AttributeName: pk, KeyType: HASH}], AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]"
CDK = 'import { aws_dynamodb } from "aws-cdk-lib"; new aws_dynamodb.Table(this, "users")'
BAD = f"Resources:\n  A:\n    Type: AWS::DynamoDB::Table\n    Properties: {{BillingMode: X, TableName: a.b, {KEY}}}\n"


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_an_error_and_nothing_is_written(case: str, project: Path, run: Callable) -> None:
    write(project, {"main.tf": 'resource "aws_dynamodb_table" "users" {}\n', "stack.ts": CDK})
    write(project, {"bad.yaml": BAD, "other.json": {"a": 1}, "broken.json": "{"})
    line, expected = REFUSED[case]
    code, out, err = run(line)
    assert (code, out, err.splitlines()[0]) == (1, "", f"error: {expected}")
    assert not (project / "desired_state").exists()


def test_a_table_that_is_declared_already_is_refused_whole(project: Path, run: Callable) -> None:
    run("import --from cloudformation template.yaml users --format yaml")
    code, _, err = run("import --from cloudformation template.yaml --format json")
    assert (code, err) == (1, "error: users is declared already, in users.yaml:1. Nothing was written\n")
    assert [path.name for path in (project / "desired_state").iterdir()] == ["users.yaml"]


SERVERLESS = """\
service: shop
provider: {name: aws, stage: dev}
custom:
  names: {orders: orders-main}
  class: STANDARD
resources:
  Resources:
    Orders:
      Type: AWS::DynamoDB::Table
      DeletionPolicy: ${self:custom.policy, 'Retain'}
      Properties:
        TableName: ${self:custom.names.orders}
        BillingMode: PAY_PER_REQUEST
        KeySchema: [{AttributeName: pk, KeyType: HASH}]
        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
        TableClass: ${self:custom.class}
        Tags:
          - {Key: stage, Value: "${sls:stage}"}
          - {Key: both, Value: "${opt:stage}-${param:team}"}
          - {Key: host, Value: !Sub "${env:SHOP_HOST}.${AWS::Region}"}
          - {Key: plain, Value: plain}
"""


def test_each_variable_of_serverless_is_named_with_what_is_written(
    project: Path, run: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_HOST", "db")
    write(project, {"serverless.yml": SERVERLESS})
    words = (
        "import --from cloudformation serverless.yml --format yaml --parameter opt:stage=dev --parameter param:team=a"
    )
    code, _, err = run(words)
    assert code == 0, err
    said = [line.removeprefix("warning: serverless.yml:") for line in err.splitlines() if "variable" in line]
    assert said == [
        (
            "10:7: orders-main: DeletionPolicy follows from variable ${self:custom.policy, 'Retain'}; lifecycle.protect is "
            f"written for every environment. {REMEDY}"
        ),
        (f'12:9: orders-main: TableName follows from variable ${{self:custom.names.orders}}; "orders-main" {NAMED}'),
        f'16:9: orders-main: TableClass follows from variable ${{self:custom.class}}; "STANDARD" {CONSTANT}',
        f'18:26: orders-main: Tags.0.Value follows from variable ${{sls:stage}}; "dev" {CONSTANT}',
        (
            "19:25: orders-main: Tags.1.Value follows from variables ${opt:stage} and ${param:team}; "
            f'"dev-a" {CONSTANT}'
        ),
        f'20:25: orders-main: Tags.2.Value follows from variable ${{env:SHOP_HOST}}; "db.us-east-1" {CONSTANT}',
    ]
    assert not any("plain" in line for line in err.splitlines())


LOOP = """\
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "orders,carts"}}
Resources:
  Fn::ForEach::Tables:
    - Name
    - !Ref Names
    - Table${Name}:
        Type: AWS::DynamoDB::Table
        Properties:
          TableName: !Sub "shop-${Name}"
          BillingMode: PAY_PER_REQUEST
          KeySchema: [{AttributeName: pk, KeyType: HASH}]
          AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
"""


def test_tables_of_a_loop_over_a_parameter_are_named_and_those_of_a_written_list_are_not(
    project: Path, run: Callable
) -> None:
    write(project, {"template.yaml": LOOP})
    code, _, err = run("import --from cloudformation template.yaml --format yaml")
    assert code == 0, err
    for name in ("shop-orders", "shop-carts"):
        assert f": {name}: the table follows from parameter Names = " in err
    assert err.count("it is declared in every environment") == 2
    write(project, {"other.yaml": LOOP.replace("!Ref Names", "[users]")})
    code, _, err = run("import --from cloudformation other.yaml --format yaml")
    assert (code, "follows from" in err) == (0, False), err


def test_serverless_is_read_as_the_resources_of_cloudformation(project: Path, run: Callable) -> None:
    table = f"{{Type: AWS::DynamoDB::Table, Properties: {{TableName: orders, BillingMode: PAY_PER_REQUEST, {KEY}}}}}"
    service = f"service: shop\nprovider: {{name: aws}}\nresources: {{Resources: {{Orders: {table}}}}}\n"
    (project / "serverless.yml").write_text(service)
    code, _, err = run("import --from serverless serverless.yml --format yaml")
    assert code == 0, err
    assert [each.spec.name for each in load(project / "desired_state").declarations] == ["orders"]


INCLUDING = """\
service: shop
provider: {name: aws}
custom: {tables: "${file(tables.yml)}"}
resources:
  Resources:
    Orders:
      Type: AWS::DynamoDB::Table
      Properties:
        TableName: ${self:custom.tables.names.orders}
        BillingMode: ${file(./config/billing.json):mode}
        KeySchema: [{AttributeName: pk, KeyType: HASH}]
        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
"""


@pytest.mark.parametrize("folder", ["", "desired_state/", "services/shop/"])
def test_files_beside_the_one_that_is_imported_are_read(folder: str, project: Path, run: Callable) -> None:
    files = {"serverless.yml": INCLUDING, "tables.yml": "names: {orders: orders-main}\n"}
    files["config/billing.json"] = '{"mode": "PAY_PER_REQUEST"}'
    write(project / "elsewhere" / folder, files)
    code, _, err = run(f"import --from serverless elsewhere/{folder}serverless.yml --format yaml")
    assert code == 0, err
    (declaration,) = load(project / "desired_state").declarations
    assert (declaration.spec.name, declaration.spec.billing.mode) == ("orders-main", "PAY_PER_REQUEST")


def test_a_file_that_is_missing_beside_the_imported_one_is_an_error(project: Path, run: Callable) -> None:
    write(project, {"serverless.yml": INCLUDING, "tables.yml": "names: {orders: orders-main}\n"})
    code, _, err = run("import --from serverless serverless.yml --format yaml")
    assert code == 1
    assert "${file(./config/billing.json):mode} has no value: there is no ./config/billing.json" in err
    assert not (project / "desired_state").exists()
