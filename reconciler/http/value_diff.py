"""The difference of two values line by line, observed against declared, for the page of a table. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from reconciler.presentation.value_outline import outline

MAX_LINES = 400
"""Lines of one side that are compared; a longer value is shown as removed and added."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line. ``sign`` is ``-`` for what is observed only, ``+`` for what is declared only, a space for both."""

    sign: str
    text: str

    @property
    def style(self) -> str:
        """The CSS class of the line."""
        return {"-": "removed", "+": "added"}.get(self.sign, "same")


def value_diff(observed: Any, declared: Any) -> list[DiffLine]:
    """What a pass would remove and add. A side without a value has no lines."""
    before = [] if observed is None else outline(observed).split("\n")
    after = [] if declared is None else outline(declared).split("\n")
    return list(_lines(before, after))


def _lines(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    if max(len(before), len(after)) > MAX_LINES:
        # The comparison takes time with the square of the lines, and a reader of a public page must not cause that.
        yield from (DiffLine("-", line) for line in before)
        yield from (DiffLine("+", line) for line in after)
        return
    for kind, i, j, m, n in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (DiffLine(" ", line) for line in before[i:j])
        else:
            yield from (DiffLine("-", line) for line in before[i:j])
            yield from (DiffLine("+", line) for line in after[m:n])
