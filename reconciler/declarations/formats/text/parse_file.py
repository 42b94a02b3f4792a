"""The documents of a YAML, JSON or TOML file. Called by ``documents`` and ``own_tables``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from reconciler.declarations.formats.text.overlooked_tables import refuse_conflict_markers
from reconciler.declarations.placeholders import unrendered
from reconciler.model.position import Position
from reconciler.parsing.json_text import read_json
from reconciler.parsing.parsed import Parsed, ParseError
from reconciler.parsing.source_file import SourceFile, decode
from reconciler.parsing.source_location import Path
from reconciler.parsing.toml_text import read_toml
from reconciler.parsing.yaml_text import read_yaml

_TEMPLATE = re.compile(
    r"^(?:Resources|AWSTemplateFormatVersion|service)\s*:|AWS::(?:DynamoDB::(?:Global)?Table|Serverless::SimpleTable)\b",
    re.MULTILINE,
)
"""The marks of a file of CloudFormation, in which tags are functions."""


def suffix_of(path: str) -> str:
    """The suffix in lower case."""
    return PurePosixPath(path).suffix.lower()


def parse_file(file: SourceFile) -> list[Parsed]:
    """All documents. Raises ``ParseError`` with the line for a file that cannot be read."""
    text = decode(file)
    refuse_conflict_markers(text)
    try:
        return _documents(file, text)
    except ParseError as error:
        raise _unrendered(text, error.line) or error from None


def elements(document: Parsed) -> Iterator[Parsed]:
    """The elements of a list as documents of their own, with paths that start inside."""

    def inside(known: Mapping[Path, object], place: int) -> dict[Path, object]:
        return {path[1:]: value for path, value in known.items() if path[:1] == (place,)}

    for place, value in enumerate(document.value):
        line = document.lines.get((place,), document.line)
        lines, literals = inside(document.lines, place), inside(document.literals, place)
        keys = inside(document.key_literals, place)
        yield Parsed(value, line, lines, literals, keys)  # type: ignore[arg-type]


def _unrendered(text: str, line: int | None) -> ParseError | None:
    """The fault that a template expression explains, in the line where parsing failed or in the one before."""
    lines = text.split("\n")
    for number in (line, line - 1) if line else ():
        expression = unrendered(lines[number - 1]) if 0 < number <= len(lines) else None
        if expression is not None:
            reason = f"contains the template expression {expression}, which is not rendered"
            place = Position(number, lines[number - 1].find(expression) + 1)
            return ParseError(place, reason, "Render the template into this folder, or write the value itself.")
    return None


def _documents(file: SourceFile, text: str) -> list[Parsed]:
    suffix = suffix_of(file.path)
    if suffix == ".json" or (suffix == ".template" and text.lstrip().startswith("{")):
        return [read_json(text)]
    if suffix == ".toml":
        return [read_toml(text)]
    return read_yaml(text, short_tags=_TEMPLATE.search(text) is not None)
