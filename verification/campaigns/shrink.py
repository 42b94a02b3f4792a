"""Shrinks a failed case as long as it fails in the same way. Called by campaigns whose cases are data.

A case is a tree of frozen dataclasses and tuples. One thing at a time is left out of it: a member of a tuple, a value
that may be None, a flag, a number.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 60.0
WORDS = 11
"""The part of a failure text by which two failures are compared; numbers are ignored."""


def failure_of(run: Callable[[T], object], case: T) -> tuple[str, str] | None:
    """How a case fails: the kind of the failure and its whole text. None where it holds."""
    try:
        run(case)
    except Exception as error:  # noqa: BLE001 -- whatever a case raises is its failure
        text = str(error)
        return " ".join([type(error).__name__, *re.findall(r"[A-Za-z]+", text)[:WORDS]]), text
    return None


def shrunk(
    run: Callable[[T], object],
    case: T,
    *,
    valid: Callable[[T], bool] = lambda case: True,
    seconds: float = SECONDS,
) -> tuple[T, str]:
    """The smallest case found that fails like ``case``, and its text; ``case`` must fail."""
    found = failure_of(run, case)
    if found is None:
        raise ValueError("this case does not fail")
    kind, text = found
    until = time.monotonic() + seconds
    smaller = True
    while smaller and time.monotonic() < until:
        smaller = False
        for candidate in less(case):
            if time.monotonic() > until:
                break
            if not valid(candidate):
                continue
            found = failure_of(run, candidate)
            if found is not None and found[0] == kind:
                case, text, smaller = candidate, found[1], True
                break
    return case, text


def less(value: Any) -> Iterator[Any]:
    """Every value that is ``value`` with one thing less in it, the larger steps first."""
    if is_dataclass(value) and not isinstance(value, type):
        yield from _less_of_fields(value)
    elif isinstance(value, tuple):
        yield from _less_of_members(value)
    elif isinstance(value, bool):
        if value:
            yield False
    elif isinstance(value, int | float) and value > 0:
        yield from dict.fromkeys(type(value)(least) for least in (0, 1, value // 2, value - 1) if 0 <= least < value)


def _less_of_fields(value: Any) -> Iterator[Any]:
    for field in fields(value):
        if field.default is None and getattr(value, field.name) is not None:
            yield replace(value, **{field.name: None})
    for field in fields(value):
        for smaller in less(getattr(value, field.name)):
            if field.default is MISSING or getattr(value, field.name) != field.default:
                yield replace(value, **{field.name: smaller})


def _less_of_members(members: tuple[Any, ...]) -> Iterator[Any]:
    half = len(members) // 2
    if half:
        yield members[:half]
        yield members[half:]
    for position in range(len(members)):
        yield members[:position] + members[position + 1 :]
    for position, member in enumerate(members):
        for smaller in less(member):
            yield (*members[:position], smaller, *members[position + 1 :])


def shown(value: Any, depth: int = 0) -> str:
    """A case in lines, without what is at its default."""
    if is_dataclass(value) and not isinstance(value, type):
        reported = [(field.name, getattr(value, field.name)) for field in fields(value) if _reported(value, field)]
        inner = ", ".join(f"{name}={shown(member, depth + 1)}" for name, member in reported)
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        separator = ",\n" + "  " * (depth + 1) if depth < 2 else ", "
        return f"({separator.join(shown(member, depth + 1) for member in value)},)" if value else "()"
    return repr(str(value)) if isinstance(value, str) else repr(value)


def _reported(value: Any, field: Any) -> bool:
    return field.default is MISSING or bool(getattr(value, field.name) != field.default)
