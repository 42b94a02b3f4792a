"""What people get wrong in YAML: indentation, quotes, words that mean something else, anchors, templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.folders import sentences, write
from support.known_fields import TABLE_FIELDS
from support.yaml_documents import DOC

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a key that is indented more than its sisters": (
        {"users.yaml": "table_name: users\n key_schema:\n  - {attribute_name: pk, key_type: HASH}\n"},
        ["users.yaml:2:12: is not YAML: mapping values are not allowed here. Correct the syntax."],
    ),
    "a list element whose second key is indented less": (
        {"users.yaml": "table_name: users\nkey_schema:\n  - attribute_name: pk\n   key_type: HASH\n"},
        [("users.yaml:4:4: is not YAML: expected <block end>, but found '<block mapping start>'. Correct the syntax.")],
    ),
    "a tab before a list element": (
        {"users.yaml": "table_name: users\nkey_schema:\n\t- attribute_name: pk\n"},
        ["users.yaml:3:1: is not YAML: found character '\\t' that cannot start any token. Correct the syntax."],
    ),
    "no space after a colon": (
        {"users.yaml": "table_name:users\nkey_schema: []\n"},
        ["users.yaml:2:11: is not YAML: mapping values are not allowed here. Correct the syntax."],
    ),
    "no space after the only colon": (
        {"users.yaml": "table_name:users\n"},
        [("users.yaml:1:1: expected a mapping. Write one table per document; put seeds into seeds/.")],
    ),
    "a quote that is never closed": (
        {"users.yaml": 'table_name: "users\nkey_schema: []\n'},
        ["users.yaml:3:1: is not YAML: found unexpected end of stream. Correct the syntax."],
    ),
    "a colon inside a plain text": (
        {"users.yaml": DOC + "description: Users: all of them\n"},
        ["users.yaml:4:19: is not YAML: mapping values are not allowed here. Correct the syntax."],
    ),
    "a text that begins with an at sign": (
        {"users.yaml": DOC + "description: @users\n"},
        ["users.yaml:4:14: is not YAML: found character '@' that cannot start any token. Correct the syntax."],
    ),
    "a text that begins with a percent sign": (
        {"users.yaml": DOC + "description: %users\n"},
        ["users.yaml:4:14: is not YAML: found character '%' that cannot start any token. Correct the syntax."],
    ),
    "a placeholder of a template": (
        {"users.yaml": DOC + "description: {{ description }}\n"},
        [
            (
                "users.yaml:4:14: contains the template expression {{ description }}, which is not rendered. "
                "Render the template into this folder, or write the value itself."
            )
        ],
    ),
    "a block of a Helm template": (
        {"users.yaml": "{{- if .Values.users }}\n" + DOC + "{{- end }}\n"},
        [
            (
                "users.yaml:1:1: contains the template expression {{- if .Values.users }}, which is not rendered. "
                "Render the template into this folder, or write the value itself."
            )
        ],
    ),
    "a path of Windows in double quotes": (
        {"users.yaml": DOC + 'description: "C:\\users"\n'},
        [
            (
                "users.yaml:4:19: is not YAML: expected escape sequence of 4 hexdecimal numbers, but found 's'. "
                "Correct the syntax."
            )
        ],
    ),
    "the marks of a merge conflict": (
        {"users.yaml": "<<<<<<< HEAD\n" + DOC + "=======\n" + DOC + ">>>>>>> other\n"},
        ["users.yaml:1:1: contains merge conflict markers. Resolve the conflict."],
    ),
    "a table called no": (
        {"users.yaml": DOC.replace("table_name: users", "table_name: no")},
        ["users.yaml:1:1: table_name: invalid name 'no'; it has 2 characters. Use 3 to 255 characters."],
    ),
    "a table called true": (
        {"users.yaml": DOC.replace("table_name: users", "table_name: true")},
        ['users.yaml:1:1: table_name: expected a text, found true. Write a text in quotes: "true".'],
    ),
    "nothing after the name's colon": (
        {"users.yaml": DOC.replace("table_name: users", "table_name:")},
        ["users.yaml:1:1: table_name: is empty. Add table_name: the name of the table."],
    ),
    "a tilde for a name": (
        {"users.yaml": DOC.replace("table_name: users", "table_name: ~")},
        ["users.yaml:1:1: table_name: is empty. Add table_name: the name of the table."],
    ),
    "a year for a name": (
        {"users.yaml": DOC.replace("table_name: users", "table_name: 2026")},
        ['users.yaml:1:1: table_name: expected a text, found the number 2026. Write a text in quotes: "2026".'],
    ),
    "a variable of a shell for a name": (
        {"users.yaml": DOC.replace("table_name: users", "table_name: ${TABLE}")},
        [
            (
                "users.yaml:1:1: table_name: holds the placeholder ${TABLE}, which is not replaced. Write the whole "
                "name; --environment adds the suffix of the environment. To replace it, declare the variable: "
                "variables: {TABLE: {default: VALUE}}."
            )
        ],
    ),
    "protection switched off": (
        {"users.yaml": DOC + "deletion_protection: off\n"},
        [
            (
                "users.yaml:4:1: deletion_protection: expected true or false, found the text 'off'. Write true or "
                "false, without quotes."
            )
        ],
    ),
    "protection by a single letter": (
        {"users.yaml": DOC + "lifecycle: {protect: y}\n"},
        [
            (
                "users.yaml:4:13: lifecycle.protect: expected true or false, found the text 'y'. Write true or "
                "false, without quotes."
            )
        ],
    ),
    "yes under a directive of YAML 1.1": (
        {"users.yaml": "%YAML 1.1\n---\n" + DOC + "deletion_protection: yes\n"},
        [
            (
                "users.yaml:6:1: deletion_protection: expected true or false, found the text 'yes'. Write true or "
                "false, without quotes."
            )
        ],
    ),
    "a directive of a YAML to come": (
        {"users.yaml": "%YAML 3.0\n---\n" + DOC},
        [
            (
                "users.yaml:1:1: is not YAML: found incompatible YAML document (version 1.* is required). "
                "Correct the syntax."
            )
        ],
    ),
    "a date for a time to live": (
        {"users.yaml": DOC + "ttl: 2026-01-01\n"},
        ["users.yaml:4:1: ttl: expected a mapping, found the text '2026-01-01'. Write its fields as a mapping."],
    ),
    "a time of day for a time to live": (
        {"users.yaml": DOC + "ttl: 12:30:45\n"},
        ["users.yaml:4:1: ttl: expected a mapping, found the text '12:30:45'. Write its fields as a mapping."],
    ),
    "a tag that is a number": (
        {"users.yaml": DOC + "tags: {cost_center: 42}\n"},
        ['users.yaml:4:8: tags.cost_center: expected a text, found the number 42. Write a text in quotes: "42".'],
    ),
    "a tag that is true": (
        {"users.yaml": DOC + "tags: {personal: true}\n"},
        ['users.yaml:4:8: tags.personal: expected a text, found true. Write a text in quotes: "true".'],
    ),
    "a tag without value": (
        {"users.yaml": DOC + "tags: {owner: }\n"},
        ["users.yaml:4:8: tags.owner: expected a text, found empty. Write a text."],
    ),
    "tags as a list of mappings": (
        {"users.yaml": DOC + "tags:\n  - team: core\n"},
        [
            "users.yaml:5:5: tags[0].team: unknown field. Known fields: key, value.",
            "users.yaml:5:5: tags[0].key: is required. Add key.",
            "users.yaml:5:5: tags[0].value: is required. Add value.",
        ],
    ),
    "an ordered mapping of tags": (
        {"users.yaml": DOC + "tags: !!omap [a: b]\n"},
        ["users.yaml:4:7: unsupported tag tag:yaml.org,2002:omap. Write the value itself."],
    ),
    "a fraction for capacity": (
        {"users.yaml": DOC + "provisioned_throughput: {read_capacity_units: 5.5, write_capacity_units: 5}\n"},
        [
            (
                "users.yaml:4:26: provisioned_throughput.read_capacity_units: expected a whole number, found the "
                "number 5.5. Write a whole number, without quotes."
            )
        ],
    ),
    "a capacity of forty digits": (
        {"users.yaml": DOC + f"provisioned_throughput: {{read_capacity_units: {'9' * 40}, write_capacity_units: 5}}\n"},
        [
            (
                "users.yaml:4:26: provisioned_throughput.read_capacity_units: a number of 40 digits is greater than "
                "9223372036854775807. Write 9223372036854775807 or less."
            )
        ],
    ),
    "a capacity of five thousand digits": (
        {
            "users.yaml": DOC
            + f"provisioned_throughput: {{read_capacity_units: {'9' * 5000}, write_capacity_units: 5}}\n"
        },
        [
            (
                "users.yaml:4:26: provisioned_throughput.read_capacity_units: expected a whole number, found a "
                "number of 5000 digits. Write a whole number, without quotes."
            )
        ],
    ),
    "a capacity of four thousand hexadecimal digits": (
        {
            "users.yaml": DOC
            + f"provisioned_throughput: {{read_capacity_units: 0x{'f' * 4000}, write_capacity_units: 5}}\n"
        },
        ["users.yaml:4:47: has 0xffffffffffffffffff…, which is too long for a number. Shorten it."],
    ),
    "a capacity with a huge exponent": (
        {"users.yaml": DOC + "provisioned_throughput: {read_capacity_units: 1e999, write_capacity_units: 5}\n"},
        [
            (
                "users.yaml:4:26: provisioned_throughput.read_capacity_units: expected a whole number, found the "
                "number inf. Write a whole number, without quotes."
            )
        ],
    ),
    "a set where a list belongs": (
        {"users.yaml": DOC + "lifecycle: {ignore_changes: !!set {tags, ttl}}\n"},
        ["users.yaml:4:13: lifecycle.ignore_changes: expected a list, found a set. Write a list."],
    ),
    "binary where a text belongs": (
        {"users.yaml": DOC + "description: !!binary aGk=\n"},
        ["users.yaml:4:1: description: expected a text, found binary. Write a text."],
    ),
    "binary that is not base64": (
        {"users.yaml": DOC + "description: !!binary '*'\n"},
        ["users.yaml:4:14: invalid base64 in !!binary. Encode it as base64."],
    ),
    "binary that is not even ASCII": (
        {"users.yaml": DOC + "description: !!binary 'é'\n"},
        ["users.yaml:4:14: invalid base64 in !!binary. Encode it as base64."],
    ),
    "a merge of a mapping into itself": (
        {"users.yaml": "tags: &t\n  <<: *t\n" + DOC},
        ["users.yaml:1:7: has an anchor that refers to itself. Remove the alias."],
    ),
    "a merge of a number": (
        {"users.yaml": DOC + "<<: [5]\n"},
        ["users.yaml:4:5: << must refer to a mapping. Use << with an alias of a mapping."],
    ),
    "a misspelling that was merged in": (
        {"users.yaml": DOC + "lifecycle:\n  <<: {protct: true}\n"},
        ["users.yaml:5:8: lifecycle.protct: unknown field. Did you mean `protect`?"],
    ),
    "one anchor for two fields that take different ones": (
        {"users.yaml": DOC + "tags: &t {a: b}\nlifecycle: *t\n"},
        [
            (
                "users.yaml:4:11: lifecycle.a: unknown field. Known fields: protect, ignore_changes, on_existing, "
                "allow_data_loss."
            )
        ],
    ),
    "a block of text for a key schema": (
        {"users.yaml": "table_name: users\nkey_schema: |\n  - attribute_name: pk\nattribute_definitions: []\n"},
        [
            "users.yaml:2:1: key_schema: expected a list, found the text '- attribute_name: pk\\n'. Write a list.",
            (
                "users.yaml:4:1: attribute_definitions: is empty. Add attribute_definitions, such as "
                '[{"AttributeName": "pk", "AttributeType": "S"}].'
            ),
        ],
    ),
    "a key of two thousand characters": (
        {"users.yaml": DOC + "x" * 2000 + ": 1\n"},
        ["users.yaml:4:2001: is not YAML: could not find expected ':'. Correct the syntax."],
    ),
    "garbage after the end of a document": (
        {"users.yaml": DOC + "...\ngarbage: [\n"},
        ["users.yaml:6:1: is not YAML: expected the node content, but found '<stream end>'. Correct the syntax."],
    ),
    "a second document that is a list": (
        {"users.yaml": DOC + "---\n- a\n"},
        [("users.yaml:5:1: expected a mapping. Write one table per document; put seeds into seeds/.")],
    ),
    "line ends of Windows and a misspelling": (
        {"users.yaml": DOC.replace("\n", "\r\n") + "billing_mod: x\r\n"},
        ["users.yaml:4:1: billing_mod: unknown field. Did you mean `billing_mode`?"],
    ),
    "a manifest of Kubernetes that names a field of tables": (
        {"users.yaml": "apiVersion: v1\nkind: Table\nbilling_mode: PROVISIONED\n" + DOC},
        [
            f"users.yaml:1:1: apiVersion: unknown field. Known fields: {TABLE_FIELDS}.",
            (
                "users.yaml:1:1: provisioned_throughput: is required when billing_mode is PROVISIONED. Add "
                "read_capacity_units and write_capacity_units, or set billing_mode to PAY_PER_REQUEST."
            ),
            "users.yaml:2:1: kind: unknown field. The first such error lists the known fields.",
        ],
    ),
}
"""The files of a folder, and every sentence they lead to."""


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_in_yaml_is_reported_with_its_line(case: str, tmp_path: Path) -> None:
    files, expected = CASES[case]
    assert sentences(write(tmp_path / "app", files)) == expected
