"""A value of a declaration as a few lines for people, where JSON would be a thicket. Pure; a filter of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.planning.document import plain
from reconciler.planning.text import printable


def readable(value: Any) -> str:
    """``none`` for nothing; what a value leaves open (``None`` within it) is left out."""
    return "\n".join(_lines(plain(value))) or "none"


def pretty(value: Any) -> str:
    """Indented JSON."""
    return "\n".join(printable(line) for line in json.dumps(plain(value), indent=2, ensure_ascii=False).split("\n"))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            if isinstance(member, list | Mapping) and member:
                yield f"{printable(name)}:"
                yield from (f"  {line}" for line in _lines(member))
            elif member is not None:
                yield f"{printable(name)}: {_word(member)}"
    elif isinstance(value, list):
        for member in value:
            yield _inline(member)
    elif value is not None:
        yield _word(value)


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(
            f"{printable(name)}: {_inline(member)}" for name, member in value.items() if member is not None
        )
    if isinstance(value, list):
        return f"[{'; '.join(_inline(member) for member in value)}]"
    return _word(value)


def _word(value: Any) -> str:
    return printable(value) if isinstance(value, str) and value else json.dumps(value)
