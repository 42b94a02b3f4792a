"""Pairs overlays with the files that they change, by name alone: ``orders.prod.yaml`` with ``orders.yaml``.

It also says which other files the result of a file depends on.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.parsing.source_file import SourceFile

SUFFIXES = (".yaml", ".yml", ".json", ".toml")
"""Of files that may be overlays, in any case."""


def stem(path: str) -> str | None:
    """The path without its suffix; None where the file can be no overlay and have none."""
    whole, dot, suffix = path.rpartition(".")
    return whole if whole and not whole.endswith("/") and f"{dot}{suffix}".lower() in SUFFIXES else None


def split_environment(path: str) -> tuple[str, str] | None:
    """The path of the base without its suffix, and the environment; None for a name with no dot inside."""
    base, dot, environment = (stem(path) or "").rpartition(".")
    return (
        (base, environment)
        if environment and dot and base and "/" not in environment and not base.endswith("/")
        else None
    )


def related(files: Iterable[SourceFile]) -> dict[SourceFile, tuple[SourceFile, ...]]:
    """For each file the others that its result depends on: its bases, its overlays, and all that it may include."""
    files = list(files)
    bases: dict[str, list[SourceFile]] = {}
    overlays: dict[str, list[SourceFile]] = {}
    names = [(file, stem(file.path), split_environment(file.path)) for file in files]
    for file, whole, split in names:
        if whole is not None:
            bases.setdefault(whole, []).append(file)
        if split is not None:
            overlays.setdefault(split[0], []).append(file)
    found = {}
    for file, whole, split in names:
        beside = overlays.get(whole, []) if whole is not None else []
        found[file] = (*(bases.get(split[0], []) if split is not None else ()), *beside)
        if may_include(file):
            found[file] = (*found[file], *(each for each in files if each is not file and each not in found[file]))
    return found


def may_include(file: SourceFile) -> bool:
    """Whether a file has a variable of serverless for the content of another one, whose name may be a variable too."""
    return b"${file(" in file.content


def bases_of(file: SourceFile, beside: Iterable[SourceFile]) -> list[SourceFile]:
    """The files that ``file`` may be an overlay of."""
    split = split_environment(file.path)
    return [each for each in beside if split is not None and stem(each.path) == split[0]]


def overlays_of(file: SourceFile, beside: Iterable[SourceFile], environment: str | None) -> list[SourceFile]:
    """The files that change ``file`` in an environment, in the order of their paths."""
    whole = stem(file.path)
    return sorted(
        (each for each in beside if environment and split_environment(each.path) == (whole, environment)),
        key=lambda each: each.path,
    )
