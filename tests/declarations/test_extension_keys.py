"""Top-level keys that begin with ``x-``: a place for YAML anchors, as in Compose."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import load, problems, sentences, write
from support.yaml_documents import DOC

KEYS = "key_schema: *keys\nattribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"


@pytest.mark.parametrize(
    "text",
    [
        "x-keys: &keys\n  - {AttributeName: pk, KeyType: HASH}\ntable_name: users\n" + KEYS,
        "x-: &keys [{AttributeName: pk, KeyType: HASH}]\ntable_name: users\n" + KEYS,
        "x-base: &base {billing_mode: PAY_PER_REQUEST}\n<<: *base\n" + DOC,
        DOC + "x-note: ${ANY} {{ text }}\n",
        DOC + "x-owner:\n",
        DOC + "x-table_name: another\n",
        DOC + "x-1: 1\nx-2: [1]\n",
        "x-only: {a: 1}\n---\n" + DOC,
    ],
)
def test_they_are_ignored(text: str, tmp_path: Path) -> None:
    desired = load(write(tmp_path, {"users.yaml": text}))
    assert [declaration.spec.name for declaration in desired.declarations] == ["users"]
    assert desired.warnings == ()


def test_a_file_of_nothing_else_declares_nothing_without_a_warning(tmp_path: Path) -> None:
    desired = load(
        write(tmp_path, {"users.yaml": DOC, "anchors.yaml": "x-a: 1\n---\nx-b: 2\n", "b.json": '{"x-a": 1}'})
    )
    assert desired.warnings == ()


@pytest.mark.parametrize("key", ["X-keys", "x_keys", "xkeys", ".keys", "anchors"])
def test_any_other_key_is_an_unknown_field(key: str, tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, {"users.yaml": DOC + f"{key}: 1\n"}))
    assert (problem.field, problem.reason) == (key, "unknown field")


def test_what_an_anchor_brings_into_a_field_is_checked_there(tmp_path: Path) -> None:
    text = DOC + "x-tags: &tags {team: '${TEAM}'}\ntags: *tags\n"
    assert "tags.team: holds the placeholder ${TEAM}" in sentences(write(tmp_path, {"users.yaml": text}))[0]
