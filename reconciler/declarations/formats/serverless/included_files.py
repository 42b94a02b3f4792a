"""Reads the files that ``${file(path):key}`` of serverless names, as far as they are data. Called by ``variables``.

Of a declaration, only files of the same folder of declarations are read: their bytes belong to the snapshot, so that a
change of one is noticed before anything is done because of it (I2). ``import`` reads those around the file.
"""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath
from typing import Any

from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.position import located
from reconciler.parsing.json_text import read_json
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SourceFile, decoded
from reconciler.parsing.source_location import Path
from reconciler.parsing.yaml_text import read_yaml

_PROGRAMS = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
_DATA = (".json", ".yaml", ".yml")
_SERVICES = ("serverless.yml", "serverless.yaml", "serverless.json")


class IncludedFiles:
    """The files beside one file. A path is relative to the folder of the service, else to that of the file."""

    def __init__(self, file: SourceFile, inputs: TemplateInputs) -> None:
        self._file = file
        self._files = inputs.files
        self._folder = self._service_folder()
        self._read: dict[str, Any] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that were read."""
        return tuple(self._read)

    def holds(self, written: str) -> bool:
        """Whether a file is one of those in the folder. Of a program, which no file of them is, that is unknown."""
        path = self._path(written)
        return path in self._files or PurePosixPath(path).suffix.lower() in _PROGRAMS

    def _path(self, written: str) -> str:
        return posixpath.normpath(posixpath.join(self._folder, written.strip().strip("'\"")))

    def document(self, written: str, here: Path) -> Any:
        """The content of a file, or None where there is none. Raises ``Unresolved`` for a file that is not read."""
        name = written.strip().strip("'\"")
        path = self._path(name)
        # A file outside the folder is one that a person names, with the files around it.
        outside = path.startswith("..") and not self._file.path.startswith("..")
        if name.startswith(("/", "~")) or outside:
            remedy = "Move the file into the folder of the declarations, or write the value here."
            raise Unresolved(here, f"${{file({name})}} leaves the folder of the declarations", remedy)
        suffix = PurePosixPath(path).suffix.lower()
        if suffix in _PROGRAMS:
            remedy = "Write the values into a JSON or YAML file."
            raise Unresolved(here, f"${{file({name})}} is a program, which is not run", remedy)
        if suffix not in _DATA:
            raise Unresolved(here, f"${{file({name})}} is neither JSON nor YAML", "Write the values into such a file.")
        if path not in self._files:
            return None
        if path not in self._read:
            self._read[path] = self._parsed(path, here)
        return self._read[path]

    def _service_folder(self) -> str:
        """The folder of the nearest service at or above the file: the framework starts all paths there."""
        own = posixpath.dirname(self._file.path)
        folder = own
        while True:
            paths = [posixpath.join(folder, name) for name in _SERVICES]
            if any(path == self._file.path or path in self._files for path in paths):
                return folder
            if not folder:
                return own
            folder = posixpath.dirname(folder)

    def _parsed(self, path: str, here: Path) -> Any:
        try:
            text = decoded(self._files[path])
            if path.lower().endswith(".json"):
                return read_json(text).value
            documents = read_yaml(text, short_tags=True)
            return documents[0].value if documents else None
        except ParseError as error:
            raise Unresolved(here, f"{located(path, error.line)} {error.reason}", error.remedy) from None
