"""Where a value stands in a file, and problems at a field of a document.

Every step that reads a declaration makes its ``Problem`` objects here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass

Path = tuple[str | int, ...]
"""The path to a value inside a document: ``("global_secondary_indexes", 0, "key_schema")``."""


KNOWN_FIELDS = "Known fields: "
"""How the remedy of an unknown field begins that resembles none."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong at one path of a document; ``reason`` has no full stop, ``remedy`` is a sentence."""

    path: Path
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """Where a value of a merged declaration stands: the file, the path in it, and the known lines of that file.

    ``line`` is that of the document, for a path without a line.
    """

    file: str
    path: Path
    line: int | None
    lines: Mapping[Path, int] = field(default_factory=dict)

    def below(self, path: Path) -> FieldOrigin:
        """The origin of a value inside."""
        return replace(self, path=(*self.path, *path))

    def problem(self, reason: str, remedy: str) -> Problem:
        """A problem of the value, at its line or that of its nearest ancestor."""
        return Problem(self.file, self.nearest_line, path_text(self.path) or None, reason, remedy)

    @property
    def nearest_line(self) -> int | None:
        """The line of the value, or of its nearest ancestor with one."""
        known = (
            self.lines[self.path[:size]] for size in range(len(self.path), 0, -1) if self.path[:size] in self.lines
        )
        return next(known, self.line)


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """The file of a document, its first line, and the known lines of its fields.

    ``literals`` and ``key_literals`` hold the source text of values and keys that are not strings, as in ``Parsed``.
    ``written`` maps a canonical path to the path as the user spelled it. Lines and messages use the latter.
    ``sources`` maps that path to the one in the file, where the file is a template that was evaluated.
    ``origins`` has the origin of each path whose value another file, or another part of the file, supplies.
    """

    file: str
    line: int | None
    lines: Mapping[Path, int] = field(default_factory=dict)
    written: Mapping[Path, Path] = field(default_factory=dict)
    literals: Mapping[Path, str] = field(default_factory=dict)
    key_literals: Mapping[Path, str] = field(default_factory=dict)
    sources: Mapping[Path, Path] = field(default_factory=dict)
    origins: Mapping[Path, FieldOrigin] = field(default_factory=dict)

    def problem(self, finding: FieldProblem) -> Problem:
        """The problem with its file, its field as written, and the line of the field or of its nearest ancestor."""
        written = self.written_path(finding.path)
        for size in range(len(written), 0, -1):
            if written[:size] in self.origins:
                return self.origins[written[:size]].below(written[size:]).problem(finding.reason, finding.remedy)
        path = self.source_path(written)
        return Problem(self.file, self.line_of(path), path_text(path) or None, finding.reason, finding.remedy)

    def written_path(self, path: Path) -> Path:
        """The path as the user spelled it. A field that is not in the file keeps its canonical name."""
        for size in range(len(path), 0, -1):
            if path[:size] in self.written:
                return self.written[path[:size]] + path[size:]
        return path

    def source_path(self, path: Path) -> Path:
        """The path in the file of a path as written; they are the same but in a template."""
        for size in range(len(path), -1, -1):
            if path[:size] in self.sources:
                rest = (camel(part) if isinstance(part, str) and "_" in part else part for part in path[size:])
                return (*self.sources[path[:size]], *rest)
        return path

    def literal_of(self, path: Path) -> str | None:
        """The source text of the value at a canonical path. None for a string and for a value without a file."""
        where = self.written_path(path)
        if path[-1:] == ("key",) and where in self.key_literals:
            return self.key_literals[where]
        return self.literals.get(where)

    def line_of(self, path: Path) -> int | None:
        """The line of the value at ``path`` as written, or of its nearest known ancestor; lines start at 1."""
        for size in range(len(path), 0, -1):
            if path[:size] in self.lines:
                return self.lines[path[:size]]
        return self.line


def camel(name: str) -> str:
    """``key_schema`` to ``KeySchema``, as AWS spells it."""
    return "".join(word.capitalize() for word in name.split("_"))


def path_text(path: Path) -> str:
    """``global_secondary_indexes[0].key_schema``."""
    text = ""
    for part in path:
        name = part or '""'
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else str(name)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most similar to ``word``. None if none is similar enough."""
    # Imported here, because most commands suggest nothing.
    from difflib import get_close_matches

    by_fold = {_fold(candidate): candidate for candidate in reversed(list(known))}
    matches = get_close_matches(_fold(word), by_fold, n=1, cutoff=0.72)
    return by_fold[matches[0]] if matches else None


def alternatives(words: Iterable[str]) -> str:
    """``a, b or c``."""
    several = list(words)
    return " or ".join([", ".join(several[:-1]), several[-1]] if several[1:] else several)


def _fold(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()
