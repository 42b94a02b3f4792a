"""Follows the remedies of error messages literally, like a trusting user."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from support.folders import load, problems, write

from reconciler.model.errors import Problem

_IN_PLACE = re.compile(r'^Write ("\w+": .+) in its place\.$')
_LEAST = re.compile(r"^Write (-?\d+) or more\.$")
_RENAME = re.compile(r"^Did you mean `(\w+)`\?$")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def follow(folder: Path, document: dict[str, Any], rounds: int = 6) -> Any:
    """Load the document, do what each message says, and load it again until it is valid: its TableSpec."""
    for _ in range(rounds):
        write(folder, {"users.json": document})
        found = problems(folder)
        if not found:
            return load(folder).declarations[0].spec
        for problem in found:
            _apply(document, problem)
    raise AssertionError([str(problem) for problem in problems(folder)])


def _apply(document: dict[str, Any], problem: Problem) -> None:
    assert problem.field is not None, problem
    *way, last = [int(digits) if digits else word for digits, word in _STEP.findall(problem.field)]
    place: Any = document
    for step in way:
        place = place[step]
    if problem.remedy.startswith(("Remove it.", "Remove it to", "Remove it;", "Remove it, or set billing_mode")):
        del place[last]
    elif match := _IN_PLACE.match(problem.remedy):
        del place[last]
        place.update(json.loads("{" + match[1] + "}"))
    elif match := _LEAST.match(problem.remedy):
        place[last] = int(match[1])
    elif match := _RENAME.match(problem.remedy):
        place[match[1]] = place.pop(last)
    else:
        raise AssertionError(f"no remedy that can be followed to the letter: {problem}")
