"""Finds given parameters that no file of the folder knows. Called by ``folder`` once per load.

A misspelt parameter leaves the right one at its default, and the default may name another table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.declarations.formats.text.parse_file import parse_file
from reconciler.declarations.variables import KEY as VARIABLES
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import did_you_mean

_PLAIN = re.compile(r"[A-Za-z_]\w*")
"""The name of a parameter or a variable. Other names are attributes, exports and variables of serverless."""


def unknown_parameters(names: Iterable[str], files: Iterable[SourceFile], location: str) -> Iterator[Problem]:
    """A problem for each name that no file mentions; ``location`` is the folder.

    A file that mentions the name may use it in a way that only its tool knows, so it counts as known.
    """
    given, read = [name for name in names if _PLAIN.fullmatch(name)], list(files)
    missing = [name for name in given if not any(_mentions(file, name) for file in read)]
    if not missing:
        return
    declared = sorted({name for file in read for name in _declared(file)})
    for name in missing:
        close = did_you_mean(name, declared)
        meant = f"Did you mean `{close}`? " if close else ""
        listed = f"Declared: {', '.join(declared)}." if declared else "No file declares one; remove the option."
        yield Problem(location, None, f"--parameter {name}", "no file declares this parameter", f"{meant}{listed}")


def _mentions(file: SourceFile, name: str) -> bool:
    return re.search(rb"(?<!\w)" + name.encode() + rb"(?!\w)", file.content) is not None


def _declared(file: SourceFile) -> Iterator[str]:
    """The parameters of templates and the variables of our own documents."""
    if file.path.endswith(".py"):
        return
    try:
        documents = parse_file(file)
    except ParseError:
        return
    for document in documents:
        for section in ("Parameters", VARIABLES):
            found = document.value.get(section) if isinstance(document.value, Mapping) else None
            yield from (str(name) for name in found or () if isinstance(found, Mapping | list))
