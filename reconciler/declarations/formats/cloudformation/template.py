"""The tables of one CloudFormation or SAM template as declarations. Called by ``documents`` for each template.

Other resources are counted and left alone. A table that cannot be worked out is a problem, never a missing table.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.declarations.document.field_model import spellings
from reconciler.declarations.document.table_document import TableDocument
from reconciler.declarations.formats.cloudformation import global_table, simple_table, table
from reconciler.declarations.formats.cloudformation.intrinsics import NO_VALUE, Intrinsics
from reconciler.declarations.formats.cloudformation.resource import Resource
from reconciler.declarations.formats.cloudformation.unresolved import Unresolved
from reconciler.declarations.names import table_name_problems
from reconciler.declarations.raw import FileReading, RawDeclaration
from reconciler.declarations.template_inputs import TemplateInputs
from reconciler.model.errors import Problem
from reconciler.parsing.parsed import Parsed
from reconciler.parsing.source_file import SourceFile
from reconciler.parsing.source_location import FieldProblem, Path, SourceLocation

KINDS = {
    "AWS::DynamoDB::Table": table.declared,
    "AWS::DynamoDB::GlobalTable": global_table.declared,
    "AWS::Serverless::SimpleTable": simple_table.declared,
}
"""Types of resources that are tables, each with the function that declares one."""
METADATA = "DynamoDBReconciler"
"""The key of a resource's ``Metadata`` that holds what CloudFormation has no property for."""
_METADATA_FIELDS = ("lifecycle", "seed", "references", "description")
_METADATA_REMEDY = (
    f"It may hold {', '.join(_METADATA_FIELDS)}, and fields of a declaration that the properties do not have."
)
NOT_DECLARED = "not_declared"
"""The key beside those fields that lists fields which the properties set and which are not declared all the same."""
_NOT_METADATA = frozenset(("table_name", "key_schema"))
"""Fields that only the properties hold: they say which table it is."""
_RETAINS = ("Retain", "RetainExceptOnCreate")


def is_template(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a CloudFormation template."""
    resources = value.get("Resources")
    if "AWSTemplateFormatVersion" in value:
        return True
    if not isinstance(resources, Mapping):
        return False
    return any(_type_of(each) or str(name).startswith("Fn::ForEach") for name, each in resources.items())


def is_fragment(value: Mapping[Any, Any]) -> bool:
    """Whether a document is a list of resources without ``Resources:`` around it, as serverless projects keep them."""
    return any(_type_of(each) in KINDS for each in value.values())


def read_template(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """Every table of a template, with all problems and with notes about what was left out."""
    resources = document.value.get("Resources")
    return _Template(
        file, document, inputs, ("Resources",), resources if isinstance(resources, Mapping) else {}
    ).reading()


def read_fragment(file: SourceFile, document: Parsed, inputs: TemplateInputs) -> FileReading:
    """As ``read_template``, for resources at the top of the document."""
    return _Template(file, document, inputs, (), document.value).reading()


@dataclass
class _Template:
    """One template, whose resources stand at the path ``base`` of the file."""

    file: SourceFile
    document: Parsed
    inputs: TemplateInputs
    base: Path
    resources: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.location = SourceLocation(self.file.path, self.document.line, self.document.lines)
        self.intrinsics = Intrinsics(self.document, self.inputs, self.resources, self._name_of)

    def reading(self) -> FileReading:
        declarations, others, absent = [], Counter[str](), []
        for name, resource in self.resources.items():
            kind = _type_of(resource)
            if kind not in KINDS:
                self._other(name, kind, others)
                continue
            try:
                if not self._exists(name, resource):
                    absent.append(name)
                    continue
                declarations.append(self._declaration(name, resource))
            except Unresolved as unresolved:
                self.problems.append(self.location.problem(unresolved.finding()))
        if others:
            kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
            self.notes.append(f"{self.file.path}: other resources are left alone: {kinds}")
        for name in absent:
            condition = self.resources[name]["Condition"]
            self.notes.append(f"{self.file.path}: {name} is not declared, because condition {condition} does not hold")
        if not self.resources:
            self.warnings.append(f"{self.file.path}: declares nothing: the template has no resources")
        return FileReading(tuple(declarations), tuple(self.problems), tuple(self.warnings), None, tuple(self.notes))

    def _other(self, name: str, kind: str | None, others: Counter[str]) -> None:
        if name.startswith("Fn::ForEach"):
            remedy = (
                "Declare the processed template: `aws cloudformation get-template --template-stage Processed "
                "--stack-name NAME`."
            )
            reason = "Fn::ForEach is only expanded by CloudFormation"
            self.problems.append(self.location.problem(FieldProblem((*self.base, name), reason, remedy)))
        elif kind is None:
            finding = FieldProblem((*self.base, name), "has no Type", "Write the type of the resource.")
            self.problems.append(self.location.problem(finding))
        else:
            others[kind] += 1

    def _exists(self, name: str, resource: Mapping[str, Any]) -> bool:
        if "Condition" not in resource:
            return True
        return self.intrinsics.condition(resource["Condition"], (*self.base, name, "Condition"))

    def _declaration(self, name: str, resource: Mapping[str, Any]) -> RawDeclaration:
        here: Path = (*self.base, name, "Properties")
        sources: dict[Path, Path] = {}
        properties = self.intrinsics.evaluate(resource.get("Properties", {}), here, sources)
        if not isinstance(properties, Mapping):
            raise Unresolved(here, "expected a mapping", "Write the properties of the table.")
        table_name = self._table_name(name, properties.get("TableName"), (*here, "TableName"))
        read = Resource(here, self.document.value, self.inputs, dict(properties), sources)
        value = KINDS[str(resource["Type"])](read)
        value["TableName"] = table_name
        self.warnings += [f"{self.file.path}:{self._line(name)}: {name}: {each}" for each in read.warnings]
        self._add_metadata(name, resource, value, sources)
        if "TableName" not in properties:
            self.notes.append(
                f"{self.file.path}:{self._line(name)}: {name} has no TableName; it is declared as {table_name}"
            )
        return RawDeclaration(
            self.file.path,
            self._line(name) or self.document.line,
            value,
            self.document.lines,
            name=table_name,
            base_name=table_name,
            sources=sources,
        )

    def _add_metadata(
        self, name: str, resource: Mapping[str, Any], value: dict[str, Any], sources: dict[Path, Path]
    ) -> None:
        """What stands under ``Metadata``, and protection where a policy keeps the table."""
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            here: Path = (*self.base, name, policy)
            if self.intrinsics.evaluate(resource.get(policy), here) in _RETAINS:
                value["Lifecycle"] = {"protect": True}
                sources["Lifecycle",] = here
        metadata = resource.get("Metadata")
        own = metadata.get(METADATA) if isinstance(metadata, Mapping) else None
        if own is None:
            return
        here = (*self.base, name, "Metadata", METADATA)
        if not isinstance(own, Mapping):
            raise Unresolved(here, "expected a mapping", _METADATA_REMEDY)
        known_fields = spellings(TableDocument)
        own = dict(own)
        unmanaged = own.pop(NOT_DECLARED, [])
        if not isinstance(unmanaged, list) or not all(isinstance(each, str) for each in unmanaged):
            raise Unresolved((*here, NOT_DECLARED), "expected a list of fields", "Write [billing_mode], for example.")
        for each in unmanaged:
            if known_fields.get(each) in (None, *_NOT_METADATA):
                raise Unresolved((*here, NOT_DECLARED), f"unknown field {each!r}", _METADATA_REMEDY)
            for other in [other for other in value if known_fields.get(other) == known_fields[each]]:
                del value[other]
        for key, item in own.items():
            field_name = known_fields.get(key) if isinstance(key, str) else None
            if field_name is None or field_name in _NOT_METADATA:
                raise Unresolved((*here, str(key)), "unknown field", _METADATA_REMEDY)
            known = value.pop("Lifecycle", {}) if field_name == "lifecycle" else {}
            # `export` writes fields here that the properties hold in another meaning, such as no billing mode at all.
            for other in [other for other in value if known_fields.get(other) == field_name]:
                del value[other]
            value[key] = {**known, **item} if isinstance(item, Mapping) else item
            sources[key,] = (*here, key)
            sources.update({(key, *path): (*here, key, *path) for path in _paths(item)})

    def _table_name(self, name: str, given: Any, here: Path) -> str:
        if given is None or given is NO_VALUE:
            derived = f"{self.inputs.stack}-{name}"
            for reason, _ in table_name_problems(derived, None):
                raise Unresolved((*self.base, name), f"has no TableName, and {reason}", "Add a TableName.")
            return derived
        return self.intrinsics.text(given, here)

    def _name_of(self, name: str) -> str | None:
        """What ``Ref`` returns for a table of this template; None for any other resource."""
        resource = self.resources.get(name)
        if _type_of(resource) not in KINDS or not isinstance(resource, Mapping):
            return None
        properties = resource.get("Properties")
        given = properties.get("TableName") if isinstance(properties, Mapping) else None
        here: Path = (*self.base, name, "Properties", "TableName")
        return self._table_name(name, self.intrinsics.evaluate(given, here) if given is not None else None, here)

    def _line(self, name: str) -> int | None:
        return self.document.lines.get((*self.base, name))


def _type_of(resource: Any) -> str | None:
    kind = resource.get("Type") if isinstance(resource, Mapping) else None
    return kind if isinstance(kind, str) and ("::" in kind or kind in KINDS) else None


def _paths(value: Any, here: Path = ()) -> list[Path]:
    found: list[Path] = []
    members: list[tuple[str | int, Any]] = []
    if isinstance(value, Mapping):
        members = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        members = list(enumerate(value))
    for key, item in members:
        found += [(*here, key), *_paths(item, (*here, key))]
    return found
