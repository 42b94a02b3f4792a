"""Auto scaling as it is declared: both spellings, what it implies, and every contradiction with its sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, load, sentences, write

from reconciler.model.scaling import AutoScaling, IndexScaling, Scaling, ScheduledScaling
from reconciler.model.table import Billing

GOOD: dict[str, Any] = {"min": 5, "max": 50, "target": 70}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "limits upside down": (
        {"read": {**GOOD, "min": 60}},
        "auto_scaling.read.min: 60 is greater than max (50). Make min at most max.",
    ),
    "no target": ({"read": {"min": 1, "max": 2}}, "auto_scaling.read.target: is required when enabled is true"),
    "a target out of reach": ({"read": {**GOOD, "target": 95}}, "auto_scaling.read.target: is 95. Write a utilisation"),
    "a limit of zero": ({"read": {**GOOD, "min": 0}}, "auto_scaling.read.min: 0 is less than 1"),
    "a target in quotes": ({"read": {**GOOD, "target": "70"}}, "expected a number, found the text '70'"),
    "limits of what is off": ({"read": {"enabled": False, "min": 1}}, "is not allowed when enabled is false"),
    "a field nobody knows": ({"read": {**GOOD, "maximum": 5}}, "auto_scaling.read.maximum: unknown field"),
    "a schedule that is none": (
        {"read": {**GOOD, "scheduled": [{"name": "night", "schedule": "0 22 * * *", "min": 1}]}},
        "auto_scaling.read.scheduled[0].schedule: invalid schedule '0 22 * * *'",
    ),
    "an action that sets nothing": (
        {"read": {**GOOD, "scheduled": [{"name": "night", "schedule": "rate(1 day)"}]}},
        "auto_scaling.read.scheduled[0]: has neither min nor max",
    ),
    "an index nobody declared": (
        {"indexes": [{"index_name": "by_mail", "read": GOOD}]},
        "auto_scaling.indexes[0].index_name: unknown global secondary index 'by_mail'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_contradicting_options_are_reported(case: str, tmp_path: Path) -> None:
    scaling, expected = BAD[case]
    document = {**SOUND, "auto_scaling": scaling, "global_secondary_indexes": []}
    (sentence,) = sentences(write(tmp_path / "app", {"users.json": document}))
    assert expected in sentence


def test_on_demand_capacity_cannot_be_scaled(tmp_path: Path) -> None:
    document = {**SOUND, "billing_mode": "PAY_PER_REQUEST", "auto_scaling": {"read": GOOD}}
    (sentence,) = sentences(write(tmp_path / "app", {"users.json": document}))
    assert "auto_scaling: is not allowed when billing_mode is PAY_PER_REQUEST" in sentence


def test_auto_scaling_alone_means_provisioned(tmp_path: Path) -> None:
    document = {**SOUND, "auto_scaling": {"read": GOOD, "write": GOOD}}
    spec = load(write(tmp_path / "app", {"users.json": document})).declarations[0].spec
    assert spec.billing == Billing("PROVISIONED")
    assert spec.auto_scaling == AutoScaling(Scaling(True, 5, 50, 70.0), Scaling(True, 5, 50, 70.0))


def test_the_spelling_of_the_service_is_the_same_declaration(tmp_path: Path) -> None:
    action = {"ScheduledActionName": "night", "Schedule": "rate(1 day)", "MinCapacity": 1, "Timezone": "Europe/Berlin"}
    capacity = {
        "MinCapacity": 5,
        "MaxCapacity": 50,
        "TargetValue": 70,
        "ScaleInCooldown": 60,
        "ScheduledActions": [action],
    }
    document = {
        **SOUND,
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        "AutoScaling": {"Indexes": [{"IndexName": "by_mail", "Write": capacity}]},
    }
    spec = load(write(tmp_path / "app", {"users.json": document})).declarations[0].spec
    night = ScheduledScaling("night", "rate(1 day)", 1, None, "Europe/Berlin")
    write_ = Scaling(True, 5, 50, 70.0, scale_in_cooldown=60, scheduled=(night,))
    assert spec.auto_scaling == AutoScaling(indexes=(IndexScaling("by_mail", write=write_),))


BY_MAIL = {
    "index_name": "by_mail",
    "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],
    "projection": {"projection_type": "ALL"},
}
VECTORS = {
    "index_name": "by_meaning",
    "vector_attribute": {"attribute_name": "embedding"},
    "dimensions": 3,
    "distance_function": "COSINE",
    "projection": {"projection_type": "ALL"},
}
BOTH = {"read": GOOD, "write": GOOD}
MODES: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, False),
    "on demand": ({"billing_mode": "PAY_PER_REQUEST"}, False),
    "on demand with scaling that is off": (
        {"billing_mode": "PAY_PER_REQUEST", "auto_scaling": {"read": {"enabled": False}}},
        False,
    ),
    "scaling that is off": ({"auto_scaling": {"read": {"enabled": False}, "write": {"enabled": False}}}, False),
    "throughput": ({"provisioned_throughput": {"read_capacity_units": 1, "write_capacity_units": 1}}, True),
    "the mode and scaling": ({"billing_mode": "PROVISIONED", "auto_scaling": BOTH}, True),
    "scaling of read and write": ({"auto_scaling": BOTH}, True),
    "scaling of read": ({"auto_scaling": {"read": GOOD}}, True),
    "scaling of write, that of read being off": ({"auto_scaling": {"read": {"enabled": False}, "write": GOOD}}, True),
    "scaling of an index": ({"auto_scaling": {"indexes": [{"index_name": "by_mail", **BOTH}]}}, True),
}
"""What says how a table is paid for, and whether it is provisioned then."""
ONLY_ON_DEMAND: dict[str, tuple[dict[str, Any], str]] = {
    "a maximum": (
        {"on_demand_throughput": {"max_read_request_units": 5}},
        "on_demand_throughput: is not allowed when the table is provisioned",
    ),
    "a maximum of an index": (
        {"global_secondary_indexes": [{**BY_MAIL, "on_demand_throughput": {"max_write_request_units": 5}}]},
        "global_secondary_indexes[0].on_demand_throughput: is not allowed when the table is provisioned",
    ),
    "a vector index": ({"vector_indexes": [VECTORS]}, "vector_indexes: are not allowed when the table is provisioned"),
    "a maximum of a replica": (
        {
            "replicas": [{"region_name": "eu-west-1", "on_demand_throughput_override": {"max_read_request_units": 5}}],
            "stream_specification": {"stream_enabled": True, "stream_view_type": "NEW_AND_OLD_IMAGES"},
        },
        "replicas[0]: on_demand_throughput_override is not allowed when the table is PROVISIONED",
    ),
}


@pytest.mark.parametrize("feature", ONLY_ON_DEMAND)
@pytest.mark.parametrize("mode", MODES)
def test_on_demand_settings_are_refused_with_any_provisioned_setting(mode: str, feature: str, tmp_path: Path) -> None:
    (billing, provisioned), (fields, expected) = MODES[mode], ONLY_ON_DEMAND[feature]
    document = {**SOUND, "global_secondary_indexes": [BY_MAIL], **billing, **fields}
    reported = [
        sentence for sentence in sentences(write(tmp_path / "app", {"users.json": document})) if expected in sentence
    ]
    assert len(reported) == provisioned


def test_scaled_capacity_is_never_created_with_an_on_demand_maximum(tmp_path: Path) -> None:
    document = {**SOUND, "auto_scaling": BOTH, "on_demand_throughput": {"max_read_request_units": 5}}
    (sentence,) = sentences(write(tmp_path / "app", {"users.json": document}))
    assert "on_demand_throughput: is not allowed when the table is provisioned" in sentence


def test_the_remedy_for_vectors_names_what_makes_the_table_provisioned(tmp_path: Path) -> None:
    document = {**SOUND, "auto_scaling": BOTH, "vector_indexes": [VECTORS]}
    (sentence,) = sentences(write(tmp_path / "app", {"users.json": document}))
    assert "Set billing_mode to PAY_PER_REQUEST and remove auto_scaling, or remove the vector indexes." in sentence
