"""Two evaluations of the same class files: do they declare the same tables? Called by ``reading``.

Each load starts from nothing, so a difference between two evaluations would also occur at the next load. A changing
name makes the table of the last load undeclared, so it could be deleted. A changing seed is a new seed at each start.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from reconciler.declarations.formats.python.packing import canonical
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import unpacked

_NAME_REMEDY = "Return the same name every time; a name with a time or a random part leaves tables behind."
_SEED_REMEDY = (
    "Yield the same items every time: fixed ids or uuid.uuid5, random.seed(1) or Faker.seed(1) before them, "
    "fixed dates, sorted(…) around a set."
)
_SCHEMA_REMEDY = "Return the same schema every time; do not use the time, randomness or the order of a set."


@dataclass(slots=True)
class EvaluatedClass:
    """One declaration as a child sent it; ``items`` are still packed."""

    declaration: Mapping[str, Any]
    items: list[Any] = field(default_factory=list)


def evaluated(lines: Sequence[bytes]) -> dict[tuple[str, int, str], EvaluatedClass]:
    """The declarations in frames of a child, by file, line and class."""
    found: dict[tuple[str, int, str], EvaluatedClass] = {}
    last: EvaluatedClass | None = None
    for line in lines:
        frame = json.loads(line)
        if "declaration" in frame:
            declaration = frame["declaration"]
            last = EvaluatedClass(declaration)
            found[declaration["file"], unpacked(declaration["line"]) or 1, declaration["class"]] = last
        elif "items" in frame and last is not None:
            last.items += frame["items"]
    return found


def evaluation_differences(first: Sequence[bytes], second: Sequence[bytes]) -> Iterator[Problem]:
    """What the second evaluation of the same files has otherwise than the first."""
    if list(first) == list(second):
        return
    one, other = evaluated(first), evaluated(second)
    for file, line, name in sorted({*one} ^ {*other}):
        reason = "is declared in only one of two loads"
        yield Problem(
            file, line, name, reason, "Declare the class every time; do not depend on the time or on randomness."
        )
    for key in sorted({*one} & {*other}):
        yield from _of_declaration(one[key], other[key])


def _of_declaration(one: EvaluatedClass, other: EvaluatedClass) -> Iterator[Problem]:
    before, after = one.declaration, other.declaration
    file, line = before["file"], unpacked(before["line"])
    for member in ("name", "base_name"):
        if before[member] != after[member]:
            reason = f"differs between two loads: {before[member]!r} and {after[member]!r}"
            yield Problem(file, line, "table_name", reason, _NAME_REMEDY)
            return
    if _unordered(before["value"]) != _unordered(after["value"]):
        path = _first_difference(before["value"], after["value"])
        yield Problem(file, line, "get_schema", f"returns a different schema each time: {path}", _SCHEMA_REMEDY)
    difference = _of_seeds(one.items, other.items)
    if difference:
        seed_file, number = before["seed_at"] or (file, before["line"])
        yield Problem(
            seed_file, unpacked(number), "seed", f"yields different items each time: {difference}", _SEED_REMEDY
        )


def _of_seeds(one: Sequence[Any], other: Sequence[Any]) -> str | None:
    """The first item that differs, with its attribute; None where both are the same items in any order."""
    texts, others = [canonical(item) for item in one], [canonical(item) for item in other]
    if sorted(texts) == sorted(others):
        return None
    known, here = set(others), set(texts)
    for index, text in enumerate(texts):
        if text not in known:
            if index < len(other) and others[index] not in here:
                return (
                    f"item [{index}]{_first_difference(one[index], other[index])}{_further_fields(one, other, index)}"
                )
            return f"item [{index}] is missing the second time"
    return f"{len(one):,} items the first time, {len(other):,} the second time"


def _further_fields(one: Sequence[Any], other: Sequence[Any], index: int) -> str:
    """The other attributes that differ in any item: all come from the same generator, and one is seen at a time."""
    pairs = [pair for pair in zip(one, other, strict=False) if all(isinstance(item, dict) for item in pair)]
    pairs = [(left, right) for left, right in pairs if "$" not in left and "$" not in right]
    differing = [{name for name in {*left, *right} if left.get(name) != right.get(name)} for left, right in pairs]
    shown = _first_difference(one[index], other[index])
    names = {
        name for each in differing for name in each if not shown.startswith((f".{name} ", f".{name}.", f".{name}["))
    }
    return f"; further fields that differ: {', '.join(sorted(map(str, names)))}" if names else ""


def _first_difference(one: Any, other: Any, path: str = "") -> str:
    """``.age was 30 and is 54``."""
    if isinstance(one, dict) and isinstance(other, dict) and "$" not in one:
        for key in one:
            if key not in other:
                return f"{path}.{key} is missing the second time"
            if one[key] != other[key]:
                return _first_difference(one[key], other[key], f"{path}.{key}")
        for key in other.keys() - one.keys():
            return f"{path}.{key} appears only the second time"
    if isinstance(one, list) and isinstance(other, list):
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            if left != right:
                return _first_difference(left, right, f"{path}[{index}]")
        return f"{path} has {len(one)} and then {len(other)} members"
    return f"{path} is {_shown(one)} and then {_shown(other)}"


def _shown(value: Any) -> str:
    value = value.get("of") if isinstance(value, dict) and "$" in value else value
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unordered(value: Any) -> Any:
    """With lists sorted: their order in a schema may come from a set, and does not matter until the table is built."""
    if isinstance(value, dict):
        return {key: _unordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(item) for item in value), key=canonical)
    return value
