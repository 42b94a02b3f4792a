"""A small document beside a template: what it adds to the table, and when it is an error."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.own_documents import ORDERS, TEMPLATE, load, sentences

from reconciler.declarations.folder import FolderSource
from reconciler.model.desired import Lifecycle, Reference

SAM = TEMPLATE.replace("Resources:", "Transform: AWS::Serverless-2016-10-31\nResources:")
SERVICE = "service: shop\nprovider: {name: aws}\nresources:\n" + "".join(
    f"  {line}\n" for line in TEMPLATE.splitlines()
)
MODEL = {
    "ModelName": "shop",
    "DataModel": [
        {
            "TableName": "orders",
            "KeyAttributes": {"PartitionKey": {"AttributeName": "pk", "AttributeType": "S"}},
        }
    ],
}
SHOW = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_dynamodb_table.orders",
                    "mode": "managed",
                    "type": "aws_dynamodb_table",
                    "name": "orders",
                    "values": {
                        "name": "orders",
                        "billing_mode": "PAY_PER_REQUEST",
                        "hash_key": "pk",
                        "attribute": [{"name": "pk", "type": "S"}],
                    },
                }
            ]
        }
    },
}
OUTPUT = {
    "Table": {
        "TableName": "orders",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
}
SOURCES: dict[str, tuple[str, Any]] = {
    "CloudFormation": ("template.yaml", TEMPLATE),
    "SAM": ("template.yaml", SAM),
    "serverless": ("serverless.yml", SERVICE),
    "NoSQL Workbench": ("model.json", MODEL),
    "Terraform": ("show.json", SHOW),
    "the AWS CLI": ("described.json", OUTPUT),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_document_adds_to_a_table_of_another_tool(case: str, tmp_path: Path) -> None:
    path, content = SOURCES[case]
    own = "table_name: orders\ndescription: what people buy\nlifecycle: {on_existing: own}\n"
    state = load(tmp_path, {path: content, "orders.yaml": own, "seeds/orders.json": [{"pk": "a"}]})
    (declaration,) = state.declarations
    assert declaration.description == "what people buy"
    assert declaration.lifecycle.on_existing == "own"
    assert declaration.seed is not None
    assert state.warnings == ()
    assert (declaration.origin.file, state.files["orders.yaml"].tables) == (path, ())


def test_members_of_lifecycle_that_are_not_written_stay_as_the_template_has_them(tmp_path: Path) -> None:
    files = {"template.yaml": TEMPLATE, "orders.yaml": "table_name: orders\nlifecycle: {allow_data_loss: true}\n"}
    kept = Lifecycle(protect=True, allow_data_loss=True, protect_as="DeletionPolicy: Retain")
    assert load(tmp_path, files).named("orders").lifecycle == kept
    files["orders.yaml"] = "table_name: orders\nlifecycle: {protect: true}\n"
    assert load(tmp_path, files).named("orders").lifecycle == Lifecycle(protect=True)


def test_what_is_written_wins_over_the_metadata_of_the_template(tmp_path: Path) -> None:
    metadata = (
        "    Metadata: {DynamoDBReconciler: {description: from the template, references: [users]}}\n    Properties:"
    )
    files = {
        "template.yaml": TEMPLATE.replace("    Properties:", metadata),
        "users.yaml": ORDERS.replace("orders", "users"),
        "orders.yaml": "table_name: orders\ndescription: from the document\n",
    }
    declaration = load(tmp_path, files).named("orders")
    assert (declaration.description, declaration.references) == ("from the document", (Reference("users"),))


def test_a_seed_file_is_named(tmp_path: Path) -> None:
    files = {
        "template.yaml": TEMPLATE,
        "orders.yaml": "TableName: orders\nseed: {file: some.json, format: plain}\n",
        "seeds/some.json": [{"pk": "a"}],
    }
    seed = load(tmp_path, files).named("orders").seed
    assert seed is not None
    assert (seed.source, len(seed.items)) == ("seeds/some.json", 1)


@pytest.mark.parametrize("name", ["orders", "orders-prod", "orders-${STAGE}"])
def test_the_table_is_named_with_or_without_its_environment(name: str, tmp_path: Path) -> None:
    files = {
        "template.yaml": "Parameters: {Stage: {Type: String}}\n" + TEMPLATE.replace("orders", "!Sub 'orders-${Stage}'"),
        "orders.yaml": f"variables: [STAGE]\ntable_name: {name}\ndescription: x\n",
    }
    (declaration,) = load(tmp_path, files, environment="prod").declarations
    assert (declaration.spec.name, declaration.description) == ("orders-prod", "x")


def test_several_documents_stand_in_one_file_beside_own_tables(tmp_path: Path) -> None:
    own = ORDERS.replace("orders", "users") + "---\ntable_name: orders\nreferences: [users]\n"
    state = load(tmp_path, {"template.yaml": TEMPLATE, "own.yaml": own})
    assert state.named("orders").references == (Reference("users"),)
    assert state.files["own.yaml"].tables == ("users",)


def test_a_document_has_overlays(tmp_path: Path) -> None:
    files = {
        "template.yaml": TEMPLATE,
        "orders.yaml": "table_name: orders\ndescription: any\nenvironments: {dev: {description: of dev}}\n",
        "orders.prod.yaml": "description: of prod\n",
    }
    for environment, text in ((None, "any"), ("dev", "of dev"), ("prod", "of prod")):
        assert load(tmp_path, files, environment=environment).declarations[0].description == text


ABSENT = [
    'orders.yaml:1:1: key_schema: is required. Add key_schema, such as [{"AttributeName": "pk", "KeyType": "HASH"}].',
    'orders.yaml:1:1: attribute_definitions: is required. Add attribute_definitions, such as [{"AttributeName": "pk", "AttributeType": "S"}].',
]
OWN = "table_name: orders\nlifecycle: {protect: true}\n"
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a table that nothing declares": (
        {"template.yaml": TEMPLATE.replace("orders", "users"), "orders.yaml": OWN},
        ABSENT,
    ),
    "a table of our own format": (
        {"own.yaml": ORDERS, "orders.yaml": OWN},
        [
            *ABSENT,
            "own.yaml:1:1: table_name: duplicate table name 'orders'; orders.yaml:1:1 declares it as well. Remove or rename one of the two.",
        ],
    ),
    "a name alone": (
        {"template.yaml": TEMPLATE, "orders.yaml": "table_name: orders\n"},
        [
            *ABSENT,
            "template.yaml:6:7: Resources.Orders.Properties.TableName: duplicate table name 'orders'; orders.yaml:1:1 declares it as well. Remove or rename one of the two.",
        ],
    ),
    "a field of the template": (
        {"template.yaml": TEMPLATE, "orders.yaml": OWN + "deletion_protection: true\n"},
        [
            *ABSENT,
            "template.yaml:6:7: Resources.Orders.Properties.TableName: duplicate table name 'orders'; orders.yaml:1:1 declares it as well. Remove or rename one of the two.",
        ],
    ),
    "two documents for one table": (
        {"template.yaml": TEMPLATE, "a.yaml": OWN, "b.yaml": "\n" + OWN},
        ["b.yaml:2:1: duplicate of a.yaml:1:1, which is about the table orders as well. Keep one of them."],
    ),
    "a wrong value": (
        {"template.yaml": TEMPLATE, "orders.yaml": "table_name: orders\nlifecycle: {on_existing: adoptt}\n"},
        [
            "orders.yaml:2:13: lifecycle.on_existing: invalid value 'adoptt'; expected adopt, own, observe or fail. Did you mean adopt?"
        ],
    ),
    "an unknown member": (
        {"template.yaml": TEMPLATE, "orders.yaml": "table_name: orders\nlifecycle: {protct: true}\n"},
        ["orders.yaml:2:13: lifecycle.protct: unknown field. Did you mean `protect`?"],
    ),
    "a reference to nothing": (
        {"template.yaml": TEMPLATE, "orders.yaml": "table_name: orders\nreferences:\n  - user\n"},
        ["orders.yaml:3:5: references[0].table: table 'user' is not declared. Declared tables: orders."],
    ),
    "a seed file that does not exist": (
        {"template.yaml": TEMPLATE, "orders.yaml": "table_name: orders\nseed:\n  file: nope.json\n"},
        [
            "orders.yaml:3:3: seed.file: seed file 'nope.json' does not exist. Put the file into the folder seeds/ of the declarations."
        ],
    ),
    "a template that cannot be read": (
        {"template.yaml": TEMPLATE + "  - [\n", "orders.yaml": OWN},
        ["template.yaml:10:3: is not YAML: expected <block end>, but found '-'. Correct the syntax."],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_document_without_its_table_is_an_error(case: str, tmp_path: Path) -> None:
    files, expected = REFUSED[case]
    assert sentences(tmp_path, files) == expected


def test_the_document_is_an_error_once_the_template_is_gone(tmp_path: Path) -> None:
    load(tmp_path, {"template.yaml": TEMPLATE, "orders.yaml": OWN, "users.yaml": ORDERS.replace("orders", "users")})
    (tmp_path / "template.yaml").unlink()
    assert sentences(tmp_path, {}) == ABSENT


def test_the_cache_of_one_file_knows_nothing_of_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "tables"
    load(folder, {"template.json": json.dumps(OUTPUT), "orders.yaml": "table_name: orders\ndescription: one\n"})
    for text in ("one", "two", "two"):
        (folder / "orders.yaml").write_text(f"table_name: orders\ndescription: {text}\n", encoding="utf-8")
        state = FolderSource(str(folder), None, uses_stored=True).load()
        assert state.named("orders").description == text
    assert state.from_cache
    (folder / "orders.yaml").unlink()
    assert FolderSource(str(folder), None, uses_stored=True).load().named("orders").description is None
