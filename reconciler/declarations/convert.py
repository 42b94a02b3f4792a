"""Converts a template of another tool into declarations of our own, with its items as seeds. Offline.

Called by the wiring for ``import --from``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.declarations import writer
from reconciler.declarations.checked import CheckedDeclaration
from reconciler.declarations.document.check import checked_declaration
from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.table_document import IAM_FIELDS, TableDocument
from reconciler.declarations.export.exported import lifecycle_members
from reconciler.declarations.export.whole_document import whole_document
from reconciler.declarations.folder import FolderSource
from reconciler.declarations.folder_snapshot import DECLARATION_LIMIT, FileNotRead, read_regular
from reconciler.declarations.formats.foreign_formats import format_of
from reconciler.declarations.formats.serverless.service import FRAGMENT, SERVICE, TEMPLATE
from reconciler.declarations.formats.terraform.show import TERRAFORM
from reconciler.declarations.formats.text.documents import read_documents
from reconciler.declarations.formats.text.parse_file import parse_file
from reconciler.declarations.formats.workbench import WORKBENCH
from reconciler.declarations.placeholders import escape, mapped
from reconciler.declarations.raw import RawDeclaration
from reconciler.declarations.template_inputs import ENVIRONMENT_PARAMETERS, TemplateInputs
from reconciler.declarations.unread import foreign_source
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DeclarationError, Problem, UsageError
from reconciler.model.lazy_dataclass import dataclass
from reconciler.model.position import located
from reconciler.model.table import TableSpec
from reconciler.parsing.parsed import ParseError
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import did_you_mean

FORMATS = {
    "cloudformation": ("a CloudFormation, SAM or serverless template", (TEMPLATE, FRAGMENT, SERVICE)),
    "terraform": ("the output of `terraform show -json`", (TERRAFORM,)),
    "workbench": ("a data model of NoSQL Workbench", (WORKBENCH,)),
}
"""What each value of ``--from`` reads."""
_LONGEST = 80
"""Characters of a value in a warning."""


@dataclass(frozen=True, slots=True)
class Converted:
    """New files by name: declarations, and seeds for the folder ``seeds``. ``notes`` tell what was left out."""

    declarations: Mapping[str, str]
    seeds: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What to convert: the file at ``path`` of a ``kind``, all its tables or only ``names``, into the ``form``.

    ``shown`` is the path of the file from the folder of the declarations, as every problem has it.
    """

    path: str
    shown: str
    kind: str
    names: tuple[str, ...]
    form: str


def convert(request: Request, inputs: TemplateInputs, known: DesiredState) -> Converted:
    """The tables of the file as texts.

    Raises ``UsageError`` for a file of another format, for tables that are ``known`` already, for names that are not in
    the file and for names that end with an environment which is not the chosen one, and ``DeclarationError`` with every
    problem of the file.
    """
    reading = read_documents(_file(request), replace(inputs, files=_Around(request)))
    checked = [checked_declaration(raw, None) for raw in reading.declarations]
    problems = [*reading.problems, *(problem for each in checked for problem in each.problems)]
    if problems:
        raise DeclarationError(tuple(problems), reading.warnings)
    found = {each.name: each for each in checked if each.name and each.spec is not None}
    chosen = _chosen(found, request.names, request.path)
    for name in chosen:
        declared = known.named(name)
        if declared is not None:
            raise UsageError(f"{name} is declared already, in {declared.origin}. Nothing was written")
    raw_by_name = {each.name: raw for raw, each in zip(reading.declarations, checked, strict=True)}
    if not request.names:
        _refuse_suffixes({name: raw_by_name[name] for name in chosen}, inputs)
    bases = {name: _base_name(each, inputs.environment, request.path) for name, each in chosen.items()}
    documents = {bases[name]: _document(each, bases[name]) for name, each in chosen.items()}
    constants = [line for name in chosen for line in _constants(raw_by_name[name], name, inputs.environment)]
    taken = {Path(each.origin.file).name for each in known.declarations}
    texts = writer.texts_of(documents, request.form, taken)
    _prove(texts, {name: each.spec for name, each in chosen.items() if each.spec}, inputs.environment)
    seeds = {
        f"{bases[name]}.json": json.dumps(list(each.class_seed), indent=2, ensure_ascii=False) + "\n"
        for name, each in chosen.items()
        if each.class_seed is not None
    }
    return Converted(texts, seeds, (*reading.warnings, *reading.silent, *constants), reading.notes)


def _base_name(checked: CheckedDeclaration, environment: str | None, path: str) -> str:
    try:
        return writer.base_name(str(checked.name), environment)
    except UsageError as error:
        raise UsageError(
            f"{located(path, checked.location.line)}: {error}. Give it a TableName that ends with -{environment}, or"
            f" import it without --environment, which declares {checked.name} as it is. Nothing was written"
        ) from None


def _constants(raw: RawDeclaration, name: str, environment: str | None) -> Iterator[str]:
    """One warning for each value that parameters decide and that the new file has for all environments.

    The part of a name that ``--environment`` takes off follows the environment there too.
    """
    for each in raw.computed:
        what, by_environment = (
            each.field,
            all(parameter.lower() in ENVIRONMENT_PARAMETERS for parameter in each.parameters),
        )
        if what == "TableName" and environment is not None and by_environment:
            continue
        remedy = "Write an overlay for each other environment, or import each environment into its own folder"
        if what in ("Condition", "TableName"):
            # An overlay changes a table; it neither renames it nor leaves it out.
            remedy = "Import each other environment into its own folder"
        if what == "Condition":
            what, written = "the table", "it is declared in every environment"
        elif what in ("DeletionPolicy", "UpdateReplacePolicy"):
            written = f"lifecycle.protect is {'written' if each.value else 'left out'} for every environment"
        elif each.value is None:
            written = "it is left out for every environment"
        else:
            text = json.dumps(each.value, ensure_ascii=False, default=str)
            written = f"{text if len(text) <= _LONGEST else text[:_LONGEST] + '…'} is written for every environment"
        yield (f"{each.where}: {name}: {what} follows from {each.follows_from}; {written}. {remedy} (--desired-state)")


class _Around(Mapping[str, bytes]):
    """The files around the converted one, read on demand, by their paths from the folder of the declarations."""

    def __init__(self, request: Request) -> None:
        self._path, self._shown = Path(request.path), Path(request.shown)

    def __getitem__(self, path: str) -> bytes:
        found = self._path.parent / os.path.relpath(path, self._shown.parent)
        try:
            return read_regular(found, found.resolve(), DECLARATION_LIMIT)
        except (OSError, RuntimeError, FileNotRead):
            raise KeyError(path) from None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _file(request: Request) -> SourceFile:
    """The file, which has a document of this kind. Raises ``UsageError`` and ``DeclarationError``."""
    path, (expected, formats) = request.path, FORMATS[request.kind]
    try:
        file = SourceFile(request.shown, Path(path), Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}. Name {expected}.") from None
    source = foreign_source(Path(path).name, file.content)
    if source is not None:
        raise UsageError(
            f"{path} is not {expected}: {source.what}. Run `{source.command}`, then"
            f" `reconciler import --from {source.kind} {source.output}`. Nothing was written"
        )
    try:
        values = [document.value for document in parse_file(file)]
    except ParseError as error:
        raise DeclarationError((Problem(request.shown, error.line, None, error.reason, error.remedy),)) from None
    recognised = [format_of(value) for value in values if isinstance(value, Mapping)]
    if not any(each in formats for each in recognised):
        fitting = next((name for name, (_, known) in FORMATS.items() for each in recognised if each in known), None)
        if fitting:
            raise UsageError(f"{path} is {FORMATS[fitting][0]}, not {expected}. Give --from {fitting}.")
        raise UsageError(f"{path} is not {expected}. Name one, or put the file into the folder of the declarations.")
    return file


def _chosen(
    found: Mapping[str, CheckedDeclaration], names: tuple[str, ...], path: str
) -> Mapping[str, CheckedDeclaration]:
    for name in names:
        if name not in found:
            close = did_you_mean(name, found)
            remedy = f"Did you mean {close}?" if close else f"It has: {', '.join(found) or 'none'}."
            raise UsageError(f"{path} has no table {name!r}. {remedy}")
    if not found:
        raise UsageError(f"{path} has no table; nothing was written")
    return {name: found[name] for name in names} if names else found


def _refuse_suffixes(tables: Mapping[str, RawDeclaration], inputs: TemplateInputs) -> None:
    """Raise ``UsageError`` where a parameter such as Stage ended names with an environment that was not chosen.

    ``orders-prod`` would be the base name, and ``--environment prod`` would make ``orders-prod-prod`` of it, whether
    the value was given or is the default of the template. A table that was named is meant as it is.
    """
    if inputs.environment is not None:
        return
    for name, raw in tables.items():
        for parameter, value in (*inputs.parameters.items(), *_of_the_name(raw)):
            if parameter.lower() not in ENVIRONMENT_PARAMETERS or not (value and name.endswith(f"-{value}")):
                continue
            by_default = "" if parameter in inputs.parameters else f", which is {value} by default"
            raise UsageError(
                f"{name} ends with the value of {parameter}{by_default}, and --environment {value} would add it again:"
                f" {name}-{value}. Give --environment {value}, which declares {name.removesuffix(f'-{value}')} for"
                f" every environment, or name the tables, which declares {name} as it is. Nothing was written"
            )


def _of_the_name(raw: RawDeclaration) -> Iterator[tuple[str, str]]:
    """The parameters that the name of a table follows from, with their values."""
    for each in raw.computed:
        if each.field == "TableName":
            yield from zip(each.parameters, each.values, strict=True)


def _document(checked: CheckedDeclaration, base: str) -> dict[str, Any]:
    assert checked.spec is not None
    known = spellings(TableDocument)
    document: dict[str, Any] = {known[key]: value for key, value in whole_document(checked.spec).items()}
    lifecycle = lifecycle_members(checked.lifecycle)
    lifecycle = ({"protect": True} if checked.lifecycle.protect else {}) | lifecycle
    references = [
        {"table": each.table} | ({"attribute": each.attribute} if each.attribute else {}) for each in checked.references
    ]
    extras = {
        "description": checked.description,
        "seed": {"format": checked.seed_format} if checked.seed_format else None,
        "references": references,
        "lifecycle": lifecycle,
    }
    document = {**document, "table_name": base, **{key: value for key, value in extras.items() if value}}
    return {name: mapped(value, partial(escape, policy=name in IAM_FIELDS)) for name, value in document.items()}


def _prove(texts: Mapping[str, str], specs: Mapping[str, TableSpec], environment: str | None) -> None:
    """Read the texts as declarations and compare. Raises ``UsageError`` if one declares another table."""
    with TemporaryDirectory() as scratch:
        for name, text in texts.items():
            (Path(scratch) / name).write_text(text, encoding="utf-8")
        read = FolderSource(scratch, environment).load().declarations
    for declaration in read:
        if declaration.spec != specs[declaration.spec.name]:
            raise UsageError(f"{declaration.spec.name} cannot be declared as the template has it; nothing was written")
