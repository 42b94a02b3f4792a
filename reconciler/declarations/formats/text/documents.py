"""Reads a YAML or JSON file into declarations as written. Called by ``file_cache`` for each such file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from reconciler.declarations.formats.foreign_formats import format_of
from reconciler.declarations.formats.text.overlooked_tables import (
    holds_table,
    refuse_commented_out,
    refuse_overlooked,
)
from reconciler.declarations.formats.text.own_tables import (
    OwnReading,
    looks_like_table,
    own_table,
    read_overlay,
    refuse_without_table,
    without_extensions,
)
from reconciler.declarations.formats.text.parse_file import elements, parse_file, suffix_of
from reconciler.declarations.overlays import file_names
from reconciler.declarations.raw import ConditionalTable, FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import located
from reconciler.parsing.parsed import TOO_DEEP, Parsed, ParseError
from reconciler.parsing.source_file import SourceFile, decode

_ALIAS = re.compile(r"(?:^|[\s\[{,])\*[^\s,\]}*]+", re.MULTILINE)
"""An alias of YAML: what an anchor names is used somewhere."""


def read_documents(file: SourceFile, inputs: TemplateInputs, beside: Sequence[SourceFile] = ()) -> FileReading:
    """Every table of the file. ``beside`` are the files that it depends on (``overlays.file_names.related``).

    A document that declares nothing is a warning; one that looks like a declaration all the same, and a file that
    cannot be read, is a problem.
    """
    try:
        if file_names.may_include(file):
            files = {each.path: each.content for each in beside}
            inputs = replace(inputs, files=files or inputs.files)
        return _Reading(file, inputs, beside).of(parse_file(file))
    except ParseError as error:
        return FileReading(problems=(Problem(file.path, error.line, None, error.reason, error.remedy),))
    except RecursionError:
        # The functions of a template take more of the call stack than the levels of a file.
        return FileReading(problems=(Problem(file.path, None, None, *TOO_DEEP),))


@dataclass
class _Reading:
    """One file while its documents are read."""

    file: SourceFile
    inputs: TemplateInputs
    beside: Sequence[SourceFile]
    declarations: list[RawDeclaration] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    others_aside: list[str] = field(default_factory=list)
    reads_process: bool = False
    included: list[str] = field(default_factory=list)
    conditional: list[ConditionalTable] = field(default_factory=list)

    def of(self, documents: list[Parsed]) -> FileReading:
        """What the documents declare, all together."""
        parameters = _parameters(documents)
        if parameters is not None:
            return FileReading(warnings=(f"{self.file.path}: {parameters}",))
        only_extensions = any(document.value for document in documents)
        for document in _split(documents):
            only_extensions = self._document(document) and only_extensions
        if not self.declarations and not self.problems and not self.notes:
            refuse_commented_out(decode(self.file))
            self.others = [] if only_extensions else [f"{self.file.path}: declares nothing: it has no table field"]
        return FileReading(
            tuple(self.declarations),
            tuple(self.problems),
            (*self.warnings, *self.others_aside),
            next((document.line for document in documents if document.value in (None, {})), None),
            tuple(self.notes),
            self.reads_process,
            tuple(self.others),
            tuple(self.included),
            tuple(self.conditional),
        )

    def _document(self, document: Parsed) -> bool:
        """Read one document. True if it holds nothing but extensions."""
        if document.value is None:
            return True
        if not isinstance(document.value, Mapping):
            remedy = "Write one table per document; put seeds into seeds/."
            raise ParseError(document.line, "expected a mapping", remedy)
        foreign = format_of(document.value)
        if foreign is not None:
            reading = foreign.read(self.file, document, self.inputs)
            self.declarations += [replace(each, from_template=True) for each in reading.declarations]
            self._add(reading)
            self.included += reading.included
            self.conditional += reading.conditional
            return False
        value = without_extensions(document.value)
        own = read_overlay(self.file, document, value, self.inputs, self.beside)
        if own is None and looks_like_table(value):
            own = own_table(self.file, document, value, self.inputs, self.beside)
        if own is not None:
            self.declarations += [own.declaration] if own.declaration is not None else []
            self._add(own)
        elif value:
            refuse_overlooked(document, value)
            refuse_without_table(document, value)
            self.others.append(f"{located(self.file.path, document.line)}: declares nothing: it has no table field")
        self._unused_tables(document, value)
        return not value

    def _add(self, reading: FileReading | OwnReading) -> None:
        self.problems += reading.problems
        self.warnings += reading.warnings
        self.notes += reading.notes
        self.reads_process = self.reads_process or reading.reads_process

    def _unused_tables(self, document: Parsed, value: Mapping[Any, Any]) -> None:
        """Warn about a table under a key for anchors that nothing refers to."""
        if suffix_of(self.file.path) in (".yaml", ".yml") and _ALIAS.search(decode(self.file)) is not None:
            return
        for key in sorted(document.value.keys() - value.keys()):
            if holds_table(document.value[key]):
                line = document.lines.get((key,), document.line)
                self.others_aside.append(
                    f"{located(self.file.path, line)}: {key} contains a table that nothing refers to; the table is not "
                    "declared. To declare it, move its fields to the top level of a document."
                )


def _split(documents: list[Parsed]) -> Iterator[Parsed]:
    """The documents, with a list of tables as its elements: JSON has no separator of documents."""
    for document in documents:
        if not isinstance(document.value, list) or not any(
            isinstance(each, Mapping) and looks_like_table(each) for each in document.value
        ):
            yield document
            continue
        for place, element in enumerate(elements(document), 1):
            value = element.value
            if not isinstance(value, Mapping) or not (looks_like_table(value) or format_of(value) is not None):
                reason = f"element {place} of the list declares no table"
                raise ParseError(element.line, reason, "Write a list of tables alone, or one table per document.")
            yield element


_PARAMETERS = "declares nothing: it holds parameters of a template. Name it with --parameters-file."


def _parameters(documents: list[Parsed]) -> str | None:
    """The warning about a file of parameters, as the AWS CLI and CodePipeline take it; None for any other."""
    value = documents[0].value if len(documents) == 1 else None
    listed = (
        isinstance(value, list)
        and value
        and all(isinstance(each, Mapping) and "ParameterKey" in each for each in value)
    )
    section = value.get("Parameters") if isinstance(value, Mapping) else None
    mapped = isinstance(section, Mapping) and not any(isinstance(each, Mapping) for each in section.values())
    only = mapped and set(value or ()) <= {"Parameters", "Tags", "StackPolicy"}
    return _PARAMETERS if listed or only else None
