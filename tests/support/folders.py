"""Desired states in a temporary folder: writing, loading, and their problems as sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from reconciler.declarations.folder import FolderSource
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError, Problem

KEY = [{"AttributeName": "pk", "KeyType": "HASH"}]
DEFINITIONS = [{"AttributeName": "pk", "AttributeType": "S"}]

SOUND: dict[str, Any] = {"table_name": "users", "key_schema": KEY, "attribute_definitions": DEFINITIONS}
"""The smallest sound document."""


def write(folder: Path, files: Mapping[str, str | bytes | list[Any] | dict[str, Any]]) -> Path:
    """Files by path: texts and bytes as they are, anything else as JSON."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    return folder


def load(folder: Path, environment: str | None = None) -> DesiredState:
    """The desired state of a folder."""
    return FolderSource(str(folder), environment).load()


def problems(folder: Path, environment: str | None = None) -> list[Problem]:
    """Every problem of a folder; empty when there is none."""
    try:
        load(folder, environment)
    except DeclarationError as error:
        return list(error.problems)
    return []


def sentences(folder: Path, environment: str | None = None) -> list[str]:
    """Every problem of a folder as the user reads it; empty when there is none."""
    return [str(problem) for problem in problems(folder, environment)]


def typed(value: Any) -> Any:
    """The value with the type of each part, because ``1 == True``; sets in an order that no hash seed decides."""
    kind = type(value).__name__
    if is_dataclass(value):
        return kind, [(each.name, typed(getattr(value, each.name))) for each in fields(value)]
    if isinstance(value, Mapping):
        return kind, [(typed(key), typed(item)) for key, item in value.items()]
    if isinstance(value, set | frozenset):
        return kind, sorted(repr(each) for each in value)
    return (kind, [typed(each) for each in value]) if isinstance(value, list | tuple) else (kind, repr(value))
