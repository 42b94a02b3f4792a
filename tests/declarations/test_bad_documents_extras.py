"""The fields that are ours: lifecycle, references and seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.documents import R, key
from support.folders import SOUND, sentences, write
from support.known_fields import FACET_NAMES

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a lifecycle switch that does not exist": (
        {"lifecycle": {"prevent_destroy": True}},
        [
            (
                "users.json:16:3: lifecycle.prevent_destroy: unknown field. Known fields: protect, ignore_changes, "
                "on_existing, allow_data_loss."
            )
        ],
    ),
    "protect as a text": (
        {"lifecycle": {"protect": "yes"}},
        [
            (
                "users.json:16:3: lifecycle.protect: expected true or false, found the text "
                "'yes'. Write true or false, "
                "without quotes."
            )
        ],
    ),
    "a pointer to nothing that is known": (
        {"replacement": {"pointer": {"sms": "/app/tables/users"}}},
        [
            "users.json:16:3: replacement.pointer: names no place; expected one. Write either ssm or configmap.",
            "users.json:17:4: replacement.pointer.sms: unknown field. Known fields: ssm, configmap.",
        ],
    ),
    "a pointer to two places": (
        {"replacement": {"pointer": {"ssm": "/app/users", "configmap": "apps/tables/users"}}},
        ["users.json:16:3: replacement.pointer: names two places; expected one. Write either ssm or configmap."],
    ),
    "a pointer to no place": (
        {"replacement": {"pointer": {}}},
        ["users.json:16:3: replacement.pointer: names no place; expected one. Write either ssm or configmap."],
    ),
    "a pointer to a ConfigMap without its namespace": (
        {"replacement": {"pointer": {"configmap": "tables/users"}}},
        [
            (
                "users.json:17:4: replacement.pointer.configmap: invalid value 'tables/users'; expected "
                "NAMESPACE/NAME/KEY. Write for example apps/tables/orders."
            )
        ],
    ),
    "a pointer to a ConfigMap outside of its folder": (
        {"replacement": {"pointer": {"configmap": "apps/../users"}}},
        [
            (
                "users.json:17:4: replacement.pointer.configmap: invalid value 'apps/../users'; expected "
                "NAMESPACE/NAME/KEY. Write for example apps/tables/orders."
            )
        ],
    ),
    "on_existing that does not exist": (
        {"lifecycle": {"on_existing": "adapt"}},
        [
            (
                "users.json:16:3: lifecycle.on_existing: invalid value 'adapt'; expected adopt, own, observe or "
                "fail. Did you mean adopt?"
            )
        ],
    ),
    "ignore_changes that is no list": (
        {"lifecycle": {"ignore_changes": "billing"}},
        ["users.json:16:3: lifecycle.ignore_changes: expected a list, found the text 'billing'. Write a list."],
    ),
    "ignore_changes of no facet": (
        {"lifecycle": {"ignore_changes": ["biling.throughput", "colour"]}},
        [
            (
                "users.json:17:4: lifecycle.ignore_changes[0]: invalid path 'biling.throughput'; expected the "
                "name of a facet first. "
                "Did you mean `billing`?"
            ),
            (
                "users.json:18:4: lifecycle.ignore_changes[1]: invalid path 'colour'; expected the name of a "
                "facet first. Start with "
                f"one of: {FACET_NAMES}."
            ),
        ],
    ),
    "a reference to nothing": (
        {"references": ["user"]},
        ["users.json:16:3: references[0].table: table 'user' is not declared. Did you mean `users`?"],
    ),
    "a reference to itself misspelt": (
        {"references": [{"table": "userz", "attribute": "owner"}]},
        ["users.json:17:4: references[0].table: table 'userz' is not declared. Did you mean `users`?"],
    ),
    "a reference without table": (
        {"references": [{"attribute": "owner"}]},
        ["users.json:16:3: references[0].table: is required. Add table."],
    ),
    "a seed format that does not exist": (
        {"seed": {"format": "ion"}},
        [("users.json:16:3: seed.format: invalid value 'ion'; expected plain or dynamodb-json. Write one of these.")],
    ),
    "a seed file that is not there": (
        {"seed": {"file": "seeds/people.json"}},
        [
            (
                "users.json:16:3: seed.file: seed file 'seeds/people.json' does not exist. Put the file into the "
                "folder seeds/ of the declarations."
            )
        ],
    ),
    "several faults at once": (
        {
            "table_name": "u",
            "billing_mod": 1,
            "key_schema": key(("pk", R)),
            "stream_specification": {"stream_enabled": True},
            "tags": {"aws:x": "y"},
            "deletion_protection": "no",
        },
        [
            "users.json:2:2: table_name: invalid name 'u'; it has 1 character. Use 3 to 255 characters.",
            "users.json:3:2: key_schema: has 0 HASH elements. Use exactly 1.",
            "users.json:15:2: billing_mod: unknown field. Did you mean `billing_mode`?",
            (
                "users.json:16:2: stream_specification.stream_view_type: is required when the stream is enabled. "
                "Add NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY."
            ),
            "users.json:20:3: tags.aws:x: invalid key 'aws:x'; the prefix aws: is reserved. Rename the tag.",
            (
                "users.json:22:2: deletion_protection: expected true or false, found the text "
                "'no'. Write true or false, "
                "without quotes."
            ),
        ],
    ),
}
"""Changes of the smallest sound document (None removes a field), and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_bad_document_is_reported_with_file_line_field_reason_and_remedy(case: str, tmp_path: Path) -> None:
    changes, expected = CASES[case]
    document = {field: value for field, value in (SOUND | changes).items() if value is not None}
    assert sentences(write(tmp_path / "app", {"users.json": document})) == expected
