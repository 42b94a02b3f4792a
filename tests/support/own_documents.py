"""Declarations of our own format for tests of variables, overlays and companions, and what loading them gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.folders import write

from reconciler.declarations.folder import FolderSource
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError

KEYS = (
    "key_schema: [{AttributeName: pk, KeyType: HASH}]\nattribute_definitions: [{AttributeName: pk, AttributeType: S}]\n"
)
ORDERS = "table_name: orders\n" + KEYS
"""Three lines."""
INDEXES = """global_secondary_indexes:
  - IndexName: by_state
    KeySchema: [{AttributeName: pk, KeyType: HASH}]
    Projection: {ProjectionType: ALL}
  - IndexName: by_day
    KeySchema: [{AttributeName: pk, KeyType: HASH}]
    Projection: {ProjectionType: KEYS_ONLY}
"""
TEMPLATE = """Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
"""


def load(folder: Path, files: dict[str, Any], **inputs: Any) -> DesiredState:
    """The desired state of these files, evaluated with the fields of ``TemplateInputs``."""
    source = FolderSource(str(write(folder, files)), inputs.get("environment"), inputs=TemplateInputs(**inputs))
    return source.load()


def sentences(folder: Path, files: dict[str, Any], **inputs: Any) -> list[str]:
    """Every problem of these files as the user reads it; empty where there is none."""
    try:
        load(folder, files, **inputs)
    except DeclarationError as error:
        return [str(problem) for problem in error.problems]
    return []
