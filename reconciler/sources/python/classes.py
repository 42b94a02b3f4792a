"""Which classes of a module declare a table. Called by ``reading``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

_OF_A_TABLE = ("table_name", "TableName", "key_schema", "KeySchema")


def declared_classes(module: ModuleType) -> Iterator[type]:
    """Classes of this very module with a dict SCHEMA, in their order; an empty SCHEMA that others inherit is a base."""
    seen: set[int] = set()
    for value in list(vars(module).values()):
        if not inspect.isclass(value) or value.__module__ != module.__name__ or id(value) in seen:
            continue
        seen.add(id(value))
        schema = getattr(value, "SCHEMA", None)
        if isinstance(schema, dict) and (has_get_schema(value) or any(key in schema for key in _OF_A_TABLE)):
            if not schema and (value.__subclasses__() or inspect.isabstract(value)):
                continue
            yield value
        elif hasattr(value, "SCHEMA") and has_get_schema(value) and (schema is not None or not value.__subclasses__()):
            yield value


def has_get_schema(owner: type) -> bool:
    """Whether the class can be asked for its schema."""
    return callable(getattr(owner, "get_schema", None))
