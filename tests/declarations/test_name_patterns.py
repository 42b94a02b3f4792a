"""A file that computes the names of its tables says which other names they may have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.folders import write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.formats.name_pattern import name_pattern
from reconciler.declarations.template_inputs import TemplateInputs

PATTERNS: dict[str, tuple[Any, tuple[str, ...], tuple[str, ...]]] = {
    "Sub": ({"Fn::Sub": "orders-${Stage}"}, ("orders-dev", "orders-a-b"), ("orders-", "users-dev", "orders")),
    "Sub with values of its own": ({"Fn::Sub": ["${A}.orders", {"A": "x"}]}, ("x.orders",), ("xorders",)),
    "Join": ({"Fn::Join": ["-", ["orders", {"Ref": "Stage"}]]}, ("orders-dev",), ("orders", "orders_dev")),
    "If": ({"Fn::If": ["C", "live", {"Fn::Sub": "t-${S}"}]}, ("live", "t-x"), ("dead",)),
    "a parameter": ({"Ref": "Name"}, ("anything",), ()),
    "a variable of serverless": ("${self:service}-${opt:stage, 'dev'}-t", ("shop-dev-t",), ("shop-t",)),
    "one variable inside another": ("t-${self:custom.${opt:stage}.name}", ("t-x",), ("x",)),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_a_computed_name_stands_for_every_name_of_its_form(case: str) -> None:
    written, names, others = PATTERNS[case]
    pattern = name_pattern(written)
    assert pattern is not None
    assert [name for name in (*names, *others) if re.fullmatch(pattern, name)] == list(names)


@pytest.mark.parametrize("written", ["orders", "orders.v2", "${!literal}"])
def test_a_name_that_is_written_out_has_no_pattern(written: str) -> None:
    assert name_pattern(written) is None


TABLE = (
    "AttributeDefinitions: [{AttributeName: pk, AttributeType: S}], KeySchema: [{AttributeName: pk, KeyType: HASH}], "
    "BillingMode: PAY_PER_REQUEST"
)
OURS = (
    "key_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
)
FILES: dict[str, tuple[str, str, str]] = {
    "CloudFormation": (
        "t.yaml",
        (
            "Parameters: {Stage: {Type: String, Default: dev}}\nResources:\n"
            f"  T: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: !Sub 'orders-${{Stage}}', {TABLE}}}}}\n"
        ),
        "orders-prod",
    ),
    "serverless": (
        "serverless.yml",
        (
            "service: shop\nprovider: {name: aws}\nresources:\n  Resources:\n"
            f"    T: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: 'orders-${{sls:stage}}', {TABLE}}}}}\n"
        ),
        "orders-prod",
    ),
    "a fragment": (
        "t.yml",
        f"T: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: \"orders-${{opt:stage, 'dev'}}\", {TABLE}}}}}\n",
        "orders-prod",
    ),
    "our own format": (
        "t.yaml",
        "table_name: orders-${TEAM}\nvariables: {TEAM: {default: core}}\n" + OURS,
        "orders-web",
    ),
    "our own format in an environment": (
        "t.yaml",
        "table_name: orders-${TEAM}\nvariables: {TEAM: {default: core}}\n" + OURS,
        "orders-web-live",
    ),
}


@pytest.mark.parametrize("stored", [False, True], ids=["read", "from the cache"])
@pytest.mark.parametrize("case", FILES)
def test_a_file_names_the_pattern_of_its_tables(
    case: str, stored: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    name, text, other = FILES[case]
    write(tmp_path / "folder", {name: text})
    environment = "live" if other.endswith("-live") else None
    inputs = TemplateInputs(environment=environment)
    for _ in range(1 + stored):
        desired = FolderSource(str(tmp_path / "folder"), environment, uses_stored=True, inputs=inputs).load()
    (pattern,) = desired.files[name].name_patterns
    assert re.fullmatch(pattern, other)


def test_names_that_are_written_out_have_none(tmp_path: Path) -> None:
    write(tmp_path, {"t.yaml": f"table_name: orders\n{OURS}"})
    assert FolderSource(str(tmp_path), None).load().files["t.yaml"].name_patterns == ()
