"""A table whose template keeps it: no command deletes it, and each refusal speaks the language of the template."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.endpoints import Live
from support.shop import Shop

TEMPLATE = """\
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
"""
SIMPLE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::SimpleTable
    DeletionPolicy: Retain
    Properties: {TableName: orders, PrimaryKey: {Name: pk, Type: String}}
"""
FIELD = """\
table_name: orders
key_schema: [{AttributeName: pk, KeyType: HASH}]
attribute_definitions: [{AttributeName: pk, AttributeType: S}]
lifecycle: {protect: true}
"""
OTHER = FIELD.replace("orders", "other").replace("lifecycle: {protect: true}\n", "")
SERVICE = "service: shop\nprovider: {name: aws}\nresources:\n" + "".join(
    f"  {line}\n" for line in TEMPLATE.splitlines()
)
BOTH = "DeletionPolicy: Retain and UpdateReplacePolicy: Retain"
"""As ``TEMPLATE`` says it."""
KEPT = {
    "CloudFormation": ("template.yaml", TEMPLATE, BOTH, "DeletionPolicy: Delete and UpdateReplacePolicy: Delete"),
    "SAM": ("template.yaml", SIMPLE, "DeletionPolicy: Retain", "DeletionPolicy: Delete"),
    "serverless": ("serverless.yml", SERVICE, BOTH, "DeletionPolicy: Delete and UpdateReplacePolicy: Delete"),
    "a document": ("orders.yaml", FIELD, "lifecycle.protect", "lifecycle.protect: false"),
}


@pytest.mark.parametrize("format_name", KEPT)
def test_a_refused_deletion_names_what_the_file_says(local: Live, tmp_path: Path, format_name: str) -> None:
    file, text, said, off = KEPT[format_name]
    shop = Shop(local, tmp_path)
    (tmp_path / "desired_state" / file).write_text(text)
    (tmp_path / "desired_state" / "other.yaml").write_text(OTHER)
    shop.tool("up", "--yes")
    assert shop.tables == ["orders", "other"]
    refused = shop.tool("destroy", "orders", "--yes", code=2)
    assert f"blocked (protected): its declaration says {said}\n     allow with: {off}\n" in refused
    (tmp_path / "desired_state" / file).unlink()
    pruned = shop.tool("up", "--yes", code=2)
    assert f"its declaration, which is gone, said {said}\n" in pruned
    assert f"allow with: {off} in its restored declaration; run once, then remove it\n" in pruned
    assert shop.tables == ["orders", "other"]
