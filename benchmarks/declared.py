"""What is declared in a measurement, in every form that a contender reads: YAML, class files, a template, seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STATE_TABLE = "reconciler_state"
YAML = """\
table_name: {name}
key_schema: [{{ AttributeName: pk, KeyType: HASH }}]
attribute_definitions: [{{ AttributeName: pk, AttributeType: S }}]
billing_mode: PAY_PER_REQUEST
"""
FACETS = """\
time_to_live: {{ AttributeName: expires_at, Enabled: true }}
tags: [{{ Key: team, Value: {name} }}]
"""
CLASS = '''\
"""The table ``{name}``."""


class Table{number}:
    TABLE_NAME = "{name}"
    SCHEMA = {{
        "table_name": TABLE_NAME,
        "key_schema": [{{"AttributeName": "pk", "KeyType": "HASH"}}],
        "attribute_definitions": [{{"AttributeName": "pk", "AttributeType": "S"}}],
        "billing_mode": "PAY_PER_REQUEST",
    }}

    @classmethod
    def get_schema(cls, environment=None):
        return dict(cls.SCHEMA)
'''
TEMPLATE = """\
  Table{number}:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: {name}
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{{ AttributeName: pk, KeyType: HASH }}]
      AttributeDefinitions: [{{ AttributeName: pk, AttributeType: S }}]
"""


def names(count: int) -> list[str]:
    """Names of so many tables."""
    return [f"table-{number:05}" for number in range(count)]


def request(name: str) -> dict[str, Any]:
    """The CreateTable request of a table, as each form below declares it."""
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }


def yaml_files(folder: Path, tables: Sequence[str], *, facets: bool = False) -> Path:
    """One YAML file per table in ``folder/desired_state``; ``facets`` adds a TTL and a tag. Returns ``folder``."""
    for name in tables:
        text = (YAML + (FACETS if facets else "")).format(name=name)
        _write(folder / "desired_state" / f"{name}.yaml", text)
    return folder


def class_files(folder: Path, tables: Sequence[str]) -> Path:
    """One class file per table in ``folder/desired_state``. Returns ``folder``."""
    for number, name in enumerate(tables):
        _write(folder / "desired_state" / f"{name.replace('-', '_')}_table.py", CLASS.format(name=name, number=number))
    return folder


def template(file: Path, tables: Sequence[str]) -> Path:
    """A CloudFormation template of the tables. Returns the file."""
    parts = [TEMPLATE.format(name=name, number=number) for number, name in enumerate(tables)]
    return _write(file, "Resources:\n" + "".join(parts))


def item(number: int) -> dict[str, str]:
    """A seed item of 150 bytes by DynamoDB's count: names and values."""
    return {"pk": f"item-{number:08}", "name": f"name {number:08}", "text": "x" * 114}


def marshalled(number: int) -> dict[str, dict[str, str]]:
    """The same item as a request has it."""
    return {name: {"S": value} for name, value in item(number).items()}


def seed_file(folder: Path, table: str, items: int) -> Path:
    """The seed of one table, JSON lines. Returns ``folder``."""
    lines = (json.dumps(item(number)) for number in range(items))
    _write(folder / "desired_state" / "seeds" / f"{table}.jsonl", "\n".join(lines) + "\n")
    return folder


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file
