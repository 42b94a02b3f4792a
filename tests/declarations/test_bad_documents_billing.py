"""Billing modes and throughput that contradict one another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import T, index
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "throughput with on-demand billing": (
        {"billing_mode": "PAY_PER_REQUEST", "provisioned_throughput": T},
        [
            (
                "users.json:16:2: provisioned_throughput: is not allowed when billing_mode is PAY_PER_REQUEST. "
                "Remove it, or set billing_mode to PROVISIONED."
            )
        ],
    ),
    "provisioned billing without throughput": (
        {"billing_mode": "PROVISIONED"},
        [
            (
                "users.json:1:1: provisioned_throughput: is required when billing_mode is PROVISIONED. Add "
                "read_capacity_units and write_capacity_units, or set billing_mode to PAY_PER_REQUEST."
            )
        ],
    ),
    "index throughput with on-demand billing": (
        {"billing_mode": "PAY_PER_REQUEST", "global_secondary_indexes": [index(provisioned_throughput=T)]},
        [
            (
                "users.json:28:4: global_secondary_indexes[0].provisioned_throughput: is not allowed when the table "
                "is not provisioned. Remove it; an index of an on-demand table has no throughput."
            )
        ],
    ),
    "index throughput without any billing": (
        {"global_secondary_indexes": [index(provisioned_throughput=T)]},
        [
            (
                "users.json:27:4: global_secondary_indexes[0].provisioned_throughput: is not allowed when the table "
                "is not provisioned. Remove it; an index of an on-demand table has no throughput."
            )
        ],
    ),
    "provisioned billing with an index without throughput": (
        {"billing_mode": "PROVISIONED", "provisioned_throughput": T, "global_secondary_indexes": [index()]},
        [
            (
                "users.json:21:3: global_secondary_indexes[0].provisioned_throughput: is required when the table is "
                "provisioned. Add read_capacity_units and write_capacity_units."
            )
        ],
    ),
    "throughput alone with an index without throughput": (
        {"provisioned_throughput": T, "global_secondary_indexes": [index()]},
        [
            (
                "users.json:20:3: global_secondary_indexes[0].provisioned_throughput: is required when the table is "
                "provisioned. Add read_capacity_units and write_capacity_units."
            )
        ],
    ),
    "index throughput of zero": (
        {
            "provisioned_throughput": T,
            "global_secondary_indexes": [
                index(provisioned_throughput={"read_capacity_units": 0, "write_capacity_units": 1})
            ],
        },
        [
            (
                "users.json:32:5: global_secondary_indexes[0].provisioned_throughput.read_capacity_units: 0 is less "
                "than 1. Write 1 or more."
            )
        ],
    ),
}
"""Changes of the smallest sound document (None removes a field), and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    document = {field: value for field, value in (SOUND | changes).items() if value is not None}
    assert sentences(write(tmp_path / "app", {"users.json": document})) == expected
