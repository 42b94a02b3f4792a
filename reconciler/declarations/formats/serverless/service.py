"""serverless.yml, and files with its resources, as templates of CloudFormation. Called by ``documents``.

https://www.serverless.com/framework/docs/providers/aws/guide/resources
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from reconciler.declarations.formats.cloudformation.template import (
    ALL_SECTIONS,
    KINDS,
    is_fragment,
    is_template,
    read_fragment,
    read_template,
)
from reconciler.declarations.formats.foreign_format import ForeignFormat
from reconciler.declarations.formats.serverless.variables import Variables
from reconciler.declarations.formats.unresolved import Unresolved
from reconciler.declarations.raw import FileReading
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.model.lazy_dataclass import dataclass
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation, did_you_mean

_ALL_SECTIONS = (*ALL_SECTIONS, "extensions")
_SECTIONS = ("Resources", "Conditions", "Mappings", "Parameters")
_UNRESOLVED: Any = object()


def is_service(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a serverless.yml: a service with a provider, or resources as it nests them."""
    if "service" in value and "provider" in value:
        return True
    return any(is_template(part) for _, part in _parts(value))


def read_service(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """The tables below ``resources``. Files that it includes are read by themselves."""
    variables = Variables(file, document.value, inputs)
    template, problems = _template(file, document, variables)
    problems += _missing(file, document, variables)
    notes = [f"{file.path}: {text} is read as a file of its own" for _, text in _included(document.value)]
    written = {name: each for _, part in _parts(document.value) for name, each in _resources(part).items()}
    reading = read_template(file, template, inputs, written) if template.value["Resources"] else FileReading()
    if not template.value["Resources"] and not notes and not problems:
        notes.append(f"{file.path}: the service has no resources")
    return replace(
        reading,
        problems=(*problems, *reading.problems),
        notes=(*reading.notes, *notes),
        reads_process=variables.reads_process,
        included=variables.included,
    )


def read_resources(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """Resources without ``Resources:`` around them, or a template, which may hold variables of serverless."""
    variables, value = Variables(file, None, inputs), document.value
    resolver = _Resolver(variables, SourceLocation(file.path, document.line, document.lines))
    if is_template(value):
        parts = {name: resolver.section(name, each, (name,)) for name, each in value.items()}
        reading = read_template(file, replace(document, value=parts), inputs, _resources(value))
    else:
        parts = resolver.section("Resources", value, ())
        reading = read_fragment(file, replace(document, value=parts), inputs, value)
    return replace(
        reading,
        problems=(*resolver.problems, *reading.problems),
        reads_process=variables.reads_process,
        included=variables.included,
    )


def _resources(part: Mapping[Any, Any]) -> Mapping[str, Any]:
    resources = part.get("Resources")
    return resources if isinstance(resources, Mapping) else {}


@dataclass(frozen=True)
class _Resolver:
    """Replaces the variables of a template; what has no value is added to ``problems``."""

    variables: Variables
    location: SourceLocation
    problems: list[Problem] = field(default_factory=list)

    def value(self, value: Any, here: Path) -> Any:
        """The value; ``_UNRESOLVED`` where it is a problem."""
        try:
            return self.variables.resolve(value, here)
        except Unresolved as unresolved:
            self.refuse(unresolved.path, unresolved.reason, unresolved.remedy)
            return _UNRESOLVED

    def refuse(self, here: Path, reason: str, remedy: str) -> None:
        self.problems.append(self.location.problem(FieldProblem(here, reason, remedy)))

    def section(self, name: str, members: Any, here: Path) -> Any:
        """The members of a section at ``here``.

        A resource that is no table keeps its variables, as it is left alone. One that cannot be resolved is left out.
        """
        if name not in _SECTIONS or not isinstance(members, Mapping):
            return members
        found: dict[str, Any] = {}
        for key, member in members.items():
            kind = member.get("Type") if isinstance(member, Mapping) else None
            if name == "Resources" and kind is not None and kind not in KINDS:
                found[key] = member
            elif (resolved := self.value(member, (*here, str(key)))) is not _UNRESOLVED:
                found[key] = resolved
        return found


def _template(file: SourceFile, document: Parsed, variables: Variables) -> tuple[Parsed, list[Problem]]:
    """All parts of ``resources`` as one template, with the lines of serverless.yml."""
    value: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    lines: dict[Path, int] = {}
    literals: dict[Path, str] = {}
    resolver = _Resolver(variables, SourceLocation(file.path, document.line, document.lines))
    for key in document.value:
        if key != "resources" and did_you_mean(str(key), ("resources",)):
            resolver.refuse((str(key),), "unknown section of a service", "Did you mean resources?")
    for start, part in _checked_parts(document.value, resolver):
        for section in _SECTIONS:
            here: Path = (*start, section)
            members = part.get(section)
            if isinstance(members, str) and "${file(" not in members:
                members = resolver.value(members, here)
            if members is _UNRESOLVED:
                continue
            if members is not None and not isinstance(members, Mapping | str):
                resolver.refuse(here, "expected a mapping", "Write each by its logical ID.")
                continue
            found = resolver.section(section, members, here)
            for name, member in found.items() if isinstance(found, Mapping) else ():
                value[section][name] = _merged(value[section].get(name), member)
        extensions = part.get("extensions")
        for name in extensions if isinstance(extensions, Mapping) else ():
            extended = value["Resources"].get(name)
            if isinstance(extended, Mapping) and extended.get("Type") in KINDS:
                remedy = f"Write its properties into {name} under Resources."
                resolver.refuse((*start, "extensions", str(name)), "an extension of a table is not applied", remedy)
        length = len(start)
        lines |= {path[length:]: line for path, line in document.lines.items() if path[:length] == start}
        literals |= {
            path[len(start) :]: text for path, text in document.literals.items() if path[: len(start)] == start
        }
    return Parsed(value, document.line, lines, literals), resolver.problems


def _checked_parts(value: Mapping[Any, Any], resolver: _Resolver) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The parts of ``resources``, but for those of another file. What is none is a problem."""
    for start, written in _written_parts(value):
        if isinstance(written, str) and "${file(" in written:
            continue
        part = resolver.value(written, start) if isinstance(written, str) else written
        if part is _UNRESOLVED:
            continue
        if not isinstance(part, Mapping):
            resolver.refuse(start, "expected a mapping", "Write the resources under Resources.")
            continue
        for key in part:
            close = did_you_mean(str(key), _ALL_SECTIONS)
            if key not in _ALL_SECTIONS and close is not None:
                resolver.refuse((*start, str(key)), "unknown section of a template", f"Did you mean {close}?")
        yield start, part


def _parts(value: Mapping[Any, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The mapping below ``resources``, or each of its list, with its path."""
    return ((path, each) for path, each in _written_parts(value) if isinstance(each, Mapping))


def _written_parts(value: Mapping[Any, Any]) -> Iterator[tuple[Path, Any]]:
    """What stands below ``resources``, or each of its list, with its path."""
    resources = value.get("resources")
    if isinstance(resources, list):
        yield from ((("resources", place), each) for place, each in enumerate(resources))
    elif resources is not None:
        yield ("resources",), resources


def _merged(first: Any, second: Any) -> Any:
    """Both definitions of a resource, as the framework merges those of a list: member by member."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return {**first, **{key: _merged(first.get(key), item) for key, item in second.items()}}
    if isinstance(first, list) and isinstance(second, list):
        return [_merged(*pair) for pair in zip(first, second, strict=False)] + (
            first[len(second) :] or second[len(first) :]
        )
    return second


def _included(value: Mapping[Any, Any]) -> Iterator[tuple[Path, str]]:
    """Where resources, a part of them, or a section of a part are those of another file, each with its path."""
    parts = list(_written_parts(value))
    parts += [((*start, name), part.get(name)) for start, part in _parts(value) for name in _SECTIONS]
    yield from ((path, each) for path, each in parts if isinstance(each, str) and "${file(" in each)


def _missing(file: SourceFile, document: Parsed, variables: Variables) -> list[Problem]:
    """Problems for files with resources that are not in the folder: their tables would count as removed."""
    resolver = _Resolver(variables, SourceLocation(file.path, document.line, document.lines))
    for here, text in _included(document.value):
        if here[-1] in _SECTIONS[1:]:
            # Conditions, mappings and parameters declare no table.
            continue
        try:
            missing = variables.missing_files(text, here)
        except Unresolved as unresolved:
            resolver.refuse(unresolved.path, unresolved.reason, unresolved.remedy)
            continue
        if missing:
            names = f"{' or '.join(missing)}, which {'is' if len(missing) == 1 else 'are'}"
            place = f"to the same place beside {posixpath.basename(file.path)}"
            remedy = f"Copy it into the folder of the declarations, {place}."
            if missing[0].startswith(".."):
                remedy = "Copy it into the folder of the declarations, and name it there."
            resolver.refuse(here, f"includes {names} not in the folder and may declare tables", remedy)
    return resolver.problems


SERVICE = ForeignFormat("serverless", is_service, read_service)
TEMPLATE = ForeignFormat("CloudFormation", is_template, read_resources)
FRAGMENT = ForeignFormat("CloudFormation resources", is_fragment, read_resources)
