"""Formats a value of a declaration as short lines, like YAML. Pure; used by plans and by the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.json_values import plain
from reconciler.planning.text import printable


def outline(value: Any) -> str:
    """Lines like YAML; ``none`` for no value. Members that are ``None`` are left out."""
    return "\n".join(_lines(plain(value))) or "none"


def pretty(value: Any) -> str:
    """Indented JSON."""
    return "\n".join(printable(line) for line in json.dumps(plain(value), indent=2, ensure_ascii=False).split("\n"))


def _lines(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for name, member in value.items():
                if _deep(member):
                    yield f"{printable(name)}:"
                    yield from (f"  {line}" for line in _lines(member))
                elif member is not None:
                    yield f"{printable(name)}: {_word(member)}"
        case list():
            for member in value:
                if isinstance(member, Mapping) and any(_deep(part) for part in member.values()):
                    first, *rest = _lines(member)
                    yield from (f"- {first}", *(f"  {line}" for line in rest))
                else:
                    yield _line(member)
        case None:
            return
        case _:
            yield _word(value)


def _deep(value: Any) -> bool:
    return isinstance(value, list | Mapping) and bool(value)


def _line(value: Any) -> str:
    """A member of a list: a map of words in one line, a pair as a name and its value."""
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(name)}: {_word(member)}" for name, member in value.items() if member is not None)
    if isinstance(value, list) and len(value) == 2:
        return f"{_word(value[0])}: {_word(value[1])}"
    return _word(value)


def _word(value: Any) -> str:
    return printable(value) if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
