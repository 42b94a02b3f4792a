"""Reads the seed of one table, from a file, an export or a class. Called by ``assemble`` for each declared table.

Items are read, checked and stored one after the other, so that the size of a seed does not decide how much memory it
takes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reconciler.model.desired import Seed
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SeedFile
from reconciler.parsing.source_location import FieldProblem
from reconciler.seeding.digest import ItemsDigest
from reconciler.seeding.digest_set import BYTES
from reconciler.seeds.convert import ShapeDetector, item_of, written_items_of
from reconciler.seeds.export_folder import ExportFolder
from reconciler.seeds.file_names import seed_suffix
from reconciler.seeds.item_rules import TEXT_KEY, item_problems, key_of
from reconciler.seeds.reading_watch import reading
from reconciler.seeds.seed_types import (
    FileError,
    SeedPart,
    SeedTarget,
    Shape,
    ValueProblem,
    WrittenItem,
    WrittenItems,
)
from reconciler.seeds.stored_items import ItemCollector, KeyIndex, StoredLines
from reconciler.seeds.unpacking import text_lines, unpacked, whole_text

Reading = tuple[Seed | None, list[Problem]]
SeedSource = SeedFile | ExportFolder
SHOWN = 20
"""Invalid items of a seed that are reported one by one. The others are counted."""


def read_seed_file(source: SeedSource, target: SeedTarget) -> Reading:
    """The seed of a file or an export and no problems, or None and all problems at once."""
    parts = source.data_files() if isinstance(source, ExportFolder) else _part(source, target)
    return _seed(source.path, target, parts, source.path)


def seed_of_class(items: Iterable[Any], file: str, line: int, target: SeedTarget) -> Reading:
    """The seed that a class yields and no problems, or None and all problems at once."""
    records = (WrittenItem(value, line) for value in items)
    return _seed(file, target, [SeedPart(file, records, target.format or "plain")], f"{file}:{line} seed()")


def seed_of_items(file: str, target: SeedTarget, items: Iterable[WrittenItem], source: str) -> Reading:
    """The seed of items that were generated as plain values, as ``seed_of_class``."""
    return _seed(file, target, [SeedPart(file, items, "plain")], source)


def _part(file: SeedFile, target: SeedTarget) -> Iterator[SeedPart]:
    suffix, shape = seed_suffix(file.path), target.format
    if suffix in (".csv", ".tsv", ".ion"):
        shape = "plain" if suffix == ".ion" else shape or "plain"
    yield SeedPart(file.path, written_items_of(read_written_items(file, target), target), shape)


def _seed(file: str, target: SeedTarget, parts: Iterable[SeedPart], source: str) -> Reading:
    reader = _SeedReader(target)
    try:
        with reading(file, lambda: reader.count):
            for part in parts:
                file = part.path
                reader.read(part)
        reader.shape.check()
        problems = reader.problems()
        if problems:
            return None, problems
        return reader.seed(source), []
    except ParseError as error:
        place = error.file if isinstance(error, FileError) else file
        return None, [Problem(place, error.line, None, error.reason, error.remedy)]
    except OSError as error:
        remedy = "Make room in the folder for temporary files, or name another one by TMPDIR."
        return None, [Problem(file, None, None, f"cannot be stored while it is checked: {error.strerror}", remedy)]


class _SeedReader:
    """Reads the items of a seed, checks each, and at the end their keys against one another."""

    def __init__(self, target: SeedTarget) -> None:
        self.target = target
        self.shape = ShapeDetector()
        self._items = ItemCollector()
        self._digest = ItemsDigest()
        self._item_digests = bytearray()
        self._lines = StoredLines()
        self._keys = KeyIndex()
        self._found: dict[int, list[Problem]] = {}
        self._faulty: set[int] = set()
        self._files: list[tuple[int, str]] = []

    @property
    def count(self) -> int:
        """The items that were read so far."""
        return len(self._lines)

    def read(self, part: SeedPart) -> None:
        """Read the items of one file. Raises ``ParseError``, and ``OSError`` where they cannot be stored."""
        self._files.append((len(self._lines), part.path))
        for record in part.items:
            self._read(part.path, record, part.shape or self.shape.see(record))

    def _read(self, file: str, record: WrittenItem, shape: Shape) -> None:
        index = len(self._lines)
        self._lines.append(record.line)
        try:
            item = item_of(record, shape)
        except ValueProblem as error:
            field = f"[{index}].{error.path}" if error.path else f"[{index}]"
            self._note(index, [Problem(file, record.line, field, error.reason, error.remedy)])
            self._items.append({})
            return
        self._note(
            index,
            [
                Problem(
                    file,
                    record.line,
                    ".".join([f"[{index}]", *map(str, finding.path)]),
                    finding.reason,
                    _remedy(finding, record),
                )
                for finding in item_problems(item, self.target)
            ],
        )
        key = key_of(item, self.target)
        if key is not None:
            self._keys.add(index, key)
        self._items.append(item)
        if not self._faulty:
            self._item_digests += self._digest.add(item)[:BYTES]

    def _note(self, index: int, problems: list[Problem]) -> None:
        if problems:
            self._faulty.add(index)
            if len(self._faulty) <= SHOWN:
                self._found[index] = problems

    def problems(self) -> list[Problem]:
        """What is wrong with the items: the first ``SHOWN`` of them one by one."""
        duplicates = dict(self._keys.duplicates())
        for index in heapq.nsmallest(SHOWN, duplicates):
            self._found.setdefault(index, []).append(self._duplicate(index, duplicates[index]))
        faulty = len(self._faulty | duplicates.keys())
        problems = [problem for index in sorted(self._found)[:SHOWN] for problem in self._found[index]]
        if faulty > SHOWN:
            reason = f"has {faulty - SHOWN} more invalid items"
            problems.append(Problem(self._files[0][1], None, None, reason, "Correct the items above first."))
        return problems

    def _duplicate(self, index: int, first: int) -> Problem:
        file, earlier, line = self._file(index), self._file(first), self._lines[first]
        place = f"item [{first}]" + (f" of {earlier}" if earlier != file else "")
        if line is not None and (line != self._lines[index] or earlier != file):
            place += f" on line {line}"
        key = key_of(self._items.items()[index], self.target) or ()
        shown = ", ".join(repr(part) for part in key)
        reason = f"duplicate key {shown}, also in {place}"
        return Problem(file, self._lines[index], f"[{index}]", reason, "Keep one of the two.")

    def _file(self, index: int) -> str:
        return next(path for start, path in reversed(self._files) if start <= index)

    def seed(self, source: str) -> Seed:
        """The seed, where there are no problems."""
        # A line alone is no place where the items come from several files.
        lines = self._lines if len(self._files) == 1 else ()
        return Seed(source, self._items.items(), self._digest.hexdigest(), lines, bytes(self._item_digests))


def _remedy(finding: FieldProblem, record: WrittenItem) -> str:
    """For a number in the place of a string key, the string with the digits as written in the file."""
    literal = record.literals.get(str(finding.path[0])) if finding.path else None
    return f'Write a text in quotes: "{literal}".' if literal and finding.remedy == TEXT_KEY else finding.remedy


class SeedCache:
    """Caches the seed of each file and table for as long as neither the bytes nor the table change."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, SeedTarget], Reading] = {}
        self._used: set[tuple[str, str, SeedTarget]] = set()

    def read(self, source: SeedSource, target: SeedTarget) -> Reading:
        """As ``read_seed_file``, which is pure, so the cache changes no result."""
        return self.remembered((source.path, source.digest, target), lambda: read_seed_file(source, target))

    def remembered(self, key: tuple[str, str, SeedTarget], read: Callable[[], Reading]) -> Reading:
        """What ``read`` returned for the path, the digest of what decides the items, and the table."""
        self._used.add(key)
        reading = self._known.get(key)
        if reading is None:
            reading = self._known[key] = read()
        return reading

    def forget_unused(self) -> None:
        """Drop what was not read since the last call. Called at the end of each load."""
        self._known = {key: reading for key, reading in self._known.items() if key in self._used}
        self._used = set()


def read_written_items(file: SeedFile, target: SeedTarget) -> WrittenItems:
    """The items of a file as written. Raises ``ParseError`` if the file cannot be read, now or while iterating."""
    pieces, suffix = unpacked(file), seed_suffix(file.path)
    if suffix in (".csv", ".tsv"):
        from reconciler.seeds.csv_format import read_csv_seed

        types = {**target.index_keys, **target.keys}
        return WrittenItems(read_csv_seed(text_lines(pieces), types, "\t" if suffix == ".tsv" else ","))
    if suffix in (".json", ".jsonl", ".ndjson"):
        from reconciler.seeds.json_format import read_json_seed, read_jsonl_seed

        return read_json_seed(pieces) if suffix == ".json" else WrittenItems(read_jsonl_seed(text_lines(pieces)))
    if suffix == ".ion":
        from reconciler.seeds.ion_format import read_ion_seed

        return WrittenItems(read_ion_seed(pieces))
    from reconciler.seeds.yaml_format import read_yaml_seed

    return read_yaml_seed(whole_text(pieces, "Split it, or write its items one per line in a .jsonl file."))
