"""Finds overlays for an environment that is never chosen, which is probably a misspelt one. Called by ``folder``.

Such an overlay changes nothing, and the table keeps what the base says: without the protection, for example, that its
author meant to add.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from reconciler.declarations.formats.text.own_tables import ENVIRONMENTS, looks_like_table, without_extensions
from reconciler.declarations.formats.text.parse_file import elements, parse_file
from reconciler.declarations.overlays import file_names
from reconciler.model.errors import Problem
from reconciler.model.position import located
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldOrigin, did_you_mean

SHORTEST = 4
"""Characters of a name that may be a misspelling: ``eu`` and ``au`` are two places."""


def unused_environments(files: Sequence[SourceFile], seeds: Sequence[str], environment: str | None) -> Iterator[str]:
    """A warning for each overlay whose environment looks like the current one, or like one that is named more often.

    ``files`` are all declaration files, ``seeds`` the paths of all seeds; ``environment`` is None where none was given.
    """
    overlays: dict[str, list[FieldOrigin]] = {}
    for name, origin in _named(files):
        overlays.setdefault(name, []).append(origin)
    known = [name for name, named in overlays.items() if len(named) > 1] + ([environment] if environment else [])
    for name, named in overlays.items():
        close = did_you_mean(name, [each for each in known if each != name])
        if name == environment or close is None or len(named) > 1 or _digits(name) == _digits(close):
            continue
        if not _is_named(name, [file for file in files if file.path != named[0].file], seeds):
            place = located(named[0].file, named[0].nearest_line)
            yield f"{place}: environment {name!r} is named nowhere else. Did you mean `{close}`?"


def unknown_environments(
    files: Sequence[SourceFile], environment: str | None, sections: Sequence[str], settings: str | None
) -> Iterator[Problem]:
    """A problem for each overlay whose environment cannot be chosen, or differs from another one by one letter.

    ``sections`` are the environments of the settings file ``settings``: where it has any, no other can be chosen.
    Without sections, a name is taken for a misspelling if it is written once, while the one that it resembles is the
    current ``environment`` or is written more often.
    """
    named: dict[str, list[FieldOrigin]] = {}
    for name, origin in _named(files):
        named.setdefault(name, []).append(origin)
    # Another case than that of the current one, and a list without it, are errors of their own.
    folded = environment.lower() if environment else None
    often = [name for name, origins in named.items() if len(origins) > 1] + ([environment] if environment else [])
    for name, origins in named.items():
        if name.lower() == folded or name in sections:
            continue
        if sections:
            close = did_you_mean(name, sections)
            listed = ", ".join(sorted(sections))
            add = f"Add [{ENVIRONMENTS}.{name}] to {settings}, or remove it."
            for origin in origins:
                reason = f"environment {name!r} is never used; {settings} has {listed}"
                yield origin.problem(reason, f"Did you mean `{close}`?" if close else add)
        elif len(origins) == 1 and not _is_listed(origins[0]):
            close = next((each for each in often if each != name and _one_letter_apart(name, each)), None)
            if close is not None:
                reason = f"environment {name!r} is named nowhere else"
                both = (
                    f"If both exist, write [{ENVIRONMENTS}.{name}] and [{ENVIRONMENTS}.{close}] into reconciler.toml."
                )
                yield origins[0].problem(reason, f"Did you mean `{close}`? {both}")


def _named(files: Sequence[SourceFile]) -> Iterator[tuple[str, FieldOrigin]]:
    """Every environment that a document of our own format names, with its place; overlays in files of their own too."""
    stems = {stem for file in files if (stem := file_names.stem(file.path)) is not None}
    for file in files:
        split = file_names.split_environment(file.path)
        if split is not None and split[0] in stems:
            yield split[1], FieldOrigin(file.path, (), None)
        if ENVIRONMENTS.encode() not in file.content:
            continue
        try:
            documents = parse_file(file)
        except ParseError:
            # The reader of the file says what is wrong with it.
            continue
        for document in documents:
            for part in elements(document) if isinstance(document.value, list) else [document]:
                if isinstance(part.value, Mapping) and looks_like_table(without_extensions(part.value)):
                    declared = part.value.get(ENVIRONMENTS)
                    names = declared if isinstance(declared, Mapping | list) else ()
                    origin = FieldOrigin(file.path, (), part.line, part.lines)
                    for place, name in enumerate(names):
                        if isinstance(name, str):
                            at = name if isinstance(declared, Mapping) else place
                            yield name, origin.below((ENVIRONMENTS, at))


def _is_listed(origin: FieldOrigin) -> bool:
    return bool(origin.path) and isinstance(origin.path[-1], int)


def _one_letter_apart(one: str, other: str) -> bool:
    """Whether one letter is missing, added, changed, or has changed places with its neighbour."""
    if min(len(one), len(other)) < SHORTEST or abs(len(one) - len(other)) > 1 or _digits(one) == _digits(other):
        return False
    same = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if same is None:
        return len(one) != len(other)
    one, other = one[same:], other[same:]
    swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    return swapped or one[1:] == other[1:] or one[1:] == other or one == other[1:]


def _digits(name: str) -> str:
    """``dev`` of ``dev2``: numbered environments are no misspellings of one another."""
    return re.sub(r"[0-9]+", "", name)


def _is_named(name: str, files: Sequence[SourceFile], seeds: Sequence[str]) -> bool:
    word = re.compile(rb"(?<![\w-])" + re.escape(name).encode() + rb"(?![\w-])")
    return any(f".{name}." in path for path in seeds) or any(word.search(file.content) for file in files)
