"""Files in the folder that are no plain declaration: other suffixes, lists, output of the CDK, sources, parameters."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND
from support.own_documents import ORDERS, TEMPLATE, load, sentences

USERS = SOUND
OTHERS = {"orders.yaml": ORDERS}
STACK = {
    "Resources": {
        "Users": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "users",
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": USERS["key_schema"],
                "AttributeDefinitions": USERS["attribute_definitions"],
            },
        }
    }
}
READ: dict[str, Any] = {
    "users.YAML": ORDERS.replace("orders", "users"),
    "users.Yml": ORDERS.replace("orders", "users"),
    "users.yml": ORDERS.replace("orders", "users"),
    "users.Json": USERS,
    "users.JSON": USERS,
    "stack.template": TEMPLATE.replace("orders", "users"),
    "stack.TEMPLATE": json.dumps(STACK),
    "stack.template.json": STACK,
    "stack.template.yaml": TEMPLATE.replace("orders", "users"),
}


@pytest.mark.parametrize("path", READ)
def test_a_file_is_read_whatever_the_case_of_its_suffix(path: str, tmp_path: Path) -> None:
    state = load(tmp_path, OTHERS | {path: READ[path]})
    assert [each.spec.name for each in state.declarations] == ["orders", "users"]
    assert state.warnings == ()


def test_the_suffix_of_python_is_in_lower_case(tmp_path: Path) -> None:
    assert sentences(tmp_path, OTHERS | {"users_table.PY": ""}) == [
        "users_table.PY: is not read: its suffix is .PY, but Python only imports .py. Rename it to users_table.py, or move it out of the folder."
    ]


def test_several_tables_stand_in_one_file_of_yaml(tmp_path: Path) -> None:
    text = "---\n".join(ORDERS.replace("orders", name) for name in ("first", "second", "third"))
    state = load(tmp_path, {"all.yaml": text})
    assert [str(each.origin) for each in state.declarations] == ["all.yaml:1", "all.yaml:5", "all.yaml:9"]


def test_several_tables_stand_in_a_list_of_json(tmp_path: Path) -> None:
    text = json.dumps([USERS, USERS | {"table_name": "orders", "tags": {"a": "b"}}], indent=1)
    state = load(tmp_path, {"all.json": text})
    assert [each.spec.name for each in state.declarations] == ["orders", "users"]
    assert state.named("orders").spec.tags == (("a", "b"),)
    assert state.files["all.json"].tables == ("orders", "users")


LISTS: dict[str, tuple[Any, list[str]]] = {
    "a misspelled field": (
        [USERS, USERS | {"table_name": "teams", "tag": {}}],
        ["all.json:31:3: tag: unknown field. Did you mean `tags`?"],
    ),
    "a text among tables": (
        [USERS, "users"],
        [
            "all.json:17:2: element 2 of the list declares no table. Write a list of tables alone, or one table per document."
        ],
    ),
    "an item among tables": (
        [{"pk": "a"}, USERS],
        [
            "all.json:2:2: element 1 of the list declares no table. Write a list of tables alone, or one table per document."
        ],
    ),
    "items": (
        [{"pk": "a"}],
        ["all.json:1:1: expected a mapping. Write one table per document; put seeds into seeds/."],
    ),
    "an empty list": ([], ["all.json:1:1: expected a mapping. Write one table per document; put seeds into seeds/."]),
    "a list in a list": (
        [[USERS]],
        ["all.json:1:1: expected a mapping. Write one table per document; put seeds into seeds/."],
    ),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_list_of_other_things_is_an_error(case: str, tmp_path: Path) -> None:
    content, expected = LISTS[case]
    assert sentences(tmp_path, {"all.json": json.dumps(content, indent=1)}) == expected


CDK: dict[str, Any] = {
    "cdk.out": '{"version": "48.0.0"}',
    "manifest.json": {"version": "48.0.0", "artifacts": {"Shop": {"type": "aws:cloudformation:stack"}}},
    "tree.json": {
        "tree": {"attributes": {"aws:cdk:cloudformation:type": "AWS::DynamoDB::Table", "TableName": "users"}}
    },
    "Shop.assets.json": {"version": "48.0.0", "files": {}},
    "Shop.metadata.json": {"/Shop/Users": []},
    "asset.0123abcd/index.py": "table_name = KeySchema = None\nclass Users:\n    SCHEMA = {}\n",
    "asset.0123abcd/config.json": {"TableName": "users"},
    "asset.4567.zip": b"PK\x03\x04 KeySchema",
    "Shop.template.json": STACK,
}
NOTES = [
    f"{name}: is not read: it is a part of the output of the CDK"
    for name in (
        "Shop.assets.json",
        "Shop.metadata.json",
        "asset.0123abcd",
        "asset.4567.zip",
        "cdk.out",
        "manifest.json",
        "tree.json",
    )
]


@pytest.mark.parametrize("inside", ["", "cdk.out/", "infra/cdk.out/"])
def test_output_of_the_cdk_is_read_and_its_other_files_are_named(inside: str, tmp_path: Path) -> None:
    state = load(tmp_path, {f"{inside}{path}": content for path, content in CDK.items()})
    assert [each.spec.name for each in state.declarations] == ["users"]
    assert state.warnings == ()
    assert list(state.notes) == [f"{inside}{note}" for note in NOTES]


def test_a_stage_of_the_cdk_is_read_too(tmp_path: Path) -> None:
    files = {f"assembly-Prod/{path}": content for path, content in CDK.items()}
    state = load(tmp_path, {"cdk.out": "{}", "manifest.json": {}, **files})
    assert [each.origin.file for each in state.declarations] == ["assembly-Prod/Shop.template.json"]


def test_files_with_such_names_elsewhere_are_as_any_other(tmp_path: Path) -> None:
    state = load(tmp_path, OTHERS | {"manifest.json": {"a": 1}, "cdk.out/Shop.template.json": STACK})
    assert state.warnings == ("manifest.json: declares nothing: it has no table field",)
    assert len(state.declarations) == 2


PARAMETERS = "declares nothing: it holds parameters of a template. Name it with --parameters-file."
ASIDE: dict[str, tuple[dict[str, Any], str]] = {
    "a list of parameters": (
        {"dev.json": [{"ParameterKey": "Stage", "ParameterValue": "dev"}]},
        f"dev.json: {PARAMETERS}",
    ),
    "parameters of CodePipeline": (
        {"dev.json": {"Parameters": {"Stage": "dev"}, "Tags": {"a": "b"}}},
        f"dev.json: {PARAMETERS}",
    ),
    "samconfig.toml": (
        {"samconfig.toml": '[default.deploy.parameters]\nparameter_overrides = "Stage=dev"\n'},
        "samconfig.toml: is not read: it holds parameters of a template. Name it with --parameters-file",
    ),
    "reconciler.toml": ({"reconciler.toml": "stack = 'shop'\n"}, "reconciler.toml: is not read: it holds settings"),
    "Terraform without tables": (
        {"main.tf": 'provider "aws" {}\n'},
        "main.tf: is not read: declarations are .py, .yaml, .yml, .json and .toml files",
    ),
    "a program without tables": (
        {"app.ts": "import { App } from 'aws-cdk-lib';\n"},
        "app.ts: is not read: declarations are .py, .yaml, .yml, .json and .toml files",
    ),
    "a template of another kind": (
        {"nginx.conf.template": "server { listen ${PORT}; }\n"},
        "nginx.conf.template: is not read: declarations are .py, .yaml, .yml, .json and .toml files",
    ),
    "a file below seeds": (
        {"seeds/users.xlsx": "PK"},
        "seeds/users.xlsx: is not read, because of its suffix .xlsx. Convert it, or move it out of seeds. Seeds are read as .json, .jsonl, .ndjson, .yaml, .yml, .csv, .tsv or .ion, each also with .gz or .zst.",
    ),
}


@pytest.mark.parametrize("case", ASIDE)
def test_what_is_not_read_is_named_in_a_warning(case: str, tmp_path: Path) -> None:
    files, warning = ASIDE[case]
    assert load(tmp_path, OTHERS | files).warnings == (warning,)


NOTED: dict[str, tuple[str, str]] = {
    "a document": ("README.md", "is not read: it is no declaration"),
    "notes": ("more/notes.txt", "is not read: it is no declaration"),
    "a picture": ("er.PNG", "is not read: it is no declaration"),
    "a hidden declaration": (".users.yaml", "is not read: its name begins with a dot"),
    "a hidden seed": ("seeds/.users.csv", "is not read: its name begins with a dot"),
}


@pytest.mark.parametrize("case", NOTED)
def test_what_nobody_expects_to_be_read_is_named_in_a_note(case: str, tmp_path: Path) -> None:
    path, note = NOTED[case]
    state = load(tmp_path, OTHERS | {path: "x"})
    assert (state.warnings, state.notes) == ((), (f"{path}: {note}",))


TERRAFORM = "is not read: it declares tables for Terraform. Run `terraform show -json > tables.json` and put tables.json into this folder, or move it out of the folder."
CDK_SOURCE = "is not read: it is a program for the CDK. Run `npx cdk synth` and put cdk.out/*.template.json into this folder, or move it out of the folder."
SERVERLESS = "is not read: it is a program for the Serverless Framework. Run `npx serverless package` and put .serverless/cloudformation-template-update-stack.json into this folder, or move it out of the folder."
SOURCES: dict[str, tuple[str, Any, str]] = {
    "HCL": ("main.tf", 'resource "aws_dynamodb_table" "users" {\n  name = "users"\n}\n', f"main.tf: {TERRAFORM}"),
    "a module of HCL": (
        "tables.tf",
        'module "users" {\n  source = "terraform-aws-modules/dynamodb-table/aws"\n}\n',
        f"tables.tf: {TERRAFORM}",
    ),
    "Terragrunt": (
        "terragrunt.hcl",
        'terraform {\n  source = "git::https://example.com/dynamodb-table.git"\n}\n',
        f"terragrunt.hcl: {TERRAFORM}",
    ),
    "a state file": (
        "terraform.tfstate",
        '{"resources": [{"type": "aws_dynamodb_table"}]}',
        f"terraform.tfstate: {TERRAFORM}",
    ),
    "HCL as JSON": (
        "main.tf.json",
        '{"resource": {\n "aws_dynamodb_table": {"users": {"hash_key": "pk"}}}}',
        "main.tf.json:2:2: is a configuration of Terraform, which is not read. Run `terraform show -json > tables.json` and put tables.json into this folder, or move the file out of it.",
    ),
    "serverless.ts": (
        "serverless.ts",
        "import type { AWS } from '@serverless/typescript';\nconst a: AWS = { Type: 'AWS::DynamoDB::Table' };\n",
        f"serverless.ts: {SERVERLESS}",
    ),
    "serverless.js": (
        "serverless.js",
        "module.exports = { resources: { Users: { Type: 'AWS::DynamoDB::Table' } } };\n",
        f"serverless.js: {SERVERLESS}",
    ),
    "resources of serverless": (
        "tables.ts",
        "import type { AWS } from '@serverless/typescript';\nexport const t = { Type: 'AWS::DynamoDB::GlobalTable' };\n",
        f"tables.ts: {SERVERLESS}",
    ),
    "the CDK": (
        "stack.ts",
        "import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';\nnew dynamodb.Table(this, 'Users', { partitionKey: pk });\n",
        f"stack.ts: {CDK_SOURCE}",
    ),
    "the CDK with TableV2": (
        "stack.ts",
        "import { TableV2 } from 'aws-cdk-lib/aws-dynamodb';\nnew TableV2(this, 'Users', {});\n",
        f"stack.ts: {CDK_SOURCE}",
    ),
    "the CDK, version 1": (
        "stack.js",
        "const dynamodb = require('@aws-cdk/aws-dynamodb');\nnew dynamodb.CfnTable(this, 'Users', {});\n",
        f"stack.js: {CDK_SOURCE}",
    ),
    "the CDK in Java": (
        "Stack.java",
        'import software.amazon.awscdk.services.dynamodb.Table;\nTable.Builder.create(this, "Users");\n',
        f"Stack.java: {CDK_SOURCE}",
    ),
    "the CDK in Go": (
        "stack.go",
        'import "github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"\nawsdynamodb.NewTable(stack, nil)\n',
        f"stack.go: {CDK_SOURCE}",
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_source_of_another_tool_is_refused_with_the_command_for_json(case: str, tmp_path: Path) -> None:
    path, text, sentence = SOURCES[case]
    assert sentences(tmp_path, OTHERS | {path: text}) == [sentence]
