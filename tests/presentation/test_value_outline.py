"""Values of declarations as the page of a table shows them."""

from __future__ import annotations

import pytest

from reconciler.model.table import (
    Billing,
    GlobalIndex,
    KeyElement,
    OnDemandThroughput,
    Projection,
    ResourcePolicy,
    Stream,
    Throughput,
)
from reconciler.presentation.value_outline import outline, pretty

PK = KeyElement("pk", "HASH", "S")
INDEX = """\
- name: by_x
  keys:
    attribute: pk, role: HASH, type: S
  projection:
    type: INCLUDE
    non_key_attributes:
      a
      b
  throughput:
    read: 1
    write: 1"""
SHOWN = {
    "nothing": (None, "none"),
    "an empty list": ((), "none"),
    "a word": ("STANDARD", "STANDARD"),
    "an empty word": ("", '""'),
    "a switch": (False, "false"),
    "keys, one a line": (
        (PK, KeyElement("sk", "RANGE", "N")),
        "attribute: pk, role: HASH, type: S\nattribute: sk, role: RANGE, type: N",
    ),
    "what is left open is left out": (OnDemandThroughput(read=5), "read: 5"),
    "a value within a value": (
        Billing("PROVISIONED", Throughput(1, 2)),
        "mode: PROVISIONED\nthroughput:\n  read: 1\n  write: 2",
    ),
    "a stream that is off": (Stream(False), "enabled: false"),
    "tags": ((("team", "billing"), ("stage", "")), 'team: billing\nstage: ""'),
    "an index": (
        (GlobalIndex("by_x", (PK,), Projection("INCLUDE", frozenset({"b", "a"})), Throughput(1, 1)),),
        INDEX,
    ),
    "a policy": (ResourcePolicy('{"Statement": []}'), 'document: {"Statement": []}'),
    "what a terminal would obey": ("a\x1b[31m\u202eb\nc", "a\\x1b[31m\\u202eb\\nc"),
}


@pytest.mark.parametrize("case", SHOWN)
def test_a_value_is_shown_in_lines(case):
    value, text = SHOWN[case]
    assert outline(value) == text


def test_a_request_is_shown_as_indented_json_and_hides_nothing():
    assert pretty({"TableName": "a\x1bb", "N": 1}) == '{\n  "TableName": "a\\u001bb",\n  "N": 1\n}'
