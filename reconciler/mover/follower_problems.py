"""Collects the items that a person has to decide about, from several threads. Used by ``Follower`` and its parts."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from reconciler.mover.follower_types import Problems
from reconciler.planning.text import several

EXAMPLES = 3
COLLISION, UNFIT, FOREIGN, LATE, LEFT = "collision", "unfit", "foreign", "late", "left"
WORDS: Mapping[str, str] = {
    COLLISION: "with a key of the new table that another item has too",
    UNFIT: "that the new table does not accept",
    FOREIGN: "in the new table that this replacement did not write",
    LATE: "written to the former table after the switch",
    LEFT: "written to the new table after the way back",
}


class Undecided(Exception):
    """One item cannot be carried without a decision of a person. ``kind`` is one of ``WORDS``."""

    def __init__(self, kind: str, example: str) -> None:
        self.kind = kind
        self.example = example
        super().__init__(f"{kind}: {example}")


class ProblemList:
    """Problems as they are found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._examples: dict[str, tuple[str, ...]] = {}

    def add(self, found: Undecided) -> None:
        """Count one more."""
        with self._lock:
            self._counts[found.kind] = self._counts.get(found.kind, 0) + 1
            examples = self._examples.get(found.kind, ())
            if len(examples) < EXAMPLES and found.example not in examples:
                self._examples[found.kind] = (*examples, found.example)

    def listed(self) -> Problems:
        """All problems so far."""
        with self._lock:
            return Problems(dict(self._counts), dict(self._examples))


def sentence(problems: Problems) -> str:
    """All problems in one sentence, each kind with its count and examples."""
    return "; ".join(
        f"{several(count, 'item')} {WORDS[kind]} (for example {'; '.join(problems.examples.get(kind, ()))})"
        for kind, count in sorted(problems.counts.items())
    )
