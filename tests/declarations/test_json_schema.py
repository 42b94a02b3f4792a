"""The JSON Schema of a declaration agrees with the reader: what one takes, the other takes, in both spellings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.documents import WITH_SORT_KEY, H, R, T, index, key
from support.folders import SOUND, sentences, write

from reconciler.declarations.schema import json_schema

DRAFT_07 = {
    *("$schema", "$ref", "title", "description", "type", "properties", "required", "additionalProperties"),
    *(
        "items",
        "enum",
        "const",
        "default",
        "anyOf",
        "allOf",
        "definitions",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
    ),
    *("maxProperties", "pattern", "patternProperties"),
}
SOUND_DOCUMENTS: dict[str, dict[str, Any]] = {
    "the smallest": {},
    "a place for anchors": {"x-keys": [{"anything": 1}], "x-": None},
    "indexes": {
        **WITH_SORT_KEY,
        "local_secondary_indexes": [index("by_sk", keys=(("pk", H), ("sk", R)))],
        "GlobalSecondaryIndexes": [
            {"IndexName": "by_pk", "KeySchema": key(("pk", H)), "Projection": {"ProjectionType": "ALL"}}
        ],
    },
    "provisioned": {"billing_mode": "PROVISIONED", "provisioned_throughput": T},
    "a stream": {"StreamSpecification": {"StreamEnabled": True, "stream_view_type": "NEW_IMAGE"}},
    "a table class": {"table_class": "STANDARD"},
    "limits": {"OnDemandThroughput": {"MaxReadRequestUnits": -1}, "warm_throughput": {"read_units_per_second": 9}},
    "limits of an index": {"global_secondary_indexes": [index(WarmThroughput={"WriteUnitsPerSecond": 9})]},
    "encryption": {"SSESpecification": {"SSEEnabled": True, "kms_master_key_id": "alias/app"}},
    "recovery": {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "days": 7}},
    "policies": {"ResourcePolicy": "{}", "stream_policy": {"Statement": [{"Sid": "x"}]}},
    "insights": {"contributor_insights": {"ContributorInsightsMode": "THROTTLED_KEYS"}},
    "streaming": {"kinesis_streaming": {"stream_arn": "arn:aws:kinesis:us-east-1:123456789012:stream/x"}},
    "time to live": {"time_to_live": {"attribute": "at"}},
    "tags as a mapping": {"tags": {"team": "a"}},
    "tags as a list": {"Tags": [{"Key": "team", "value": "a"}]},
    "references": {"references": ["users", {"table": "users", "attribute": "owner"}]},
    "lifecycle and seed": {"lifecycle": {"protect": True, "on_existing": "own"}, "seed": {"format": "plain"}},
    "an address for editors": {"$schema": "./schema.json"},
    "variables": {
        "variables": {
            "UNITS": {"default": 5, "env": "UNITS", "type": "number", "description": "of reads"},
            "TEAM": None,
        },
        "provisioned_throughput": {"read_capacity_units": "${UNITS}", "write_capacity_units": 5},
    },
    "a list of variables": {"variables": ["TEAM"]},
    "environments": {"environments": {"prod": {"deletion_protection": True}, "dev": None}},
    "a list of environments": {"environments": ["dev", "prod"]},
    "nothing said": {"tags": None, "ttl": None},
}
BAD_DOCUMENTS: dict[str, dict[str, Any]] = {
    "an unknown field": {"billing_mod": "PAY_PER_REQUEST"},
    "an unknown field inside": {"key_schema": [{"AttributeName": "pk", "KeyTypo": "HASH"}]},
    "a missing field inside": {"key_schema": [{"AttributeName": "pk"}]},
    "a number as a text": {"provisioned_throughput": {"read_capacity_units": "5", "write_capacity_units": 5}},
    "a throughput of zero": {"provisioned_throughput": {"read_capacity_units": 0, "write_capacity_units": 5}},
    "a mode that does not exist": {"billing_mode": "FREE"},
    "a number with a variable inside": {
        "provisioned_throughput": {"read_capacity_units": "5${UNITS}", "write_capacity_units": 5}
    },
    "an unknown option of a variable": {"variables": {"TEAM": {"defualt": "core"}}},
    "a variable that is a text": {"variables": {"TEAM": "core"}},
    "an environment that is a text": {"environments": {"prod": "yes"}},
    "a tag that is a number": {"tags": {"team": 5}},
    "a reference without table": {"references": [{"attribute": "x"}]},
}


@pytest.mark.parametrize("case", SOUND_DOCUMENTS)
def test_the_schema_takes_what_the_reader_takes(case: str, tmp_path: Path) -> None:
    document = SOUND | SOUND_DOCUMENTS[case]
    jsonschema.Draft7Validator(json_schema()).validate(document)
    assert sentences(write(tmp_path, {"users.json": document})) == []


@pytest.mark.parametrize("case", BAD_DOCUMENTS)
def test_the_schema_refuses_what_the_reader_refuses(case: str, tmp_path: Path) -> None:
    document = SOUND | BAD_DOCUMENTS[case]
    assert not jsonschema.Draft7Validator(json_schema()).is_valid(document)
    assert sentences(write(tmp_path, {"users.json": document}))


@pytest.mark.parametrize("field", SOUND)
def test_the_schema_demands_what_createtable_demands(field: str) -> None:
    document = {name: value for name, value in SOUND.items() if name != field}
    assert not jsonschema.Draft7Validator(json_schema()).is_valid(document)


def test_the_schema_is_draft_07_with_words_on_every_field() -> None:
    schema = json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    for node, is_schema in _nodes(schema, True):
        if is_schema:
            assert set(node) <= DRAFT_07
            assert all("description" in each for each in node.get("properties", {}).values())


INDEX = {"index_name": "by-n", "projection": {"ProjectionType": "KEYS_ONLY"}}
OVERLAYS = {
    "a field": {"deletion_protection": True},
    "in CamelCase": {"DeletionProtectionEnabled": True},
    "a part of a mapping": {"time_to_live": {"enabled": False}},
    "a field that goes": {"time_to_live": None, "tags": None},
    "a tag that goes": {"tags": {"team": None, "cost": "low"}},
    "a part of an index": {"global_secondary_indexes": [INDEX]},
    "indexes by name": {"global_secondary_indexes": {"by-n": {"projection": {"ProjectionType": "ALL"}}, "old": None}},
    "a variable": {"deletion_protection": "${PROTECTED}"},
    "a key for anchors": {"x-common": 1},
}
BAD_OVERLAYS = {
    "an unknown field": {"deletion_protecton": True},
    "another type": {"deletion_protection": 7},
    "an unknown field of a part": {"global_secondary_indexes": {"by-n": {"projektion": {}}}},
    "environments within": {"environments": {"prod": {}}},
}


@pytest.mark.parametrize("case", OVERLAYS)
def test_the_schema_knows_what_a_section_for_an_environment_may_hold(case: str) -> None:
    section = SOUND | {"environments": {"prod": OVERLAYS[case], "dev": None}}
    jsonschema.Draft7Validator(json_schema()).validate(section)
    jsonschema.Draft7Validator(json_schema(overlay=True)).validate({"table_name": "users"} | OVERLAYS[case])


@pytest.mark.parametrize("case", BAD_OVERLAYS)
def test_the_schema_refuses_what_no_section_may_hold(case: str, tmp_path: Path) -> None:
    document = SOUND | {"environments": {"prod": BAD_OVERLAYS[case]}}
    assert not jsonschema.Draft7Validator(json_schema()).is_valid(document)
    assert not jsonschema.Draft7Validator(json_schema(overlay=True)).is_valid(BAD_OVERLAYS[case])
    assert sentences(write(tmp_path, {"users.json": document}), environment="prod")


def test_a_section_cannot_rename_its_table() -> None:
    document = SOUND | {"environments": {"prod": {"table_name": "others"}}}
    assert not jsonschema.Draft7Validator(json_schema()).is_valid(document)


def test_the_schema_of_an_overlay_is_draft_07_too() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema(overlay=True))


def test_every_caller_gets_a_schema_of_its_own() -> None:
    json_schema()["properties"].clear()
    assert json_schema()["properties"]


def _nodes(node: Any, is_schema: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    if isinstance(node, list):
        for each in node:
            yield from _nodes(each, True)
    elif isinstance(node, dict):
        yield node, is_schema
        for name, each in node.items():
            if name not in ("default", "enum", "required", "const"):
                yield from _nodes(each, not (is_schema and name in ("properties", "patternProperties", "definitions")))
