"""Table class, limits, encryption and recovery that are wrong."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from support.documents import T, index
from support.folders import SOUND, sentences, write

UNITS = {"max_read_request_units": 5}
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a class nobody knows": (
        {"table_class": "INFREQUENT"},
        [
            (
                "users.json:15:2: table_class: invalid value 'INFREQUENT'; expected STANDARD or "
                "STANDARD_INFREQUENT_ACCESS. Write one of these."
            )
        ],
    ),
    "an empty maximum": (
        {"OnDemandThroughput": {}},
        [
            (
                "users.json:15:2: OnDemandThroughput: is empty. Add max_read_request_units or max_write_request_units; "
                "-1 means no maximum."
            )
        ],
    ),
    "a maximum of nothing": (
        {"on_demand_throughput": {"max_read_request_units": 0}},
        ["users.json:16:3: on_demand_throughput.max_read_request_units: is 0. Write 1 or more, or -1 for no maximum."],
    ),
    "a maximum below none": (
        {"on_demand_throughput": {"max_read_request_units": -2}},
        ["users.json:16:3: on_demand_throughput.max_read_request_units: -2 is less than -1. Write -1 or more."],
    ),
    "a maximum of a provisioned table": (
        {"provisioned_throughput": T, "on_demand_throughput": UNITS},
        [
            (
                "users.json:19:2: on_demand_throughput: is not allowed when the table is provisioned. Remove it; "
                "only on-demand tables have a maximum."
            )
        ],
    ),
    "an empty maximum of an index": (
        {"global_secondary_indexes": [index(on_demand_throughput={})]},
        [
            (
                "users.json:27:4: global_secondary_indexes[0].on_demand_throughput: is empty. "
                "Add max_read_request_units "
                "or max_write_request_units; -1 means no maximum."
            )
        ],
    ),
    "empty warm throughput": (
        {"warm_throughput": {}},
        [
            (
                "users.json:15:2: warm_throughput: is empty. Add read_units_per_second or write_units_per_second, or "
                "remove it."
            )
        ],
    ),
    "no warm throughput": (
        {"warm_throughput": {"read_units_per_second": 0}},
        ["users.json:16:3: warm_throughput.read_units_per_second: 0 is less than 1. Write 1 or more."],
    ),
    "a key for encryption that is off": (
        {"sse": {"enabled": False, "key": "alias/app"}},
        [
            (
                "users.json:17:3: sse.key: is not allowed when enabled is false. Remove it to keep the key that "
                "DynamoDB owns; "
                "set enabled to true to use a key in KMS."
            )
        ],
    ),
    "a type of encryption that DynamoDB does not take": (
        {"SSESpecification": {"Enabled": True, "SSEType": "AES256"}},
        [
            (
                "users.json:17:3: SSESpecification.SSEType: invalid value 'AES256'; expected KMS. Remove the field and "
                "set enabled: false for the key that DynamoDB owns (AES256), true for a key in KMS."
            )
        ],
    ),
    "days of recovery that is off": (
        {"point_in_time_recovery": {"enabled": False, "days": 7}},
        [
            (
                "users.json:17:3: point_in_time_recovery.days: is not allowed when enabled is "
                "false. Remove it, or enable it."
            )
        ],
    ),
    "too many days": (
        {"point_in_time_recovery": {"days": 36}},
        ["users.json:16:3: point_in_time_recovery.days: 36 is greater than 35. Write 35 or less."],
    ),
    "a policy that is no JSON": (
        {"resource_policy": "allow"},
        [
            (
                "users.json:15:2: resource_policy: is not a JSON object. Write the policy as a mapping, or as JSON "
                "text; {} means no policy."
            )
        ],
    ),
    "a policy nested deeper than any that IAM knows": (
        {"resource_policy": {"Statement": reduce(lambda inner, _: {"a": inner}, range(150), {})}},
        ["users.json:15:2: resource_policy: is nested too deeply. Use fewer levels."],
    ),
    "a policy as text nested deeper than Python recurses": (
        {"resource_policy": '{"Statement": ' + "[" * 600 + "]" * 600 + "}"},
        ["users.json:15:2: resource_policy: is nested too deeply. Use fewer levels."],
    ),
    "a policy as text nested without end": (
        {"stream_policy": "[" * 20_000},
        ["users.json:15:2: stream_policy: is nested too deeply. Use fewer levels."],
    ),
    "a policy as text with many brackets that is no JSON": (
        {"stream_policy": "[]" * 2_000},
        [
            (
                "users.json:15:2: stream_policy: is not a JSON object. Write the policy as a mapping, or as JSON "
                "text; {} means no policy."
            )
        ],
    ),
    "a policy that is a list": (
        {"stream_policy": []},
        [
            (
                "users.json:15:2: stream_policy: is not a JSON object. Write the policy as a mapping, or as JSON "
                "text; {} means no policy."
            )
        ],
    ),
    "a policy without statement": (
        {"ResourcePolicy": {"Version": "2012-10-17"}},
        ["users.json:15:2: ResourcePolicy: has no Statement. Add Statement; {} means no policy."],
    ),
    "a policy that is too long": (
        {"resource_policy": json.dumps({"Statement": [{"Sid": "x" * 20480}]})},
        ["users.json:15:2: resource_policy: has 20506 bytes. DynamoDB allows 20480."],
    ),
    "a policy of a stream that is off": (
        {"stream_specification": {"stream_enabled": False}, "stream_policy": {"Statement": [{"Sid": "x"}]}},
        [
            (
                "users.json:18:2: stream_policy: is not allowed when the stream is disabled. "
                "Remove it, or enable the stream."
            )
        ],
    ),
    "a mode of insights that are off": (
        {"contributor_insights": {"enabled": False, "mode": "THROTTLED_KEYS"}},
        ["users.json:17:3: contributor_insights.mode: is not allowed when enabled is false. Remove it, or enable it."],
    ),
    "streaming to nowhere": (
        {"kinesis_streaming": {}},
        [
            (
                "users.json:15:2: kinesis_streaming.stream_arn: is required. Add the ARN of the data stream, or set "
                "enabled to false."
            )
        ],
    ),
    "streaming that is off to somewhere": (
        {"kinesis_streaming": {"enabled": False, "stream_arn": "arn:aws:kinesis:us-east-1:123456789012:stream/x"}},
        [
            (
                "users.json:17:3: kinesis_streaming.stream_arn: is not allowed when enabled is "
                "false. Remove it, or enable it."
            )
        ],
    ),
    "recovery that is no mapping": (
        {"point_in_time_recovery": True},
        ["users.json:15:2: point_in_time_recovery: expected a mapping, found true. Write its fields as a mapping."],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_setting_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    assert sentences(write(tmp_path / "app", {"users.json": SOUND | changes})) == expected
