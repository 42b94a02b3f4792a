"""Finds overlays for an environment that nothing else names, which is probably a misspelt one. Called by ``folder``.

Such an overlay changes nothing, and the table keeps what the base says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reconciler.declarations.overlays import file_names
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import did_you_mean


def unused_environments(files: Sequence[SourceFile], seeds: Sequence[str], environment: str | None) -> Iterator[str]:
    """A warning for each overlay whose environment looks like the current one, or like one that is named more often.

    ``files`` are all declaration files, ``seeds`` the paths of all seeds; ``environment`` is None where none was given.
    """
    stems = {stem for file in files if (stem := file_names.stem(file.path)) is not None}
    overlays: dict[str, list[SourceFile]] = {}
    for file in files:
        split = file_names.split_environment(file.path)
        if split is not None and split[0] in stems:
            overlays.setdefault(split[1], []).append(file)
    known = [name for name, named in overlays.items() if len(named) > 1] + ([environment] if environment else [])
    for name, named in overlays.items():
        close = did_you_mean(name, [each for each in known if each != name])
        if name == environment or close is None or len(named) > 1 or _digits(name) == _digits(close):
            continue
        if not _is_named(name, [file for file in files if file is not named[0]], seeds):
            yield f"{named[0].path}: environment {name!r} is named nowhere else. Did you mean `{close}`?"


def _digits(name: str) -> str:
    """``dev`` of ``dev2``: numbered environments are no misspellings of one another."""
    return re.sub(r"[0-9]+", "", name)


def _is_named(name: str, files: Sequence[SourceFile], seeds: Sequence[str]) -> bool:
    word = re.compile(rb"(?<![\w-])" + re.escape(name).encode() + rb"(?![\w-])")
    return any(f".{name}." in path for path in seeds) or any(word.search(file.content) for file in files)
