"""A change of one field as lines: its path with the value before and after. Pure; every plan and ``diff`` use it.

A value with members is shown as lines like YAML, because one line of JSON is wider than any terminal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.change import Change
from reconciler.model.json_values import plain
from reconciler.planning.text import printable

Line = tuple[str, str]
"""A style name (``create``, ``blocked``, ``error``, ``dim``, ``title``, ``plain``, …) and a text without colour."""

ABSENT = "none"
_STYLES = {"+": "create", "-": "delete", " ": "plain"}


def value_text(value: Any) -> str:
    """A value on one line of JSON; ``none`` where there is nothing."""
    return ABSENT if value is None else printable(json.dumps(plain(value), ensure_ascii=False))


def change_lines(change: Change, *, absent: str = ABSENT) -> Iterator[Line]:
    """``ttl.attribute: "old" → "expires_at"``, or a heading and indented lines where a value has members.

    ``absent`` stands for a value that is ``None``.
    """
    path, before, after = printable(change.path), plain(change.before), plain(change.after)
    if not (_has_members(before) or _has_members(after)):
        yield "plain", f"{path}: {_or(before, absent)} → {_or(after, absent)}"
    elif before is None:
        yield "plain", f"{path}: {absent} →"
        yield from (("plain", f"  {line}") for line in _outline(after))
    elif after is None:
        yield "plain", f"{path}: → {absent}; before:"
        yield from (("plain", f"  {line}") for line in _outline(before))
    else:
        yield "plain", f"{path}:"
        yield from ((_STYLES[line[0]], f"  {line}") for line in _marked(before, after))


def _or(value: Any, absent: str) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        # One member is as good as a value: an attribute of an item is N "30".
        name, member = next(iter(value.items()))
        return f"{printable(name)} {value_text(member)}"
    return absent if value is None else value_text(value)


def _has_members(value: Any) -> bool:
    """Whether a value takes lines of its own: a list or a mapping, unless its only member is a plain value."""
    if isinstance(value, Mapping) and len(value) == 1:
        return any(isinstance(member, list | Mapping) and member for member in value.values())
    return isinstance(value, list | Mapping) and bool(value)


def _outline(value: Any) -> list[str]:
    # Imported here, as in ``_marked``: most commands show no value with members.
    from reconciler.presentation.value_outline import outline

    return outline(value).split("\n")


def _marked(before: Any, after: Any) -> Iterator[str]:
    """The lines of both values: ``-`` only before, ``+`` only after."""
    from difflib import SequenceMatcher

    from reconciler.presentation.value_outline import pretty

    old, new = _outline(before), _outline(after)
    if old == new:
        # The outline writes texts without quotes and leaves out what is not set.
        old, new = pretty(before).split("\n"), pretty(after).split("\n")
    for kind, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (f"  {line}" for line in old[first:last])
        else:
            yield from (f"- {line}" for line in old[first:last])
            yield from (f"+ {line}" for line in new[begin:end])
