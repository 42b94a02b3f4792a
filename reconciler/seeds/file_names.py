"""What the name of a file under ``seeds/`` means: its table, its format, or that it is not read. Pure.

A file that is not read is an error if it is named after a declared table without another seed. Otherwise the table
would stay empty, and every command would report it as in sync.
"""

from __future__ import annotations

from pathlib import PurePosixPath

SEED_SUFFIXES = (".json", ".jsonl", ".ndjson", ".yaml", ".yml", ".csv", ".tsv", ".ion")
CHECKSUMS = ("manifest-summary.checksum", "manifest-files.checksum")
"""Files of an export that are read, although they are no seeds."""
PACKED = (".gz", ".zst")
"""Compressions that are read."""
_LINES = (".ldjson", ".jsonlines", ".jl")
_PACKED = (".zstd", ".bz2", ".xz", ".lz4", ".br", ".zip", ".7z", ".z", ".gzip", ".tgz", ".tar")
_READ = "Seeds are read as .json, .jsonl, .ndjson, .yaml, .yml, .csv, .tsv or .ion, each also with .gz or .zst."


def unpacked_name(name: str) -> str:
    """``users.json`` of ``users.json.gz``."""
    return name.removesuffix(next((packed for packed in PACKED if name.endswith(packed)), ""))


def seed_suffix(name: str) -> str | None:
    """``.json`` for ``users.json`` and ``users.json.gz``. None if it is not the name of a seed."""
    suffix = PurePosixPath(unpacked_name(name)).suffix
    return suffix if suffix in SEED_SUFFIXES else None


def base_name_of(path: str) -> str:
    """``users`` of ``seeds/users.json.gz``."""
    name = unpacked_name(PurePosixPath(path).name)
    return name.removesuffix(seed_suffix(name) or "")


def base_names(path: str) -> tuple[str, ...]:
    """All tables that the file may belong to: the name up to each dot, because table names may contain dots."""
    parts = PurePosixPath(path).name.split(".")
    return tuple(".".join(parts[:count]) for count in range(len(parts), 0, -1))


def why_unread(path: str) -> str:
    """The reason, as a phrase after the path."""
    suffix = PurePosixPath(path).suffix
    return f"is not read, because of its suffix {suffix}" if suffix else "is not read, because its name has no suffix"


def remedy(path: str) -> str:
    """What to do so that the file is read."""
    file = PurePosixPath(path)
    name, suffix = file.name, file.suffix.lower()
    if seed_suffix(name.lower()):
        stem = PurePosixPath(unpacked_name(name.lower()))
        kept = name[: len(stem.stem)]
        return f"Rename it to {kept}{name.lower()[len(kept) :]}."
    if suffix in _LINES:
        return f"Rename it to {file.stem}.jsonl."
    if suffix in _PACKED:
        inner = seed_suffix(file.stem.lower())
        return f"Unpack it, or pack it as {file.stem}.gz." if inner else f"Unpack it. {_READ}"
    if not suffix:
        return f"Give it the suffix of its format, as {name}{SEED_SUFFIXES[0]}. {_READ}"
    return f"Convert it, or move it out of seeds. {_READ}"
