"""Where in a file a finding belongs. Every step of reading a declaration makes its Problems here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model.errors import Problem

Path = tuple[str | int, ...]
"""The way to a value inside a document: ``("global_secondary_indexes", 0, "key_schema")``."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong at one path of a document; ``reason`` has no full stop, ``remedy`` is a sentence."""

    path: Path
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A document's file, first line, and the lines of its fields as far as they are known.

    ``literals`` and ``key_literals`` are the spellings of values and keys that are no text, as in ``Parsed``.
    ``written`` leads from a canonical path to the path as the user spelt it, which is what lines and messages use.
    """

    file: str
    line: int | None
    lines: Mapping[Path, int] = field(default_factory=dict)
    written: Mapping[Path, Path] = field(default_factory=dict)
    literals: Mapping[Path, str] = field(default_factory=dict)
    key_literals: Mapping[Path, str] = field(default_factory=dict)

    def problem(self, finding: FieldProblem) -> Problem:
        """The finding with its file, its line (that of the nearest known ancestor) and the field as written."""
        path = self.written_path(finding.path)
        return Problem(self.file, self.line_of(path), path_text(path) or None, finding.reason, finding.remedy)

    def written_path(self, path: Path) -> Path:
        """The user's spelling of a canonical path; what was never written keeps its canonical name."""
        for size in range(len(path), 0, -1):
            if path[:size] in self.written:
                return self.written[path[:size]] + path[size:]
        return path

    def literal_of(self, path: Path) -> str | None:
        """The spelling of the value at a canonical path, None for a text and for what no file spells."""
        where = self.written_path(path)
        if path[-1:] == ("key",) and where in self.key_literals:
            return self.key_literals[where]
        return self.literals.get(where)

    def line_of(self, path: Path) -> int | None:
        """The line of the value at ``path`` as written, or of the closest thing around it."""
        for size in range(len(path), 0, -1):
            if path[:size] in self.lines:
                return self.lines[path[:size]]
        return self.line


def path_text(path: Path) -> str:
    """``global_secondary_indexes[0].key_schema``."""
    text = ""
    for part in path:
        name = part or '""'
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else str(name)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The closest of the known words, or None when nothing is close."""
    by_fold = {_fold(candidate): candidate for candidate in reversed(list(known))}
    matches = difflib.get_close_matches(_fold(word), by_fold, n=1, cutoff=0.72)
    return by_fold[matches[0]] if matches else None


def alternatives(words: Iterable[str]) -> str:
    """``a, b or c``."""
    several = list(words)
    return " or ".join([", ".join(several[:-1]), several[-1]] if several[1:] else several)


def _fold(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()
