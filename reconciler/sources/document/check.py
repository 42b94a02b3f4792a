"""One declaration as written → its document, or its problems. Called by ``assemble`` for every declaration found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from reconciler.model.errors import Problem
from reconciler.sources.document.messages import finding_of
from reconciler.sources.document.spelling import spell
from reconciler.sources.document.table import TableDocument
from reconciler.sources.place import Finding, Place
from reconciler.sources.raw import RawDeclaration
from reconciler.sources.rules import RULES
from reconciler.sources.rules.names import table_name_faults


@dataclass(frozen=True, slots=True)
class Checked:
    """A declaration after every offline check but those that need the other declarations.

    ``name`` and ``base_name`` are None where they could not be told; ``sound`` is False when problems were found.
    """

    raw: RawDeclaration
    place: Place
    document: TableDocument
    name: str | None
    base_name: str | None
    problems: tuple[Problem, ...] = field(default=())

    @property
    def sound(self) -> bool:
        """Whether this declaration alone is fit to be used."""
        return not self.problems


def read_document(raw: RawDeclaration, environment: str | None) -> Checked:
    """Spell, validate, apply every rule: all findings at once."""
    spelled = spell(raw.value)
    place = Place(raw.file, raw.line, raw.lines, spelled.written)
    document, broken, findings = _validated(spelled.value)
    for rule, fields in RULES:
        if broken.isdisjoint(fields):
            findings += [finding for finding in rule(document) if finding.path[0] not in broken]
    base_name = raw.base_name or document.table_name or None
    name = raw.name or (f"{base_name}-{environment}" if base_name and environment else base_name)
    if name is not None:
        findings += [Finding(("table_name",), *fault) for fault in table_name_faults(name, environment)]
    findings = [finding for finding in findings if finding.path not in spelled.misspelt]
    as_written = replace(place, written={})
    problems = [as_written.problem(finding) for finding in spelled.findings]
    problems += [place.problem(finding) for finding in findings]
    return Checked(raw, place, document, name, base_name, tuple(problems))


def _validated(value: Mapping[str, Any]) -> tuple[TableDocument, set[str], list[Finding]]:
    """The document without its broken fields, their names, and what is wrong with them."""
    try:
        return TableDocument.model_validate(value), set(), []
    except ValidationError as error:
        findings = [finding_of(detail) for detail in error.errors(include_url=False)]
    broken = {str(finding.path[0]) for finding in findings}
    rest = {key: item for key, item in value.items() if key not in broken}
    return TableDocument.model_validate(rest), broken, findings
