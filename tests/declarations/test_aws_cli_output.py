"""What `aws dynamodb describe-table` prints is a declaration of that table, whole or only its ``Table``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.endpoints import MotoServer
from support.folders import load, write

from reconciler.declarations.folder import FolderSource
from reconciler.model.errors import DeclarationError

OURS = """table_name: shop.users
billing_mode: PAY_PER_REQUEST
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: g, AttributeType: N}]
global_secondary_indexes:
  - {index_name: by_g, key_schema: [{AttributeName: g, KeyType: HASH}], projection: {ProjectionType: ALL}}
stream_specification: {view: NEW_IMAGE}
table_class: STANDARD
"""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The output for a table with an index and a stream, as the AWS CLI prints it: times are texts."""
    with MotoServer() as server:
        dynamodb = server.client()
        dynamodb.create_table(
            TableName="shop.users",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "g", "AttributeType": "N"},
            ],
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by_g",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        answer = dynamodb.describe_table(TableName="shop.users")
        server.restart()
    del answer["ResponseMetadata"]
    found: dict[str, Any] = json.loads(json.dumps(answer, default=str))
    return found


@pytest.mark.parametrize("form", ["whole", "only Table", "create-table", "without its times and sizes"])
def test_the_output_declares_the_table_that_it_shows(form: str, described: dict[str, Any], tmp_path: Path) -> None:
    table = described["Table"]
    pasted = {
        "whole": described,
        "only Table": table,
        "create-table": {"TableDescription": table},
        "without its times and sizes": {
            name: value
            for name, value in table.items()
            if name not in ("CreationDateTime", "ItemCount", "TableSizeBytes")
        },
    }[form]
    write(tmp_path, {"theirs/users.json": json.dumps(pasted), "ours/users.yaml": OURS})
    (found,) = load(tmp_path / "theirs").declarations
    (expected,) = load(tmp_path / "ours").declarations
    assert (found.spec.name, found.base_name) == ("shop.users", "shop.users")
    for facet in ("keys", "billing", "global_indexes", "stream"):
        assert getattr(found.spec, facet) == getattr(expected.spec, facet)


def test_what_a_description_does_not_say_stays_unmanaged(described: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, {"users.json": json.dumps(described)})
    (found,) = load(tmp_path).declarations
    declared = [name for name in ("tags", "ttl", "resource_policy", "warm_throughput") if getattr(found.spec, name)]
    assert declared == []


def test_an_output_with_a_field_of_a_declaration_is_not_taken_for_one(
    described: dict[str, Any], tmp_path: Path
) -> None:
    mixed = {**described["Table"], "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}}
    write(tmp_path, {"users.json": json.dumps(mixed)})
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path)
    assert "TableStatus" in {problem.field for problem in caught.value.problems}


def test_the_environment_does_not_change_the_name(described: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, {"users.json": json.dumps(described)})
    assert FolderSource(str(tmp_path), "prod").load().declarations[0].spec.name == "shop.users"


def test_an_output_without_keys_is_an_error(described: dict[str, Any], tmp_path: Path) -> None:
    cut = {name: value for name, value in described["Table"].items() if name != "KeySchema"}
    write(tmp_path, {"users.json": json.dumps({"Table": cut})})
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "users.json:1:1: is the output of describe-table, and an answer lacks or garbles 'KeySchema'. "
            "Paste the whole output."
        )
    ]


GOING = {
    "DELETING": "Remove the file if the table should be gone; otherwise paste the output of an ACTIVE table.",
    "ARCHIVED": "Restore the table from its backup, and paste the output of the restored table.",
}


@pytest.mark.parametrize("status", GOING)
def test_a_table_that_is_going_is_refused(status: str, described: dict[str, Any], tmp_path: Path) -> None:
    text = json.dumps({"Table": {**described["Table"], "TableStatus": status}})
    write(tmp_path, {"users.json": text})
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path)
    column = text.index('"TableStatus"') + 1
    assert [str(problem) for problem in caught.value.problems] == [
        f"users.json:1:{column}: TableStatus: shows the table shop.users as {status}. {GOING[status]}"
    ]
