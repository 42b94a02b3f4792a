"""serverless.yml, and files with its resources, as templates of CloudFormation. Called by ``documents``.

https://www.serverless.com/framework/docs/providers/aws/guide/resources
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.declarations.formats.cloudformation.template import (
    is_fragment,
    is_template,
    read_fragment,
    read_template,
)
from reconciler.declarations.formats.cloudformation.unresolved import Unresolved
from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.formats.serverless.variables import Variables
from reconciler.declarations.raw import FileReading
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import Path, SourceLocation

_SECTIONS = ("Resources", "Conditions", "Mappings", "Parameters")


def is_service(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a serverless.yml: a service with a provider, or resources as it nests them."""
    if "service" in value and "provider" in value:
        return True
    return any(is_template(part) for _, part in _parts(value))


def read_service(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """The tables below ``resources``. Files that it includes are read by themselves."""
    variables = Variables(document.value, inputs)
    template, problems = _template(file, document, variables)
    notes = [f"{file.path}: {text} is read as a file of its own" for text in _included(document.value)]
    reading = read_template(file, template, inputs) if template.value["Resources"] else FileReading()
    if not template.value["Resources"] and not notes and not problems:
        notes.append(f"{file.path}: the service has no resources")
    return replace(
        reading,
        problems=(*problems, *reading.problems),
        notes=(*reading.notes, *notes),
        reads_process=variables.reads_process,
    )


def read_resources(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """Resources without ``Resources:`` around them, or a template, which may hold variables of serverless."""
    variables = Variables(None, inputs)
    try:
        value = variables.resolve(document.value, ())
    except Unresolved as unresolved:
        location = SourceLocation(file.path, document.line, document.lines)
        return FileReading(problems=(location.problem(unresolved.finding()),))
    read = read_template if is_template(value) else read_fragment
    return replace(read(file, replace(document, value=value), inputs), reads_process=variables.reads_process)


def _template(file: SourceFile, document: Parsed, variables: Variables) -> tuple[Parsed, list[Problem]]:
    """All parts of ``resources`` as one template, with the lines of serverless.yml."""
    value: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    lines: dict[Path, int] = {}
    literals: dict[Path, str] = {}
    problems: list[Problem] = []
    location = SourceLocation(file.path, document.line, document.lines)
    for start, part in _parts(document.value):
        for section in _SECTIONS:
            members = part.get(section)
            for name, member in members.items() if isinstance(members, Mapping) else ():
                try:
                    value[section][name] = variables.resolve(member, (*start, section, str(name)))
                except Unresolved as unresolved:
                    problems.append(location.problem(unresolved.finding()))
        length = len(start)
        lines |= {path[length:]: line for path, line in document.lines.items() if path[:length] == start}
        literals |= {
            path[len(start) :]: text for path, text in document.literals.items() if path[: len(start)] == start
        }
    return Parsed(value, document.line, lines, literals), problems


def _parts(value: Mapping[Any, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The mapping below ``resources``, or each of its list, with its path."""
    resources = value.get("resources")
    if isinstance(resources, Mapping):
        yield ("resources",), resources
    for place, each in enumerate(resources if isinstance(resources, list) else ()):
        if isinstance(each, Mapping):
            yield ("resources", place), each


def _included(value: Mapping[Any, Any]) -> Iterator[str]:
    resources = value.get("resources")
    for each in resources if isinstance(resources, list) else [resources]:
        if isinstance(each, str) and "${file(" in each:
            yield each


SERVICE = ForeignFormat("serverless", is_service, read_service)
TEMPLATE = ForeignFormat("CloudFormation", is_template, read_resources)
FRAGMENT = ForeignFormat("CloudFormation resources", is_fragment, read_resources)
