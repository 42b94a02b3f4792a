"""The error of everything that evaluates a template: a value cannot be worked out from what was given."""

from __future__ import annotations

from reconciler.parsing.source_location import FieldProblem, Path


class Unresolved(Exception):
    """``path`` is where the value stands in the file; ``reason`` and ``remedy`` are those of a ``Problem``."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        self.path = path
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)

    def finding(self) -> FieldProblem:
        """The same as a problem at its path."""
        return FieldProblem(self.path, self.reason, self.remedy)
