"""Detects documents that declare no table but look like a declaration. Called by ``documents``.

A declaration that was wrapped, converted or commented out must not look like a removed one: its table would be deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.position import position_at
from reconciler.parsing.parsed import Parsed, ParseError
from reconciler.parsing.source_location import Path, path_text

_FIELDS = frozenset(
    (
        *("TableName", "KeySchema", "AttributeDefinitions", "table_name", "key_schema", "attribute_definitions"),
        *("tableName", "keySchema", "attributeDefinitions", "aws_dynamodb_table", "get_schema"),
    )
)
_NAME_FIELDS = frozenset(("TableName", "table_name"))
_KEY_FIELDS = frozenset(("KeySchema", "key_schema"))
_KEYS_OF_OTHER_TOOLS = frozenset(
    ("hashKey", "hash_key", "HashKey", "partitionKey", "partition_key", "PartitionKey", "primaryKey", "primary_key")
)
"""How Terraform, Crossplane, Pulumi, the CDK and others call the key of a table."""
_OTHER_REMEDY = "Declare the table with table_name, key_schema and attribute_definitions, or move it out of the folder."
_RESOURCES = frozenset(("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Serverless::SimpleTable"))
_ANSWERS = {
    "Table": "is the output of `aws dynamodb describe-table`",
    "TableDescription": "is the output of `aws dynamodb create-table`",
    "Tables": "has its tables under Tables",
}
"""Top-level keys of what the AWS CLI prints, where their values are as it prints them."""
_RESOURCE = "contains a CloudFormation resource where none is read"
_RESOURCE_REMEDY = "Move it under Resources, or move the file out of the folder."
_TERRAFORM_REMEDY = (
    "Run `terraform show -json > tables.json` and put tables.json into this folder, or move the file out of it."
)
_UNWRAP = "Move the fields of the table to the top level of the document, or move the file out of the folder."

_COMMENTED_FIELD = re.compile(
    r"^[ \t]*#+[ \t]*(?:-[ \t]*)?[\"']?(?:TableName|table_name|KeySchema|key_schema)[\"']?[ \t]*[:=]"
    r"|^[ \t]*#+.*\bAWS::DynamoDB::(?:Global)?Table\b",
    re.MULTILINE,
)
_CONFLICT = re.compile(r"^(?:<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)(?: .*)?$", re.MULTILINE)


def refuse_conflict_markers(text: str) -> None:
    """``ParseError`` for a file in which a merge was not finished: it holds two versions, or half of one."""
    found = _CONFLICT.search(text)
    if found is not None:
        line = position_at(text, found.start())
        raise ParseError(line, "contains merge conflict markers", "Resolve the conflict.")


def refuse_overlooked(document: Parsed, value: Mapping[Any, Any]) -> None:
    """``ParseError`` for a mapping that is no table at its top, and holds one somewhere or is made of one.

    ``value`` is that of the document without what stands there only for its anchors.
    """
    if "json-schema.org" in str(value.get("$schema", "")):
        return
    for path, kind in _marks(value):
        line = _line(document, path)
        if kind == "resource":
            raise ParseError(line, _RESOURCE, _RESOURCE_REMEDY)
        if path[-1] == "aws_dynamodb_table" and path[0] == "resource":
            raise ParseError(line, "is a configuration of Terraform, which is not read", _TERRAFORM_REMEDY)
        wrapper = _ANSWERS.get(str(path[0])) if len(path) > 1 else None
        if wrapper is not None and _is_answer(path[0], value):
            raise ParseError(document.line, wrapper, _UNWRAP)
        reason = f"field {path[-1]} of a table is not allowed under {path_text(path[:-1]) or 'the document'}"
        raise ParseError(line, reason, _UNWRAP)
    for key, wrapper in _ANSWERS.items():
        if _is_answer(key, value):
            raise ParseError(document.line, wrapper, _UNWRAP)
    other = _of_another_tool(value)
    if other is not None:
        reason = f"looks like the table format of another tool ({path_text(other)})"
        raise ParseError(_line(document, other), reason, _OTHER_REMEDY)


def _of_another_tool(value: Any) -> Path | None:
    """Where the key of a table, or the type of the resource, stands as another tool writes it."""
    for path, mapping in _mappings(value):
        for key, inner in mapping.items():
            is_key = key in _KEYS_OF_OTHER_TOOLS and isinstance(inner, str | Mapping)
            is_type = isinstance(inner, str) and inner in ("aws_dynamodb_table", "aws:dynamodb:Table")
            if is_key or is_type or (key == "kind" and inner in ("Table", "GlobalTable") and _is_dynamodb(mapping)):
                return (*path, str(key))
    return None


def _mappings(value: Any) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    """Every mapping in a value, at any depth, with its path."""
    open_values: list[tuple[Path, Any]] = [((), value)]
    while open_values:
        path, each = open_values.pop()
        if isinstance(each, Mapping):
            yield path, each
            open_values += [((*path, str(key)), inner) for key, inner in each.items()]
        elif isinstance(each, list):
            open_values += [((*path, index), inner) for index, inner in enumerate(each)]


def _is_dynamodb(resource: Mapping[Any, Any]) -> bool:
    return "dynamodb" in str(resource.get("apiVersion", ""))


def holds_table(value: Any) -> bool:
    """Whether a table with a name and keys is in it, at any depth."""
    return any(
        not mapping.keys().isdisjoint(_NAME_FIELDS) and not mapping.keys().isdisjoint(_KEY_FIELDS)
        for _, mapping in _mappings(value)
    )


def refuse_commented_out(text: str) -> None:
    """``ParseError`` for a file without any table, if there is one in its comments."""
    found = _COMMENTED_FIELD.search(text)
    if found is not None:
        line = position_at(text, found.start())
        remedy = "Uncomment the declaration, or remove the file if its table should be deleted."
        raise ParseError(line, "declares nothing; its declaration is commented out", remedy)


def _is_answer(key: Any, value: Mapping[Any, Any]) -> bool:
    inner = value.get(key)
    return isinstance(inner, Mapping if key in ("Table", "TableDescription") else list)


def _marks(value: Any) -> Iterator[tuple[Path, str]]:
    """Where a field of a table or the type of a resource stands, resources first; no deeper than a file can be."""
    found: list[tuple[Path, str]] = []
    for path, mapping in _mappings(value):
        for key, inner in mapping.items():
            here = (*path, str(key))
            if isinstance(inner, str) and inner in _RESOURCES:
                found.append((here, "resource"))
            elif (key in _FIELDS and not isinstance(inner, str | None)) or key in ("TableName", "table_name"):
                found.append((here, "field"))
    return iter(sorted(found, key=lambda mark: (mark[1] != "resource", len(mark[0]), [str(part) for part in mark[0]])))


def _line(document: Parsed, path: Path) -> int:
    for size in range(len(path), 0, -1):
        if path[:size] in document.lines:
            return document.lines[path[:size]]
    return document.line
