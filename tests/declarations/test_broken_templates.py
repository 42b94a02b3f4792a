"""Broken templates of CloudFormation: what it refuses is refused, so that no table changes or vanishes by a mistake."""

# ruff: noqa: E501 - templates and sentences are quoted whole

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from support.folders import write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError

KEYS = (
    "      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n"
    "      KeySchema: [{AttributeName: pk, KeyType: HASH}]\n"
)
NAMED = "      TableName: orders\n"
STREAM = NAMED + "      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}\n"
HERE = "template.yaml:"
PLACE = "Resources.Orders.Properties"
TRANSFORM = (
    "Fn::Transform is only expanded by CloudFormation. Declare the processed template: `aws cloudformation "
    "get-template --template-stage Processed --stack-name NAME`."
)


def template(
    properties: str = NAMED, before: str = "", beside: str = "", kind: str = "AWS::DynamoDB::Table", after: str = ""
) -> str:
    """A template with an on-demand table, its properties indented by six."""
    table = f"{beside}    Properties:\n{properties}      BillingMode: PAY_PER_REQUEST\n{KEYS}"
    return f"{before}Resources:\n  Orders:\n    Type: {kind}\n{table}{after}"


def global_table(properties: str) -> str:
    return template(STREAM + properties, kind="AWS::DynamoDB::GlobalTable")


def simple(properties: str) -> str:
    return f"Resources:\n  Orders:\n    Type: AWS::Serverless::SimpleTable\n    Properties:\n{NAMED}{properties}"


def load(folder: Path, text: str, **inputs: Any) -> DesiredState:
    write(folder, {"template.json" if text.startswith("{") else "template.yaml": text})
    return FolderSource(str(folder), inputs.get("environment"), inputs=TemplateInputs(**inputs)).load()


def nested(depth: int) -> str:
    """A name inside of ``depth`` functions."""
    name = '{"Fn::Select": [0, [' * depth + '"orders"' + "]]}" * depth
    return f'{{"Resources": {{"O": {{"Type": "AWS::DynamoDB::Table", "Properties": {{"TableName": {name}}}}}}}}}'


BAD = {
    "a misspelt type beside a table": (
        template(after="  Users: {Type: 'AWS::DynamoDB::Tabel', Properties: {TableName: users}}\n"),
        [
            f"{HERE}9:11: Resources.Users.Type: unknown type 'AWS::DynamoDB::Tabel'. Did you mean AWS::DynamoDB::Table?",
        ],
    ),
    "a type in other letters": (
        template(kind="AWS::DynamoDb::Table"),
        [f"{HERE}3:5: Resources.Orders.Type: unknown type 'AWS::DynamoDb::Table'. Did you mean AWS::DynamoDB::Table?"],
    ),
    "a misspelt global table": (
        template(kind="AWS::DynamoDB::GlobaTable"),
        [
            f"{HERE}3:5: Resources.Orders.Type: unknown type 'AWS::DynamoDB::GlobaTable'. Did you mean AWS::DynamoDB::GlobalTable?"
        ],
    ),
    "a misspelt type of SAM": (
        template(kind="AWS::Serverless::SimpelTable"),
        [
            f"{HERE}3:5: Resources.Orders.Type: unknown type 'AWS::Serverless::SimpelTable'. Did you mean AWS::Serverless::SimpleTable?"
        ],
    ),
    "a type with a colon too few": (
        template(kind="AWS::DynamoDB:Table"),
        [f"{HERE}3:5: Resources.Orders.Type: unknown type 'AWS::DynamoDB:Table'. Did you mean AWS::DynamoDB::Table?"],
    ),
    "a type with both colons too few": (
        template(kind="AWS:DynamoDB:Table", before="AWSTemplateFormatVersion: '2010-09-09'\n"),
        [f"{HERE}3:3: Resources.Orders: invalid Type 'AWS:DynamoDB:Table'. Write the type of the resource."],
    ),
    "misspelt Resources": (
        "AWSTemplateFormatVersion: '2010-09-09'\nRessources:\n  Orders: {Type: AWS::DynamoDB::Table}\n",
        [
            f"{HERE}1:1: Resources: the template has no mapping Resources. Write the resources under Resources.",
            f"{HERE}2:1: Ressources: unknown section of a template. Did you mean Resources?",
        ],
    ),
    "Resources that are a list": (
        "AWSTemplateFormatVersion: '2010-09-09'\nResources: []\n",
        [f"{HERE}2:1: Resources: the template has no mapping Resources. Write the resources under Resources."],
    ),
    "Resources without anything": (
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n",
        [f"{HERE}2:1: Resources: the template has no mapping Resources. Write the resources under Resources."],
    ),
    "a misspelt section": (
        template(before="Paramters: {Stage: {Type: String}}\n"),
        [f"{HERE}1:1: Paramters: unknown section of a template. Did you mean Parameters?"],
    ),
    "resources that another file adds": (
        template().replace("Resources:\n", "Resources:\n  'Fn::Transform': {Name: AWS::Include}\n"),
        [f"{HERE}2:3: Resources.Fn::Transform: {TRANSFORM}"],
    ),
    "a misspelt condition": (
        template(beside="    Conditon: IsProd\n"),
        [f"{HERE}4:5: Resources.Orders.Conditon: unknown attribute of a resource. Did you mean Condition?"],
    ),
    "a misspelt policy": (
        template(beside="    DeletionPolcy: Retain\n"),
        [f"{HERE}4:5: Resources.Orders.DeletionPolcy: unknown attribute of a resource. Did you mean DeletionPolicy?"],
    ),
    "a property beside the properties": (
        template(beside="    TableName: orders\n"),
        [
            f"{HERE}4:5: Resources.Orders.TableName: unknown attribute of a resource. Move it under Properties or Metadata, or remove it."
        ],
    ),
    "a policy that does not exist": (
        template(beside="    DeletionPolicy: Retainn\n"),
        [
            f"{HERE}4:5: Resources.Orders.DeletionPolicy: invalid value 'Retainn'. Use Delete, Retain, RetainExceptOnCreate or Snapshot."
        ],
    ),
    "a policy of deletion for a replacement": (
        template(beside="    UpdateReplacePolicy: RetainExceptOnCreate\n"),
        [
            f"{HERE}4:5: Resources.Orders.UpdateReplacePolicy: invalid value 'RetainExceptOnCreate'. Use Delete, Retain or Snapshot."
        ],
    ),
    "a property without a value": (
        template(NAMED + "      TableClass:\n"),
        [f"{HERE}6:7: {PLACE}.TableClass: has no value. Write one, or remove the line."],
    ),
    "a name without a value": (
        template("      TableName:\n"),
        [f"{HERE}5:7: {PLACE}.TableName: has no value. Write one, or remove the line."],
    ),
    "properties without a value": (
        "Resources:\n  Orders:\n    Type: AWS::DynamoDB::Table\n    Properties:\n",
        [f"{HERE}4:5: {PLACE}: has no value. Write one, or remove the line."],
    ),
    "a default without a value": (
        template("      TableName: !Ref Name\n", "Parameters:\n  Name:\n    Type: String\n    Default:\n"),
        [f'{HERE}4:5: Parameters.Name.Default: has no value. Write a text or a number, or "" for an empty text.'],
    ),
    "a default that is a list": (
        template("      TableName: !Ref Name\n", "Parameters: {Name: {Type: String, Default: [a]}}\n"),
        [f'{HERE}1:35: Parameters.Name.Default: is not a text. Write a text or a number, or "" for an empty text.'],
    ),
    "a number that is none": (
        template("      TableName: !Ref Name\n", "Parameters: {Name: {Type: Number, MinValue: 1, Default: NaN}}\n"),
        [f"{HERE}1:48: Parameters.Name.Default: parameter Name has the invalid value 'NaN'. It must be a number."],
    ),
    "replicas of a table": (
        template(STREAM + "      Replicas: [{RegionName: eu-west-1}]\n"),
        [
            f"{HERE}7:7: {PLACE}.Replicas: unknown property of a Table of CloudFormation. Use AWS::DynamoDB::GlobalTable, or remove it."
        ],
    ),
    "a property in our spelling": (
        template(NAMED + "      table_class: STANDARD\n"),
        [f"{HERE}6:7: {PLACE}.table_class: unknown property of a Table of CloudFormation. Did you mean TableClass?"],
    ),
    "a field that belongs into the metadata": (
        template(NAMED + "      lifecycle: {protect: true}\n"),
        [
            f"{HERE}6:7: {PLACE}.lifecycle: unknown property of a Table of CloudFormation. Write it under Metadata, as DynamoDBReconciler: {{lifecycle: …}}."
        ],
    ),
    "a property of a replica at the top": (
        global_table("      Replicas: [{Region: eu-west-1}]\n      Tags: [{Key: a, Value: b}]\n"),
        [
            f"{HERE}8:7: {PLACE}.Tags: is a property of a replica, not of the GlobalTable. Move it into the replicas.",
        ],
    ),
    "a misspelt property of a replica": (
        global_table("      Replicas: [{Region: eu-west-1, TableClas: STANDARD}]\n"),
        [f"{HERE}7:38: {PLACE}.Replicas[0].TableClas: unknown property of a replica. Did you mean TableClass?"],
    ),
    "an index of a replica that the table has not": (
        global_table(
            "      Replicas: [{Region: eu-west-1, GlobalSecondaryIndexes: [{IndexName: by_skk}]}]\n"
            "      GlobalSecondaryIndexes: [{IndexName: by_sk, KeySchema: [{AttributeName: pk, KeyType: HASH}], Projection: {ProjectionType: ALL}}]\n"
        ),
        [
            f"{HERE}7:64: {PLACE}.Replicas[0].GlobalSecondaryIndexes[0].IndexName: the table has no global secondary index 'by_skk'. Did you mean by_sk?"
        ],
    ),
    "indexes of a replica that are no list": (
        global_table("      Replicas: [{Region: eu-west-1, GlobalSecondaryIndexes: 5}]\n"),
        [
            f"{HERE}7:38: {PLACE}.Replicas[0].GlobalSecondaryIndexes: needs a list of indexes. Write each with its IndexName."
        ],
    ),
    "indexes of a global table that are names": (
        global_table("      Replicas: [{Region: eu-west-1}]\n      GlobalSecondaryIndexes: [by_sk]\n"),
        [f"{HERE}8:7: {PLACE}.GlobalSecondaryIndexes: needs a list of indexes. Write each with its IndexName."],
    ),
    "misspelt metadata": (
        template(beside="    Metadata: {DynamoDBReconcilr: {lifecycle: {protect: true}}}\n"),
        [
            f"{HERE}4:16: Resources.Orders.Metadata.DynamoDBReconcilr: unknown metadata. Did you mean DynamoDBReconciler?"
        ],
    ),
    "a misspelt name of a key of SAM": (
        simple("      PrimaryKey: {Nam: pk, Type: String}\n"),
        [f"{HERE}6:20: {PLACE}.PrimaryKey.Nam: unknown member of a key. Did you mean Name?"],
    ),
    "misspelt globals": (
        "Globals: {SimpelTable: {SSESpecification: {SSEEnabled: true}}}\n" + simple(""),
        [f"{HERE}1:11: Globals.SimpelTable: unknown section of Globals. Did you mean SimpleTable?"],
    ),
    "globals that are a list": (
        "Globals: {SimpleTable: [SSESpecification]}\n" + simple(""),
        [f"{HERE}1:11: Globals.SimpleTable: expected a mapping. SAM allows SSESpecification alone."],
    ),
    "a variable without a name": (
        template("      TableName: !Sub 'orders-${}'\n"),
        [f"{HERE}5:18: {PLACE}.TableName.Fn::Sub: Fn::Sub has a ${{}} without a name. Write the name."],
    ),
    "functions in functions": (nested(400), ["template.json: is nested too deeply. Use fewer levels."]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_refused_with_its_line_and_remedy(case: str, tmp_path: Path) -> None:
    text, expected = BAD[case]
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path, text, region="eu-west-1")
    assert [str(problem) for problem in caught.value.problems] == expected


BOMBS = {
    "names that double one another": "Resources:\n"
    + "".join(
        f"  T{place}:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"
        f"      TableName: !Sub '${{T{place + 1}}}${{T{place + 1}}}'\n"
        for place in range(40)
    )
    + "  T40: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}\n",
    "values of Sub that double one another": json.dumps(
        {
            "Resources": {
                "T": {
                    "Type": "AWS::DynamoDB::Table",
                    "Properties": {
                        "TableName": reduce(
                            lambda inner, _: {"Fn::Sub": ["${a}${a}", {"a": inner}]}, range(40), "orders"
                        )
                    },
                }
            }
        }
    ),
    "a text joined with itself": (
        "x-long: &long '" + "a" * 2000 + "'\nResources:\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties:\n"
        "      TableName: !Join ['', [" + ", ".join(["*long"] * 600) + "]]\n"
    ),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_text_that_grows_without_end_is_refused_at_once(case: str, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path, BOMBS[case])
    assert any("makes a text of more than 1000000 characters. Shorten it." in str(p) for p in caught.value.problems)


PARAMETERS = template(
    "      TableName: !Sub 'orders-${Stage}'\n", "Parameters: {Stage: {Type: String, Default: dev}}\n"
)
MORE = template(before="Parameters: {Size: {Type: Number, Default: 5}}\n").replace("orders", "more")
OTHERS = ("AWS::Serverless::Function", "AWS::Serverless::Api", "AWS::Glue::Table", "AWS::Timestream::Table", "AWS::DAX::Cluster", "Custom::DynamoDBTable")  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_a_type_of_another_service_is_left_alone(kind: str, tmp_path: Path) -> None:
    state = load(tmp_path, template(after=f"  Other: {{Type: '{kind}'}}\n"))
    assert [each.base_name for each in state.declarations] == ["orders"]


def test_a_macro_is_warned_of(tmp_path: Path) -> None:
    state = load(tmp_path, template(before="Transform: [AWS::LanguageExtensions, Ours]\n"))
    assert state.warnings == (
        "template.yaml: transform Ours is not applied; the tables are declared as they are written",
    )


def test_what_a_replica_in_another_region_loses_is_warned_of(tmp_path: Path) -> None:
    text = global_table(
        "      Replicas:\n        - {Region: eu-west-1}\n"
        "        - {Region: eu-central-1, DeletionProtectionEnabled: true, Tags: [{Key: a, Value: b}]}\n"
    )
    assert load(tmp_path, text, region="eu-west-1").warnings == (
        (
            "template.yaml:2:3: Orders: the replica in eu-central-1 is created without DeletionProtectionEnabled, Tags. "
            "Run with --region eu-central-1 to manage these"
        ),
    )


SERVICE = (
    "service: shop\nprovider:\n  name: aws\n  stage: ${opt:stage, 'dev'}\n"
    "custom: {prefix: app, size: '${param:size, 1}'}\nresources:\n"
    "  Parameters: {Owner: {Type: String, Default: me}}\n"
    "  Resources:\n    Role: {Type: AWS::IAM::Role, Properties: {A: !Ref Bucket}}\n"
    "    Orders:\n      Type: AWS::DynamoDB::Table\n      Properties:\n"
    "        TableName: !Sub '${self:custom.prefix}-${self:provider.stage}-${Owner}'\n        BillingMode: PAY_PER_REQUEST\n"
    "        KeySchema: [{AttributeName: pk, KeyType: HASH}]\n"
    "        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n"
)
UNKNOWN: dict[str, tuple[dict[str, str], tuple[str, ...], list[str]]] = {
    "misspelt": (
        {"tables.yaml": PARAMETERS, "more.yaml": MORE},
        ("Stge",),
        ["--parameter Stge: no file declares this parameter. Did you mean `Stage`? Declared: Size, Stage."],
    ),
    "like none": (
        {"tables.yaml": PARAMETERS},
        ("Owner",),
        ["--parameter Owner: no file declares this parameter. Declared: Stage."],
    ),
    "where nothing has one": (
        {"tables.yaml": template()},
        ("Stage",),
        ["--parameter Stage: no file declares this parameter. No file declares one; remove the option."],
    ),
    "an option of serverless": (
        {"serverless.yml": SERVICE},
        ("stage",),
        ["--parameter stage: no file declares this parameter. Did you mean `opt:stage`?"],
    ),
    "a parameter of serverless": (
        {"serverless.yml": SERVICE, "part.yml": "custom: {note: '${param:size}'}\n"},
        ("size",),
        ["--parameter size: no file declares this parameter. Did you mean `param:size`?"],
    ),
    "a key of serverless": (
        {"serverless.yml": SERVICE},
        ("prefix",),
        ["--parameter prefix: no file declares this parameter. No file declares one; remove the option."],
    ),
    "of the template in a service": ({"serverless.yml": SERVICE}, ("Bucket", "Owner"), []),
    "an option by its name": ({"serverless.yml": SERVICE}, ("opt:stage",), []),
    "of another file": ({"tables.yaml": PARAMETERS, "more.yaml": MORE}, ("Stage", "Size"), []),
    "another kind of name": ({"tables.yaml": PARAMETERS}, ("AWS::AccountId", "Key.Arn", "self:custom.x"), []),
    "an export": ({"tables.yaml": PARAMETERS + "# ImportValue: Shared\n"}, ("Shared",), []),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_parameter_that_no_file_knows_is_an_error_that_names_the_declared_ones(case: str, tmp_path: Path) -> None:
    files, names, expected = UNKNOWN[case]
    write(tmp_path, files)
    inputs = TemplateInputs(parameters=dict.fromkeys(names, "5"), named=names)
    found: list[str] = []
    try:
        FolderSource(str(tmp_path), None, inputs=inputs).load()
    except DeclarationError as error:
        found = [str(problem) for problem in error.problems]
    assert found == [f"{tmp_path}: {each}" for each in expected]


GIVEN_BY = {
    "a variable": ("", "RECONCILER_PARAMETER", "RECONCILER_PARAMETER"),
    ".env": ("", ".env: RECONCILER_PARAMETER", "RECONCILER_PARAMETER in .env"),
    "a table": ("[parameter]\nKnown = 'x'\nStge = 'dev'\n", "reconciler.toml: parameter", "reconciler.toml:3:1"),
    "a list": ("mode = 'observe'\nparameter = ['Stge=dev']\n", "reconciler.toml: parameter", "reconciler.toml:2:1"),
    "an environment": (
        "[environments.dev.parameter]\nStge = 1\n",
        "reconciler.toml: environments.dev.parameter",
        ":2:1",
    ),
    "a file that is gone": ("", "gone.toml: parameter", "parameter in gone.toml"),
}


@pytest.mark.parametrize("case", GIVEN_BY)
def test_an_unknown_parameter_names_where_it_was_set(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, origin, shown = GIVEN_BY[case]
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"reconciler.toml": text, "state/tables.yaml": template()})
    inputs = TemplateInputs(parameters={"Stge": "dev"}, named=("Stge",), named_by=origin)
    with pytest.raises(DeclarationError) as caught:
        FolderSource("state", None, inputs=inputs).load()
    (problem,) = caught.value.problems
    shown = f"reconciler.toml{shown}" if shown.startswith(":") else shown
    assert str(problem) == (
        f"state: parameter Stge: no file declares this parameter, which {shown} sets. "
        "No file declares one; remove it there."
    )


def test_a_given_parameter_that_is_misspelt_is_warned_of(tmp_path: Path) -> None:
    text = template("      TableName: !Sub 'orders-${Stage}'\n", "Parameters: {Stage: {Type: String, Default: dev}}\n")
    given = {"Stge": "prod", "Other": "x", "self:custom.stage": "y"}
    assert load(tmp_path, text, parameters=given).warnings == (
        "template.yaml: has no parameter Stge, which is given. Did you mean Stage?",
    )


REMEDY = {
    "no throughput": (
        "      BillingMode: PROVISIONED\n" + KEYS,
        "ProvisionedThroughput: is required when BillingMode is PROVISIONED. Add ReadCapacityUnits and WriteCapacityUnits, or set BillingMode to PAY_PER_REQUEST.",
    ),
    "no keys": (
        "      BillingMode: PAY_PER_REQUEST\n      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]\n",
        'KeySchema: is required. Add KeySchema, such as [{"AttributeName": "pk", "KeyType": "HASH"}].',
    ),
}


@pytest.mark.parametrize("case", REMEDY)
def test_a_remedy_names_properties_as_cloudformation_spells_them(case: str, tmp_path: Path) -> None:
    properties, expected = REMEDY[case]
    text = f"Resources:\n  Orders:\n    Type: AWS::DynamoDB::Table\n    Properties:\n{NAMED}{properties}"
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path, text)
    assert f"{HERE}4:5: {PLACE}.{expected}" in [str(problem) for problem in caught.value.problems]


def test_a_pattern_that_takes_for_ever_is_not_checked(tmp_path: Path) -> None:
    before = f"Parameters: {{Name: {{Type: String, Default: {'a' * 60}-, AllowedPattern: '(a+)+$'}}}}\n"
    (declaration,) = load(tmp_path, template("      TableName: !Ref Name\n", before)).declarations
    assert declaration.base_name == "a" * 60 + "-"
