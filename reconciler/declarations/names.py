"""Rules for names of tables and indexes: 3 to 255 characters of a-z, A-Z, 0-9, _ . and - (CreateTable)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.planning.text import several

RESERVED = "reconciler_state"
"""The name of the state table, which is never a declared one."""

_NO_VALUE = re.compile(r"(?:^|[-_.])(?P<word>None|null|undefined|nil)(?:$|[-_.])")
"""What programs write where a value is missing."""
_ALLOWED = re.compile(r"[a-zA-Z0-9_.-]")


def name_problem(name: str) -> tuple[str, str] | None:
    """Reason and remedy of a name that DynamoDB refuses, or None."""
    shown = repr(name if len(name) <= 60 else f"{name[:57]}...")
    if not 3 <= len(name) <= 255:
        return f"invalid name {shown}; it has {several(len(name), 'character')}", "Use 3 to 255 characters."
    strange = sorted({character for character in name if not _ALLOWED.fullmatch(character)})
    if strange:
        held = ", ".join(repr(character) for character in strange)
        return f"invalid name {shown}; it contains {held}", "Use only a-z, A-Z, 0-9, _ . and -."
    return None


def missing_value_problem(name: str) -> tuple[str, str] | None:
    """Reason and remedy of a name in which a program wrote a missing value, such as ``users-undefined``."""
    found = _NO_VALUE.search(name)
    if found is None:
        return None
    reason = f"invalid name {name!r}; it contains {found['word']}, which stands for a missing value"
    return reason, "Write the whole name; --environment adds the suffix of the environment."


def table_name_problems(name: str, environment: str | None) -> Iterator[tuple[str, str]]:
    """Everything wrong with a table's name as its environment spells it."""
    if name == RESERVED:
        yield f"invalid name {name!r}; it is the name of the state table", "Use another name."
        return
    problem = name_problem(name)
    if problem and environment:
        yield f"{problem[0]} (in environment {environment!r})", problem[1]
    elif problem:
        yield problem


def former_readings(
    written: str, name: str, base_name: str, environment: str, *, is_full: bool = False
) -> tuple[str, ...]:
    """The names that a former name may mean, the most likely one first, without ``name``, which is the table itself.

    ``name`` and ``base_name`` are those of the declared table. ``is_full`` means that ``written`` has the environment
    already. Where ``table_name`` has it before or after the base name, so has a former base name. But its place may
    have changed with the name, and a person may write the whole name as a preview shows it. Only the records know which
    of these tables exists; see ``planning.generations.former_names``.
    """
    prefix, suffix = _around(name, base_name)
    stands = is_full or (written.startswith(prefix) and written.endswith(suffix))
    first = written if stands else f"{prefix}{written}{suffix}"
    others = (each for each in (written, f"{written}-{environment}") if name_problem(each) is None)
    return tuple(each for each in dict.fromkeys((first, *others)) if each != name)


def _around(name: str, base_name: str) -> tuple[str, str]:
    """What ``name`` has before and after the base name; nothing if that is not one part of it."""
    if name.startswith(base_name):
        return "", name.removeprefix(base_name)
    if name.endswith(base_name):
        return name.removesuffix(base_name), ""
    before, found, after = name.partition(base_name)
    return (before, after) if found else ("", "")
