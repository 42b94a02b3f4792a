"""The names of tables that a replacement makes beside the one that it is about, and how to tell them. Pure.

Such a name is all that is left of a replacement whose records are lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST_NAME = 255
MARK = ".replacing."
"""In the name of each copy aside, between the name of its table and a random token."""
_END = re.compile(rf"(?:{re.escape(MARK)}[0-9A-Za-z]+|-g[0-9]+)$")


def copy_name(table: str, token: str) -> str:
    """The name of a copy aside. Its random token, 16 hexadecimal digits, keeps it apart from the names of people."""
    return f"{table[: LONGEST_NAME - len(MARK) - len(token)]}{MARK}{token}"


def generation_name(table: str, number: int) -> str:
    """The name of the next generation that is built beside a table: ``orders-g2``."""
    return f"{table}-g{number}"


def is_copy_aside(name: str) -> bool:
    """Whether this is the name of a copy aside, which no person gives."""
    return MARK in name


def is_made(name: str) -> bool:
    """Whether a replacement may have made the table with this name."""
    return _END.search(name) is not None


def made_for(tables: Iterable[str], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By table of ``tables``, those of ``names`` that a replacement of it may have made, in their order."""
    # A copy of a table with a long name has its beginning only.
    token = "0" * 16
    by_beginning: dict[str, list[str]] = {}
    for table in tables:
        by_beginning.setdefault(copy_name(table, token).removesuffix(f"{MARK}{token}"), []).append(table)
        by_beginning.setdefault(table, [table])
    found: dict[str, list[str]] = {}
    for name in names:
        end = _END.search(name)
        for table in by_beginning.get(name[: end.start()], ()) if end else ():
            found.setdefault(table, []).append(name)
    return {table: tuple(made) for table, made in found.items()}
