"""A file as bytes, and its text. Read by ``snapshot``, decoded by the readers of declarations and seeds."""

from __future__ import annotations

from pathlib import Path

from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.parsed import ParseError

EMPTY = ("is empty; it may be in the middle of being saved", "Fill it or remove it.")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file; ``path`` is relative to the desired state's folder, with slashes."""

    path: str
    absolute: Path
    content: bytes


def decode(file: SourceFile) -> str:
    """The text of the file. Raises ``ParseError`` if it is empty, not UTF-8, or contains NUL characters."""
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        raise ParseError(line, "is not UTF-8", "Save it as UTF-8.") from None
    if not text.strip():
        raise ParseError(None, *EMPTY)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ParseError(line, "contains NUL characters; it may be UTF-16 or incomplete", "Save it as UTF-8.")
    return text
