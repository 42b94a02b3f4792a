"""YAML and JSON files read before: a daemon meets the same bytes every minute. Owned and asked by ``folder``."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.declarations.formats.text.documents import FileReading, read_documents
from reconciler.parsing.source_file import SourceFile


class DocumentMemory:
    """What each file declared, as long as its bytes do not change."""

    def __init__(self) -> None:
        self._known: dict[SourceFile, FileReading] = {}

    def read(self, files: Iterable[SourceFile]) -> list[FileReading]:
        """The reading of each file; reading is pure, so remembering it changes nothing. All others are forgotten."""
        known = self._known
        self._known = {file: known.get(file) or read_documents(file) for file in files}
        return list(self._known.values())
