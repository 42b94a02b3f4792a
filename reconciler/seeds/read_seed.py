"""Reads the seed of one table, from a file or a class. Called by ``assemble`` for each declared table."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.model.desired import Item, Seed
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SourceFile, decode
from reconciler.parsing.source_location import FieldProblem
from reconciler.seeding.digest import items_digest
from reconciler.seeds.convert import Shape, item_of, shape_of, written_items_of
from reconciler.seeds.file_names import SEED_LIMIT, seed_suffix
from reconciler.seeds.item_rules import TEXT_KEY, item_problems, key_of
from reconciler.seeds.seed_types import SeedTarget, ValueProblem, WrittenItem, WrittenItems

Reading = tuple[Seed | None, list[Problem]]
SHOWN = 20
"""Invalid items of a seed that are reported one by one. The others are counted."""


def read_seed_file(file: SourceFile, target: SeedTarget) -> Reading:
    """The seed of a file and no problems, or None and all problems at once."""
    try:
        records = written_items_of(read_written_items(file, target), target)
        shape: Shape = target.format or ("plain" if seed_suffix(file.path) == ".csv" else shape_of(records))
    except ParseError as error:
        return None, [Problem(file.path, error.line, None, error.reason, error.remedy)]
    return _seed(_SeedReader(file.path, target, shape), records, file.path)


def seed_of_class(items: Iterable[Any], file: str, line: int, target: SeedTarget) -> Reading:
    """The seed that a class yields and no problems, or None and all problems at once."""
    records = [WrittenItem(value, line) for value in items]
    return _seed(_SeedReader(file, target, target.format or "plain"), records, f"{file}:{line} seed()")


class _SeedReader:
    def __init__(self, file: str, target: SeedTarget, shape: Shape) -> None:
        self.file = file
        self.target = target
        self.shape = shape
        self.first: dict[tuple[Any, ...], tuple[int, WrittenItem]] = {}

    def read(self, index: int, record: WrittenItem) -> tuple[Item | None, list[Problem]]:
        try:
            item = item_of(record, self.shape)
        except ValueProblem as error:
            field = f"[{index}].{error.path}" if error.path else f"[{index}]"
            return None, [Problem(self.file, record.line, field, error.reason, error.remedy)]
        findings = [*item_problems(item, self.target), *self._duplicate(item, index, record)]
        return item, [
            Problem(
                self.file,
                record.line,
                ".".join([f"[{index}]", *map(str, finding.path)]),
                finding.reason,
                self._remedy(finding, record),
            )
            for finding in findings
        ]

    def _remedy(self, finding: FieldProblem, record: WrittenItem) -> str:
        """For a number in the place of a string key, the string with the digits as written in the file."""
        literal = record.literals.get(str(finding.path[0])) if finding.path else None
        return f'Write a text in quotes: "{literal}".' if literal and finding.remedy == TEXT_KEY else finding.remedy

    def _duplicate(self, item: Item, index: int, record: WrittenItem) -> Iterator[FieldProblem]:
        key = key_of(item, self.target)
        if key is None:
            return
        earlier = self.first.setdefault(key, (index, record))
        if earlier[0] != index:
            place = f"item [{earlier[0]}]" + (f" on line {earlier[1].line}" if earlier[1].line != record.line else "")
            shown = ", ".join(repr(part) for part in key)
            yield FieldProblem((), f"duplicate key {shown}, also in {place}", "Keep one of the two.")


def _seed(reader: _SeedReader, records: Iterable[WrittenItem], source: str) -> Reading:
    items: list[Item] = []
    lines: list[int | None] = []
    problems: list[Problem] = []
    faulty = 0
    for index, record in enumerate(records):
        item, found = reader.read(index, record)
        faulty += bool(found)
        problems += found if faulty <= SHOWN else []
        if item is not None:
            items.append(item)
            lines.append(record.line)
    if faulty > SHOWN:
        reason = f"has {faulty - SHOWN} more invalid items"
        problems.append(Problem(reader.file, None, None, reason, "Correct the items above first."))
    if problems:
        return None, problems
    return Seed(source, tuple(items), items_digest(items), tuple(lines)), []


class SeedCache:
    """Caches the seed of each file and table for as long as neither the bytes nor the table change."""

    def __init__(self) -> None:
        self._known: dict[tuple[SourceFile, SeedTarget], Reading] = {}
        self._used: set[tuple[SourceFile, SeedTarget]] = set()

    def read(self, file: SourceFile, target: SeedTarget) -> Reading:
        """As ``read_seed_file``, which is pure, so the cache changes no result."""
        key = (file, target)
        self._used.add(key)
        reading = self._known.get(key)
        if reading is None:
            reading = self._known[key] = read_seed_file(file, target)
        return reading

    def forget_unused(self) -> None:
        """Drop what was not read since the last call. Called at the end of each load."""
        self._known = {key: reading for key, reading in self._known.items() if key in self._used}
        self._used = set()


def read_written_items(file: SourceFile, target: SeedTarget) -> WrittenItems:
    """The items of a file as written. Raises ``ParseError`` if the file cannot be read."""
    text = decode(SourceFile(file.path, file.absolute, _unpacked(file)))
    suffix = seed_suffix(file.path)
    if suffix == ".csv":
        from reconciler.seeds.csv_format import read_csv_seed

        return read_csv_seed(text, {**target.index_keys, **target.keys})
    if suffix in (".json", ".jsonl"):
        from reconciler.seeds.json_format import read_json_seed, read_jsonl_seed

        return read_json_seed(text) if suffix == ".json" else read_jsonl_seed(text)
    from reconciler.seeds.yaml_format import read_yaml_seed

    return read_yaml_seed(text)


def _unpacked(file: SourceFile) -> bytes:
    if not file.path.endswith(".gz"):
        return file.content
    content, rest = b"", file.content
    try:
        while rest:
            unpacker = zlib.decompressobj(wbits=31)
            content += unpacker.decompress(rest, SEED_LIMIT + 1 - len(content))
            if len(content) > SEED_LIMIT:
                raise ParseError(None, f"unpacks to more than {SEED_LIMIT // 1024 // 1024} MB", "Split it.")
            if not unpacker.eof:
                raise ParseError(None, "is truncated: its gzip stream is incomplete", "Write the file again.")
            rest = unpacker.unused_data.lstrip(b"\0")
    except zlib.error:
        raise ParseError(
            None, "is not in gzip format, although its name ends with .gz", "Compress it, or drop .gz from the name."
        ) from None
    return content
