"""A data model of NoSQL Workbench as declarations, with its sample data as seeds."""

# ruff: noqa: E501 - sentences are quoted whole

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.folders import load, write

from reconciler.model.errors import DeclarationError

KEYS = {
    "PartitionKey": {"AttributeName": "PK", "AttributeType": "S"},
    "SortKey": {"AttributeName": "SK", "AttributeType": "N"},
}
TABLE: dict[str, Any] = {
    "TableName": "Shop",
    "KeyAttributes": KEYS,
    "NonKeyAttributes": [{"AttributeName": "Name", "AttributeType": "S"}],
    "DataAccess": {"MySql": {}},
    "TableFacets": [],
}
OURS = (
    "table_name: Shop\nkey_schema: [{AttributeName: PK, KeyType: HASH}, {AttributeName: SK, KeyType: RANGE}]\n"
    "attribute_definitions: [{AttributeName: PK, AttributeType: S}, {AttributeName: SK, AttributeType: N}MORE]\n"
)
INDEX = {
    "IndexName": "GSI1",
    "KeyAttributes": {"PartitionKey": {"AttributeName": "G", "AttributeType": "B"}},
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["Name"]},
}
OUR_INDEX = (
    "global_secondary_indexes: [{index_name: GSI1, key_schema: [{AttributeName: G, KeyType: HASH}], "
    "projection: {ProjectionType: INCLUDE, NonKeyAttributes: [Name]}UNITS}]\n"
)


def model(*tables: dict[str, Any]) -> dict[str, Any]:
    return {"ModelName": "Shop", "ModelMetadata": {"Version": "3.0"}, "DataModel": list(tables)}


UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
SCALED = {"ScalableTargetRequest": {"MinCapacity": 1, "MaxCapacity": 9}, "ScalingPolicyRequest": {"TargetValue": 70}}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "keys": ({}, OURS.replace("MORE", "")),
    "a global index": (
        {"GlobalSecondaryIndexes": [INDEX]},
        OURS.replace("MORE", ", {AttributeName: G, AttributeType: B}") + OUR_INDEX.replace("UNITS", ""),
    ),
    "on demand": (
        {"BillingMode": "PAY_PER_REQUEST", "ProvisionedCapacitySettings": {"ProvisionedThroughput": UNITS}},
        OURS.replace("MORE", "") + "billing_mode: PAY_PER_REQUEST\n",
    ),
    "provisioned and scaled": (
        {
            "BillingMode": "PROVISIONED",
            "ProvisionedCapacitySettings": {"ProvisionedThroughput": UNITS, "AutoScalingRead": SCALED},
        },
        OURS.replace("MORE", "") + "billing_mode: PROVISIONED\n"
        "provisioned_throughput: {read_capacity_units: 5, write_capacity_units: 6}\n"
        "auto_scaling: {read: {min: 1, max: 9, target: 70}}\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_table_is_declared_as_in_our_own_format(case: str, tmp_path: Path) -> None:
    more, ours = CASES[case]
    write(tmp_path, {"theirs/shop.json": json.dumps(model({**TABLE, **more})), "ours/shop.yaml": ours})
    (found,), (expected,) = (load(tmp_path / folder).declarations for folder in ("theirs", "ours"))
    assert found.spec == expected.spec


def test_sample_data_is_the_seed(tmp_path: Path) -> None:
    data = [{"PK": {"S": "a"}, "SK": {"N": "1"}, "Name": {"M": {"x": {"BOOL": True}}}}]
    write(tmp_path, {"shop.json": json.dumps(model({**TABLE, "TableData": data}, {**TABLE, "TableName": "Other"}))})
    other, shop = load(tmp_path).declarations
    assert shop.seed is not None
    assert list(shop.seed.items) == data
    assert other.seed is None


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no table": (model(), "shop.json:1:1: DataModel: has no table. Add one, or move the file out of the folder."),
    "a table without a name": (
        model({"KeyAttributes": KEYS}),
        "shop.json:1:74: DataModel[0]: has no TableName. Export the model again.",
    ),
    "a table without a key": (
        model({**TABLE, "KeyAttributes": {}}),
        "shop.json:1:96: DataModel[0].KeyAttributes: has no PartitionKey. Give the table a partition key.",
    ),
    "an index without a key": (
        model({**TABLE, "GlobalSecondaryIndexes": [{"IndexName": "GSI1"}]}),
        (
            "shop.json:1:382: DataModel[0].GlobalSecondaryIndexes[0].KeyAttributes: has no PartitionKey. "
            "Give the index a partition key."
        ),
    ),
    "an unknown member": (
        model({**TABLE, "TimeToLive": {}}),
        "shop.json:1:355: DataModel[0].TimeToLive: unknown member of a table of NoSQL Workbench. Remove it.",
    ),
    "an item without its key": (
        model({**TABLE, "TableData": [{"PK": {"S": "a"}}]}),
        "shop.json:1:74: [0].SK: is required, because it is a key attribute. Add SK, a number (N), to each item of Shop.",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_understood_is_an_error_with_its_place(case: str, tmp_path: Path) -> None:
    document, expected = BAD[case]
    write(tmp_path, {"shop.json": json.dumps(document)})
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [expected]


def key(name: Any, kind: str = "S", **more: Any) -> dict[str, Any]:
    return {"PartitionKey": {"AttributeName": name, "AttributeType": kind}, **more}


def at(column: int) -> str:
    """Where a value stands in the only line of the file."""
    return f"model.json:1:{column}: DataModel[0]"


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "indexes that are no list": (
        {"GlobalSecondaryIndexes": {"a": 1}},
        f"{at(355)}.GlobalSecondaryIndexes: expected a list. Export the model again.",
    ),
    "sample data that is no list": ({"TableData": 5}, f"{at(355)}.TableData: expected a list. Export the model again."),
    "a name that is no text": (
        {"KeyAttributes": key(["PK"])},
        f"{at(96)}.KeyAttributes: invalid AttributeName ['PK']. Write a text.",
    ),
    "a misspelt sort key": (
        {"KeyAttributes": key("PK", SortKy={"AttributeName": "SK", "AttributeType": "S"})},
        f"{at(177)}.KeyAttributes.SortKy: unknown member. Did you mean SortKey?",
    ),
    "a misspelt projection": (
        {"GlobalSecondaryIndexes": [{"IndexName": "GSI1", "KeyAttributes": key("G"), "Projektion": {}}]},
        f"{at(485)}.GlobalSecondaryIndexes[0].Projektion: unknown member. Did you mean Projection?",
    ),
    "two types of one attribute": (
        {"GlobalSecondaryIndexes": [{"IndexName": "GSI1", "KeyAttributes": key("PK", "N")}]},
        f"{at(404)}.GlobalSecondaryIndexes[0].KeyAttributes: attribute 'PK' has the type N, but elsewhere S. Give it one type.",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_that_changes_the_table_is_refused(case: str, tmp_path: Path) -> None:
    more, expected = MISTAKES[case]
    write(tmp_path, {"model.json": json.dumps(model({**TABLE, **more}))})
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [expected]


def test_tables_that_are_no_list_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"model.json": json.dumps({"ModelName": "Shop", "DataModel": {"Shop": TABLE}})})
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path)
    assert [str(problem) for problem in caught.value.problems] == [
        "model.json:1:23: DataModel: expected a list of tables. Export the model again."
    ]


def test_an_index_is_scaled_as_the_model_says(tmp_path: Path) -> None:
    settings = {"ProvisionedThroughput": UNITS, "AutoScalingWrite": SCALED}
    table = {
        **TABLE,
        "BillingMode": "PROVISIONED",
        "ProvisionedCapacitySettings": {"ProvisionedThroughput": UNITS},
        "GlobalSecondaryIndexes": [{**INDEX, "ProvisionedCapacitySettings": settings}],
    }
    write(tmp_path, {"model.json": json.dumps(model(table))})
    (declaration,) = load(tmp_path).declarations
    assert "GSI1" in str(declaration.spec.auto_scaling)
