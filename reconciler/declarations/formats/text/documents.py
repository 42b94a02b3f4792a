"""Reads a YAML or JSON file into declarations as written. Called by ``file_cache`` for each such file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.table_document import API_FIELDS, REQUIRED, TableDocument
from reconciler.declarations.formats.foreign_formats import format_of
from reconciler.declarations.formats.text.overlooked_tables import (
    holds_table,
    refuse_commented_out,
    refuse_conflict_markers,
    refuse_overlooked,
)
from reconciler.declarations.placeholders import unrendered
from reconciler.declarations.raw import FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.parsing.json_text import read_json
from reconciler.parsing.parsed import TOO_DEEP, Parsed, ParseError
from reconciler.parsing.source_file import SourceFile, decode
from reconciler.parsing.source_location import did_you_mean
from reconciler.parsing.yaml_text import read_yaml

_TEMPLATE = re.compile(
    r"^(?:Resources|AWSTemplateFormatVersion|service)\s*:|AWS::(?:DynamoDB::(?:Global)?Table|Serverless::SimpleTable)\b",
    re.MULTILINE,
)
"""The marks of a file of CloudFormation, in which tags are functions."""
_ALIAS = re.compile(r"(?:^|[\s\[{,])\*[^\s,\]}*]+", re.MULTILINE)
"""An alias of YAML: what an anchor names is used somewhere."""


def read_documents(file: SourceFile, inputs: TemplateInputs) -> FileReading:
    """Every table of the file.

    A document that declares nothing is a warning; one that looks like a declaration all the same, and a file that
    cannot be read, is a problem.
    """
    try:
        return _reading(file, _parse(file), inputs)
    except ParseError as error:
        return FileReading(problems=(Problem(file.path, error.line, None, error.reason, error.remedy),))
    except RecursionError:
        # The functions of a template take more of the call stack than the levels of a file.
        return FileReading(problems=(Problem(file.path, None, None, *TOO_DEEP),))


def _parse(file: SourceFile) -> list[Parsed]:
    text = decode(file)
    refuse_conflict_markers(text)
    try:
        return _documents(file, text)
    except ParseError as error:
        raise _unrendered(text, error.line) or error from None


def _unrendered(text: str, line: int | None) -> ParseError | None:
    """The fault that a template expression explains, in the line where parsing failed or in the one before."""
    lines = text.split("\n")
    for number in (line, line - 1) if line else ():
        expression = unrendered(lines[number - 1]) if 0 < number <= len(lines) else None
        if expression is not None:
            reason = f"contains the template expression {expression}, which is not rendered"
            return ParseError(number, reason, "Render the template into this folder, or write the value itself.")
    return None


def _documents(file: SourceFile, text: str) -> list[Parsed]:
    if file.path.endswith(".json"):
        return [read_json(text)]
    return read_yaml(text, short_tags=_TEMPLATE.search(text) is not None)


def _reading(file: SourceFile, documents: list[Parsed], inputs: TemplateInputs) -> FileReading:
    declarations: list[RawDeclaration] = []
    problems: list[Problem] = []
    foreign_warnings: list[str] = []
    notes: list[str] = []
    reads_process = False
    others, others_aside = [], []
    only_extensions = any(document.value for document in documents)
    aliased = not file.path.endswith(".json") and _ALIAS.search(decode(file)) is not None
    for document in documents:
        if document.value is None:
            continue
        if not isinstance(document.value, Mapping):
            remedy = "Write one table per document; put seeds into seeds/."
            raise ParseError(document.line, "expected a mapping", remedy)
        foreign = format_of(document.value)
        if foreign is not None:
            reading = foreign.read(file, document, inputs)
            declarations += reading.declarations
            problems += reading.problems
            foreign_warnings += reading.warnings
            notes += reading.notes
            reads_process = reads_process or reading.reads_process
            only_extensions = False
            continue
        value = {key: item for key, item in document.value.items() if not _is_extension(key)}
        if _looks_like_table(value):
            declarations.append(
                RawDeclaration(
                    file.path,
                    document.line,
                    value,
                    document.lines,
                    literals=document.literals,
                    key_literals=document.key_literals,
                )
            )
        elif value:
            refuse_overlooked(document, value)
            others.append(f"{file.path}:{document.line}: declares nothing: it has no table field")
        only_extensions = only_extensions and not value
        unused = () if aliased else document.value.keys() - value.keys()
        for key in sorted(unused):
            if holds_table(document.value[key]):
                line = document.lines.get((key,), document.line)
                others_aside.append(
                    f"{file.path}:{line}: {key} contains a table that nothing refers to; the table is not declared. "
                    "To declare it, move its fields to the top level of a document."
                )
    if not declarations and not problems and not notes:
        refuse_commented_out(decode(file))
        others = [] if only_extensions else [f"{file.path}: declares nothing: it has no table field"]
    empty_document = next((document.line for document in documents if document.value in (None, {})), None)
    warnings = (*foreign_warnings, *others, *others_aside)
    return FileReading(tuple(declarations), tuple(problems), warnings, empty_document, tuple(notes), reads_process)


def _is_extension(key: object) -> bool:
    """A place for YAML anchors and for other tools, as in Compose: a top-level key that begins with ``x-``."""
    return isinstance(key, str) and key.startswith("x-")


def _looks_like_table(value: Mapping[object, object]) -> bool:
    """Any field of CreateTable, or a misspelling of one that every table has."""
    known = {word for word, name in spellings(TableDocument).items() if name in API_FIELDS}
    words = [key for key in value if isinstance(key, str) and key != "$schema"]
    return any(word in known or did_you_mean(word, REQUIRED) for word in words)
