"""Streams and times to live that say half of what they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import SOUND, sentences, write

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a stream without view type": (
        {"stream_specification": {"stream_enabled": True}},
        [
            (
                "users.json:15:2: stream_specification.stream_view_type: is required when the stream is enabled. "
                "Add NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY."
            )
        ],
    ),
    "a view type of a disabled stream": (
        {"stream_specification": {"stream_enabled": False, "stream_view_type": "NEW_IMAGE"}},
        [
            (
                "users.json:17:3: stream_specification.stream_view_type: is not allowed when the stream is disabled. "
                "Remove it, or enable the stream."
            )
        ],
    ),
    "nothing of a stream": (
        {"StreamSpecification": {}},
        [
            (
                "users.json:15:2: StreamSpecification.stream_view_type: is required when the stream is enabled. Add "
                "NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY."
            )
        ],
    ),
    "a word that a stream does not have": (
        {"stream_specification": {"on": False}},
        [
            (
                "users.json:16:3: stream_specification.on: unknown field. Known fields: stream_enabled (or enabled), "
                "stream_view_type (or view)."
            )
        ],
    ),
    "a word that a time to live does not have": (
        {"time_to_live": {"expiry": "ends_at"}},
        [
            (
                "users.json:16:3: time_to_live.expiry: unknown field. Known fields: enabled, "
                "attribute_name (or attribute)."
            )
        ],
    ),
    "a view type that does not exist": (
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGE"}},
        [
            (
                "users.json:17:3: StreamSpecification.StreamViewType: invalid value 'NEW_AND_OLD_IMAGE'; expected "
                "NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY. Did you mean NEW_AND_OLD_IMAGES?"
            )
        ],
    ),
    "a stream switched on by a text": (
        {"stream_specification": {"stream_enabled": "true", "stream_view_type": "NEW_IMAGE"}},
        [
            (
                "users.json:16:3: stream_specification.stream_enabled: expected true or false, found the text 'true'. "
                "Write true or false, without quotes."
            )
        ],
    ),
    "a time to live without attribute": (
        {"time_to_live": {"enabled": True}},
        [
            (
                "users.json:15:2: time_to_live.attribute_name: is required when time to live is enabled. "
                "Name the attribute that holds the time, or set enabled to false."
            )
        ],
    ),
    "an empty time to live": (
        {"time_to_live": {}},
        [
            (
                "users.json:15:2: time_to_live.attribute_name: is required when time to live is enabled. "
                "Name the attribute that holds the time, or set enabled to false."
            )
        ],
    ),
    "a time to live with an empty attribute": (
        {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": ""}},
        ["users.json:17:3: TimeToLiveSpecification.AttributeName: is empty. Give it a value."],
    ),
    "a text as time to live": (
        {"time_to_live": "expires_at"},
        [
            (
                "users.json:15:2: time_to_live: expected a mapping, found the text 'expires_at'. Write its "
                "fields as a mapping."
            )
        ],
    ),
    "an attribute of time to live given twice": (
        {"time_to_live": {"attribute": "a", "attribute_name": "b"}},
        [
            (
                "users.json:17:3: time_to_live.attribute_name: duplicate of attribute. "
                "Keep attribute or attribute_name, not both."
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
