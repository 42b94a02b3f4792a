"""A file of the desired state, and its text. Read by ``snapshot``, decoded by the readers of declarations and seeds."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from pathlib import Path

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import position_at
from reconciler.parsing.parsed import ParseError

EMPTY = ("is empty; it may be in the middle of being saved", "Fill it or remove it.")
NOT_UTF8 = ("is not UTF-8", "Save it as UTF-8.")
NULLS = ("contains NUL characters; it may be UTF-16 or incomplete", "Save it as UTF-8.")
CHANGED = (
    "changed while it was being read",
    "If it was being saved, no action is needed; the next pass reads it again.",
)
CHUNK = 256 * 1024
"""Bytes that are read at a time."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file; ``path`` is relative to the desired state's folder, with slashes."""

    path: str
    absolute: Path
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces of at most ``CHUNK`` bytes."""
        for start in range(0, len(self.content), CHUNK):
            yield self.content[start : start + CHUNK]


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A seed that is too large to stay in memory. ``digest`` is the SHA-256 of its content when it was found."""

    path: str
    absolute: Path
    digest: str

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces. Raises ``ParseError`` at the end if it is not the content that was found."""
        digest = hashlib.sha256()
        try:
            with self.absolute.open("rb", buffering=0) as file:
                while piece := file.read(CHUNK):
                    digest.update(piece)
                    yield piece
        except OSError as error:
            remedy = "Make it readable for this user, or remove it."
            raise ParseError(None, f"cannot be read: {error.strerror}", remedy) from None
        if digest.hexdigest() != self.digest:
            raise ParseError(None, *CHANGED)


SeedFile = SourceFile | LargeFile


def decode(file: SourceFile) -> str:
    """The text of the file. Raises ``ParseError`` if it is empty, not UTF-8, or contains NUL characters."""
    return decoded(file.content)


def decoded(content: bytes) -> str:
    """The text of a whole file. Raises ``ParseError`` as ``decode`` does."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        raise ParseError(position_at(before, len(before)), *NOT_UTF8) from None
    if not text.strip():
        raise ParseError(None, *EMPTY)
    if "\0" in text:
        raise ParseError(position_at(text, text.index("\0")), *NULLS)
    return text
