"""Finds given parameters that no file of the folder knows. Called by ``folder`` once per load.

A misspelt parameter leaves the right one at its default, and the default may name another table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reconciler.declarations.formats.text.parse_file import parse_file
from reconciler.declarations.variables import KEY as VARIABLES
from reconciler.model.errors import Problem
from reconciler.model.position import located
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import did_you_mean

_PLAIN = re.compile(r"[A-Za-z_]\w*")
"""The name of a parameter or a variable. Other names are attributes, exports and variables of serverless."""
_KINDS = (b"opt", b"param", b"sls", b"env")
_VARIABLE = re.compile(rb"\b(opt|param|sls|env|self):([\w.-]*)")
"""A variable of serverless, in ``${opt:stage, self:provider.stage}``."""
_SERVICE = re.compile(rb"(?m)^[\"']?service[\"']?[ \t]*:(?s:.*)^[\"']?provider[\"']?[ \t]*:")
_TAKEN = (
    rb"\b(?:Ref|ImportValue)[\"']?[ \t]*:?[ \t]*[\"']?NAME\b|\$\{[ \t]*NAME[ \t]*\}"
    rb"|\bParameters[\"']?[ \t]*:(?s:.*?)(?<!\w)NAME[\"']?[ \t]*:"
)
"""How the template inside a serverless.yml takes a parameter. Other words of it are keys and texts."""

OPTION = "--parameter"


def unknown_parameters(
    names: Iterable[str], files: Iterable[SourceFile], location: str, named_by: str = OPTION
) -> Iterator[Problem]:
    """A problem for each name that no file mentions; ``location`` is the folder.

    ``named_by`` is where the names come from, as ``Settings.origins`` has it.

    A file that mentions the name may use it in a way that only its tool knows, so it counts as known.
    """
    given, read = [name for name in names if _PLAIN.fullmatch(name)], list(files)
    missing = [name for name in given if not any(_mentions(file, name) for file in read)]
    if not missing:
        return
    declared = sorted({name for file in read for name in _declared(file)})
    for name in missing:
        variable = _variable(read, name)
        close = variable or did_you_mean(name, declared)
        meant = f"Did you mean `{close}`? " if close else ""
        is_option = named_by == OPTION
        given_by = "" if is_option else f", which {_given_by(named_by, name)} sets"
        remove = "remove the option" if is_option else "remove it there"
        listed = f"Declared: {', '.join(declared)}." if declared else f"No file declares one; {remove}."
        if variable and not declared:
            meant, listed = meant.strip(), ""
        subject = f"{OPTION} {name}" if is_option else f"parameter {name}"
        yield Problem(location, None, subject, f"no file declares this parameter{given_by}", f"{meant}{listed}")


def _given_by(origin: str, name: str) -> str:
    """``reconciler.toml:4``, ``RECONCILER_PARAMETER in .env`` or a variable; the line where the file is TOML."""
    file, colon, key = origin.partition(": ")
    if not colon:
        return origin
    if not file.endswith(".toml"):
        return f"{key} in {file}"
    from reconciler.parsing.toml_text import read_toml

    path = tuple(key.split("."))
    try:
        lines = read_toml(Path(file).read_text(encoding="utf-8")).lines
    except (OSError, UnicodeDecodeError, ParseError):
        return f"{key} in {file}"
    line = lines.get((*path, name)) or lines.get(path)
    return located(file, line) if line else f"{key} in {file}"


def _mentions(file: SourceFile, name: str) -> bool:
    """Whether a file has the name as a word of its own, and not only in variables and keys that take no parameter."""
    word = name.encode()
    if _SERVICE.search(file.content) is not None and not file.path.endswith(".py"):
        return re.search(_TAKEN.replace(b"NAME", word), file.content) is not None
    without = _VARIABLE.sub(b"", file.content)
    return re.search(rb"(?<!\w)" + word + rb"(?!\w)", without) is not None


def _variable(files: Iterable[SourceFile], name: str) -> str | None:
    """The variable of serverless of this name, which has another name as a parameter: ``opt:stage`` for ``stage``."""
    found = {each[1] for file in files for each in _VARIABLE.finditer(file.content) if each[2] == name.encode()}
    return next((f"{kind.decode()}:{name}" for kind in _KINDS if kind in found), None)


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
