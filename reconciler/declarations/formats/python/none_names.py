"""Names that were made of None, such as ``users-None``. Called by ``evaluating`` for each name.

An f-string turns a missing environment, or any other missing value, into the word None, and the name that results is a
valid one. It is refused unless the word stands in a text of the source itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_ANOTHER_ENVIRONMENT = "zq0e9"
"""A text that no name holds: where it turns up in the name, the name is made of the environment."""
_WORD = re.compile(r"(?:^|[-_.])None(?:$|[-_.])")


def built_from_none(
    name: str | None, environment: str | None, named: Callable[[str], Any], sources: Iterable[bytes]
) -> tuple[str, str] | None:
    """Reason and remedy where ``name`` is made of None; ``named`` gives the name for another environment."""
    if not name or "none" not in name.lower():
        return None
    rest = name
    for text in sorted(_texts_with_none(sources), key=len, reverse=True):
        rest = rest.replace(text, "\0")
    if "none" not in rest.lower():
        return None
    by_environment = environment is None and _follows_environment(name, named)
    if not by_environment and not _WORD.search(rest):
        return None
    reason = f"invalid name {name!r}; it contains None"
    if by_environment:
        give = "Pass --environment NAME (RECONCILER_ENVIRONMENT)"
        return reason, f"{give}, or return the name without it when it is None."
    if environment is None:
        give = "Set the missing value, or pass --environment NAME"
        return reason, f"{give} (RECONCILER_ENVIRONMENT)."
    return reason, f"Set the missing value; --environment is {environment!r}."


def _follows_environment(name: str, named: Callable[[str], Any]) -> bool:
    other = named(_ANOTHER_ENVIRONMENT)
    if not isinstance(other, str) or _ANOTHER_ENVIRONMENT not in other.lower():
        return False
    return other.lower().replace(_ANOTHER_ENVIRONMENT, "none") == name.lower()


def _texts_with_none(sources: Iterable[bytes]) -> Iterator[str]:
    """Texts written in the code, less docstrings and the bare word, which is how None itself would look."""
    for source in sources:
        if b"none" not in source.lower():
            continue
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and text != "None" and "none" in text.lower() and " " not in text:
                yield text
