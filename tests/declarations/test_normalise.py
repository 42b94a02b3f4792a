"""Sound documents in every spelling, and the one table they mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.documents import WITH_SORT_KEY, H, R, T, defs, index, key
from support.folders import SOUND, load, sentences, write
from support.specs import vectors

from reconciler.facets.policy_json import normalized_policy
from reconciler.model.desired import Declaration, Lifecycle, Pointer, Reference
from reconciler.model.global_table import GlobalTableSettings, MultiRegionConsistency, Replica, ReplicaIndex
from reconciler.model.table import (
    Billing,
    ContributorInsights,
    GlobalIndex,
    IndexInsights,
    KeyElement,
    KinesisStreaming,
    LocalIndex,
    OnDemandThroughput,
    PointInTimeRecovery,
    Projection,
    ResourcePolicy,
    Sse,
    Stream,
    TableSpec,
    Throughput,
    Ttl,
    WarmThroughput,
)

PK, SK = KeyElement("pk", "HASH", "S"), KeyElement("sk", "RANGE", "S")
ALL = Projection("ALL")
POLICY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}]}
POLICIES = ("resource_policy", "stream_policy")
KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"


def declared(folder: Path, **changes: Any) -> Declaration:
    (declaration,) = load(write(folder, {"users.json": SOUND | changes})).declarations
    return declaration


MEANINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "what is absent is not ours": ({}, {}),
    "on-demand billing": ({"billing_mode": "PAY_PER_REQUEST"}, {"billing": Billing("PAY_PER_REQUEST")}),
    "throughput alone means provisioned": (
        {"provisioned_throughput": T},
        {"billing": Billing("PROVISIONED", Throughput(5, 5))},
    ),
    "provisioned billing": (
        {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}},
        {"billing": Billing("PROVISIONED", Throughput(1, 2))},
    ),
    "empty lists are whole": (
        {"global_secondary_indexes": [], "local_secondary_indexes": [], "tags": []},
        {"global_indexes": (), "local_indexes": (), "tags": ()},
    ),
    "an empty mapping of tags is whole": ({"tags": {}}, {"tags": ()}),
    "null is absence": ({"global_secondary_indexes": None, "tags": None, "time_to_live": None}, {}),
    "a stream": (
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
        {"stream": Stream(True, "KEYS_ONLY")},
    ),
    "CloudFormation's stream": (
        {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}},
        {"stream": Stream(True, "NEW_IMAGE")},
    ),
    "a short stream": ({"stream_specification": {"view": "OLD_IMAGE"}}, {"stream": Stream(True, "OLD_IMAGE")}),
    "a stream that is off": ({"stream_specification": {"stream_enabled": False}}, {"stream": Stream(False)}),
    "a table class": ({"TableClass": "STANDARD_INFREQUENT_ACCESS"}, {"table_class": "STANDARD_INFREQUENT_ACCESS"}),
    "half of an on-demand maximum": (
        {"on_demand_throughput": {"max_read_request_units": 5}},
        {"on_demand_throughput": OnDemandThroughput(5)},
    ),
    "AWS's own on-demand maximum": (
        {"OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 7}},
        {"on_demand_throughput": OnDemandThroughput(-1, 7)},
    ),
    "warm throughput": (
        {"WarmThroughput": {"ReadUnitsPerSecond": 15000, "write_units_per_second": 5000}},
        {"warm_throughput": WarmThroughput(15000, 5000)},
    ),
    "encryption": ({"sse_specification": {"enabled": True}}, {"sse": Sse(True)}),
    "a short encryption": ({"sse": {"key": "alias/app"}}, {"sse": Sse(True, "alias/app")}),
    "AWS's own encryption": (
        {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/app"}},
        {"sse": Sse(True, "alias/app")},
    ),
    "CloudFormation's encryption": ({"SSESpecification": {"SSEEnabled": False}}, {"sse": Sse(False)}),
    "a short recovery": (
        {"point_in_time_recovery": {"days": 7}},
        {"point_in_time_recovery": PointInTimeRecovery(True, 7)},
    ),
    "AWS's own recovery": (
        {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}},
        {"point_in_time_recovery": PointInTimeRecovery(False)},
    ),
    "a backfill of an index": (
        {"global_secondary_indexes": [index(backfill="0007_add_status")]},
        {"global_indexes": (GlobalIndex("by_email", (PK,), ALL, backfill="0007_add_status"),)},
    ),
    "limits of an index": (
        {
            "global_secondary_indexes": [
                index(on_demand_throughput={"max_write_request_units": 5}, WarmThroughput={"ReadUnitsPerSecond": 9})
            ]
        },
        {
            "global_indexes": (
                GlobalIndex("by_email", (PK,), ALL, None, OnDemandThroughput(None, 5), WarmThroughput(9)),
            )
        },
    ),
    "a policy as a mapping": (
        {"resource_policy": POLICY},
        {"resource_policy": ResourcePolicy(normalized_policy(POLICY))},
    ),
    "a policy as text": (
        {"ResourcePolicy": json.dumps(POLICY)},
        {"resource_policy": ResourcePolicy(normalized_policy(POLICY))},
    ),
    "CloudFormation's policy": (
        {"ResourcePolicy": {"PolicyDocument": POLICY}},
        {"resource_policy": ResourcePolicy(normalized_policy(POLICY))},
    ),
    "no policy": ({"resource_policy": {}, "stream_policy": "{}"}, {name: ResourcePolicy(None) for name in POLICIES}),
    "contributor insights": ({"contributor_insights": {}}, {"contributor_insights": ContributorInsights(True)}),
    "CloudFormation's contributor insights": (
        {"ContributorInsightsSpecification": {"Enabled": True, "Mode": "THROTTLED_KEYS"}},
        {"contributor_insights": ContributorInsights(True, "THROTTLED_KEYS")},
    ),
    "contributor insights of an index alone": (
        {"global_secondary_indexes": [index(contributor_insights={"enabled": False})]},
        {
            "global_indexes": (GlobalIndex("by_email", (PK,), ALL),),
            "contributor_insights": ContributorInsights(indexes=(IndexInsights("by_email", False),)),
        },
    ),
    "streaming to Kinesis": (
        {"kinesis_streaming": {"stream_arn": KINESIS, "precision": "MICROSECOND"}},
        {"kinesis_streaming": KinesisStreaming(KINESIS, "MICROSECOND")},
    ),
    "CloudFormation's streaming to Kinesis": (
        {"KinesisStreamSpecification": {"StreamArn": KINESIS}},
        {"kinesis_streaming": KinesisStreaming(KINESIS)},
    ),
    "streaming to Kinesis that is off": (
        {"kinesis_streaming": {"enabled": False}},
        {"kinesis_streaming": KinesisStreaming(None)},
    ),
    "vector indexes by name, their filters in any order": (
        {
            "attribute_definitions": defs("pk", "shop", "tenant"),
            "VectorIndexes": [
                {
                    "IndexName": "by_meaning",
                    "VectorAttribute": {"AttributeName": "embedding"},
                    "Dimensions": 3,
                    "DistanceFunction": "COSINE",
                    "Projection": {"ProjectionType": "ALL"},
                    "SearchSchema": [
                        {"AttributeName": "shop", "SearchSchemaElementType": "INLINE_FILTER"},
                        {"AttributeName": "tenant", "SearchSchemaElementType": "HASH"},
                    ],
                }
            ],
        },
        {"vector_indexes": (vectors("by_meaning", "embedding", "tenant S HASH", "shop S"),)},
    ),
    "no vector indexes": ({"vector_indexes": []}, {"vector_indexes": ()}),
    "replicas as AWS describes them": (
        {
            "Replicas": [
                {"RegionName": "eu-west-2"},
                {
                    "RegionName": "eu-west-1",
                    "KMSMasterKeyId": "alias/one",
                    "TableClassOverride": "STANDARD",
                    "OnDemandThroughputOverride": {"MaxReadRequestUnits": -1},
                    "GlobalSecondaryIndexes": [
                        {"IndexName": "by_a", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 5}}
                    ],
                },
            ]
        },
        {
            "replicas": (
                Replica("eu-west-1", "alias/one", "STANDARD", None, -1, (ReplicaIndex("by_a", None, 5),)),
                Replica("eu-west-2"),
            )
        },
    ),
    "no replicas, and CloudFormation's Region": (
        {"replicas": [{"Region": "eu-west-1"}], "disassociation_protection": False},
        {"replicas": (Replica("eu-west-1"),), "disassociation_protection": False},
    ),
    "strong consistency with a witness": (
        {
            "replicas": [{"region_name": "eu-west-1"}],
            "MultiRegionConsistency": "STRONG",
            "GlobalTableWitnesses": [{"RegionName": "eu-west-2"}],
        },
        {
            "replicas": (Replica("eu-west-1"),),
            "multi_region_consistency": MultiRegionConsistency("STRONG", "eu-west-2"),
        },
    ),
    "a source alone shares its settings": (
        {"global_table_source_arn": "arn:aws:dynamodb:eu-west-1:999988887777:table/users"},
        {
            "global_table_settings": GlobalTableSettings(
                "ENABLED", "arn:aws:dynamodb:eu-west-1:999988887777:table/users"
            )
        },
    ),
    "a short time to live": ({"time_to_live": {"attribute": "expires_at"}}, {"ttl": Ttl(True, "expires_at")}),
    "a time to live by another name": ({"ttl": {"attribute_name": "at"}}, {"ttl": Ttl(True, "at")}),
    "AWS's own time to live": (
        {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "at"}},
        {"ttl": Ttl(True, "at")},
    ),
    "a time to live that is off": ({"time_to_live": {"enabled": False}}, {"ttl": Ttl(False)}),
    "a time to live that is off, with its attribute": (
        {"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "at"}},
        {"ttl": Ttl(False, "at")},
    ),
    "tags as a list": (
        {"Tags": [{"Key": "b", "Value": "2"}, {"key": "a", "value": ""}]},
        {"tags": (("a", ""), ("b", "2"))},
    ),
    "tags as a mapping": ({"tags": {"b": "2", "a": "1"}}, {"tags": (("a", "1"), ("b", "2"))}),
    "deletion protection on": ({"DeletionProtectionEnabled": True}, {"deletion_protection": True}),
    "deletion protection off": ({"deletion_protection": False}, {"deletion_protection": False}),
    "global indexes are sorted by name": (
        {"global_secondary_indexes": [index("by_b"), index("by_a", kind="KEYS_ONLY")]},
        {
            "global_indexes": (
                GlobalIndex("by_a", (PK,), Projection("KEYS_ONLY")),
                GlobalIndex("by_b", (PK,), ALL),
            )
        },
    ),
    "a global index in CamelCase": (
        {
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "by_pk",
                    "KeySchema": key(("pk", H)),
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a", "a"]},
                }
            ]
        },
        {"global_indexes": (GlobalIndex("by_pk", (PK,), Projection("INCLUDE", frozenset({"a", "b"}))),)},
    ),
    "an index with its own throughput": (
        {"provisioned_throughput": T, "global_secondary_indexes": [index(provisioned_throughput=T)]},
        {
            "billing": Billing("PROVISIONED", Throughput(5, 5)),
            "global_indexes": (GlobalIndex("by_email", (PK,), ALL, Throughput(5, 5)),),
        },
    ),
    "an index of four HASH and four RANGE attributes, in their order": (
        {
            "attribute_definitions": defs("pk", *"dcbahgfe"),
            "global_secondary_indexes": [
                index(keys=(*((name, H) for name in "dcba"), *((name, R) for name in "hgfe"))),
            ],
        },
        {
            "global_indexes": (
                GlobalIndex(
                    "by_email",
                    (
                        *(KeyElement(name, "HASH", "S") for name in "dcba"),
                        *(KeyElement(name, "RANGE", "S") for name in "hgfe"),
                    ),
                    ALL,
                ),
            )
        },
    ),
    "a local index": (
        {**WITH_SORT_KEY, "local_secondary_indexes": [index("by_sk", keys=(("pk", H), ("sk", R)))]},
        {"keys": (PK, SK), "local_indexes": (LocalIndex("by_sk", (PK, SK), ALL),)},
    ),
    "types go into the keys": (
        {
            "key_schema": key(("pk", H), ("sk", R)),
            "attribute_definitions": [
                {"attribute_name": "sk", "attribute_type": "B"},
                {"attribute_name": "pk", "attribute_type": "N"},
            ],
        },
        {"keys": (KeyElement("pk", "HASH", "N"), KeyElement("sk", "RANGE", "B"))},
    ),
    "a time to live on a key attribute": ({"time_to_live": {"attribute": "pk"}}, {"ttl": Ttl(True, "pk")}),
    "names at both ends of the length": ({"table_name": "u" * 255}, {"name": "u" * 255}),
    "a schema's address for editors": ({"$schema": "./table.schema.json"}, {}),
}


@pytest.mark.parametrize("case", MEANINGS)
def test_a_document_means_one_table(case: str, tmp_path: Path) -> None:
    changes, expected = MEANINGS[case]
    assert declared(tmp_path, **changes).spec == TableSpec(**{"name": "users", "keys": (PK,), **expected})


def test_lifecycle_and_description_are_kept(tmp_path: Path) -> None:
    lifecycle = {
        "protect": True,
        "ignore_changes": ["billing.throughput", "*"],
        "on_existing": "own",
        "allow_data_loss": True,
    }
    declaration = declared(tmp_path, lifecycle=lifecycle, description="Who we know")
    assert declaration.lifecycle == Lifecycle(True, ("billing.throughput", "*"), "own", True)
    assert declaration.description == "Who we know"


def test_an_undeclared_lifecycle_is_the_default(tmp_path: Path) -> None:
    assert declared(tmp_path).lifecycle == Lifecycle()


def test_a_pointer_names_an_ssm_parameter(tmp_path: Path) -> None:
    users = {**SOUND, "replacement": {"pointer": {"ssm": "/app/tables/users"}}}
    (found,) = load(write(tmp_path, {"users.json": users})).declarations
    assert found.pointer == Pointer("/app/tables/users")


def test_a_pointer_names_a_key_of_a_config_map(tmp_path: Path) -> None:
    users = {**SOUND, "replacement": {"pointer": {"configmap": "apps/tables/users"}}}
    (found,) = load(write(tmp_path, {"users.json": users})).declarations
    assert found.pointer == Pointer(configmap="apps/tables/users")
    assert Pointer.of(found.pointer.text) == found.pointer


def test_references_may_be_names_or_mappings(tmp_path: Path) -> None:
    named = ["users", {"table": "users", "attribute": "owner"}, {"table": "orders"}, "users"]
    orders = {**SOUND, "table_name": "orders", "references": named}
    first, second = load(write(tmp_path, {"users.json": SOUND, "orders.json": orders})).declarations
    assert first.references == (Reference("users"), Reference("users", "owner"), Reference("orders"))
    assert second.references == ()


YAML = """\
# yaml-language-server: $schema=./table.schema.json
table_name: users
key_schema: &key
  - {attribute_name: pk, key_type: HASH}
attribute_definitions:
  - {attribute_name: pk, attribute_type: S}
global_secondary_indexes:
  - &first
    index_name: by_pk
    key_schema: *key
    projection: {projection_type: ALL}
  - {<<: *first, index_name: by_pk_too}
---
table_name: orders
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: N}]
"""


def test_a_yaml_file_may_hold_several_documents_with_anchors(tmp_path: Path) -> None:
    orders, users = load(write(tmp_path, {"deep/down/all.yml": YAML}), "prod").declarations
    assert (orders.base_name, orders.spec.name, str(orders.origin)) == ("orders", "orders-prod", "deep/down/all.yml:14")
    assert (users.base_name, users.spec.name, str(users.origin)) == ("users", "users-prod", "deep/down/all.yml:2")
    assert [each.name for each in users.spec.global_indexes or ()] == ["by_pk", "by_pk_too"]


def test_declarations_are_sorted_by_table_name(tmp_path: Path) -> None:
    files = {f"{name}.json": SOUND | {"table_name": name} for name in ("zebra", "ant", "Mule")}
    assert [each.spec.name for each in load(write(tmp_path, files)).declarations] == ["Mule", "ant", "zebra"]


def test_an_environment_that_makes_the_name_unfit_is_named(tmp_path: Path) -> None:
    (sentence,) = sentences(write(tmp_path, {"users.json": SOUND}), "my prod")
    assert sentence == (
        "users.json:2:2: table_name: invalid name 'users-my prod'; it contains ' ' (in environment 'my prod'). "
        "Use only a-z, A-Z, 0-9, _ . and -."
    )


def test_names_that_differ_by_case_alone_are_a_warning(tmp_path: Path) -> None:
    files = {"a.json": SOUND, "b.json": SOUND | {"table_name": "Users"}}
    assert load(write(tmp_path, files)).warnings == (
        "b.json:1:1: Users differs from users (a.json:1:1) only in case, and DynamoDB Local treats both as one table",
    )
