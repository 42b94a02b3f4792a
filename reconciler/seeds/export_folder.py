"""Exports of tables to S3, copied under the names that AWS gave them. Called by ``assemble`` and ``read_seed``.

The manifests are what proves that a copy is whole: each data file has its checksum and its number of items there
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import Position
from reconciler.parsing.parsed import ParseError, json_message
from reconciler.parsing.source_file import SeedFile
from reconciler.seeds.file_names import seed_suffix
from reconciler.seeds.seed_types import FileError, SeedPart, Shape, WrittenItem

SUMMARY, FILES = "manifest-summary.json", "manifest-files.json"
ROOT = "AWSDynamoDB"
_COPY = "Copy the whole export: aws s3 cp --recursive s3://BUCKET/PREFIX/AWSDynamoDB/ID/ FOLDER."
_FULL = "Export the whole table: aws dynamodb export-table-to-point-in-time --export-type FULL_EXPORT."
_AGAIN = "Copy the file again. If it was edited, remove the manifests and keep one data file as a seed."
_FORMATS = {"DYNAMODB_JSON": ".json", "ION": ".ion"}


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """One export. ``path`` is its folder, ``files`` are those in it by their path below it."""

    path: str
    files: Mapping[str, SeedFile]

    @property
    def digest(self) -> str:
        """A digest of all files."""
        named = sorted((name, file.digest) for name, file in self.files.items())
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()

    @property
    def table(self) -> str:
        """The base name that the folder stands for: its own, or the exported table where it has AWS's names alone."""
        parts = PurePosixPath(self.path).parts
        below = parts[len(parts) - parts[::-1].index("seeds") :] if "seeds" in parts else parts
        named = [part for part in below[: below.index(ROOT)] if part] if ROOT in below else list(below)
        if named:
            return named[-1]
        try:
            return str(self._summary().get("tableArn", "")).rpartition("/")[2]
        except ParseError:
            return below[-1] if below else ""

    def data_files(self) -> Iterator[SeedPart]:
        """The items of each data file. Raises ``FileError`` for an export that is not whole, or no full one."""
        summary = self._summary()
        if summary.get("exportType", "FULL_EXPORT") != "FULL_EXPORT":
            raise self._error(SUMMARY, "is the manifest of an incremental export, which holds changes, no items", _FULL)
        suffix = _FORMATS.get(summary.get("outputFormat", "DYNAMODB_JSON"))
        if suffix is None:
            reason = f"invalid outputFormat {summary['outputFormat']!r}; expected DYNAMODB_JSON or ION"
            raise self._error(SUMMARY, reason, _COPY)
        shape: Shape = "dynamodb-json" if suffix == ".json" else "plain"
        entries = list(self._entries())
        counted = sum(entry.items for entry in entries)
        if summary.get("itemCount", counted) != counted:
            reason = f"has {summary['itemCount']} items, but the files of {FILES} have {counted:,}"
            raise self._error(SUMMARY, reason, _COPY)
        self._no_other_data(entries)
        for entry in entries:
            file = self.files[entry.name]
            checked = _CheckedFile(file.path, file, entry.checksum)
            yield SeedPart(file.path, _counted(_data(checked, suffix), entry.items), shape)

    def _summary(self) -> Mapping[str, Any]:
        content = self._loaded(SUMMARY, None, self._text(SUMMARY))
        if not isinstance(content, dict):
            raise self._error(SUMMARY, "is no manifest of an export", _COPY)
        return content

    def _entries(self) -> Iterator[_Entry]:
        for number, line in enumerate(self._text(FILES).splitlines(), start=1):
            if not line.strip():
                continue
            at = Position(number, 1)
            entry = self._loaded(FILES, at, line)
            try:
                name = PurePosixPath(str(entry["dataFileS3Key"])).name
                found = _Entry(f"data/{name}", int(entry["itemCount"]), entry.get("md5Checksum"))
            except (TypeError, KeyError, ValueError):
                reason = "is no entry of a data file, with dataFileS3Key and itemCount"
                raise FileError(self._at(FILES), at, reason, _COPY) from None
            if found.name not in self.files:
                raise FileError(self._at(FILES), at, f"names {found.name}, which is missing", _COPY)
            yield found

    def _no_other_data(self, entries: Sequence[_Entry]) -> None:
        listed = {entry.name for entry in entries}
        for name in sorted(self.files):
            if name.startswith("data/") and name not in listed:
                raise self._error(name, f"is not listed in {FILES}", "Remove it, or copy the whole export again.")

    def _text(self, name: str) -> str:
        """A manifest. Raises ``FileError`` if it is missing or does not match its checksum."""
        if name not in self.files:
            raise FileError(self.path, None, f"is an export without {name}", _COPY)
        content = b"".join(self.files[name].chunks())
        checksum = self.files.get(name.replace(".json", ".checksum"))
        if checksum is not None and not _matches(content, b"".join(checksum.chunks()).decode(errors="replace")):
            raise self._error(name, f"does not match {PurePosixPath(checksum.path).name}", "Copy both files again.")
        return content.decode(errors="replace")

    def _loaded(self, name: str, line: int | None, text: str) -> Any:
        try:
            return json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            message = json_message(error.msg) if isinstance(error, json.JSONDecodeError) else "it is nested too deeply"
            raise FileError(self._at(name), line, f"is no manifest of an export: {message}", _COPY) from None

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}"

    def _error(self, name: str, reason: str, remedy: str) -> FileError:
        return FileError(self._at(name), None, reason, remedy)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    items: int
    checksum: Any


@dataclass(frozen=True, slots=True)
class _CheckedFile:
    """A data file whose checksum is compared once it was read to its end."""

    path: str
    file: SeedFile
    checksum: Any

    def chunks(self) -> Iterator[bytes]:
        digest = hashlib.new("md5", usedforsecurity=False)
        for piece in self.file.chunks():
            digest.update(piece)
            yield piece
        if self.checksum is not None and base64.b64encode(digest.digest()).decode() != self.checksum:
            raise ParseError(None, f"does not match its md5Checksum in {FILES}", _AGAIN)


def _matches(content: bytes, written: str) -> bool:
    """Whether a checksum file has the MD5 of a manifest, in base64 as elsewhere in exports, or in hexadecimal."""
    digest = hashlib.new("md5", content, usedforsecurity=False)
    given = written.strip()
    try:
        return given.lower() == digest.hexdigest() or base64.b64decode(given, validate=True) == digest.digest()
    except (binascii.Error, ValueError):
        return False


def _data(file: _CheckedFile, suffix: str) -> Iterator[WrittenItem]:
    """The items of one data file. That of an empty partition is empty."""
    from reconciler.seeds.convert import unwrapped
    from reconciler.seeds.unpacking import text_lines, unpacked

    if suffix == ".ion":
        from reconciler.seeds.ion_format import read_ion_seed

        return read_ion_seed(unpacked(file))
    from reconciler.seeds.json_format import read_jsonl_seed

    return map(unwrapped, read_jsonl_seed(text_lines(unpacked(file), may_be_empty=True)))


def _counted(records: Iterable[WrittenItem], expected: int) -> Iterator[WrittenItem]:
    found = 0
    for record in records:
        found += 1
        yield record
    if found != expected:
        raise ParseError(None, f"has {found:,} items, but {FILES} says {expected:,}", _AGAIN)


def split_exports(
    files: Sequence[SeedFile], unread: Sequence[str]
) -> tuple[list[SeedFile], list[ExportFolder], list[str]]:
    """The seeds, the exports, and the unread files without those that belong to an export."""
    folders = {
        str(PurePosixPath(file.path).parent) for file in files if PurePosixPath(file.path).name in (SUMMARY, FILES)
    }
    folders |= {path for file in files if (path := _below_root(file.path)) is not None}
    exports = {
        folder: {file.path[len(folder) + 1 :]: file for file in files if file.path.startswith(f"{folder}/")}
        for folder in folders
    }
    within = {file.path for members in exports.values() for file in members.values()}
    rest = [file for file in files if file.path not in within and seed_suffix(file.path) is not None]
    started = {f"{folder}/_started" for folder in folders}
    return (
        rest,
        [ExportFolder(folder, members) for folder, members in sorted(exports.items())],
        [path for path in unread if path not in started],
    )


def _below_root(path: str) -> str | None:
    """``seeds/AWSDynamoDB/ID`` of a file below it: a copy without its manifests is an export too."""
    parts = PurePosixPath(path).parts
    if ROOT not in parts or len(parts) < parts.index(ROOT) + 3:
        return None
    return "/".join(parts[: parts.index(ROOT) + 2])
