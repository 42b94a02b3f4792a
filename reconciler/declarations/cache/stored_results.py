"""Stores the checked declarations of a folder between commands, one file for each folder and set of inputs.

It is safe to delete at any time. A file that is damaged, of another version, or of another user is ignored. Nothing
here raises: without a usable cache each command checks the declarations anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from reconciler import __version__
from reconciler.declarations.cache import cache_folder, packing
from reconciler.declarations.checked import CheckedFile
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.parsing.source_file import SourceFile

FORMAT = 9
_PACKAGES = ("declarations", "facets", "model", "parsing", "planning")
"""The packages whose code decides what a file declares."""
_LIBRARIES = (
    ("pydantic", "version.py"),
    ("ruamel/yaml", "__init__.py"),
    ("yaml", "__init__.py"),
    ("cronsim", "__init__.py"),
)
"""Files that change with the version of the libraries that check a file. Reading metadata takes longer."""
CLASSES = "*.py"
"""The entry for the proof of all class files."""
LIMIT = 64 * 1024 * 1024
"""Bytes of a stored file; a larger one is not written and not read."""


class StoredResults:
    """The results of one folder and set of inputs, by path and SHA-256 of the file and of those related to it.

    Reads them at the first use. Of class files only the proof is stored, because their results may depend on anything.
    """

    def __init__(self, root: Path, inputs: TemplateInputs) -> None:
        where = json.dumps([str(root), inputs.digest()])
        self._name = f"{hashlib.sha256(where.encode()).hexdigest()[:32]}.json"
        self._key = [FORMAT, __version__, sys.version, where, _code_digest()]
        self._read_entries: dict[str, Any] | None = None

    @property
    def _entries(self) -> dict[str, Any]:
        if self._read_entries is None:
            self._read_entries = self._read()
        return self._read_entries

    def get(self, files: tuple[SourceFile, ...]) -> CheckedFile | None:
        """What a former command found for the first of the files, beside the others; None if that is not known."""
        try:
            digest, packed = self._entries[files[0].path]
            return packing.unpack(packed) if digest == _digest(files) else None
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
            return None

    def proof(self) -> str:
        """The proof of the class files, as ``PythonReading.proof``; empty if none is stored."""
        entry = self._entries.get(CLASSES)
        return entry if isinstance(entry, str) else ""

    def put(self, results: Mapping[tuple[SourceFile, ...], CheckedFile], proof: str = "") -> None:
        """Replace what is stored, if it differs. A result with problems is not stored: only the file has its lines."""
        before = self._entries
        entries: dict[str, Any] = {CLASSES: proof} if proof else {}
        for files, checked in results.items():
            file, digest = files[0], _digest(files)
            if _holds(before.get(file.path), digest):
                entries[file.path] = before[file.path]
                continue
            try:
                entries[file.path] = [digest, packing.pack(checked)]
            except (packing.NotPackable, RecursionError):
                continue
        if entries and entries != before and self._key[-1] is not None:
            self._read_entries = entries
            text = json.dumps({"key": self._key, "files": entries}, separators=(",", ":")).encode()
            cache_folder.write(self._name, b"%s\n%s" % (hashlib.sha256(text).hexdigest().encode(), text), LIMIT)

    def remove(self) -> None:
        """Delete what is stored."""
        self._read_entries = {}
        cache_folder.remove(self._name)

    def _read(self) -> dict[str, Any]:
        content = cache_folder.read(self._name, LIMIT) if self._key[-1] is not None else None
        digest, _, text = (content or b"").partition(b"\n")
        if hashlib.sha256(text).hexdigest().encode() != digest:
            return {}
        try:
            stored = json.loads(text)
            files = stored["files"] if stored["key"] == self._key else {}
        except (ValueError, TypeError, KeyError, RecursionError):
            return {}
        return files if isinstance(files, dict) else {}


def _holds(entry: Any, digest: str) -> bool:
    return isinstance(entry, list) and entry[:1] == [digest]


def _digest(files: tuple[SourceFile, ...]) -> str:
    if len(files) == 1:
        return hashlib.sha256(files[0].content).hexdigest()
    parts = [(file.path, hashlib.sha256(file.content).hexdigest()) for file in files]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _code_digest() -> str | None:
    """Identifies the code that checks declarations; None where its files cannot be seen, for example in a zip file.

    The version alone does not tell: an editable installation changes without it. The size and both
    times of each file tell; the second one changes too where an installer writes files with the times of their build.
    """
    base = Path(__file__).parents[2]
    digest = hashlib.sha256()
    try:
        for package in _PACKAGES:
            for path in _python_files(str(base / package)):
                digest.update(_identity(path))
        for package, name in _LIBRARIES:
            digest.update(_identity(_library_file(package, name)))
    except (OSError, StopIteration):
        return None
    return digest.hexdigest()


def _python_files(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name.endswith(".py"):
            yield entry
        elif entry.is_dir() and entry.name != "__pycache__":
            yield from _python_files(entry.path)


def _identity(file: os.DirEntry[str] | Path) -> bytes:
    about = file.stat()
    return f"{file.name} {about.st_size} {about.st_mtime_ns} {about.st_ctime_ns}\n".encode()


def _library_file(package: str, name: str) -> Path:
    """The file on the import path, found without importing the package."""
    return next(path for entry in sys.path if (path := Path(entry, package, name)).is_file())
