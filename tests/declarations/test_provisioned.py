"""Every rule means the same by a provisioned table: by its mode, its throughput, or capacity that is scaled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import T, index
from support.folders import SOUND, load, sentences, write

LIMITS = {"min": 5, "max": 50, "target": 70}
BOTH = {"read": LIMITS, "write": LIMITS}
OFF = {"read": {"enabled": False}, "write": {"enabled": False}}
ONE_INDEX = {"indexes": [{"index_name": "by_email", "read": LIMITS}]}
MAXIMUM = {"max_read_request_units": 5}
IRELAND = {"region_name": "eu-west-1"}
REPLICA = [{**IRELAND, "on_demand_throughput_override": MAXIMUM}]
CAPACITY = [{**IRELAND, "provisioned_throughput_override": {"read_capacity_units": 5}}]
VECTOR = {
    "index_name": "by_meaning",
    "vector_attribute": {"attribute_name": "embedding"},
    "dimensions": 3,
    "distance_function": "COSINE",
    "projection": {"projection_type": "ALL"},
}
TOO_MUCH = (
    "on_demand_throughput: is not allowed when the table is provisioned. "
    "Remove it; only on-demand tables have a maximum."
)
REPLICA_MAXIMUM = (
    "replicas[0]: on_demand_throughput_override is not allowed when the table is PROVISIONED. "
    "Remove on_demand_throughput_override."
)
MISSING = (
    "provisioned_throughput: is required when billing_mode is PROVISIONED. "
    "Add read_capacity_units and write_capacity_units, or set billing_mode to PAY_PER_REQUEST."
)
INDEX_MISSING = (
    "global_secondary_indexes[0].provisioned_throughput: is required when the table is provisioned. "
    "Add read_capacity_units and write_capacity_units."
)
VECTORS = (
    "vector_indexes: are not allowed when the table is provisioned. Set billing_mode to PAY_PER_REQUEST and remove "
)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a maximum beside scaled reads alone": (
        {"auto_scaling": {"read": LIMITS}, "on_demand_throughput": MAXIMUM},
        TOO_MUCH,
    ),
    "a maximum beside scaled reads and writes": ({"auto_scaling": BOTH, "on_demand_throughput": MAXIMUM}, TOO_MUCH),
    "a maximum beside a scaled index": (
        {
            "auto_scaling": ONE_INDEX,
            "global_secondary_indexes": [index(provisioned_throughput=T)],
            "on_demand_throughput": MAXIMUM,
        },
        TOO_MUCH,
    ),
    "a maximum of an index beside scaled reads": (
        {
            "auto_scaling": BOTH,
            "global_secondary_indexes": [index(provisioned_throughput=T, on_demand_throughput=MAXIMUM)],
        },
        f"global_secondary_indexes[0].{TOO_MUCH}",
    ),
    "a maximum beside the mode and scaling": (
        {"billing_mode": "PROVISIONED", "auto_scaling": BOTH, "on_demand_throughput": MAXIMUM},
        TOO_MUCH,
    ),
    "vector indexes beside scaling": (
        {"auto_scaling": BOTH, "vector_indexes": [VECTOR]},
        f"{VECTORS}auto_scaling, or remove the vector indexes.",
    ),
    "vector indexes beside throughput and scaling": (
        {"provisioned_throughput": T, "auto_scaling": BOTH, "vector_indexes": [VECTOR]},
        f"{VECTORS}provisioned_throughput and auto_scaling, or remove the vector indexes.",
    ),
    "the maximum of a replica beside scaling": ({"auto_scaling": BOTH, "replicas": REPLICA}, REPLICA_MAXIMUM),
    "the maximum of a replica's index beside scaling": (
        {
            "auto_scaling": BOTH,
            "global_secondary_indexes": [index(provisioned_throughput=T)],
            "replicas": [
                {
                    **IRELAND,
                    "global_secondary_indexes": [{"index_name": "by_email", "on_demand_throughput_override": MAXIMUM}],
                }
            ],
        },
        REPLICA_MAXIMUM,
    ),
    "scaling that is off is no throughput": ({"billing_mode": "PROVISIONED", "auto_scaling": OFF}, MISSING),
    "scaling of which a half is off is no throughput": (
        {"billing_mode": "PROVISIONED", "auto_scaling": {"read": LIMITS, "write": {"enabled": False}}},
        MISSING,
    ),
    "scaling of an index that is off is no throughput": (
        {
            "provisioned_throughput": T,
            "auto_scaling": {"indexes": [{"index_name": "by_email", **OFF}]},
            "global_secondary_indexes": [index()],
        },
        INDEX_MISSING,
    ),
}
SOUND_ONES: dict[str, dict[str, Any]] = {
    "a maximum beside scaling that is off": {"auto_scaling": OFF, "on_demand_throughput": MAXIMUM},
    "a maximum on demand": {"billing_mode": "PAY_PER_REQUEST", "on_demand_throughput": MAXIMUM},
    "a replica's maximum beside scaling that is off": {"auto_scaling": OFF, "replicas": REPLICA},
    "a replica's capacity beside scaling": {"auto_scaling": BOTH, "replicas": CAPACITY},
    "vector indexes beside scaling that is off": {"auto_scaling": OFF, "vector_indexes": [VECTOR]},
    "scaling in place of a throughput": {"billing_mode": "PROVISIONED", "auto_scaling": BOTH},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_provisioned_table_cannot_have_is_refused(case: str, tmp_path: Path) -> None:
    fields, expected = REFUSED[case]
    (sentence,) = sentences(write(tmp_path, {"users.json": {**SOUND, **fields}}))
    assert sentence.split(": ", 1)[1] == expected


@pytest.mark.parametrize("case", SOUND_ONES)
def test_what_fits_is_read(case: str, tmp_path: Path) -> None:
    assert len(load(write(tmp_path, {"users.json": {**SOUND, **SOUND_ONES[case]}})).declarations) == 1
