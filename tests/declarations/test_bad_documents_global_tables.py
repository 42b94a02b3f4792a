"""Global tables that the service refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import WITH_SORT_KEY, H, R, T, index
from support.folders import SOUND, sentences, write


def regions(*names: str) -> list[dict[str, Any]]:
    return [{"region_name": name} for name in names]


STRONG = {"multi_region_consistency": "STRONG"}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "two replicas in one Region": (
        {"replicas": regions("eu-west-1", "eu-west-1")},
        "replicas[1].region_name: duplicate replica in 'eu-west-1'. Keep one of them.",
    ),
    "a stream without both images": (
        {
            "replicas": regions("eu-west-1"),
            "stream_specification": {"stream_enabled": True, "stream_view_type": "KEYS_ONLY"},
        },
        (
            "stream_specification: replicas need a stream with new and old images. Enable it with "
            "stream_view_type NEW_AND_OLD_IMAGES."
        ),
    ),
    "an index that the table has not": (
        {
            "global_secondary_indexes": [],
            "replicas": [{"region_name": "eu-west-1", "global_secondary_indexes": [{"index_name": "by_a"}]}],
        },
        ("replicas[0].global_secondary_indexes[0].index_name: unknown global secondary index 'by_a'. Correct it."),
    ),
    "capacity of a replica on demand": (
        {
            "billing_mode": "PAY_PER_REQUEST",
            "replicas": [{"region_name": "eu-west-1", "provisioned_throughput_override": {"read_capacity_units": 5}}],
        },
        (
            "replicas[0]: provisioned_throughput_override is not allowed when the table is PAY_PER_REQUEST. Remove "
            "provisioned_throughput_override."
        ),
    ),
    "a maximum of a provisioned replica": (
        {
            "provisioned_throughput": T,
            "replicas": [{"region_name": "eu-west-1", "on_demand_throughput_override": {"max_read_request_units": 5}}],
        },
        (
            "replicas[0]: on_demand_throughput_override is not allowed when the table is PROVISIONED. Remove "
            "on_demand_throughput_override."
        ),
    ),
    "a maximum of nothing": (
        {"replicas": [{"region_name": "eu-west-1", "on_demand_throughput_override": {"max_read_request_units": 0}}]},
        "replicas[0]: has a maximum of 0. Write 1 or more, or -1 for no maximum.",
    ),
    "a witness without strong consistency": (
        {"replicas": regions("eu-west-1"), "global_table_witnesses": regions("eu-west-2")},
        (
            "global_table_witnesses: is only allowed with strong consistency. Set multi_region_consistency to "
            "STRONG, or "
            "remove it."
        ),
    ),
    "a witness where a replica is": (
        {**STRONG, "replicas": regions("eu-west-1"), "global_table_witnesses": regions("eu-west-1")},
        (
            "global_table_witnesses[0].region_name: Region 'eu-west-1' already has a replica. Use a Region "
            "without a replica."
        ),
    ),
    "strong consistency alone": (
        STRONG,
        (
            "multi_region_consistency: STRONG needs three Regions: the table's own and two more. Declare two "
            "replicas, or one replica and a witness."
        ),
    ),
    "strong consistency across the sea": (
        {**STRONG, "replicas": regions("eu-west-1", "us-east-1")},
        (
            "replicas: all Regions of a strongly consistent table must be in one Region set. Use us-east-1, us-east-2, "
            "us-west-2, eu-central-1, eu-west-1, eu-west-2, eu-west-3 or ap-northeast-1, "
            "ap-northeast-2, ap-northeast-3."
        ),
    ),
    "strong consistency with time to live": (
        {**STRONG, "replicas": regions("eu-west-1", "eu-west-2"), "ttl": {"attribute": "at"}},
        ("ttl: is not allowed with strong consistency. Turn it off, or use EVENTUAL consistency."),
    ),
    "strong consistency with local indexes": (
        {
            **STRONG,
            **WITH_SORT_KEY,
            "replicas": regions("eu-west-1", "eu-west-2"),
            "local_secondary_indexes": [index("by_sk", keys=(("pk", H), ("sk", R)))],
        },
        (
            "local_secondary_indexes: are not allowed with strong consistency. Use global indexes, or "
            "EVENTUAL consistency."
        ),
    ),
    "a source whose settings are not shared": (
        {
            "global_table_source_arn": "arn:aws:dynamodb:eu-west-1:999988887777:table/users",
            "global_table_settings_replication_mode": "DISABLED",
        },
        (
            "global_table_settings_replication_mode: invalid value DISABLED; a replica of another account's table "
            "needs ENABLED. Set it to ENABLED."
        ),
    ),
    "a source that is no table": (
        {"GlobalTableSourceArn": "users"},
        ("GlobalTableSourceArn: invalid table ARN 'users'. Write arn:aws:dynamodb:REGION:ACCOUNT:table/NAME."),
    ),
    "a consistency nobody knows": (
        {"multi_region_consistency": "STRNG"},
        ("multi_region_consistency: invalid value 'STRNG'; expected EVENTUAL or STRONG. Did you mean STRONG?"),
    ),
}
"""Changes of the smallest sound document, and the one sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_global_table_is_reported_with_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    (sentence,) = sentences(write(tmp_path / "app", {"users.json": SOUND | changes}))
    assert sentence.split(": ", 1)[1] == expected
