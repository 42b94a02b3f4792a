"""A seed file → its records, by the end of its name. Called by ``reading``."""

from __future__ import annotations

import zlib

from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SourceFile, decode
from reconciler.seeds.csv_format import read_csv_seed
from reconciler.seeds.file_names import SEED_LIMIT, seed_suffix
from reconciler.seeds.json_format import read_json_seed
from reconciler.seeds.jsonl_format import read_jsonl_seed
from reconciler.seeds.record import WrittenItems
from reconciler.seeds.target import SeedTarget
from reconciler.seeds.yaml_format import read_yaml_seed


def read_written_items(file: SourceFile, target: SeedTarget) -> WrittenItems:
    """What the file holds; ``ParseError`` where it cannot be read."""
    text = decode(SourceFile(file.path, file.absolute, _unpacked(file)))
    suffix = seed_suffix(file.path)
    if suffix == ".csv":
        return read_csv_seed(text, {**target.index_keys, **target.keys})
    if suffix == ".jsonl":
        return read_jsonl_seed(text)
    return read_json_seed(text) if suffix == ".json" else read_yaml_seed(text)


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
