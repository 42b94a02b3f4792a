"""A document → the text of a class file, in the shape that ``init`` writes. Called by ``files``."""

from __future__ import annotations

import json
import re
from typing import Any

WIDTH = 100
SHAPE = '''"""Table {name}."""

from typing import Any


class {class_name}:
    """What stands in SCHEMA is managed; what does not is left alone."""

    TABLE_NAME = "{name}"

    SCHEMA: dict[str, Any] = {schema}

    @classmethod
    def get_table_name(cls, environment: str | None = None) -> str:
        """Without an environment the consistent name, with one the isolated name."""
        return f"{{cls.TABLE_NAME}}-{{environment}}" if environment else cls.TABLE_NAME

    @classmethod
    def get_schema(cls, environment: str | None = None) -> dict[str, Any]:
        """The declaration, under the environment's name."""
        return {{**cls.SCHEMA, "table_name": cls.get_table_name(environment)}}
'''


def text(document: dict[str, Any]) -> str:
    """One class, called after its table."""
    name = document["table_name"]
    members = [
        f"        {_quoted(key)}: {_value(value, 8)},\n" for key, value in document.items() if key != "table_name"
    ]
    schema = "{\n" + '        "table_name": TABLE_NAME,\n' + "".join(members) + "    }"
    return SHAPE.format(name=name, class_name=class_name(name), schema=schema)


def class_name(table: str) -> str:
    """``orders.by-day`` is ``OrdersByDayTableConfig``; a leading digit gets a T before it."""
    words = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", table) if word)
    return f"{'T' if not words or words[0].isdigit() else ''}{words}TableConfig"


def _value(value: Any, indent: int) -> str:
    line = _on_one_line(value)
    if not isinstance(value, dict | list) or indent + len(line) <= WIDTH:
        return line
    inner = " " * (indent + 4)
    if isinstance(value, dict):
        rows = [f"{inner}{_quoted(key)}: {_value(each, indent + 4)},\n" for key, each in value.items()]
    else:
        rows = [f"{inner}{_value(each, indent + 4)},\n" for each in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{''.join(rows)}{' ' * indent}{closing}"


def _on_one_line(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)}: {_on_one_line(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_on_one_line, value)) + "]"
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    return json.dumps(text)
